"""Where an endpoint is, who asks there, and what of both may be written down."""

import base64
import ipaddress
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError

OPENAI_URL = "https://api.openai.com/v1"
SHORTEST_SECRET = 6
"""Shorter values (`none`, `EMPTY`) protect nothing, and taking them out would harm a judge's words."""
HIDDEN = "***"
NO_SECRETS = frozenset({"api-version"})
"""Names of query values that are no secrets."""


@dataclass(frozen=True)
class Address:
    """An endpoint's URL, taken apart."""

    base: str
    """Scheme, host, port and path, without a slash at the end."""
    query: str
    """As it is sent with every request, e.g. Azure's `api-version=2024-10-21`."""
    authorization: str
    """The header that user and password of the URL ask for; empty without them."""
    secrets: tuple[str, ...]
    """What of it must not be written down."""

    def of(self, path: str) -> str:
        """Return the URL of a path below the base, e.g. `chat/completions`."""
        return f"{self.base.removesuffix('/chat/completions')}/{path}" + (f"?{self.query}" if self.query else "")

    @property
    def is_safe(self) -> bool:
        """Whether a key sent there can't be read on the way: by TLS, or since it stays on this machine."""
        parts = urlsplit(self.base)
        return parts.scheme == "https" or is_local(parts.hostname or "")


def configured_url(base_url: str | None) -> str:
    """Return the endpoint that is asked: the given one, else OPENAI_BASE_URL, else OpenAI's own."""
    return base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL


def public_url(base_url: str | None) -> str:
    """Return an endpoint's URL as it may be written down: no user, password, query or fragment."""
    try:
        return _base(urlsplit(configured_url(base_url)))
    except ValueError:
        return "(a URL that can't be read)"


def read_address(base_url: str | None) -> Address:
    """Take an endpoint's URL apart.

    Raises:
        UserError: It isn't the URL of an http server.
    """
    try:
        parts = urlsplit(configured_url(base_url).strip())
        base = _base(parts)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and base.isascii() and " " not in base
    except ValueError:
        is_url = False
    if not is_url:
        raise UserError(f"base_url {public_url(base_url)!r} is no URL of a server; it looks like http://HOST:8000/v1.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    token = base64.b64encode(f"{user}:{password}".encode()).decode() if user or password else ""
    values = [value for name, value in parse_qsl(parts.query) if name.lower() not in NO_SECRETS]
    secrets = (token, password, parts.password or "", user, *values)
    return Address(base, parts.query, f"Basic {token}" if token else "", tuple(filter(None, secrets)))


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that takes secrets out of a text; the longest first, since one may hold another."""
    values = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)

    def redact(text: str) -> str:
        for value in values:
            text = text.replace(value, HIDDEN)
        return text

    return redact


def without_secrets(completion: Completion, redact: Callable[[str], str]) -> Completion:
    """Return a completion whose texts and details hold no secret; logprobs whose tokens would spell one go."""
    text = redact(completion.text)
    details = {
        name: redact(value) if isinstance(value, str) else value
        for name, value in completion.details.items()
        if name != "logprobs" or text == completion.text
    }
    return replace(completion, text=text, reason=redact(completion.reason), details=MappingProxyType(details))


def _base(parts: SplitResult) -> str:
    host = parts.hostname or ""
    netloc = (f"[{host}]" if ":" in host else host) + (f":{parts.port}" if parts.port else "")
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))


def is_local(host: str) -> bool:
    """Tell whether a host's name or address is this machine's own, 0.0.0.0 included."""
    try:
        address = ipaddress.ip_address(host)
        return address.is_loopback or address.is_unspecified
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
