"""Benchmarks and languages that the package doesn't have, known to this process because a built folder holds them.

`questions.questions` and `judge_prompts.judge_prompts` look here first, so that whatever works for the package's
benchmarks and languages works for an added one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hf_datasets.records import JudgePrompt, Question, QuestionId, content_hash


@dataclass(frozen=True)
class AddedLanguage:
    """One added language, of our benchmarks or of another one."""

    language: str
    """Lower-case code."""
    questions: Mapping[str, tuple[Question, ...]] = field(default_factory=dict)
    """Benchmark (`mtbench_x`, `mini`, or another's name) -> its questions, in the order of tables."""
    prompts: Mapping[str, Mapping[str, JudgePrompt]] = field(default_factory=dict)
    """Prompt set -> judge prompts by name."""

    reports: tuple[Mapping[str, Any], ...] = ()
    """What `mtbenchx data translate` counted, one a run; none for someone else's translation."""
    remarks: tuple[str, ...] = ()
    """What of the files is left out."""

    def revision(self, benchmark: str) -> str:
        """Return what identifies a benchmark's content in this language: 12 hex digits."""
        rows = [question.to_row() for question in self.questions[benchmark]]
        return content_hash([{name: row[name] for name in row if row[name] or name not in _LATER} for row in rows])[:12]


_LATER = ("limited_turns",)
"""Columns that came after the first release: where they are empty, a revision stays what it was."""


@dataclass(frozen=True)
class Added:
    """A benchmark's questions in one language."""

    questions: tuple[Question, ...]
    revision: str
    """What identifies their content: 12 hex digits."""

    @cached_property
    def categories(self) -> Mapping[QuestionId, str]:
        """Question id -> category, in the order of the questions."""
        return {question.question_id: question.category for question in self.questions}


_QUESTIONS: dict[tuple[str, str], Added] = {}
_PROMPTS: dict[tuple[str, str], Mapping[str, JudgePrompt]] = {}


def register(added: AddedLanguage) -> None:
    """Make a language known to this process; the same one again replaces it."""
    for benchmark, found in added.questions.items():
        _QUESTIONS[benchmark, added.language] = Added(found, added.revision(benchmark))
    for prompt_set, prompts in added.prompts.items():
        _PROMPTS[prompt_set, added.language] = prompts


def forget() -> None:
    """Make this process know the package's own benchmarks and languages only."""
    _QUESTIONS.clear()
    _PROMPTS.clear()


def find(benchmark: str, language: str) -> Added | None:
    """Return a benchmark's questions in an added language, or None."""
    return _QUESTIONS.get((benchmark, language))


def find_prompts(prompt_set: str, language: str) -> Mapping[str, JudgePrompt] | None:
    """Return the prompts of a set in an added language, by name, or None."""
    return _PROMPTS.get((prompt_set, language))


def added_places() -> tuple[tuple[str, str], ...]:
    """Return (benchmark, language) of everything that was added."""
    return tuple(_QUESTIONS)


def added_languages(benchmark: str) -> tuple[str, ...]:
    """Return the added languages of a benchmark."""
    return tuple(language for name, language in _QUESTIONS if name == benchmark)


def added_prompt_sets() -> tuple[str, ...]:
    """Return the names of the prompt sets that were added."""
    return tuple(dict.fromkeys(name for name, _ in _PROMPTS))
