"""How large the mini benchmark is, for tests that count requests: they promise nothing of its number of questions."""

from hf_datasets.benchmark.questions import TURNS, questions

QUESTIONS = len(questions("mini", "en"))
ANSWERS = QUESTIONS * TURNS
REFERENCES = sum(len(question.reference) for question in questions("mini", "en"))
FIRST_UNKNOWN = QUESTIONS + 1
"""The lowest id that no question has."""
