"""Who translates: the protocol that DeepL and chat models share, and the ways they fail."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from hf_datasets.records import canonical_json, content_hash
from hf_datasets.shared.errors import UserError

FORMALITIES = ("default", "more", "less", "prefer_more", "prefer_less")
DEFAULT_FORMALITY = "prefer_more"
"""Polite forms, as in the published translations; never fails where a language has none."""
ALIASES = {"nb": "no"}
"""Codes of engines that lid.176 calls otherwise."""
_TAGS = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class LanguagePair:
    """From which language into which, and in what tone."""

    source: str
    """Lower-case ISO 639-1 code."""
    target: str
    """The engine's code of the target, e.g. `PT-PT`."""
    formality: str = DEFAULT_FORMALITY
    """One of FORMALITIES."""

    @property
    def language(self) -> str:
        """Lower-case ISO 639-1 code of the target, as language identification knows it."""
        code = self.target.split("-")[0].lower()
        return ALIASES.get(code, code)


@dataclass(frozen=True)
class Fragment:
    """What is sent: a piece of XML, and what stands before it in its dialogue."""

    markup: str
    """XML text of one piece of prose, its protected stretches as elements (see protect/placeholders.py)."""
    context: str = ""
    """Read by the engine, not translated and not billed."""

    @property
    def characters(self) -> int:
        """Unicode code points that are billed: what stands outside of tags."""
        return len(_TAGS.sub("", self.markup))


@dataclass(frozen=True)
class FragmentRequest:
    """All that determines a translation; two equal requests are one."""

    fragment: Fragment
    """The XML to translate, with its context."""
    content: Mapping[str, Any]
    """Engine, model, endpoint, languages, formality, context, text and options: what is hashed and kept."""

    @cached_property
    def key(self) -> str:
        """Identity in the ledger: sha256 of the canonical JSON of `content`."""
        return content_hash(self.content)

    @cached_property
    def text(self) -> str:
        """Canonical JSON of `content`."""
        return canonical_json(self.content)


@dataclass(frozen=True)
class EngineAnswer:
    """What an engine made of one fragment."""

    markup: str
    """The translation, with its placeholders."""
    billed: int = 0
    """Characters that were billed; 0 where the engine bills otherwise."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else it reported: detected source language, model, tokens."""


class TranslationEngine(Protocol):
    """Somebody who translates."""

    name: str
    """E.g. `deepl` or `openai:gpt-6-luna`."""
    most_texts: int
    """Most fragments of one call."""
    most_bytes: int
    """Most bytes of JSON of the fragments of one call."""
    concurrency: int
    """Most calls in flight at a time."""

    def pair(self, source: str, target: str, formality: str) -> LanguagePair:
        """Choose the engine's codes; raises UserError if it has no such language. Asks the engine if it can."""
        ...

    def prepare(self, pair: LanguagePair) -> None:
        """Have the engine know what is fixed for all texts, such as a glossary; before the first translation."""
        ...

    def request(self, fragment: Fragment, pair: LanguagePair) -> FragmentRequest:
        """Return what identifies this translation; nothing is sent."""
        ...

    def translate(self, fragments: Sequence[Fragment], pair: LanguagePair) -> list[EngineAnswer]:
        """Translate fragments that share one context.

        Raises:
            QuotaError: Nothing more is translated in this billing period.
            TooLargeError: The call as a whole is too large.
            UnavailableError: The engine can't be reached or has too much to do, after all retries.
            UserError: The key, a language or a setting is wrong.
        """
        ...


class QuotaError(UserError):
    """What was paid for is used up."""


class TooLargeError(UserError):
    """The engine refuses a call for its size."""


class UnavailableError(UserError):
    """The engine doesn't answer now; the same command goes on later."""


class NoTranslationError(UserError):
    """The engine gives no translation for one text; others may go on."""
