"""Scoring answers that exist already: the same judge, ledger and numbers as the harness task, without the harness."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hf_datasets import mtbench_x
from hf_datasets.errors import UserError
from hf_datasets.records import CATEGORIES, Question
from mtbenchx_tasks.judge.judge import EMPTY_ANSWER, Judge, judge_for
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.scores import aggregations, contributions


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
    ready = judge_for(JudgeSettings.parse(judge), benchmark, language)
    ready.engine.check()
    return _scores(ready, {questions[identifier]: list(texts) for identifier, texts in answers.items()})


def _scores(judge: Judge, dialogues: Mapping[Question, Sequence[str]]) -> dict[str, float]:
    pending = {
        question: [judge.submit(question, texts[:turn]) for turn in (1, 2)] for question, texts in dialogues.items()
    }
    judge.engine.finish()
    present = {question.category for question in dialogues}
    categories = [category for category in CATEGORIES if category in present]
    parts = []
    for question, texts in dialogues.items():
        verdicts = [[[item.result() for item in runs] or [EMPTY_ANSWER]] for runs in pending[question]]
        parts.append(contributions(question, verdicts, [[text] for text in texts], categories))
    metrics = {name: aggregate([part[name] for part in parts]) for name, aggregate in aggregations(categories).items()}
    return {name: math.nan if value == "N/A" else float(value) for name, value in metrics.items()}
