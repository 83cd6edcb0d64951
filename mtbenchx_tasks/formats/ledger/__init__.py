"""What a ledger's rows say: ratings and outcomes, without asking anybody."""
