"""What a ledger holds and what its judgments cost."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hf_datasets.ledger.queries import counts, judgments
from hf_datasets.ledger.store import Ledger
from hf_datasets.ledger.translations import engines
from mtbenchx_tasks.judge.prices import Price, cost_of, price_of

MOST_TOKENS = 1_000_000_000
"""More than any judgment has; an endpoint that reports more reports nonsense."""


@dataclass(frozen=True)
class Tokens:
    """What one request used, as its endpoint reports it."""

    read: int
    """Tokens of the prompt."""
    written: int
    """Tokens of the judgment, thoughts included."""
    cached: int = 0
    """Tokens of the prompt that came from the vendor's cache."""

    @classmethod
    def of(cls, usage: Any) -> "Tokens | None":
        """Read a `usage`; None if it doesn't tell both lengths in whole numbers from 0."""
        given = usage if isinstance(usage, Mapping) else {}
        names = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
        read, written, cached, thought = (_count(given.get(name)) for name in names)
        if read is None or written is None:
            return None
        beside = thought or 0 if (thought or 0) > written else 0  # more thoughts than text: they were not counted in it
        return cls(read, written + beside, min(cached or 0, read))

    def cost(self, price: Price) -> float:
        """Return dollars."""
        return cost_of(price, self.read, self.written, self.cached)


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


class Try(NamedTuple):
    """One request of a judgment: what was cut off is asked again."""

    tokens: Tokens | None
    """None: its endpoint didn't tell."""
    batch: bool
    """Whether it was asked by the vendor's batches."""


def tries(details: Mapping[str, Any]) -> list[Try]:
    """Return each request of a judgment: the tries that were cut off, and the last one."""
    attempts = details.get("attempts")
    earlier = [one for one in attempts if isinstance(one, Mapping)] if isinstance(attempts, list | tuple) else []
    return [Try(Tokens.of(one.get("usage")), "batch" in one) for one in [*earlier, details]]


Prices = Callable[[bool], Price | None]
"""Whether a request was asked by batch -> its price; None if that isn't known."""


@dataclass
class Account:
    """One judge's judgments."""

    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many are in each state."""
    read: int = 0
    """Prompt tokens reported by the endpoint."""
    written: int = 0
    """Completion tokens reported by the endpoint."""
    cost: float | None = None
    """Dollars, as priced when it was asked, by batch at the price of batches; None if the price isn't known."""
    untold: int = 0
    """Judgments whose endpoint didn't tell what they used; no cost holds them."""
    source: str = ""
    """Where the price is known from."""

    def add(self, state: str, details: Mapping[str, Any], prices: Prices) -> None:
        """Count one judgment."""
        self.states[state] += 1
        known = [(one.tokens, prices(one.batch)) for one in tries(details) if one.tokens is not None]
        self.untold += not known and state != "failed" and "imported" not in details
        for tokens, price in known or [(Tokens(0, 0), prices("batch" in details))]:
            self.read += tokens.read
            self.written += tokens.written
            if price is not None:
                self.cost = (self.cost or 0.0) + tokens.cost(price)
                self.source = price.source


def accounts(ledger: Ledger) -> dict[tuple[str, str], Account]:
    """Return the account of each (endpoint, judge)."""
    by_judge: dict[tuple[str, str], Account] = {}
    for row in judgments(ledger):
        request, details = json_object(row.request), json_object(row.details)
        endpoint, model = str(request.get("endpoint")), str(request.get("model"))
        asked = datetime.fromtimestamp(row.at, UTC)
        by_judge.setdefault((endpoint, model), Account()).add(row.state, details, prices_of(model, endpoint, asked))
    return by_judge


def prices_of(model: str, endpoint: str, asked: datetime | None = None) -> Prices:
    """Return what requests to a judge cost, live and by batch.

    Args:
        model: The judge.
        endpoint: As it stands in the ledger.
        asked: When, since prices change; None: now.
    """
    return lambda batch: price_of(model, None, endpoint, batch, asked)


def json_object(text: str) -> dict[str, Any]:
    """Read a JSON object; a damaged one tells nothing."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def summary(ledger: Ledger) -> str:
    """Return a text: one line per judge, with states, tokens and, where the price is known, dollars."""
    number = counts(ledger)
    models = "1 model" if number.models == 1 else f"{number.models} models"
    held = f"{number.answers} answers; judgments of {models} used {number.uses} times"
    lines = [f"{ledger.path}: {held}"]
    lines += [_line(endpoint, model, account) for (endpoint, model), account in accounts(ledger).items()]
    for engine in engines(ledger):
        billed = f"; {engine.characters:,} characters billed" if engine.characters else ""
        lines.append(f"{engine.name} into {engine.target}: {engine.texts} translations{billed}")
    return "\n".join(lines)


def _line(endpoint: str, model: str, account: Account) -> str:
    states = ", ".join(f"{number} {state}" for state, number in sorted(account.states.items()))
    name = model if "://" in endpoint else model[:12]
    line = f"{name} at {endpoint}: {states}; {account.read} tokens read, {account.written} written"
    line += "; price unknown" if account.cost is None else f"; ${account.cost:.2f} ({account.source})"
    return line + (f"; {account.untold} told no usage" if account.untold else "")
