"""Which benchmark a file belongs to: told by the user, the file, its folder or its texts, not by ids that anyone has.

Others number their questions from 1 as our mini benchmark does, and from 81 as MT-Bench does. So ids below 81 tell
nothing; 81 to 160 are taken for MT-Bench's in the layouts of MT-Bench's own tools, unless the questions' texts are
others. A benchmark that nothing tells is "": its numbers are shown without MT-Bench's categories, and under no other
benchmark's name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hf_datasets.benchmark.ids import FIRST_ID, LAST_ID, category_of
from hf_datasets.benchmark.questions import LANGUAGES, at_hand, questions
from hf_datasets.shared.errors import UserError

MTBENCH_X, MINI = "mtbench_x", "mini"
OURS = (MTBENCH_X, MINI)
NO_CATEGORY = "no category told"
FOLDERS = {"mt_bench": MTBENCH_X, "mtbench_x": MTBENCH_X, "mini": MINI, "mtbench_x_mini": MINI}
"""How folders and tasks of our benchmarks are called, but for the language behind it."""
PARENTS = ("model_answer", "model_judgment", "reference_answer")
"""FastChat's folders, which lie in the benchmark's."""
_QUESTION = re.compile(r"\[(?:User )?Question\]\n(?P<question>.+?)\n\n\[The Start of", re.DOTALL)


@dataclass(frozen=True)
class Told:
    """What a user says of files that don't tell it themselves."""

    language: str | None = None
    """Code of the questions' language."""
    benchmark: str | None = None
    """`mtbench_x`, `mini`, or another's name."""


NOTHING = Told()


def benchmark_of(
    file: Path, ids: Iterable[int], told: str | None = None, asked: Mapping[int, str] | None = None, *, own: bool = True
) -> str:
    """Return the name of a file's benchmark, or "" if nothing tells it.

    Args:
        file: The file, whose folder may tell it.
        ids: The ids of its questions.
        told: What the user says; it is right.
        asked: Question id -> the first turn of the question, as far as the file holds it.
        own: The layout is that of MT-Bench's own tools, so that ids from 81 to 160 are MT-Bench's unless texts differ.
    """
    if told:
        return told
    texts = by_texts(asked or {})
    if texts is not None:
        return texts
    folder = _of_folder(file)
    if folder is not None:
        return folder
    found = set(ids)
    return MTBENCH_X if own and found and all(FIRST_ID <= number <= LAST_ID for number in found) else ""


def by_texts(asked: Mapping[int, str]) -> str | None:
    """Return the benchmark whose questions these are, "" if it is none of ours, None if that can't be told here.

    Most must be equal, for editions differ in single questions; MT-Bench's are looked at only if they are here.
    """
    if not asked:
        return None
    texts = {number: _plain(text) for number, text in asked.items()}
    complete = True
    for benchmark in OURS:
        for language in LANGUAGES:
            known = _first_turns(benchmark, language)
            complete &= known is not None
            same = sum((known or {}).get(number) == text for number, text in texts.items())
            if 2 * same > len(texts):
                return benchmark
    return "" if complete else None


def question_in(prompt: str) -> str:
    """Return the question that a judge's prompt in FastChat's English words holds, or ""."""
    match = _QUESTION.search(prompt)
    return match["question"] if match else ""


def every_question(benchmark: str) -> Mapping[int, str]:
    """Return question id -> category of one of our benchmarks, whole; empty for another's, which isn't known here."""
    if benchmark == MINI:
        return {question.question_id: question.category for question in questions(MINI, "en")}
    ids = range(FIRST_ID, LAST_ID + 1) if benchmark == MTBENCH_X else ()
    return {number: category_of(MTBENCH_X, number) for number in ids}


def plain_task(task: str) -> str:
    """Return a task's name alone; lm_eval 0.5 puts its group's before it (`mtbench_x::mtbench_x_de`)."""
    return task.rpartition("::")[2]


def task_benchmark(task: str) -> str | None:
    """Return the benchmark that a task's or folder's name tells (`mtbench_x_mini_de`, `mt_bench`), or None."""
    task = plain_task(task).lower()
    name, _, language = task.rpartition("_")
    is_code = language.isalpha() and len(language) == 2  # noqa: PLR2004
    return FOLDERS.get(task) or (FOLDERS.get(name) if is_code else None)


def category(benchmark: str, question_id: int, told: str = "", place: str = "") -> str:
    """Return a question's category: as the file tells it, or by the ids of a benchmark that is known to be ours.

    Raises:
        UserError: Our benchmark has no such question; `place` is named.
    """
    if told or benchmark not in OURS:
        return told or NO_CATEGORY
    try:
        return category_of(benchmark, question_id)
    except UserError:
        raise UserError(
            f"{place}: {benchmark} has no question {question_id}; name the file's benchmark by --benchmark."
        ) from None


def _of_folder(file: Path) -> str | None:
    """Return what the folders of a file tell; a benchmark of another name is told, too, where FastChat's layout is."""
    parts = file.absolute().parts[:-1]
    for part in reversed(parts):
        found = task_benchmark(part)
        if found:
            return found
        if "bench" in part.lower() and file.parent.name in PARENTS and part == file.absolute().parent.parent.name:
            return part
    return None


def _plain(text: str) -> str:
    return " ".join(text.split())


def _first_turns(benchmark: str, language: str) -> Mapping[int, str] | None:
    """Return question id -> first turn of a benchmark that is at hand; nothing is downloaded."""
    return _plain_turns(benchmark, language) if at_hand(benchmark, language) else None


@cache
def _plain_turns(benchmark: str, language: str) -> Mapping[int, str]:
    return {question.question_id: _plain(question.turns[0]) for question in questions(benchmark, language)}
