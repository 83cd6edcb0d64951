"""Instruction data: read in any layout, mixed over languages, built into folders that `load_dataset` reads."""
