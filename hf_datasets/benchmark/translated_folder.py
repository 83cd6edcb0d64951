"""A folder of translations as a language of the benchmark: what is in it, whether it is whole, where it came from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.configs import ALL, MINI, lost_of
from hf_datasets.benchmark.ids import FIRST_ID, LAST_ID, are_mini
from hf_datasets.benchmark.judge_prompts import PUBLISHED, judge_prompts
from hf_datasets.benchmark.languages import Added
from hf_datasets.benchmark.questions import LANGUAGES, check_benchmark, other_language_turns
from hf_datasets.instruct.card import Report, read_reports
from hf_datasets.records import JudgePrompt, Question
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import language_code

MTBENCH_X = "mtbench_x"
"""MT-Bench's ids begin here, the mini benchmark's at 1."""
ASIDE = (".review.jsonl", ".marks.jsonl", ".edits.jsonl")
"""Ends of files beside translations that people read and write."""
PROMPT_FIELDS = tuple(JudgePrompt.__dataclass_fields__)


@dataclass(frozen=True)
class Translated:
    """One language out of a folder of translations."""

    added: Added
    """Its questions and prompts, checked."""
    reports: tuple[Report, ...] = ()
    """What `mtbenchx data translate` counted, one a run; none for someone else's translation."""


def read_translation(folder: Path) -> Translated:
    """Read what `mtbenchx data translate --out FOLDER` wrote, or files in FastChat's layout.

    Args:
        folder: Holds JSON Lines of one language: questions (all of a benchmark), judge prompts (all of a set).

    Raises:
        UserError: It holds no questions, several languages, one of the package's, or an incomplete benchmark.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder} with translations.")
    files = [file for file in sorted(folder.glob("*.jsonl")) if not file.name.endswith(ASIDE)]
    rows = [(file, row) for file in files for row in jsonl.read(file)]
    reports = tuple(read_reports(files))
    language = _language(folder, rows, reports)
    answers = {_id(row): tuple(row["choices"][0]["turns"]) for _, row in rows if "choices" in row}
    _check_small_ids(folder, [row for _, row in rows if "turns" in row])
    asked = [_question(file, row, language, answers) for file, row in rows if "turns" in row]
    if not asked:
        raise UserError(f"{folder} holds no questions; translate a config such as en or mini_en into it.")
    prompts = prompt_sets(row for _, row in rows if "prompt_template" in row)
    _check_prompts(prompts, language)
    return Translated(Added(language, dict(_benchmarks(folder, asked)), prompts), reports)


def _language(folder: Path, rows: Sequence[tuple[Path, Mapping[str, Any]]], reports: Sequence[Report]) -> str:
    told: dict[str, Path] = {}
    for file, row in rows:
        for said in (row.get("language"), str(row.get("question_id", "")).partition("_")[2]):
            if said:
                told.setdefault(_code(said, file), file)
    for report in reports:
        if said := report.get("language"):
            told.setdefault(_code(said, folder), folder)
    if len(told) != 1:
        codes = ", ".join(sorted(told)) or "none"
        raise UserError(f"{folder} must hold one language, not {codes}; use a folder for each.")
    (code,) = told
    if code in LANGUAGES:
        raise UserError(f"{folder} holds {code!r}, which the package has; compare it by `compare-translations`.")
    return code


def _code(said: Any, place: Path) -> str:
    """Return the code of a language as a foreign file names it; it becomes a part of paths and task names."""
    code = language_code(said) if isinstance(said, str) else None
    if code is None or code == ALL:
        raise UserError(
            f"{place} names the language {str(said)[:40]!r}, which is no code such as pt, zh or pt-BR; correct it."
        )
    return code


def _id(row: Mapping[str, Any]) -> int:
    return int(str(row["question_id"]).split("_")[0])


def _check_small_ids(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse another benchmark's questions, which often begin with 1 as the mini benchmark's do."""
    small = [row for row in rows if _id(row) < FIRST_ID]
    if not are_mini(small):
        raise UserError(
            f"{folder} holds questions with ids below {FIRST_ID} that aren't the mini benchmark's; only MT-Bench's "
            f"questions (ids {FIRST_ID} to {LAST_ID}) and the mini benchmark's can be added. If they are, say so in "
            'each row: "benchmark": "mini".'
        )


def _question(file: Path, row: Mapping[str, Any], language: str, answers: Mapping[int, tuple[str, ...]]) -> Question:
    try:
        number = _id(row)
        elsewhere = tuple(row.get("other_language_turns") or other_language_turns(number))
        if "corrected_fields" in row or number < FIRST_ID:
            ours = {"language": language, "question_id": number, "other_language_turns": elsewhere}
            known = {name: row[name] for name in Question.__dataclass_fields__ if name in row}
            return Question.from_row({**known, **ours})
        older = tuple(row.get("reference", ()))
        turns = tuple(row["turns"])
        return Question(number, language, row["category"], turns, answers.get(number, ()), older,
                        other_language_turns=elsewhere)  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file}: row {row.get('question_id')!r} is no question ({error}).") from error


def _benchmarks(folder: Path, rows: Sequence[Question]) -> Iterator[tuple[str, tuple[Question, ...]]]:
    for name in (MTBENCH_X, MINI):
        found = sorted(
            (row for row in rows if (row.question_id < FIRST_ID) == (name == MINI)), key=lambda row: row.question_id
        )
        if found:
            try:
                check_benchmark(name, found)
            except UserError as error:
                raise UserError(f"{folder}: {error}") from error
            yield name, tuple(found)


def prompt_sets(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, JudgePrompt]]:
    """Group prompts by their set; someone else's, in FastChat's layout, are of the published set."""
    sets: dict[str, dict[str, JudgePrompt]] = {}
    for row in rows:
        prompt = JudgePrompt(**{name: row[name] for name in PROMPT_FIELDS})
        sets.setdefault(str(row.get("prompt_set", PUBLISHED)), {})[prompt.name] = prompt
    return sets


def _check_prompts(sets: Mapping[str, Mapping[str, JudgePrompt]], language: str) -> None:
    for name, prompts in sets.items():
        missing = judge_prompts(name, "en").keys() - prompts.keys()
        if missing:
            raise UserError(f"The prompt set {name!r} in {language!r} lacks {', '.join(sorted(missing))}.")
        for prompt in prompts.values():
            if lost := lost_of(prompt):
                raise UserError(f"Judge prompt {prompt.name!r} of {name!r} in {language!r} lost {lost}; edit it.")
