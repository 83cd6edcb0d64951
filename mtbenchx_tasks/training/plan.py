"""What the whole study takes: trainings, evaluations, GPU hours as the paper counts them, and the judge's price."""

from collections.abc import Iterator
from dataclasses import dataclass

from hf_datasets.benchmark.questions import LANGUAGES, default_prompt_set, questions
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.messages import PairPrompts, SinglePrompts
from mtbenchx_tasks.judge.prices import BATCH_FACTOR, PRICES_OF, Estimate, estimate
from mtbenchx_tasks.judge.settings import JudgeSettings

H100_HOURS = {"lima-x": 162, "bactrian-x": 540}
"""Of all seven models of a dataset, training and answers together, as the paper counts."""
CONFIGS, TURNS, QUESTIONS = 7, 2, 80
BENCHMARK, NEW_TOKENS = "mtbench_x", 1024


@dataclass(frozen=True)
class Cost:
    """One kind of judgment."""

    judgments: int
    """Their number."""
    price: Estimate | None
    """Dollars; None if the judge's price or the benchmark's prompts can't be had."""


@dataclass(frozen=True)
class StudyPlan:
    """Everything a study runs."""

    trainings: int
    """Checkpoints: every dataset in seven mixtures."""
    evaluations: int
    """Checkpoints and the base, once per language."""
    single: Cost
    """A rating for each answer."""
    pairs: Cost
    """The other mixtures of a dataset against ENDEFRITES, both orders, both turns."""
    remark: str
    """Why there is no price; empty if there is one."""


def study_plan(judge: str) -> StudyPlan:
    """Return the plan of the paper's study.

    Args:
        judge: Model name, for the price.
    """
    families = len(H100_HOURS)
    trainings, matches = families * CONFIGS, families * (CONFIGS - 1)
    models = trainings + 1
    single, pairs = models * len(LANGUAGES) * QUESTIONS * TURNS, 2 * matches * len(LANGUAGES) * QUESTIONS * TURNS
    try:
        priced = [_price(judge, list(_single()) * models), _price(judge, list(_pairs()) * matches)]
        remark = "" if priced[0] else f"no price is known of {judge}"
    except UserError as error:
        priced, remark = [None, None], str(error)
    return StudyPlan(trainings, models * len(LANGUAGES), Cost(single, priced[0]), Cost(pairs, priced[1]), remark)


def _price(judge: str, prompts: list[tuple[int, int]]) -> Estimate | None:
    return estimate(judge, prompts, NEW_TOKENS, JudgeSettings().max_tokens)


def _questions() -> Iterator[tuple[str, Question]]:
    for language in LANGUAGES:
        for question in questions(BENCHMARK, language):
            yield language, question


def _single() -> Iterator[tuple[int, int]]:
    """Yield characters of the prompt and number of answers in it, per turn of each question and language."""
    for language, question in _questions():
        prompts = SinglePrompts(default_prompt_set(BENCHMARK), language)
        for turn in range(1, TURNS + 1):
            yield len(str(prompts.messages(question, [""] * turn))), turn


def _pairs() -> Iterator[tuple[int, int]]:
    """Yield the same for one pair of models, both orders."""
    for language, question in _questions():
        prompts = PairPrompts(default_prompt_set(BENCHMARK), language, votes=3)
        for turn in range(1, TURNS + 1):
            size = len(str(prompts.messages(question, ["", ""], ["", ""], turn)))
            yield from [(size, 2 * turn)] * 2


def plan_lines(plan: StudyPlan, judge: str) -> Iterator[str]:
    """Yield the plan in sentences."""
    hours = " + ".join(f"{hours} {name}" for name, hours in H100_HOURS.items())
    yield f"{plan.trainings} trainings, and answers of {plan.trainings} checkpoints and the base:"
    yield f"  {hours} = {sum(H100_HOURS.values())} H100 hours in the paper, with a 7B base."
    yield f"{plan.evaluations} evaluations ({plan.trainings + 1} models x {len(LANGUAGES)} languages)."
    yield _cost_line(f"{plan.single.judgments:,} ratings by {judge}", plan.single.price)
    yield _cost_line(f"{plan.pairs.judgments:,} comparisons by {judge}", plan.pairs.price)
    if plan.remark:
        yield f"  No judge cost: {plan.remark}"
    else:
        yield f"  Prices of {PRICES_OF}; about: answers and judgments of the usual length."


def _cost_line(what: str, price: Estimate | None) -> str:
    if price is None:
        return f"{what}."
    half = BATCH_FACTOR * price.usual
    return f"{what}: about ${price.usual:,.0f} (${half:,.0f} by Batch API), at most ${price.most:,.0f}."
