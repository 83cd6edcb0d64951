"""What a ledger holds and what its judgments cost."""

import json
from collections import defaultdict
from dataclasses import dataclass

from hf_datasets.ledger.store import Ledger
from hf_datasets.translate.paid import engines
from mtbenchx_tasks.judge.prices import BATCH_FACTOR, PRICES_OF, cost_of, price_of

QUERY = "SELECT request, state, details FROM judgment ORDER BY key"


@dataclass
class Account:
    """One judge's judgments."""

    states: dict[str, int]
    """How many are in each state."""
    read: int = 0
    """Prompt tokens reported by the endpoint."""
    written: int = 0
    """Completion tokens reported by the endpoint."""
    cost: float | None = None
    """Dollars by the price list, by batch at its reduction; None if the price isn't known."""


def accounts(ledger: Ledger) -> dict[tuple[str, str], Account]:
    """Return the account of each (endpoint, judge)."""
    found: dict[tuple[str, str], Account] = {}
    for row in ledger.rows(QUERY):
        request = json.loads(row["request"])
        account = found.setdefault((request["endpoint"], request["model"]), Account(defaultdict(int)))
        account.states[row["state"]] += 1
        details = json.loads(row["details"])
        usage = details.get("usage") or {}
        read, written = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
        account.read += read
        account.written += written
        price = price_of(request["model"])
        if price is not None:
            factor = BATCH_FACTOR if "batch" in details else 1.0
            account.cost = (account.cost or 0.0) + factor * cost_of(price, read, written)
    return found


def summary(ledger: Ledger) -> str:
    """Return a text: one line per judge, with states, tokens and, where the price is known, dollars."""
    (uses,) = ledger.rows("SELECT count(*) AS n, count(DISTINCT candidate || identity) AS models FROM use")
    (answers,) = ledger.rows("SELECT count(*) AS n FROM answer")
    lines = [f"{ledger.path}: {answers['n']} answers; judgments of {uses['models']} models used {uses['n']} times"]
    for (endpoint, model), account in accounts(ledger).items():
        states = ", ".join(f"{number} {state}" for state, number in sorted(account.states.items()))
        name = model[:12] if endpoint == "local" else model
        line = f"{name} at {endpoint}: {states}; {account.read} tokens read, {account.written} written"
        if account.cost is not None:
            line += f"; ${account.cost:.2f} (prices of {PRICES_OF})"
        lines.append(line)
    for engine in engines(ledger):
        billed = f"; {engine.characters:,} characters billed" if engine.characters else ""
        lines.append(f"{engine.name} into {engine.target}: {engine.texts} translations{billed}")
    return "\n".join(lines)
