"""Which benchmark a file belongs to: told by the user, the file, its folder or its texts, not by ids that anyone has.

Others number their questions from 1 as our mini benchmark does, and from 81 as MT-Bench does. So ids below 81 tell
nothing; 81 to 160 are taken for MT-Bench's in the layouts of MT-Bench's own tools, unless the questions' texts are
others. A benchmark that nothing tells is "": its numbers are shown without MT-Bench's categories, and under no other
benchmark's name. Benchmarks of a built folder (--data FOLDER) are known by their texts and names as ours are.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hf_datasets.benchmark.ids import FIRST_ID, LAST_ID, category_of
from hf_datasets.benchmark.languages import added_languages, added_places, find
from hf_datasets.benchmark.questions import LANGUAGES, at_hand, questions
from hf_datasets.records import Question, QuestionId
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug

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


def notes_on(told: Told) -> list[str]:
    """Return what a user should know of the benchmark that they named: nothing where it is known here."""
    if not told.benchmark or every_question(told.benchmark):
        return []
    known = ", ".join(dict.fromkeys((*OURS, *(name for name, _ in added_places()))))
    return [
        f"{told.benchmark} is no benchmark known here ({known}; --data FOLDER knows more): nothing is known of its "
        f"questions but what the files hold."
    ]


def benchmark_of(
    file: Path,
    ids: Iterable[QuestionId],
    told: str | None = None,
    asked: Mapping[QuestionId, str] | None = None,
    *,
    own: bool = True,
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
    published = found and all(isinstance(one, int) and FIRST_ID <= one <= LAST_ID for one in found)
    return MTBENCH_X if own and published else ""


def by_texts(asked: Mapping[QuestionId, str]) -> str | None:
    """Return the benchmark whose questions these are, "" if it is none known here, None if that can't be told.

    Most must be equal, for editions differ in single questions; MT-Bench's are looked at only if they are here.
    """
    if not asked:
        return None
    texts = {number: _plain(text) for number, text in asked.items()}
    complete = True
    for benchmark, language in (*added_places(), *((ours, language) for ours in OURS for language in LANGUAGES)):
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


def every_question(benchmark: str) -> Mapping[QuestionId, str]:
    """Return question id -> category of a benchmark, whole; empty for one that isn't known here."""
    if benchmark in OURS:
        return _own_categories(benchmark)
    added = next((find(name, language) for name, language in added_places() if name == benchmark), None)
    return added.categories if added else {}


@cache
def _own_categories(benchmark: str) -> Mapping[QuestionId, str]:
    if benchmark == MINI:
        return {question.question_id: question.category for question in questions(MINI, "en")}
    return {number: category_of(MTBENCH_X, number) for number in range(FIRST_ID, LAST_ID + 1)}


def only_language(benchmark: str) -> str | None:
    """Return the language of a built folder's benchmark that has just one, else None."""
    languages = added_languages(benchmark) if benchmark not in OURS else ()
    return languages[0] if len(languages) == 1 else None


def known_category(benchmark: str, question_id: QuestionId) -> str:
    """Return a question's category as its benchmark has it, or NO_CATEGORY where that isn't known here."""
    return every_question(benchmark).get(question_id, NO_CATEGORY)


def plain_task(task: str) -> str:
    """Return a task's name alone; lm_eval 0.5 puts its group's before it (`mtbench_x::mtbench_x_de`)."""
    return task.rpartition("::")[2]


def task_benchmark(task: str) -> str | None:
    """Return the benchmark that a task's or folder's name tells (`mtbench_x_mini_de`, `mt_bench`), or None."""
    task = plain_task(task).lower()
    name, _, language = task.rpartition("_")
    is_code = language.isalpha() and len(language) == 2  # noqa: PLR2004
    return FOLDERS.get(task) or (FOLDERS.get(name) if is_code else None)


def bench_folder(folder: Path, benchmark: str, language: str) -> Path:
    """Return where files of a benchmark lie in FastChat's layout: `mt_bench_de`, `mini_de`, `NAME_ja` of another one.

    Args:
        folder: Holds the folders of all benchmarks.
        benchmark: Its name; "" where nothing told it.
        language: Code of the questions' language.
    """
    name = "mt_bench" if benchmark in (MTBENCH_X, "") else slug(benchmark)
    return folder / f"{name}_{language}"


def added_place(part: str) -> tuple[str, str] | None:
    """Return the (benchmark, language) of a built folder that `bench_folder` calls so, or None."""
    return next((place for place in added_places() if part.lower() == f"{place[0]}_{place[1]}"), None)


def category(benchmark: str, question_id: QuestionId, told: str = "", place: str = "") -> str:
    """Return a question's category: as the file tells it, or as a benchmark has it that is known here.

    Raises:
        UserError: The benchmark has no such question; `place` is named.
    """
    if told:
        return told
    found = known_category(benchmark, question_id)
    if found == NO_CATEGORY and every_question(benchmark):
        raise UserError(
            f"{place}: {benchmark} has no question {question_id}; name the file's benchmark by --benchmark."
        )
    return found


def _of_folder(file: Path) -> str | None:
    """Return what the folders of a file tell; a benchmark of another name is told, too, where FastChat's layout is."""
    parts = file.absolute().parts[:-1]
    added = {name for name, _ in added_places()}
    for part in reversed(parts):
        found = task_benchmark(part)
        if found:
            return found
        if part in added:
            return part
        if place := added_place(part):
            return place[0]
        if "bench" in part.lower() and file.parent.name in PARENTS and part == file.absolute().parent.parent.name:
            return part
    return None


def _plain(text: str) -> str:
    return " ".join(text.split())


def _first_turns(benchmark: str, language: str) -> Mapping[QuestionId, str] | None:
    """Return question id -> first turn of a benchmark that is at hand; nothing is downloaded."""
    return _plain_turns(questions(benchmark, language)) if at_hand(benchmark, language) else None


@cache
def _plain_turns(asked: tuple[Question, ...]) -> Mapping[QuestionId, str]:
    return {question.question_id: _plain(question.turns[0]) for question in asked}
