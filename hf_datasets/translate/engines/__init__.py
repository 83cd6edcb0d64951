"""Who translates: DeepL, or a chat model."""
