"""What a translator must not change: code, formulas, placeholders."""
