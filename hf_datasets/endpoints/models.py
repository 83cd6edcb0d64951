"""The models that an endpoint lists, and when they end. Pure; whoever asks is in client.py."""

import datetime
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ListedModel:
    """One entry of GET /models."""

    name: str
    """As a request names it."""
    shutdown_date: datetime.date | None
    """The last day as the endpoint tells it; None: it tells none."""


def read_models(body: Any) -> tuple[ListedModel, ...]:
    """Read the body of GET /models, whatever it is.

    Args:
        body: Parsed JSON: `{"data": [{"id": ..., "shutdown_date": "2027-01-14" or null}]}`; Ollama and others leave the
            date out, some gateways send the list bare. Entries without a name are left out.

    Returns:
        The models by name, each once.

    Raises:
        ValueError: It isn't a list of models.
    """
    rows = body.get("data") if isinstance(body, dict) else body
    if not isinstance(rows, list):
        raise ValueError("not a list of models")
    found = {row["id"]: _date(row.get("shutdown_date")) for row in rows if _named(row)}
    return tuple(ListedModel(name, found[name]) for name in sorted(found))


def _named(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("id"), str) and bool(row["id"].strip())


def _date(value: Any) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
