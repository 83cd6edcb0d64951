"""Answers in, ratings out: saved answers, the metric, juries, prompts compared."""
