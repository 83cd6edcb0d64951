"""What judging costs, in US dollars: the user's own price, or the one that the package genai-prices lists.

A price is that of one judgment: vendors charge more for all tokens of a request whose prompt is long, so the tokens of
several judgments must never be added up before they are priced.
"""

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from hf_datasets.endpoints.address import is_local
from hf_datasets.endpoints.client import OPENAI_URL
from hf_datasets.shared.errors import UserError

MILLION = 1e6
OWN_MACHINE = (
    *("local", "hf", "hf-auto", "huggingface", "vllm", "vllm-vlm", "sglang", "sglang-generate"),
    *("gguf", "openvino"),
)
"""Backends that run on the user's own machine; they stand in the ledger as endpoints."""
BATCH_FACTOR = 0.5
"""What a batch costs as a share of a price that the user names; known prices have their own for batches."""


@dataclass(frozen=True)
class Tier:
    """Dollars per million tokens, of a request whose prompt has more than so many tokens."""

    above: int
    """Tokens of the prompt, those in the vendor's cache included."""
    read: float
    """A token of the prompt."""
    cached: float
    """A token of the prompt that the vendor had in its cache."""
    written: float
    """A token of the judgment, thoughts included."""


@dataclass(frozen=True)
class Price:
    """What one judgment costs."""

    tiers: tuple[Tier, ...]
    """By length of the prompt; the first holds from 0 on."""
    source: str
    """Where it is known from, for people to read."""

    @classmethod
    def flat(cls, read: float, written: float, source: str = "--price") -> "Price":
        """Return a price that depends on nothing; cached tokens cost what others do."""
        return cls((Tier(0, read, read, written),), source)

    @property
    def is_free(self) -> bool:
        """Whether nothing is charged."""
        return not any(rate for tier in self.tiers for rate in (tier.read, tier.cached, tier.written))


FREE = Price.flat(0, 0, "it runs on this machine")


def cost_of(price: Price, read: float, written: float, cached: float = 0) -> float:
    """Return dollars for one judgment.

    Args:
        price: The judge's.
        read: Tokens of the prompt.
        written: Tokens of the judgment, thoughts included.
        cached: Tokens of the prompt that came from the vendor's cache.
    """
    rates = max((tier for tier in price.tiers if not tier.above or read > tier.above), key=lambda tier: tier.above)
    cached = min(cached, read)
    return ((read - cached) * rates.read + cached * rates.cached + written * rates.written) / MILLION


def parse_price(text: str) -> Price:
    """Read `30,60`: dollars per million tokens read and written.

    Raises:
        UserError: It isn't two numbers from 0.
    """
    try:
        read, written = (float(part) for part in text.split(","))
    except ValueError:
        read = written = math.nan
    if not (0 <= read < math.inf and 0 <= written < math.inf):
        raise UserError(f"--price {text} is not IN,OUT in dollars per million tokens, e.g. --price 30,60.")
    return Price.flat(read, written)


def parse_prices(texts: Iterable[str], judges: Iterable[str]) -> dict[str, Price]:
    """Read `30,60` (kept under "": every judge) and `mistral-small-2603=0.15,0.6` (that judge).

    Args:
        texts: As a user gave them.
        judges: The models that are asked.

    Raises:
        UserError: See `parse_price`; or a price is given twice, or of a model that isn't asked.
    """
    asked, prices = set(judges), {}
    for model, _, price in (text.rpartition("=") for text in texts):
        name = model.strip()
        if name and name not in asked:
            raise UserError(f"--price names {name!r}, which isn't asked; the judges are {', '.join(sorted(asked))}.")
        if name in prices:
            raise UserError(f"--price is given twice for {name or 'every judge'}; leave one of the two out.")
        prices[name] = parse_price(price)
    return prices


def required_price(
    model: str, given: Mapping[str, Price] | None = None, endpoint: str = OPENAI_URL, batch: bool = False
) -> Price:
    """Return the price of a model that a limit is set for; see `price_of`.

    Raises:
        UserError: It isn't known.
    """
    price = price_of(model, given, endpoint, batch)
    if price is None:
        raise UserError(
            f"--max-cost needs the price of {model!r} at {endpoint}, which {source()} doesn't know; "
            f"name it by --price IN,OUT (dollars per million tokens)."
        )
    return price


def price_of(
    model: str,
    given: Mapping[str, Price] | None = None,
    endpoint: str = OPENAI_URL,
    batch: bool = False,
    when: datetime | None = None,
) -> Price | None:
    """Return what a judgment costs, None if it isn't known.

    Args:
        model: The judge; a dated snapshot is found too.
        given: The user's own prices (see `parse_prices`); they come first.
        endpoint: Its URL, or the name of a backend in this process.
        batch: By the vendor's batches.
        when: The moment it was asked, since prices change; None: now.
    """
    if given and (model in given or "" in given):
        own = given.get(model) or given[""]
        return _times(own, BATCH_FACTOR) if batch else own
    if is_own_machine(endpoint):
        return FREE
    moment = (when or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    return _listed(model, endpoint, batch, moment)


def is_own_machine(endpoint: str) -> bool:
    """Tell whether a judge runs on this machine, where nobody charges for it: in this process, or at localhost."""
    host = urlsplit(endpoint).hostname if "://" in endpoint else None
    return endpoint in OWN_MACHINE if host is None else is_local(host)


def _times(price: Price, factor: float) -> Price:
    tiers = (
        Tier(tier.above, *(rate * factor for rate in (tier.read, tier.cached, tier.written))) for tier in price.tiers
    )
    return Price(tuple(tiers), price.source)


@functools.lru_cache(maxsize=4096)
def _listed(model: str, endpoint: str, batch: bool, when: datetime) -> Price | None:
    """Look a price up in the package; it asks nobody."""
    from genai_prices.data_snapshot import get_snapshot

    context = {"processing": "batch"} if batch else None
    try:
        provider, priced = get_snapshot().find_provider_model(model, None, None, endpoint)
        listed = priced.get_prices(when, context)
    except LookupError:
        return None
    parts = (listed.input_mtok, listed.cache_read_mtok or listed.input_mtok, listed.output_mtok)
    if parts[0] is None or parts[2] is None:
        return None
    starts = sorted({0} | {tier.start for part in parts for tier in getattr(part, "tiers", ())})
    return Price(tuple(Tier(start, *(_rate(part, start) for part in parts)) for start in starts), source(provider.name))


def _rate(part: Any, above: int) -> float:
    """Return a rate for prompts of more than so many tokens, of the package's number or list of tiers."""
    reached = [tier.price for tier in getattr(part, "tiers", ()) if tier.start <= above]
    return float(reached[-1] if reached else getattr(part, "base", part))


def source(vendor: str = "") -> str:
    """Return where a listed price is known from."""
    import genai_prices

    return f"{vendor}{', by ' if vendor else ''}genai-prices {genai_prices.__version__}"


def shown(price: Price | None) -> str:
    """Return a price in words: `$0.75 read ($0.075 from the cache) and $4.5 written per million tokens (...)`."""
    if price is None:
        return "unknown"
    if price.is_free:
        return f"nothing ({price.source})"
    first = price.tiers[0]
    cached = f" (${first.cached:g} from the cache)" if first.cached != first.read else ""
    return f"${first.read:g} read{cached} and ${first.written:g} written per million tokens ({price.source})"
