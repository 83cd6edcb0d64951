"""What the lint needs to know of one dialogue; computed apart, so that the texts needn't be kept."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hf_datasets.audit.parts import QuestionSample
from hf_datasets.records import ASSISTANT, ROLES, SYSTEM, USER, Sample
from hf_datasets.shared.code_fences import bare_code, fenced_code, outside_code
from hf_datasets.shared.language_id import detect_language
from hf_datasets.shared.near_duplicates import signature, words

FEW_LETTERS = 20
"""Texts of fewer letters ("x + y, s'il te plaît") aren't blamed for their language."""
FEW_WORDS = 5
"""Prompts of fewer words ("Write a poem.") are too common to leak."""
_PLACEHOLDERS = (
    r"\{\{?[A-Za-z_][\w.]*\}?\}",  # {name}, {{name}}
    r"\[\[\w+\]\]",  # [[A]]
    r"%\(\w+\)[sd]|(?<![\w%])%[sd](?!\w)",  # %(name)s, %s
    r"\[[A-Z][A-Z _-]{2,}\]|<[A-Z][A-Z_-]{2,}>",  # [NAME], <NAME>
    r"https?://[^\s<>()\"'`]+[^\s<>()\"'`.,;:!?*\]]",
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
)
_PLACEHOLDER = re.compile("|".join(_PLACEHOLDERS))


@dataclass(frozen=True)
class Prompt:
    """What is compared to find that a prompt was seen before."""

    id: str
    signature: bytes
    """MinHash signature of all that the user says; empty if that is under FEW_WORDS words."""


@dataclass(frozen=True)
class Facts(Prompt):
    """One dialogue in one language."""

    language: str
    """Its language, as the data say."""
    roles: tuple[str, ...]
    """Who speaks, in order."""
    disorder: str
    """What is wrong with the order of roles, in words; empty if nothing is."""
    empty: tuple[str, ...]
    """Which messages are blank, e.g. `assistant 1` (counted from 1)."""
    foreign: tuple[tuple[str, str], ...]
    """(message, language found) where language id finds another language than the data say."""
    placeholders: tuple[str, ...]
    """Sorted: fields to fill, verdict formats, addresses; outside code."""
    code: tuple[str, ...]
    """Digest of each code block, without comments."""
    digest: bytes
    """Of the whole dialogue, white space aside."""


def facts_of(samples: Sequence[Sample]) -> list[Facts]:
    """Return the facts of some samples."""
    return [_facts(sample) for sample in samples]


def prompts_of(samples: Sequence[Sample]) -> list[Prompt]:
    """Return of some samples only what tells whether their prompts were seen."""
    return [Prompt(sample.id, _signature(sample)) for sample in samples]


def _signature(sample: Sample) -> bytes:
    prompt = "\n".join(message.content for message in sample.messages if message.role == USER)
    return signature(prompt).tobytes() if len(words(prompt)) >= FEW_WORDS else b""


def _facts(sample: Sample) -> Facts:
    texts = [message.content for message in sample.messages]
    return Facts(
        id=sample.id,
        language=sample.language,
        roles=tuple(message.role for message in sample.messages),
        disorder=_disorder([message.role for message in sample.messages]),
        empty=tuple(name for name, text in _named(sample) if not text.strip()),
        foreign=tuple(_foreign(sample)),
        placeholders=tuple(sorted(found for text in texts for found in placeholders(text))),
        code=tuple(_digest(bare_code(*block[::-1])).hex() for text in texts for block in fenced_code(text)),
        digest=_digest("\0".join(" ".join(text.split()) for text in texts)),
        signature=_signature(sample),
    )


def placeholders(text: str) -> list[str]:
    """Return the placeholders and addresses of a text in their order, code left out."""
    found: list[str] = []

    def note(prose: str) -> str:
        found.extend(_PLACEHOLDER.findall(prose))
        return ""

    outside_code(text, note)
    return found


def _named(sample: Sample) -> Iterator[tuple[str, str]]:
    """`user 1`, `assistant 1`, `user 2` ... with the texts."""
    counts = dict.fromkeys(ROLES, 0)
    for message in sample.messages:
        counts[message.role] = counts.get(message.role, 0) + 1
        yield f"{message.role} {counts[message.role]}", message.content


def _foreign(sample: Sample) -> Iterator[tuple[str, str]]:
    language = sample.language.split("-")[0]
    asked = sample.other_language_turns if isinstance(sample, QuestionSample) else ()
    exempt = {f"{role} {turn}" for role in (USER, ASSISTANT) for turn in asked}
    for name, text in _named(sample):
        short = sum(map(str.isalpha, text)) < FEW_LETTERS
        found = None if short or name in exempt else detect_language(text)
        if language != "und" and found not in (None, language):
            yield name, str(found)


def _disorder(roles: list[str]) -> str:
    """Users and assistants take turns, the user first, a system message before; benchmark questions have no answers."""
    said = roles[1:] if roles[:1] == [SYSTEM] else roles
    if not said:
        return "no message"
    if ASSISTANT not in said and all(role == USER for role in said):
        return ""
    if said != [USER, ASSISTANT] * (len(said) // 2):
        return f"roles {', '.join(roles)}, not user and assistant in turn"
    return ""


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
