"""The OpenAI Batch API: half the price, within a day."""
