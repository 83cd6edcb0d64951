"""What must never go to the Hub: secrets of this environment and text that looks like a key, in the forms they take."""

import base64
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO
from urllib.parse import quote

from hf_datasets.hub.uploads import Upload
from hf_datasets.shared.errors import UserError

PIECE = 64 * 1024 * 1024
"""Bytes that are searched at a time; larger files are searched for values of this environment only."""
OVERLAP = 64 * 1024
SHORTEST_SECRET = 12
_NAMES = re.compile(r"(KEYS?|TOKENS?|SECRETS?|PASSWORD|PASSWD|CREDENTIALS?)(_|$)", re.IGNORECASE)
_PLACES = re.compile(r"(PATH|FILE|DIR)$", re.IGNORECASE)
"""Names of variables that say where a key lies."""
_NAMED_IN_A_FILE = re.compile(rb"api_key_env\W{1,8}([A-Za-z_][A-Za-z0-9_]{0,99})")
_ALWAYS = {
    "a Hugging Face token": re.compile(rb"\bhf_[A-Za-z0-9]{30,}\b"),
    "an API key": re.compile(rb"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}"),
    "a GitHub token": re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "an AWS key": re.compile(rb"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a Google key": re.compile(rb"\bAIza[A-Za-z0-9_-]{35}"),
    "a Slack token": re.compile(rb"\bxox[abeoprs]-[A-Za-z0-9-]{20,}"),
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
}
_IN_TEXT = {
    "a URL with a password": re.compile(rb"\bhttps?://[^\s/:@\"'<>{}\[\]$*]+:[^\s/:@\"'<>{}\[\]$*]{6,}@[A-Za-z0-9]")
}
_GZIP = b"\x1f\x8b"


def check_secrets(files: Iterable[Upload]) -> None:
    """Refuse a push that would publish a secret: a value of this environment, or text that looks like a key.

    Searched are bytes as they are, UTF-16, base64, escapes of JSON and URLs, what gzip packs; not what Parquet packs.

    Args:
        files: What is about to be uploaded.

    Raises:
        UserError: A file holds one; the file is named, never the secret.
        OSError: A file can't be read.
    """
    values = _values()
    for file in files:
        large = file.size > PIECE
        for piece in _pieces(file):
            held = _held(piece, values, large) or (None if large else _held(_unpacked(piece), values, large))
            if held:
                raise UserError(f"{file.path} holds {held}; nothing was uploaded: take it out and push again.")


def _values() -> dict[str, tuple[bytes, ...]]:
    """Return what is secret in this environment, by what it is, in its forms."""
    found = {
        f"the value of {name}": value
        for name, value in os.environ.items()
        if _NAMES.search(name) and not _PLACES.search(name)
    }
    from huggingface_hub import get_token

    found.setdefault("the token of `hf auth login`", get_token() or "")
    return {what: forms(value) for what, value in found.items() if len(value) >= SHORTEST_SECRET}


def forms(value: str) -> tuple[bytes, ...]:
    """Return a text as it may stand in a file: UTF-8 and UTF-16, escaped for JSON and URLs, inside base64."""
    raw = value.encode("utf-8", "surrogateescape")
    escaped = "".join(f"\\u{unit:04x}" for unit in _units(value))
    plain = {raw, *(value.encode(f"utf-16-{end}", "surrogatepass") for end in ("le", "be"))}
    texts = {json.dumps(value)[1:-1], escaped, escaped.replace("\\u00", "\\x"), quote(raw, safe="")}
    return tuple(
        plain | {text.encode() for text in texts} | {part for shift in range(3) for part in _base64(raw, shift)}
    )


def _units(value: str) -> Iterator[int]:
    coded = value.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(coded[at : at + 2], "big") for at in range(0, len(coded), 2))


def _base64(raw: bytes, shift: int) -> tuple[bytes, bytes]:
    """Return the digits that depend on `raw` alone where `shift` (0 to 2) bytes stand before it in a group of three."""
    length = len(raw) - (len(raw) + shift) % 3
    digits = base64.b64encode(b"\0" * shift + raw[:length])[(0, 2, 3)[shift] :]
    return digits, digits.translate(bytes.maketrans(b"+/", b"-_"))


def _pieces(file: Upload) -> Iterator[bytes]:
    if isinstance(file.source, bytes):
        yield file.source
        return
    with file.source.open("rb") as opened:
        yield from _overlapping(opened)


def _overlapping(opened: BinaryIO) -> Iterator[bytes]:
    end = b""
    while new := opened.read(PIECE):
        yield end + new
        end = new[-OVERLAP:]


def _held(content: bytes, values: dict[str, tuple[bytes, ...]], large: bool) -> str | None:
    """Return what of all this a content holds; None: nothing."""
    for what, shapes in values.items():
        if any(shape in content for shape in shapes):
            return what
    if large or not content:
        return None
    for name in set(_NAMED_IN_A_FILE.findall(content)):
        value = os.environ.get(name.decode(), "")
        if len(value) >= SHORTEST_SECRET and any(shape in content for shape in forms(value)):
            return f"the value of {name.decode()}"
    patterns = _ALWAYS if b"\0" in content[:8192] else _ALWAYS | _IN_TEXT
    return next((what for what, pattern in patterns.items() if pattern.search(content)), None)


def _unpacked(content: bytes) -> bytes:
    """Return what gzip packs, at most PIECE bytes of it; empty if it isn't gzip's."""
    if not content.startswith(_GZIP):
        return b""
    try:
        return zlib.decompressobj(wbits=31).decompress(content, PIECE)
    except zlib.error:
        return b""
