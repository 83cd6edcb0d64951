"""The plan: what judging would ask and cost, and what the ledger holds of it already. Nothing is sent.

The plan renders the very requests that judging would send, so their number is exact, and so are their tokens wherever
the judge's own tokenizer counts them.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hf_datasets.endpoints.client import OPENAI_URL, ChatRequest
from hf_datasets.ledger.store import Ledger
from mtbenchx_tasks.judge.engines.engine import Engine, Judged, ledger_of
from mtbenchx_tasks.judge.engines.in_process import WITH_WEIGHTS
from mtbenchx_tasks.judge.estimate import Dollars, Size, estimate, total, usual_judgment
from mtbenchx_tasks.judge.prices import Price, price_of, shown
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.tokens import Counter, counter_for

Cell = tuple[str, str, str]
"""Judge (its slug), language of the questions, mode (`single` or `pairwise`)."""


class PlanEngine(Engine):
    """Notes requests instead of asking them; only the futures of those that the ledger holds ever end."""

    def __init__(self, ledger: Ledger, model: str) -> None:
        super().__init__(ledger)
        self.model = model
        self.requests: dict[str, ChatRequest] = {}
        """Each request once, by its key."""

    @property
    def endpoint(self) -> str:
        """Where the requests would go; OpenAI's own if there is none."""
        return next((request.endpoint for request in self.requests.values()), OPENAI_URL)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What the requests are asked with."""
        return next((request.parameters for request in self.requests.values()), {})

    def submit(self, request: ChatRequest) -> Future[Judged]:
        """Note a request; its future ends only if the ledger holds its judgment."""
        self.requests[request.key] = request
        return super().submit(request)

    def _take(self, request: ChatRequest) -> Future[Judged]:
        del request
        return Future()

    @property
    def missing(self) -> list[ChatRequest]:
        """The requests that would be asked."""
        return [request for key, request in self.requests.items() if not self._futures[key].done()]


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
    live: Dollars | None
    """What they cost when they are asked one by one; None if the price isn't known."""
    batch: Dollars | None
    """The same by the vendor's batches."""

    @property
    def missing(self) -> int:
        """Number of requests still to be asked."""
        return self.requests - (self.held or 0)


@dataclass(frozen=True)
class Basis:
    """What a judge's numbers rest on, for people to read."""

    prompts: str
    """How the tokens of its prompts were counted."""
    judgments: str
    """How many tokens a judgment is taken to have, and why."""
    price: str
    """Its price, and where that is known from."""


@dataclass(frozen=True)
class Plan:
    """What a command would ask and cost."""

    cells: tuple[Planned, ...]
    """Per judge, language and mode."""
    bases: Mapping[str, Basis]
    """Judge -> what its numbers rest on."""

    @property
    def live(self) -> Dollars:
        """Dollars of all cells with a known price."""
        return total(cell.live for cell in self.cells)

    @property
    def batch(self) -> Dollars:
        """The same by the vendors' batches."""
        return total(cell.batch for cell in self.cells)

    @property
    def unpriced(self) -> list[str]:
        """Judges whose price isn't known."""
        return sorted({cell.judge for cell in self.cells if cell.live is None})


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
            self.engines[cell] = PlanEngine(ledger_of(settings), settings.model)
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
    seen: set[str] = set()
    cells: list[Planned] = []
    bases: dict[str, Basis] = {}
    for cell, engine in engines.items():
        requests = engine.requests.keys() - seen
        asked = [request for request in engine.missing if request.key in requests]
        seen |= requests
        counter, how = counters[engine.model]
        usual, why = usual_judgment(engine.ledger, engine.model, engine.endpoint, engine.parameters)
        sizes = [
            Size(read, min(limit, usual), read, limit)
            for read, limit in zip(_count(counter, asked), map(_limit, asked), strict=True)
        ]
        live, batch = (price_of(engine.model, prices, engine.endpoint, by_batch) for by_batch in (False, True))
        cells.append(
            Planned(
                *cell,
                requests=len(requests),
                held=None if engine.endpoint in WITH_WEIGHTS else len(requests) - len(asked),
                prompt_tokens=sum(int(size.read) for size in sizes),
                expected_tokens=sum(size.written for size in sizes),
                most_tokens=sum(int(size.most_written) for size in sizes),
                live=estimate(live, sizes),
                batch=estimate(batch, sizes),
            )
        )
        bases.setdefault(cell[0], Basis(how, why, shown(live)))
    return Plan(tuple(cells), bases)


def _count(counter: Counter, requests: Sequence[ChatRequest]) -> list[int]:
    """Count on every core; the tokenizers run outside the interpreter's lock."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda request: counter(request.messages), requests))


def _limit(request: ChatRequest) -> int:
    """Return the most tokens of a judgment; a local judge that weighs the ratings writes none."""
    return int(request.parameters.get("max_tokens", 0))


def print_plan(plan: Plan) -> None:
    """Print a plan: a table, the sum, and how the tokens were counted."""
    from rich.table import Table

    from hf_datasets.shared.terminal import literal_console

    table = Table("judge, mode", "lang", "asked", "held", "tokens in", "out", "expected", "at most", title="Plan")
    for column in table.columns[2:]:
        column.justify = "right"
    for cell in plan.cells:
        table.add_row(*_row(cell))
    console = literal_console()
    console.print(table)
    for line in _remarks(plan):
        console.print(line, highlight=False)


def _row(cell: Planned) -> Sequence[str]:
    return (
        f"{cell.judge} {cell.mode}",
        cell.language,
        f"{cell.missing:,}",
        "?" if cell.held is None else f"{cell.held:,}",
        f"{cell.prompt_tokens / 1e3:,.1f}k",
        f"{cell.expected_tokens / 1e3:,.1f}k",
        *(("?", "?") if cell.live is None else map(_dollars, (cell.live.expected, cell.live.most))),
    )


def _remarks(plan: Plan) -> list[str]:
    asked, all_of_them = sum(cell.missing for cell in plan.cells), sum(cell.requests for cell in plan.cells)
    lines = [f"{all_of_them - asked:,} of {all_of_them:,} judgments are in the ledger, {asked:,} are left to ask."]
    for way, cost in {"Cost": plan.live, "By Batch API (--batch)": plan.batch}.items() if plan.live.most else ():
        lines.append(f"{way}: {_dollars(cost.expected)} expected, {_dollars(cost.most)} at most.")
    if plan.unpriced:
        lines.append(f"No price is known of {', '.join(plan.unpriced)}; name it by --price IN,OUT.")
    for judge, basis in plan.bases.items():
        lines.append(f"Prompt tokens of {judge}: {basis.prompts}.")
        lines.append(f"Tokens of a judgment: {basis.judgments}. Price: {basis.price}.")
    return lines


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}"
