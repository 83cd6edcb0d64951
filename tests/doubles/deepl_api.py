"""A double of DeepL's API on loopback: the real wire format, spoken to by the official client.

It translates by a function of the text outside tags, leaves `ignore_tags` alone, counts characters outside of tags as
DeepL does, and refuses what DeepL refuses.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.loopback import Handler, running

KEY = "deepl-key-of-the-test"
FORMAL = frozenset({"DE", "ES", "FR", "IT", "JA", "NL", "PL", "PT-BR", "PT-PT", "RU"})
TARGETS = ("DE", "EN-GB", "EN-US", "ES", "FR", "IT", "JA", "NL", "PL", "PT-BR", "PT-PT", "RU", "SV")
SOURCES = ("DE", "EN", "ES", "FR", "IT", "JA", "NL", "PL", "PT", "RU", "SV")
MOST_BYTES = 128 * 1024
TAG = re.compile(r"<[^<>]*>")


@dataclass
class Refusal:
    """An answer that isn't a translation."""

    status: int
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class DeepLApi:
    """A running server: what it was asked, and how it answers."""

    url: str = ""
    speak: Callable[[str, str], str] = lambda text, target: text.upper()
    """Text outside of tags, target -> translation."""
    limit: int | None = None
    """Characters of this billing period; None: no limit."""
    most_translations: int | None = None
    """Texts until the quota is used up."""
    refuse: Callable[[dict[str, Any]], Refusal | None] = lambda request: None
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of all requests to translate, refused ones included."""
    translated: list[str] = field(default_factory=list)
    """Every text that was translated and billed."""
    used: int = 0
    """Characters billed."""

    def answer(self, request: dict[str, Any], size: int) -> tuple[int, Any, dict[str, str]]:
        self.requests.append(request)
        refusal = self.refuse(request) or self._refusal(request, size)
        if refusal is not None:
            return refusal.status, {"message": refusal.message}, refusal.headers
        self.translated += request["text"]
        self.used += sum(map(characters, request["text"]))
        translations = [self._translation(request, text) for text in request["text"]]
        return 200, {"translations": translations}, {}

    def _refusal(self, request: dict[str, Any], size: int) -> Refusal | None:
        target, formality = request["target_lang"], request.get("formality", "default")
        texts = request["text"]
        if size > MOST_BYTES:
            return Refusal(413)
        if target not in TARGETS:
            return Refusal(400, "Value for 'target_lang' not supported.")
        if formality in ("more", "less") and target not in FORMAL:
            return Refusal(400, "'formality' is not supported for given 'target_lang'.")
        if len(texts) > 50:
            return Refusal(400, "Too many texts.")
        over = self.limit is not None and self.used + sum(map(characters, texts)) > self.limit
        if over or (self.most_translations is not None and len(self.translated) + len(texts) > self.most_translations):
            return Refusal(456, "Quota Exceeded")
        return None

    def _translation(self, request: dict[str, Any], text: str) -> dict[str, Any]:
        xml = request.get("tag_handling") == "xml"
        ignored = request.get("ignore_tags", []) if xml else []
        said = (
            _outside(text, ignored, lambda part: self.speak(part, request["target_lang"]))
            if xml
            else (self.speak(text, request["target_lang"]))
        )
        billed = {"billed_characters": characters(text)} if request.get("show_billed_characters") else {}
        return {"detected_source_language": request.get("source_lang", "EN"), "text": said, **billed}


def characters(text: str) -> int:
    """DeepL bills code points outside of tags."""
    return len(TAG.sub("", text))


def _outside(text: str, ignored: list[str], speak: Callable[[str], str]) -> str:
    """Change text outside of tags and of ignored elements; entities stay whole."""
    kept = "|".join([*(rf"<{tag}\b[^<>]*?(?:/>|>.*?</{tag}>)" for tag in ignored), TAG.pattern, r"&\w+;"])
    pieces = re.split(f"({kept})", text, flags=re.DOTALL)
    return "".join(piece if number % 2 else speak(piece) for number, piece in enumerate(pieces))


@contextmanager
def serve_deepl(api: DeepLApi | None = None) -> Iterator[DeepLApi]:
    api = api or DeepLApi()

    class Translate(Handler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.read()
            if not self.allowed() or urlsplit(self.path).path != "/v2/translate":
                return
            status, answer, headers = api.answer(json.loads(body), len(body))
            self.send(answer, status, headers)

        def do_GET(self) -> None:  # noqa: N802
            body = self.read().decode()
            if not self.allowed():
                return
            url = urlsplit(self.path)
            if url.path == "/v2/usage":
                limit = 10**12 if api.limit is None else api.limit
                self.send({"character_count": api.used, "character_limit": limit}, 200, {})
            elif url.path == "/v2/languages":
                target = "target" in parse_qs(url.query or body).get("type", [])
                self.send(_languages(TARGETS if target else SOURCES, target), 200, {})
            else:
                self.send({"message": "Not found"}, 404, {})

        def allowed(self) -> bool:
            if self.headers.get("Authorization") == f"DeepL-Auth-Key {KEY}":
                return True
            self.send({"message": "Forbidden"}, 403, {})
            return False

    with running(Translate) as url:
        api.url = url.removesuffix("/v1")
        yield api


def _languages(codes: tuple[str, ...], target: bool) -> list[dict[str, Any]]:
    return [
        {"language": code, "name": code, **({"supports_formality": code in FORMAL} if target else {})} for code in codes
    ]
