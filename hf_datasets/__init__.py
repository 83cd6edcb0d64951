"""The data room: sources, benchmark rows, judge prompts, and what every room shares (ledger, chat, language id)."""
