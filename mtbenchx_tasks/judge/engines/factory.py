"""Which engine a judge has: at an endpoint or in this process, within a budget or not."""

import functools
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from hf_datasets.endpoints.client import OpenAIChat, Transport
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.ends import Closed, notice, refusal
from mtbenchx_tasks.judge.engines.budget import Budget, BudgetEngine
from mtbenchx_tasks.judge.engines.engine import Engine, ledger_of
from mtbenchx_tasks.judge.engines.in_process import WITH_WEIGHTS
from mtbenchx_tasks.judge.engines.live import LiveEngine
from mtbenchx_tasks.judge.engines.lm_eval_model import LmEvalEngine
from mtbenchx_tasks.judge.engines.local import LocalEngine
from mtbenchx_tasks.judge.one_token import OneTokenTransport
from mtbenchx_tasks.judge.prices import Price, required_price
from mtbenchx_tasks.judge.settings import JudgeSettings, key_is_missing
from mtbenchx_tasks.judge.tokens import at_most, counter_for, is_counted

log = logging.getLogger("lm_eval.mtbenchx")
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
    return _shared(replace(settings, prompt_language="same", parser="last", runs=1), os.getpid())


@functools.cache
def _shared(settings: JudgeSettings, _pid: int) -> Engine:
    """One engine, and one budget, for all that is asked with equal settings: every task and language of a run."""
    if settings.max_cost is not None:
        return budgeted(Budget(settings.max_cost, "judge.max_cost"))(replace(settings, max_cost=None), "")
    ledger = ledger_of(settings)
    if settings.backend == "local":
        return LocalEngine(settings, ledger)
    if settings.backend != "openai":
        return LmEvalEngine(settings, ledger)
    return LiveEngine(transport_of(settings), settings.model, ledger, settings.concurrency)


def check_key(settings: JudgeSettings) -> None:
    """Raise UserError if an engine needs a key that isn't there."""
    if key_is_missing(settings) and not refusal(settings):
        raise UserError(
            f"The judge {settings.model!r} needs a key: set {settings.api_key_env}; or take a local judge: "
            f'--metadata \'{{"judge": {{"backend": "local", "model": "FOLDER", "rating": "expected"}}}}\'; '
            f"or generate now with --predict_only and judge later with `mtbenchx judge`."
        )


def transport_of(settings: JudgeSettings) -> Transport:
    """Return the way to a judge's endpoint; of one that is known to be gone, one that says so."""
    if why := refusal(settings):
        return Closed(why)
    if about_to_end := notice(settings):
        log.warning("%s", about_to_end)
    chat = OpenAIChat(settings.base_url, settings.api_key_env, settings.timeout, settings.extra_headers)
    return OneTokenTransport(chat)


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
    limited: dict[Engine, Engine] = {}

    def within(settings: JudgeSettings, language: str) -> Engine:
        price, by_batch = (_price_of(settings, prices, way) for way in (False, batch))
        engine = engine_for(settings, language)
        if price is None:
            return engine
        if engine not in limited:
            counter, how = counter_for(settings.model)
            limited[engine] = BudgetEngine(engine, price, counter if is_counted(how) else at_most, budget, by_batch)
        return limited[engine]

    return within


def _price_of(settings: JudgeSettings, prices: Mapping[str, Price] | None, batch: bool) -> Price | None:
    """Return what a judgment costs; None: it is asked in this process, where nobody charges."""
    if settings.backend in WITH_WEIGHTS:
        return None
    if settings.backend != "openai":
        raise UserError(
            f"What judge.backend {settings.backend!r} costs isn't known, so nothing can be kept below a limit; "
            f"leave --max-cost out."
        )
    return required_price(settings.model, prices, settings.endpoint, batch)
