"""The rows of FastChat's files, each with an example; a row of another shape is refused where it enters."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hf_datasets.shared.rows import Asked, Name, Row, Text, Turn, finite

MODEL_1, MODEL_2, TIE, BOTH_BAD = "model_1", "model_2", "tie", "both_bad"
"""What rows call a winner: the row's first or second model, or none of them."""
ERROR = "error"
"""The winner of a game without a vote."""
WINNERS = (MODEL_1, MODEL_2, TIE, BOTH_BAD, ERROR)
UNREACHED = "$ERROR$"
"""The judgment where the judge was never reached; it is none."""


def _first(value: Any) -> Any:
    """FastChat names a judge [model, prompt]."""
    return value[0] if isinstance(value, list) and value else value


def _winner(value: Any) -> Any:
    if value not in WINNERS:
        raise ValueError(f"must be one of {', '.join(WINNERS)}")
    return value


JudgeName = Annotated[Name, BeforeValidator(_first)]
Score = Annotated[float | None, BeforeValidator(finite)]
Winner = Annotated[str, BeforeValidator(_winner)]


class Choice(Row):
    """One answer to all turns of a question; a file with several holds repeats."""

    turns: Annotated[list[str], Field(min_length=1)]
    """What the model said, turn by turn."""


class AnswerRow(Row):
    """A line of model_answer.

    {"question_id": 81, "model_id": "m", "choices": [{"index": 0, "turns": ["...", "..."]}], "tstamp": 1.0}
    """

    question_id: Asked
    """81 or 81_DE."""
    choices: Annotated[list[Choice], Field(min_length=1)]
    """One, or one a repeat."""
    model_id: Name | None = None
    """Who answered."""


class SingleRow(Row):
    """A line of `<judge>_single.jsonl`.

    {"question_id": 81, "model": "m", "judge": ["gpt-4", "single-v1"], "user_prompt": "[Question]...",
     "judgment": "... [[8]]", "score": 8, "turn": 1, "tstamp": 1.0}
    """

    question_id: Asked
    model: Name
    judge: JudgeName
    turn: Turn
    score: Score
    """1 to 10; -1, null or nan: a failed judgment."""
    judgment: Text = ""
    user_prompt: Text = ""
    tstamp: Score = None


class PairRow(Row):
    """A line of `<judge>_pair.jsonl`: both games of one turn, the winners named by model.

    {"question_id": 81, "model_1": "a", "model_2": "b", "g1_winner": "model_1", "g2_winner": "tie",
     "judge": ["gpt-4", "pair-v2"], "g1_user_prompt": "...", "g1_judgment": "...", "g2_...": "...", "turn": 1}
    """

    question_id: Asked
    model_1: Name
    model_2: Name
    judge: JudgeName
    turn: Turn
    g1_winner: Winner
    g2_winner: Winner
    g1_judgment: Text = ""
    g2_judgment: Text = ""
    g1_user_prompt: Text = ""
    g2_user_prompt: Text = ""


class QuestionRow(Row):
    """A line of question.jsonl.

    {"question_id": 81, "category": "writing", "turns": ["...", "..."]}
    """

    question_id: Asked
    turns: list[str]
    category: Text = ""
