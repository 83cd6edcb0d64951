"""A folder of translations as a language of the benchmark: what is in it, whether it is whole, where it came from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.configs import ALL, lost_of
from hf_datasets.benchmark.ids import FIRST_ID, IDS, LAST_ID, MINI, MTBENCH_X, are_mini, own_benchmark
from hf_datasets.benchmark.judge_prompts import PUBLISHED, judge_prompts
from hf_datasets.benchmark.languages import AddedLanguage
from hf_datasets.benchmark.question_faults import untranslated_turns
from hf_datasets.benchmark.questions import LANGUAGES, check_benchmark, other_language_turns
from hf_datasets.instruct.card import Report, read_reports
from hf_datasets.records import JudgePrompt, Question
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import language_code
from hf_datasets.shared.rows import BENCHMARK_ROW, record, shown, split_id

ASIDE = (".review.jsonl", ".marks.jsonl", ".edits.jsonl")
"""Ends of files beside translations that people read and write."""


def read_translation(folder: Path) -> AddedLanguage:
    """Read what `mtbenchx data translate --out FOLDER` wrote, or files in FastChat's layout.

    Args:
        folder: Holds JSON Lines of one language: questions (all of a benchmark), judge prompts (all of a set).

    Raises:
        UserError: It holds no questions, several languages, one of the package's, or an incomplete benchmark.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder} with translations.")
    files = [file for file in sorted(folder.glob("*.jsonl")) if not file.name.endswith(ASIDE)]
    rows = [(f"{file}, line {number}", row) for file in files for number, row in jsonl.numbered(file)]
    reports = tuple(read_reports(files))
    language = _language(folder, rows, reports)
    answers = {_id(place, row): _answer(place, row) for place, row in rows if "choices" in row}
    _check_small_ids(folder, [(place, row) for place, row in rows if "turns" in row])
    asked = [_question(place, row, language, answers) for place, row in rows if "turns" in row]
    if not asked:
        raise UserError(f"{folder} holds no questions; translate a config such as en or mini_en into it.")
    prompts = prompt_sets((place, row) for place, row in rows if "prompt_template" in row)
    _check_prompts(prompts, language)
    return AddedLanguage(language, dict(_benchmarks(folder, asked)), prompts, reports)


def _language(folder: Path, rows: Sequence[tuple[str, Mapping[str, Any]]], reports: Sequence[Report]) -> str:
    told: dict[str, str] = {}
    for place, row in rows:
        for said in (row.get("language"), split_id(row.get("question_id", ""))[1]):
            if said:
                told.setdefault(_code(said, place), place)
    for report in reports:
        if said := report.get("language"):
            told.setdefault(_code(said, str(folder)), str(folder))
    if len(told) != 1:
        codes = ", ".join(sorted(told)) or "none"
        raise UserError(f"{folder} must hold one language, not {codes}; use a folder for each.")
    (code,) = told
    if code in LANGUAGES:
        raise UserError(f"{folder} holds {code!r}, which the package has; compare it by `compare-translations`.")
    return code


def _code(said: Any, place: str) -> str:
    """Return the code of a language as a foreign file names it; it becomes a part of paths and task names."""
    code = language_code(said) if isinstance(said, str) else None
    if code is None or code == ALL:
        raise UserError(
            f"{place} names the language {str(said)[:40]!a}, which is no code such as pt, zh or pt-BR; correct it."
        )
    return code


def _id(place: str, row: Mapping[str, Any]) -> int:
    number = split_id(row.get("question_id", ""))[0]
    if not isinstance(number, int):
        raise UserError(f"{place}: `question_id` is {shown(row.get('question_id'))}, not one such as 81 or 81_PT.")
    return number


def _answer(place: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        turns = row["choices"][0]["turns"]
    except (KeyError, IndexError, TypeError):
        turns = None
    if not isinstance(turns, list) or not all(isinstance(turn, str) for turn in turns):
        raise UserError(f"{place}: `choices[0].turns` is no list of texts; correct it.")
    return tuple(turns)


def _check_small_ids(folder: Path, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Refuse another benchmark's questions, which often begin with 1 as the mini benchmark's do."""
    if not are_mini(row for place, row in rows if own_benchmark(_id(place, row)) == MINI):
        raise UserError(
            f"{folder} holds questions with ids below {FIRST_ID} that aren't the mini benchmark's; only MT-Bench's "
            f"questions (ids {FIRST_ID} to {LAST_ID}) and the mini benchmark's can be added. If they are, say so in "
            'each row: "benchmark": "mini".'
        )


def _question(place: str, row: Mapping[str, Any], language: str, answers: Mapping[int, tuple[str, ...]]) -> Question:
    number = _id(place, row)
    ours = {"language": language, "question_id": number, "other_language_turns": _exempt_turns(row, number)}
    if (
        "corrected_fields" not in row and own_benchmark(number) == MTBENCH_X
    ):  # FastChat's layout: `reference` is no judge's
        ours |= {"reference": list(answers.get(number, ())), "question_reference": row.get("reference")}
    return record(Question, {**row, **ours}, place, BENCHMARK_ROW)


def _exempt_turns(row: Mapping[str, Any], number: int) -> Any:
    """Return the turns that ask for another language; what a translation of ours left in English isn't inherited."""
    given = row.get("other_language_turns")
    if isinstance(given, list) and own_benchmark(number) == MTBENCH_X:
        left = {turn for language in LANGUAGES for turn in untranslated_turns(language, number)}
        given = [turn for turn in given if turn not in left]
    return given or list(other_language_turns(number))


def _benchmarks(folder: Path, rows: Sequence[Question]) -> Iterator[tuple[str, tuple[Question, ...]]]:
    for name in IDS:
        found = sorted((row for row in rows if own_benchmark(row.question_id) == name), key=lambda row: row.question_id)
        if found:
            try:
                check_benchmark(name, found)
            except UserError as error:
                raise UserError(f"{folder}: {error}") from error
            yield name, tuple(found)


def prompt_sets(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, dict[str, JudgePrompt]]:
    """Group prompts by their set; someone else's, in FastChat's layout, are of the published set."""
    sets: dict[str, dict[str, JudgePrompt]] = {}
    for place, row in rows:
        prompt = record(JudgePrompt, row, place, BENCHMARK_ROW)
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
