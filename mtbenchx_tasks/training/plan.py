"""What the whole study takes: trainings, evaluations, GPU hours as the paper counts them, and the judge's price."""

from collections.abc import Iterator
from dataclasses import dataclass

from hf_datasets.benchmark.questions import LANGUAGES, default_prompt_set, questions
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.messages import PairPrompts, SinglePrompts
from mtbenchx_tasks.judge.presets import DEFAULT, thinks
from mtbenchx_tasks.judge.prices import USUAL_ANSWER, USUAL_JUDGMENT, USUAL_THOUGHT, Estimate, estimate, price_of, shown
from mtbenchx_tasks.judge.settings import JudgeSettings, parse_judges

H100_HOURS = {"lima-x": 162, "bactrian-x": 540}
"""Of all seven models of a dataset, training and answers together, as the paper counts."""
CONFIGS, TURNS, QUESTIONS = 7, 2, 80
BENCHMARK, NEW_TOKENS = "mtbench_x", 1024


@dataclass(frozen=True)
class JudgeCost:
    """One kind of judgment."""

    judgments: int
    """Their number."""
    price: Estimate | None = None
    """Dollars; None if the judge's price or the benchmark's prompts can't be had."""
    by_batch: Estimate | None = None
    """The same by the vendor's batches."""


@dataclass(frozen=True)
class StudyPlan:
    """Everything a study runs."""

    trainings: int
    """Checkpoints: every dataset in seven mixtures."""
    evaluations: int
    """Checkpoints and the base, once per language."""
    single: JudgeCost
    """A rating for each answer."""
    pairs: JudgeCost
    """The other mixtures of a dataset against ENDEFRITES, both orders, both turns."""
    judge: str
    """The judge's name."""
    remark: str
    """What the prices rest on, or why there are none."""


def study_plan(judge: str = DEFAULT) -> StudyPlan:
    """Return the plan of the paper's study.

    Args:
        judge: A model's or preset's name, or the JSON of a judge's settings.
    """
    (settings,) = parse_judges([judge])
    families = len(H100_HOURS)
    trainings, matches = families * CONFIGS, families * (CONFIGS - 1)
    models = trainings + 1
    single, pairs = models * len(LANGUAGES) * QUESTIONS * TURNS, 2 * matches * len(LANGUAGES) * QUESTIONS * TURNS
    try:
        asked = (list(_single()) * models, list(_pairs()) * matches)
        ratings, comparisons = (_cost(settings, prompts) for prompts in asked)
        remark = _basis(settings)
    except UserError as error:
        ratings, comparisons, remark = JudgeCost(single), JudgeCost(pairs), f"No judge cost: {error}"
    return StudyPlan(trainings, models * len(LANGUAGES), ratings, comparisons, settings.model, remark)


def _cost(settings: JudgeSettings, prompts: list[tuple[int, int]]) -> JudgeCost:
    live, batch = (
        estimate(price_of(settings.model, None, settings.endpoint, by_batch), prompts, NEW_TOKENS, settings.max_tokens,
                 _usual(settings))
        for by_batch in (False, True)
    )  # fmt: skip
    return JudgeCost(len(prompts), live, batch)


def _usual(settings: JudgeSettings) -> int:
    return USUAL_JUDGMENT + USUAL_THOUGHT * thinks(settings.model, settings.reasoning_effort)


def _basis(settings: JudgeSettings) -> str:
    price = price_of(settings.model, None, settings.endpoint)
    if price is None:
        return f"No judge cost: no price is known of {settings.model} at {settings.endpoint}"
    return f"{shown(price)}; answers of {USUAL_ANSWER} tokens, judgments of {_usual(settings):,}, thoughts included."


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


def plan_lines(plan: StudyPlan) -> Iterator[str]:
    """Yield the plan in sentences."""
    hours = " + ".join(f"{hours} {name}" for name, hours in H100_HOURS.items())
    yield f"{plan.trainings} trainings, and answers of {plan.trainings} checkpoints and the base:"
    yield f"  {hours} = {sum(H100_HOURS.values())} H100 hours in the paper, with a 7B base."
    yield f"{plan.evaluations} evaluations ({plan.trainings + 1} models x {len(LANGUAGES)} languages)."
    yield _cost_line(f"{plan.single.judgments:,} ratings by {plan.judge}", plan.single)
    yield _cost_line(f"{plan.pairs.judgments:,} comparisons by {plan.judge}", plan.pairs)
    yield f"  {plan.remark}"


def _cost_line(what: str, cost: JudgeCost) -> str:
    if cost.price is None:
        return f"{what}."
    batch = f" (${cost.by_batch.usual:,.0f} by Batch API)" if cost.by_batch else ""
    return f"{what}: about ${cost.price.usual:,.0f}{batch}, at most ${cost.price.most:,.0f}."
