"""The plan: what judging would ask and cost, and what the ledger holds of it already. Nothing is sent.

The plan renders the very requests that judging would send, so their number is exact, and so are their tokens wherever
the judge's own tokenizer counts them.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger, open_ledger
from mtbenchx_tasks.judge.engines.in_process import WITH_WEIGHTS
from mtbenchx_tasks.judge.engines.live import Judged
from mtbenchx_tasks.judge.prices import BATCH_FACTOR, PRICES_OF, USUAL_JUDGMENT, Price, cost_of, price_of
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.tokens import Counter, counter_for

Cell = tuple[str, str, str]
"""Judge (its slug), language of the questions, mode (`single` or `pairwise`)."""
WRITTEN = """
SELECT avg(json_extract(details, '$.usage.completion_tokens')) AS tokens FROM judgment
WHERE state = 'answered' AND json_extract(request, '$.model') = ? AND json_extract(request, '$.endpoint') = ?
"""


class PlanEngine:
    """Notes requests instead of asking them; only the futures of those that the ledger holds ever end."""

    def __init__(self, ledger: Ledger, model: str) -> None:
        self.ledger, self.model = ledger, model
        self.requests: dict[str, ChatRequest] = {}
        """Each request once, by its key."""
        self.held: set[str] = set()
        """Keys of those that the ledger holds."""
        self._futures: dict[str, Future[Judged]] = {}
        self._asked: dict[Future[Judged], ChatRequest] = {}

    def check(self) -> None:
        """A plan needs no judge."""

    def meet(self, lm: Any) -> None:
        """A plan loads no weights."""

    def submit(self, request: ChatRequest) -> Future[Judged]:
        """Note a request, and whether the ledger holds its judgment."""
        if request.key not in self.requests:
            self.requests[request.key] = request
            future = self._futures[request.key] = Future()
            self._asked[future] = request
            known = self.ledger.judgment(request.key)
            if known is not None:
                self.held.add(request.key)
                future.set_result(Judged(request.key, known))
        return self._futures[request.key]

    def asked(self, future: Future[Judged]) -> ChatRequest:
        """Return the request that a future stands for."""
        return self._asked[future]

    def finish(self) -> None:
        """Nothing is under way."""

    def stop(self) -> None:
        """Nothing is under way."""

    @property
    def missing(self) -> list[ChatRequest]:
        """The requests that would be asked."""
        return [request for key, request in self.requests.items() if key not in self.held]


@dataclass(frozen=True)
class Planned:
    """What one judge would be asked in one language and mode."""

    judge: str
    """The judge's slug."""
    language: str
    """Language of the questions."""
    mode: str
    """`single` or `pairwise`."""
    requests: int
    """Number of different requests, one per answer (or pair and order) and run."""
    held: int | None
    """How many of them the ledger holds; None for a local judge, whose weights would have to be read to tell."""
    prompt_tokens: int
    """Tokens of the prompts that are still to be asked."""
    expected_tokens: float
    """Tokens that their judgments will have, as this judge's in the ledger have or, if there is none, as usual."""
    most_tokens: int
    """Tokens that their judgments may have (max_tokens)."""
    price: Price | None
    """Dollars per million tokens; None if unknown; nothing for a local judge."""

    @property
    def missing(self) -> int:
        """Number of requests still to be asked."""
        return self.requests - (self.held or 0)

    @property
    def expected(self) -> float | None:
        """Dollars, with judgments of the usual length."""
        return None if self.price is None else cost_of(self.price, self.prompt_tokens, self.expected_tokens)

    @property
    def most(self) -> float | None:
        """Dollars, with every judgment as long as it may be."""
        return None if self.price is None else cost_of(self.price, self.prompt_tokens, self.most_tokens)


@dataclass(frozen=True)
class Plan:
    """What a command would ask and cost."""

    cells: tuple[Planned, ...]
    """Per judge, language and mode."""
    counted: Mapping[str, str]
    """Judge -> how its tokens were counted."""

    @property
    def expected(self) -> float:
        """Dollars of all cells with a known price."""
        return sum(cell.expected or 0.0 for cell in self.cells)

    @property
    def most(self) -> float:
        """Dollars at most of all cells with a known price."""
        return sum(cell.most or 0.0 for cell in self.cells)

    @property
    def unpriced(self) -> list[str]:
        """Judges whose price isn't known."""
        return sorted({cell.judge for cell in self.cells if cell.price is None})


class Planner:
    """Hands out one engine per judge, language and mode, and makes the plan of what they noted."""

    def __init__(self, prices: Mapping[str, Price] | None = None) -> None:
        self._prices = prices
        self.engines: dict[Cell, PlanEngine] = {}
        """What was noted so far."""

    def engine_for(self, settings: JudgeSettings, language: str, mode: str = "single") -> PlanEngine:
        """Return the engine of a cell (an EngineFor, see engines/factory.py)."""
        cell = (settings.slug, language, mode)
        if cell not in self.engines:
            ledger = open_ledger(Path(settings.ledger) if settings.ledger else None)
            self.engines[cell] = PlanEngine(ledger, settings.model)
        return self.engines[cell]

    def plan(self) -> Plan:
        """Return the plan of everything noted so far."""
        return plan(self.engines, self._prices)


def plan(engines: Mapping[Cell, PlanEngine], prices: Mapping[str, Price] | None = None) -> Plan:
    """Return the plan of what engines have noted.

    Args:
        engines: Judge, language, mode -> what would be asked. Equal requests of two cells count in the first.
        prices: The user's own prices (see prices.parse_prices).
    """
    counters = {engine.model: counter_for(engine.model) for engine in engines.values()}
    usual = {engine.model: _usual_judgment(engine) for engine in engines.values() if engine.missing}
    seen: set[str] = set()
    cells = []
    for cell, engine in engines.items():
        requests = [request for key, request in engine.requests.items() if key not in seen]
        seen |= engine.requests.keys()
        counter, _ = counters[engine.model]
        asked = [request for request in requests if request.key not in engine.held]
        limits = [_limit(request) for request in asked]
        local = any(request.endpoint in WITH_WEIGHTS for request in requests)
        cells.append(
            Planned(
                *cell,
                requests=len(requests),
                held=None if local else len(requests) - len(asked),
                prompt_tokens=_count(counter, asked),
                expected_tokens=sum(min(limit, usual[engine.model]) for limit in limits),
                most_tokens=sum(limits),
                price=(0.0, 0.0) if local else price_of(engine.model, prices),
            )
        )
    return Plan(tuple(cells), {cell[0]: counters[engine.model][1] for cell, engine in engines.items()})


def _count(counter: Counter, requests: Sequence[ChatRequest]) -> int:
    """Count on every core; the tokenizers run outside the interpreter's lock."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(lambda request: counter(request.messages), requests))


def _limit(request: ChatRequest) -> int:
    """Return the most tokens of a judgment; a local judge that weighs the ratings writes none."""
    return int(request.parameters.get("max_tokens", 0))


def _usual_judgment(engine: PlanEngine) -> float:
    """Return the mean length of this judge's judgments in the ledger, or USUAL_JUDGMENT."""
    endpoints = {request.endpoint for request in engine.requests.values()}
    found = [engine.ledger.rows(WRITTEN, (engine.model, endpoint))[0]["tokens"] for endpoint in endpoints]
    known = [tokens for tokens in found if tokens is not None]
    return fmean(known) if known else float(USUAL_JUDGMENT)


def print_plan(plan: Plan) -> None:
    """Print a plan: a table, the sum, and how the tokens were counted."""
    from rich.console import Console
    from rich.table import Table

    table = Table("judge, mode", "lang", "asked", "held", "tokens in", "out", "expected", "at most", title="Plan")
    for column in table.columns[2:]:
        column.justify = "right"
    for cell in plan.cells:
        table.add_row(*_row(cell))
    console = Console()
    console.print(table)
    for line in _remarks(plan):
        console.print(line, markup=False, highlight=False)


def _row(cell: Planned) -> Sequence[str]:
    return (
        f"{cell.judge} {cell.mode}",
        cell.language,
        f"{cell.missing:,}",
        "?" if cell.held is None else f"{cell.held:,}",
        f"{cell.prompt_tokens / 1e3:,.1f}k",
        f"{cell.expected_tokens / 1e3:,.1f}k",
        _dollars(cell.expected),
        _dollars(cell.most),
    )


def _remarks(plan: Plan) -> list[str]:
    asked, all_of_them = sum(cell.missing for cell in plan.cells), sum(cell.requests for cell in plan.cells)
    lines = [f"{all_of_them - asked:,} of {all_of_them:,} judgments are in the ledger, {asked:,} are left to ask."]
    if plan.most:
        live, batch = (
            f"{_dollars(plan.expected * factor)} expected, {_dollars(plan.most * factor)} at most"
            for factor in (1.0, BATCH_FACTOR)
        )
        lines += [f"Cost: {live}.", f"By Batch API (--batch), half: {batch}. Prices of {PRICES_OF} or --price."]
    if plan.unpriced:
        lines.append(f"No price is known of {', '.join(plan.unpriced)}; name it by --price IN,OUT.")
    return lines + [f"Prompt tokens of {judge}: {how}." for judge, how in plan.counted.items()]


def _dollars(amount: float | None) -> str:
    return "?" if amount is None else f"${amount:,.2f}"
