"""What the judge of the paper's whole study costs, before any answer exists: every question, turn and language."""

from collections.abc import Iterator, Sequence

from hf_datasets.benchmark.questions import LANGUAGES, TURNS, default_prompt_set, questions
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.estimate import USUAL_ANSWER, estimate, sizes_without_answers, usual_judgment
from mtbenchx_tasks.judge.messages import PairPrompts, SinglePrompts
from mtbenchx_tasks.judge.prices import price_of, shown
from mtbenchx_tasks.judge.settings import JudgeSettings, parse_judges

BENCHMARK, QUESTIONS, NEW_TOKENS = "mtbench_x", 80, 1024
Prompts = Sequence[tuple[int, int]]
"""Characters of each prompt without answers, and the number of answers in it."""


def price_lines(judge: str, models: int, matches: int) -> Iterator[str]:
    """Yield in sentences how many judgments a study takes, what they cost, and what the prices rest on.

    Args:
        judge: A model's or preset's name, or the JSON of a judge's settings.
        models: Models whose answers are rated.
        matches: Pairs of models that are compared, both orders.
    """
    (settings,) = parse_judges([judge])
    answers = len(LANGUAGES) * QUESTIONS * TURNS
    ratings, comparisons = (f"{number:,}" for number in (models * answers, 2 * matches * answers))
    try:
        costs = [_cost(settings, prompts) for prompts in (list(_single()) * models, list(_pairs()) * matches)]
        remark = _basis(settings)
    except UserError as error:
        costs, remark = ["", ""], f"No judge cost: {error}"
    yield f"{ratings} ratings by {settings.model}{costs[0]}."
    yield f"{comparisons} comparisons by {settings.model}{costs[1]}."
    yield f"  {remark}"


def _cost(settings: JudgeSettings, prompts: Prompts) -> str:
    usual, _ = _usual(settings)
    sizes = sizes_without_answers(prompts, NEW_TOKENS, settings.max_tokens, usual)
    prices = (price_of(settings.model, None, settings.endpoint, by_batch) for by_batch in (False, True))
    live, batch = (estimate(price, sizes) for price in prices)
    if live is None:
        return ""
    by_batch = f" (${batch.expected:,.0f} by Batch API)" if batch else ""
    return f": about ${live.expected:,.0f}{by_batch}, at most ${live.most:,.0f}"


def _usual(settings: JudgeSettings) -> tuple[float, str]:
    return usual_judgment(None, settings.model, settings.endpoint, settings.parameters())


def _basis(settings: JudgeSettings) -> str:
    price = price_of(settings.model, None, settings.endpoint)
    if price is None:
        return f"No judge cost: no price is known of {settings.model} at {settings.endpoint}"
    return f"{shown(price)}; answers of {USUAL_ANSWER} tokens, judgments of {_usual(settings)[1]}."


def _questions() -> Iterator[tuple[str, Question]]:
    for language in LANGUAGES:
        for question in questions(BENCHMARK, language):
            yield language, question


def _single() -> Iterator[tuple[int, int]]:
    """Yield the prompts for one model's answers."""
    for language, question in _questions():
        prompts = SinglePrompts(default_prompt_set(BENCHMARK), language)
        for turn in range(1, TURNS + 1):
            yield len(str(prompts.messages(question, [""] * turn))), turn


def _pairs() -> Iterator[tuple[int, int]]:
    """Yield the prompts for one pair of models, both orders."""
    for language, question in _questions():
        prompts = PairPrompts(default_prompt_set(BENCHMARK), language, votes=3)
        for turn in range(1, TURNS + 1):
            size = len(str(prompts.messages(question, ["", ""], ["", ""], turn)))
            yield from [(size, 2 * turn)] * 2
