"""What the stock TRL command line lacks around our recipes: where they are, a check before training, a fitting base."""
