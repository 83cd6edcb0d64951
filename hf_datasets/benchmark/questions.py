"""The benchmark's questions: one pure function from pinned files to rows, with every promise about them checked.

Two benchmarks of the package share the record: `mtbench_x` (80 questions a language, from the pinned upstream files)
and `mini` (questions of ours, inside the package). Built folders add languages to both, and benchmarks of their own.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hf_datasets import sources
from hf_datasets.benchmark import languages as added
from hf_datasets.benchmark import question_faults, references
from hf_datasets.benchmark.ids import EARLIER_MINI, IDS, MINI
from hf_datasets.benchmark.judge_prompts import NATIVE, PROMPT_SETS, PUBLISHED, judge_prompts
from hf_datasets.records import CATEGORIES, Question, content_hash
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import STUDY
from hf_datasets.shared.rows import split_id

HERE = Path(__file__).parent
LANGUAGES = STUDY
"""The languages of the package's benchmarks."""
CORRECTED = {"en": 0, "de": 31, "fr": 36, "it": 72, "es": 37}
"""Questions corrected by hand after machine translation (paper, section 3.2)."""
ELSEWHERE = ", and those of a built folder (--data FOLDER)"
"""Where languages are that the package doesn't have."""
BENCHMARKS = ("mtbench_x", "mini")
TURNS = 2
EARLIER_GUIDED = ("reasoning", "math", "coding")
GUIDED = {"mtbench_x": EARLIER_GUIDED, "mini": (*EARLIER_GUIDED, "extraction")}
"""Benchmark -> the categories whose questions have reference answers."""


def questions(
    benchmark: str,
    language: str,
    reference_set: str = references.PUBLISHED,
    question_set: str = references.PUBLISHED,
) -> tuple[Question, ...]:
    """Return a benchmark's questions in one language, by ascending id; an added benchmark's in the order of its folder.

    Args:
        benchmark: `mtbench_x`, `mini`, or one of a built folder (see languages.py).
        language: Lower-case language code; one of LANGUAGES or an added one (see languages.py).
        reference_set: `published`, or `corrected` (MT-Bench-X only): our own answers, the same turns in every language.
        question_set: `published`, or `corrected` (MT-Bench-X only): what translation changed is mended.

    Raises:
        UserError: No such benchmark, language or set; a source can't be had; a promise about the data doesn't hold; or
            a correction is stale.
    """
    if (reference_set, question_set) != (references.PUBLISHED, references.PUBLISHED):
        return _corrected_once(benchmark, language, reference_set, question_set)
    if ours := added.find(benchmark, language):
        return ours.questions
    check_known(benchmark, language)
    return _packaged(benchmark, language)


def check_known(benchmark: str, language: str) -> None:
    """Raise UserError if nobody knows a benchmark here, or an added one lacks a language."""
    if benchmark in BENCHMARKS or added.find(benchmark, language):
        return
    if languages := added.added_languages(benchmark):
        raise UserError(f"The benchmark {benchmark!r} has no language {language!r}; it has {', '.join(languages)}.")
    raise UserError(f"There is no benchmark {benchmark!r}; there are {', '.join(BENCHMARKS)}{ELSEWHERE}.")


@functools.cache
def _packaged(benchmark: str, language: str) -> tuple[Question, ...]:
    rows = _mini(language) if benchmark == "mini" else _published(language)
    return tuple(sorted(rows, key=lambda question: question.question_id))


def _corrected(
    benchmark: str, language: str, reference_set: str, question_set: str = references.PUBLISHED
) -> tuple[Question, ...]:
    for what, name, known in (
        ("reference", reference_set, references.REFERENCE_SETS),
        ("question", question_set, question_faults.QUESTION_SETS),
    ):
        if name not in known:
            raise UserError(f"There is no {what} set {name!r}; choose one of {', '.join(known)}.")
        if benchmark != "mtbench_x" and name != references.PUBLISHED:
            whose = "The mini benchmark" if benchmark == "mini" else f"The benchmark {benchmark!r}"
            raise UserError(f"{whose} has no {what}s {name!r}; set {what}_set to 'published'.")
    found: Sequence[Question] = questions(benchmark, language)
    if question_set != references.PUBLISHED:
        if language not in LANGUAGES:
            raise UserError(f"There are no corrected questions in {language!r}; set question_set to 'published'.")
        found = question_faults.corrected_questions(found, question_faults.question_faults(language))
    if reference_set != references.PUBLISHED:
        found = references.corrected(found, references.corrections(language), question_set)
    return tuple(found)


_corrected_once = functools.cache(_corrected)


_references_hash = functools.cache(references.references_hash)
_questions_hash = functools.cache(question_faults.questions_hash)


def reference_set_hash(
    benchmark: str, language: str, reference_set: str, question_set: str = references.PUBLISHED
) -> str:
    """Return the sha256 (hex) of a benchmark's references in one language, as it stands in results."""
    return _references_hash(questions(benchmark, language, reference_set, question_set))


def question_set_hash(benchmark: str, language: str, question_set: str) -> str:
    """Return the sha256 (hex) of a benchmark's turns in one language, as it stands in results."""
    return _questions_hash(questions(benchmark, language, question_set=question_set))


def at_hand(benchmark: str, language: str) -> bool:
    """Tell whether `questions` would find a benchmark without downloading anything."""
    if added.find(benchmark, language):
        return True
    if benchmark == "mini":
        return language in LANGUAGES
    names = ("question.jsonl", "question_original.jsonl", "reference_answer/gpt-4.jsonl")
    needed = [name for name in names if language != "en" or name != "question_original.jsonl"]
    return all(sources.at_hand("mtbench_x", f"data/mt_bench_{language.upper()}/{name}") for name in needed)


def revision(benchmark: str, language: str = "") -> str:
    """Return what identifies a benchmark's content: the upstream commit, or the hash of our or an added language's.

    Raises:
        UserError: Nobody knows the benchmark here.
    """
    if ours := added.find(benchmark, language):
        return ours.revision
    check_known(benchmark, language)
    return _packaged_revision(benchmark)


@functools.cache
def _packaged_revision(benchmark: str) -> str:
    if benchmark == "mini":
        files = sorted([*(HERE / "mini").glob("judge_prompts.*.jsonl"), *(HERE / "mini").glob("questions.*.jsonl")])
        return content_hash([file.read_text(encoding="utf-8") for file in files])[:12]
    return sources.source("mtbench_x").revision[:12]


def _mini(language: str) -> list[Question]:
    file = HERE / "mini" / f"questions.{language}.jsonl"
    if not file.is_file():
        raise UserError(f"The mini benchmark has no language {language!r}; it has {', '.join(LANGUAGES)}{ELSEWHERE}.")
    rows = [Question.from_row({"language": language, **row}) for row in jsonl.read(file)]
    check_benchmark("mini", rows)
    return rows


def _published(language: str) -> list[Question]:
    if language not in LANGUAGES:
        raise UserError(f"MT-Bench-X has no language {language!r}; it has {', '.join(LANGUAGES)}{ELSEWHERE}.")
    current = _by_id(language, "question.jsonl")
    translated = _by_id(language, "question_original.jsonl") if language != "en" else {}
    answers = {
        identifier: tuple(row["choices"][0]["turns"])
        for identifier, row in _by_id(language, "reference_answer/gpt-4.jsonl").items()
    }
    rows = [
        _question(language, row, translated.get(identifier), answers.get(identifier, ()))
        for identifier, row in current.items()
    ]
    check_benchmark("mtbench_x", rows)
    _check_corrections(rows, language)
    return rows


def _question(
    language: str, row: dict[str, Any], translated: dict[str, Any] | None, reference: tuple[str, ...]
) -> Question:
    before = {"turns": (), "question_reference": ()} if translated is None else _texts(translated)
    now = _texts(row)
    return Question(
        question_id=_id(row),
        language=language,
        category=row["category"],
        turns=now["turns"],
        reference=reference,
        question_reference=now["question_reference"],
        source_turns=before["turns"],
        source_question_reference=before["question_reference"],
        corrected_fields=() if translated is None else tuple(field for field in now if now[field] != before[field]),
        other_language_turns=_exempt_turns(language, _id(row)),
        limited_turns=_limited_turns().get(_id(row), ()),
    )


def _texts(row: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {"turns": tuple(row["turns"]), "question_reference": tuple(row.get("reference", ()))}


def _read(language: str, name: str) -> list[dict[str, Any]]:
    return jsonl.read(sources.fetch("mtbench_x", f"data/mt_bench_{language.upper()}/{name}"))


def _by_id(language: str, name: str) -> dict[int, dict[str, Any]]:
    return {_id(row): row for row in _read(language, name)}


def _id(row: dict[str, Any]) -> int:
    """Upstream's ids carry the language: `81_DE`."""
    return int(split_id(row["question_id"])[0])


@functools.cache
def _other_language_turns(language: str) -> dict[int, tuple[int, ...]]:
    """Our marks: turns whose question asks for an answer in another language."""
    marks = jsonl.read(HERE / "edits" / "other_language_turns.jsonl")
    return {mark["question_id"]: tuple(mark["turns"]) for mark in marks if mark["language"] == language}


@functools.cache
def _limited_turns() -> dict[int, tuple[int, ...]]:
    """Our marks: turns that limit the number of words or sentences, the same in every language."""
    marks = jsonl.read(HERE / "edits" / "limited_turns.jsonl")
    return {mark["question_id"]: tuple(mark["turns"]) for mark in marks}


def _exempt_turns(language: str, question_id: int) -> tuple[int, ...]:
    """Turns whose answer may be in another language: they ask for it, or were left in English."""
    asked = _other_language_turns(language).get(question_id, ())
    return tuple(sorted({*asked, *question_faults.untranslated_turns(language, question_id)}))


def other_language_turns(question_id: int) -> tuple[int, ...]:
    """Return the turns of an MT-Bench question that ask for another language in any language we know.

    What asks for English in French, Italian and Spanish does so in an added language too. What a translation left in
    English is no such turn.
    """
    return tuple(sorted({turn for code in LANGUAGES for turn in _other_language_turns(code).get(question_id, ())}))


def check_benchmark(benchmark: str, rows: Sequence[Question]) -> None:
    """Check one language of a benchmark (see check_integrity)."""
    ids, guided = IDS[benchmark], GUIDED[benchmark]
    if benchmark == MINI and len(rows) == len(EARLIER_MINI):
        ids, guided = EARLIER_MINI, EARLIER_GUIDED
    per_category = len(ids) // len(CATEGORIES)
    check_integrity(rows, expected_ids=ids, per_category=per_category, references=per_category * len(guided))


def check_integrity(
    rows: Sequence[Question], *, expected_ids: Iterable[int], per_category: int, references: int
) -> None:
    """Check what every language of a benchmark promises.

    Raises:
        UserError: Ids, categories, turns or references aren't as promised; the first fault is named.
    """
    language = rows[0].language if rows else "?"
    faults = [
        (sorted(row.question_id for row in rows) != list(expected_ids), "the question ids are not the expected ones"),
        (Counter(row.category for row in rows) != dict.fromkeys(CATEGORIES, per_category), "a category is incomplete"),
        (any(len(row.turns) != TURNS or not all(row.turns) for row in rows), "a question has not two turns"),
        (sum(bool(row.reference) for row in rows) != references, f"there are not {references} references"),
        (any(len(row.reference) not in (0, TURNS) for row in rows), "a reference has not two turns"),
    ]
    for broken, what in faults:
        if broken:
            raise UserError(f"The benchmark in {language!r} is damaged: {what}.")


def _check_corrections(rows: Sequence[Question], language: str) -> None:
    """The rows that differ from their machine translation are exactly upstream's list of corrections."""
    listed = set(_by_id(language, "corrections.jsonl")) if language != "en" else set()
    found = {row.question_id for row in rows if row.corrected_fields}
    if found != listed or len(found) != CORRECTED[language]:
        raise UserError(
            f"MT-Bench-X in {language!r}: corrected rows {sorted(found ^ listed)} don't agree with corrections.jsonl."
        )


def judge_prompt_rows(language: str) -> list[dict[str, Any]]:
    """Return all judge prompts in one language, every set, as rows of the config `judge_prompts_<lang>`."""
    return [
        {"prompt_set": prompt_set, **vars(prompt), "sha256": prompt.sha256}
        for prompt_set in PROMPT_SETS
        for prompt in judge_prompts(prompt_set, language).values()
    ]


def default_prompt_set(benchmark: str) -> str:
    """Return the prompt set a benchmark is judged with unless told otherwise: its own, or ours."""
    if benchmark == "mtbench_x":
        return PUBLISHED
    return benchmark if benchmark in added.added_prompt_sets() else NATIVE
