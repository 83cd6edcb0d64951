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
    glossaries: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Id -> name, languages and terms of each glossary of the account."""

    def answer(self, request: dict[str, Any], size: int) -> tuple[int, Any, dict[str, str]]:
        self.requests.append(request)
        refusal = self.refuse(request) or self._refusal(request, size)
        if refusal is not None:
            return refusal.status, {"message": refusal.message}, refusal.headers
        self.translated += request["text"]
        self.used += sum(map(characters, request["text"]))
        translations = [self._translation(request, text) for text in request["text"]]
        return 200, {"translations": translations}, {}

    def about(self, path: str, target: bool) -> Any:
        """What can be asked besides translations; None: no such address."""
        if path == "/v2/usage":
            return {"character_count": self.used, "character_limit": 10**12 if self.limit is None else self.limit}
        if path == "/v2/glossaries":
            return {"glossaries": [_glossary(key, kept) for key, kept in self.glossaries.items()]}
        return _languages(TARGETS if target else SOURCES, target) if path == "/v2/languages" else None

    def keep(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a glossary as DeepL does: one a call, whatever its name."""
        identifier = f"00000000-0000-4000-8000-{len(self.glossaries):012d}"
        terms = dict(line.split("\t") for line in request["entries"].splitlines())
        about = {name: request[name] for name in ("name", "source_lang", "target_lang")}
        self.glossaries[identifier] = {**about, "terms": terms}
        return _glossary(identifier, self.glossaries[identifier])

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
        terms = self.glossaries[request["glossary_id"]]["terms"] if "glossary_id" in request else {}

        def speak(part: str) -> str:
            found = re.split(f"({'|'.join(map(re.escape, terms))})", part) if terms else [part]
            return "".join(terms.get(piece) or self.speak(piece, request["target_lang"]) for piece in found)

        said = _outside(text, ignored, speak) if xml else speak(text)
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
            if not self.allowed():
                return
            if urlsplit(self.path).path == "/v2/glossaries":
                self.send(api.keep(json.loads(body)), 201, {})
                return
            status, answer, headers = api.answer(json.loads(body), len(body))
            self.send(answer, status, headers)

        def do_GET(self) -> None:  # noqa: N802
            body = self.read().decode()
            if not self.allowed():
                return
            url = urlsplit(self.path)
            found = api.about(url.path, "target" in parse_qs(url.query or body).get("type", []))
            self.send(found or {"message": "Not found"}, 200 if found else 404, {})

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


def _glossary(identifier: str, kept: dict[str, Any]) -> dict[str, Any]:
    about = {name: kept[name] for name in ("name", "source_lang", "target_lang")}
    times = {"ready": True, "creation_time": "2026-11-28T10:00:00.000000Z", "entry_count": len(kept["terms"])}
    return {"glossary_id": identifier, **about, **times}
