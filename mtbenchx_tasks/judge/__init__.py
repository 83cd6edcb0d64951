"""The judge: settings, prompts, verdicts, and the engine that asks each question once."""
