"""Instruction data in any layout, read as dialogues."""
