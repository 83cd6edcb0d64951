"""Who asks for a judge: the engine of its endpoint, live, within a budget or not."""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.budget import Budget, BudgetEngine
from mtbenchx_tasks.judge.engines.in_process import WITH_WEIGHTS
from mtbenchx_tasks.judge.engines.live import Engine
from mtbenchx_tasks.judge.judge import check_key, engine_and_ledger
from mtbenchx_tasks.judge.prices import Price, required_price
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.tokens import at_most, counter_for, is_counted

EngineFor = Callable[[JudgeSettings, str], Engine]
"""Who asks for a judge, given the language of the questions."""


def live_engine(settings: JudgeSettings, language: str = "") -> Engine:
    """Return the engine of a judge; whatever prompts it is asked with, its bound on requests in flight is one.

    Raises:
        UserError: The key is missing or the ledger can't be opened.
    """
    del language
    check_key(settings)
    settings = replace(settings, prompt_set=None, reference_set="published", question_set="published")
    shared = replace(settings, prompt_language="same", parser="last", runs=1)
    return engine_and_ledger(shared)[0] if settings.max_cost is None else _within_its_budget(shared, os.getpid())


@functools.cache
def _within_its_budget(settings: JudgeSettings, _pid: int) -> Engine:
    """One budget for all that is asked with equal settings: every task and language of a run."""
    budget = Budget(settings.max_cost or 0.0, "judge.max_cost")
    return budgeted(budget)(replace(settings, max_cost=None), "")


def budgeted(
    budget: Budget,
    prices: Mapping[str, Price] | None = None,
    engine_for: EngineFor = live_engine,
    batch: bool = False,
) -> EngineFor:
    """Return a factory whose engines together stay within a budget.

    Args:
        budget: What may be spent, by all judges together.
        prices: The user's own prices (see prices.parse_prices).
        engine_for: Who asks.
        batch: Whether they ask by the vendor's batches, which cost less.

    Raises:
        UserError: (By the factory) the price of a judge isn't known.
    """
    made: dict[int, BudgetEngine] = {}

    def limited(settings: JudgeSettings, language: str) -> Engine:
        if settings.backend in WITH_WEIGHTS:
            return engine_for(settings, language)
        if settings.backend != "openai":
            raise UserError(
                f"What judge.backend {settings.backend!r} costs isn't known, so nothing can be kept below a limit; "
                f"leave --max-cost out."
            )
        price = required_price(settings.model, prices, settings.endpoint, batch)
        inner = engine_for(settings, language)
        if id(inner) not in made:
            counter, how = counter_for(settings.model)
            counter = counter if is_counted(how) else at_most
            ledger = engine_and_ledger(settings, inner)[1]
            made[id(inner)] = BudgetEngine(inner, ledger, price, counter, budget)
        return made[id(inner)]

    return limited
