"""Who asks at an endpoint: its address, the headers that open it, and what must never be written down of them."""

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hf_datasets.endpoints.address import OPENAI_URL, Address, read_address, redactor
from hf_datasets.shared.errors import UserError

log = logging.getLogger("lm_eval.mtbenchx")
CREDENTIALS = frozenset({"authorization", "api-key", "x-api-key"})
"""Headers that hold a key: with one of them, no other key is sent."""
OF_AN_ACCOUNT = {"OpenAI-Organization": "OPENAI_ORG_ID", "OpenAI-Project": "OPENAI_PROJECT_ID"}
"""Headers that OpenAI's own endpoint takes, and the variables of the official client."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True)
class Access:
    """What a client needs to ask; read from the environment once."""

    address: Address = field(repr=False)
    """Where."""
    variable: str
    """The environment variable that holds the key."""
    key: str = field(repr=False)
    """The key; empty if there is none."""
    headers: Mapping[str, str] = field(repr=False)
    """Sent with every request."""
    redact: Callable[[str], str] = field(repr=False)
    """Takes all secrets out of a text."""


def read_access(base_url: str | None, api_key_env: str, extra_headers: Mapping[str, str]) -> Access:
    """Read address and keys.

    Args:
        base_url: The endpoint; None: OPENAI_BASE_URL or OpenAI's own.
        api_key_env: The environment variable that holds the key. It may be unset, but not for OpenAI's own endpoint.
        extra_headers: Header name -> the environment variable that holds its value.

    Raises:
        UserError: The URL is none, a variable isn't set, or its value can't be sent.
    """
    address = read_address(base_url)
    extra = {name: _header(name, variable) for name, variable in extra_headers.items()}
    key = _value(api_key_env)
    opened = bool(CREDENTIALS & {name.lower() for name in extra})
    if not key and not opened and address.base == OPENAI_URL:
        raise UserError(f"The environment variable {api_key_env} is not set.")
    headers = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "mtbench-x"}
    if address.base == OPENAI_URL:
        headers |= {name: _value(variable) for name, variable in OF_AN_ACCOUNT.items() if os.environ.get(variable)}
    if not opened:  # self-hosted endpoints take any key; those that want one answer 401
        headers["Authorization"] = address.authorization or f"Bearer {key or 'none'}"
    if (key or extra) and not address.is_safe:
        log.warning("The key goes to %s in clear text; use https, or a tunnel to this machine.", address.base)
    redact = redactor([key, *extra.values(), *address.secrets])
    return Access(address, api_key_env, key, {**headers, **extra}, redact)


def _header(name: str, variable: str) -> str:
    if not _HEADER.fullmatch(name):
        raise UserError(f"{name!r} in extra_headers is no name of an HTTP header.")
    value = _value(variable)
    if not value:
        raise UserError(f"The environment variable {variable}, the value of the header {name}, is not set.")
    return value


def _value(variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value.isascii() or not value.isprintable():
        raise UserError(f"The key in {variable} holds a character that no key has; copy it anew.")
    return value
