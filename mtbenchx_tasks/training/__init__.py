"""What the stock trainer's command line lacks: checks, plans, prepared tokenizers."""
