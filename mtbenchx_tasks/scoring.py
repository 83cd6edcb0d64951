"""Scoring answers that exist already: the same judge, ledger and numbers as the harness task, without the harness."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hf_datasets import mtbench_x
from hf_datasets.errors import UserError
from hf_datasets.records import CATEGORIES
from mtbenchx_tasks import TASK_VERSION
from mtbenchx_tasks.candidate import Candidate
from mtbenchx_tasks.dialogue import Conversation, place_of, plain
from mtbenchx_tasks.judge.judge import Judge, judge_for
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.scores import aggregations, contributions


@dataclass(frozen=True)
class Scoring:
    """One model's answers in one language, handed to the judge."""

    judge: Judge
    """Who rates them."""
    benchmark: str
    """`mtbench_x` or `mini`."""
    conversations: list[Conversation]
    """One per question."""

    def metrics(self) -> dict[str, float]:
        """Wait for the verdicts, write down where they count, and return the task's metrics."""
        self.judge.engine.finish()
        place = place_of(self.judge, self.benchmark, TASK_VERSION)
        self.judge.ledger.record(use for talk in self.conversations for use in talk.uses(place))
        present = {talk.question.category for talk in self.conversations}
        categories = [category for category in CATEGORIES if category in present]
        parts = [
            contributions(
                talk.question, [[runs] for runs in talk.verdicts()], [[text] for text in talk.answers], categories
            )
            for talk in self.conversations
        ]
        found = {
            name: aggregate([part[name] for part in parts]) for name, aggregate in aggregations(categories).items()
        }
        return {name: math.nan if value == "N/A" else float(value) for name, value in found.items()}


def start(
    answers: Mapping[int, Sequence[str]], language: str, settings: JudgeSettings, benchmark: str, model: str
) -> Scoring:
    """Check answers, hand them all to the judge, and return at once.

    Args:
        answers: Question id -> [answer to turn 1, answer to turn 2].
        language: The questions' language.
        settings: The judge's.
        benchmark: `mtbench_x` or `mini`.
        model: Name of who gave the answers.

    Raises:
        UserError: The judge isn't there, a question id is unknown, or a question has not two answers.
    """
    questions = {question.question_id: question for question in mtbench_x.questions(benchmark, language)}
    for identifier, texts in answers.items():
        if identifier not in questions:
            raise UserError(
                f"{benchmark} has no question {identifier}; its ids are {min(questions)} to {max(questions)}."
            )
        if len(texts) != mtbench_x.TURNS:
            raise UserError(f"Question {identifier} needs two answers, one per turn, not {len(texts)}.")
    judge = judge_for(settings, benchmark, language)
    judge.engine.check()
    conversations = []
    for identifier, texts in answers.items():
        talk = Conversation(questions[identifier], repeat=0, render=plain, judge=judge, model=Candidate(model, None))
        for text in texts:
            talk.take(text)
        conversations.append(talk)
    return Scoring(judge, benchmark, conversations)


def score_answers(
    answers: Mapping[int, Sequence[str]], language: str, judge: Any = None, benchmark: str = "mtbench_x"
) -> dict[str, float]:
    """Have answers judged and return the task's metrics.

    Args:
        answers: Question id -> [answer to turn 1, answer to turn 2].
        language: The questions' language.
        judge: Judge settings as in `--metadata '{"judge": ...}'`: None, a model name or an object.
        benchmark: `mtbench_x` or `mini`.

    Returns:
        `score`, `turn_1`, `turn_2` (each with `_stderr`), `category_mean`, the categories present (1 to 10; nan if
        nothing was scored), `answer_language` and `unscored` (shares).

    Raises:
        UserError: See `start`.
    """
    return start(answers, language, JudgeSettings.parse(judge), benchmark, "predictions").metrics()
