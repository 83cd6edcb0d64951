"""MT-Bench-like sets: questions, judge prompts, references, languages; built as a folder with tasks."""
