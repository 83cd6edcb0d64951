"""Languages that the package doesn't have, known to this process because a built folder of the user's holds them.

`mtbench_x.questions` and `judge_prompts.judge_prompts` look here first, so that whatever works for the package's
languages works for an added one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hf_datasets.records import JudgePrompt, Question, content_hash


@dataclass(frozen=True)
class AddedLanguage:
    """One added language."""

    language: str
    """Lower-case code."""
    questions: Mapping[str, tuple[Question, ...]] = field(default_factory=dict)
    """Benchmark (`mtbench_x`, `mini`) -> its questions, by ascending id."""
    prompts: Mapping[str, Mapping[str, JudgePrompt]] = field(default_factory=dict)
    """Prompt set -> judge prompts by name."""

    reports: tuple[Mapping[str, Any], ...] = ()
    """What `mtbenchx data translate` counted, one a run; none for someone else's translation."""

    def revision(self, benchmark: str) -> str:
        """Return what identifies a benchmark's content in this language: 12 hex digits."""
        rows = [question.to_row() for question in self.questions[benchmark]]
        return content_hash([{name: row[name] for name in row if row[name] or name not in _LATER} for row in rows])[:12]


_LATER = ("limited_turns",)
"""Columns that came after the first release: where they are empty, a revision stays what it was."""


_KNOWN: dict[str, AddedLanguage] = {}


def register(language: AddedLanguage) -> None:
    """Make a language known to this process; the same one again replaces it."""
    _KNOWN[language.language] = language


def find(language: str) -> AddedLanguage | None:
    """Return an added language, or None."""
    return _KNOWN.get(language)
