"""What the app says, in five languages (texts/*.toml), and the consent text with its version."""

import functools
import tomllib
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.records import content_hash
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.study import TURNS

FOLDER = Path(__file__).parent / "texts"
VERSION_DIGITS = 12
Texts = dict[str, Any]


def languages() -> list[str]:
    """Return the codes of the languages that the app speaks."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


@functools.cache
def texts(language: str) -> Texts:
    """Return every text of a language, by its key.

    Raises:
        UserError: The app doesn't speak it.
    """
    if language not in languages():
        raise UserError(f"The app doesn't speak {language!r}; choose one of {', '.join(languages())} by --ui.")
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class ConsentFacts:
    """What differs from study to study in our consent text."""

    questions: int
    """The most that one person is shown."""
    turns: Set[int] = frozenset({TURNS})
    """The numbers of turns that they have."""
    contact: str | None = None
    """Who runs the study, and how they are reached."""
    kept_until: str | None = None
    """The day by which everything is deleted, e.g. 2027-12-31."""
    on_hub: bool = False
    """The votes lie in a dataset of huggingface.co."""


def consent_text(language: str, facts: ConsentFacts) -> str:
    """Return what people agree to, in Markdown.

    Args:
        language: One of `languages()`.
        facts: What is so of this study.
    """
    words = texts(language)
    told = {
        "questions": facts.questions,
        "in_turns": _in_turns(words, facts.turns),
        "where": words["where_space" if facts.on_hub else "where_here"],
        "kept": words["kept_until"].format(date=facts.kept_until) if facts.kept_until else words["kept_open"],
        "history": words["history_space"] if facts.on_hub else "",
    }
    contact = [words["contact"].format(contact=facts.contact)] if facts.contact else []
    return "\n\n".join([*(line.format(**told).replace("  ", " ") for line in words["consent"]), *contact])


def _in_turns(words: Texts, turns: Set[int]) -> str:
    if turns == {1}:
        return ""
    return str(words["in_two_turns"] if turns == {TURNS} else words["in_turns"].format(turns=max(turns)))


def read_consent(file: Path) -> str:
    """Read a study's own consent text, for example what an ethics board approved.

    Raises:
        UserError: The file can't be read or is empty.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} can't be read as UTF-8 text ({error}).") from error
    if not text.strip():
        raise UserError(f"{file} is empty; people must know what they agree to.")
    return text


def consent_version(text: str) -> str:
    """Return what names a consent text: the hash of its words."""
    return content_hash(text)[:VERSION_DIGITS]
