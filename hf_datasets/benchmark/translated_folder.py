"""A folder of translations as a language of the benchmark: what is in it, whether it is whole, where it came from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.configs import ALL, lost_of
from hf_datasets.benchmark.ids import FIRST_ID, IDS, LAST_ID, MINI, MTBENCH_X, are_mini, own_benchmark
from hf_datasets.benchmark.judge_prompts import PUBLISHED, judge_prompts
from hf_datasets.benchmark.languages import AddedLanguage
from hf_datasets.benchmark.others.files import REFERENCES
from hf_datasets.benchmark.others.questions import GUIDED, Remarks
from hf_datasets.benchmark.question_faults import untranslated_turns
from hf_datasets.benchmark.questions import LANGUAGES, check_benchmark, other_language_turns
from hf_datasets.instruct.card import Report, read_reports
from hf_datasets.records import JudgePrompt, Question, QuestionId, id_order
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import language_code
from hf_datasets.shared.rows import BENCHMARK_ROW, record, shown, split_id

ASIDE = (".review.jsonl", ".marks.jsonl", ".edits.jsonl")
"""Ends of files beside translations that people read and write."""


def read_translation(folder: Path, told: str = "") -> AddedLanguage:
    """Read what `mtbenchx data translate --out FOLDER` wrote, or files in FastChat's layout.

    Args:
        folder: Holds JSON Lines of one language: questions (all of a benchmark), judge prompts (all of a set);
            reference answers beside them or in FastChat's `reference_answer`.
        told: The language, where the files don't tell it; "": they do.

    Raises:
        UserError: It holds no questions, several languages, one of the package's, or an incomplete benchmark.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder} with translations.")
    places = (*sorted(folder.glob("*.jsonl")), *sorted((folder / REFERENCES).glob("*.jsonl")))
    files = [file for file in places if not file.name.endswith(ASIDE)]
    rows = [(f"{file}, line {number}", row) for file in files for number, row in jsonl.numbered(file)]
    reports = tuple(read_reports(files))
    language = _language(folder, rows, reports, told)
    answers, remarks = _shown(_answers(rows), [row for _, row in rows if "turns" in row])
    _check_small_ids(folder, [(place, row) for place, row in rows if "turns" in row])
    asked = [_question(place, row, language, answers) for place, row in rows if "turns" in row]
    if not asked:
        raise UserError(f"{folder} holds no questions; translate a config such as en or mini_en into it.")
    prompts = prompt_sets((place, row) for place, row in rows if "prompt_template" in row)
    _check_prompts(prompts, language)
    return AddedLanguage(language, dict(_benchmarks(folder, asked)), prompts, reports, tuple(remarks.lines))


def _answers(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[QuestionId, tuple[str, ...]]:
    """Return the reference answers, question by question."""
    found: dict[QuestionId, tuple[str, tuple[str, ...]]] = {}
    for place, row in rows:
        if "choices" in row:
            number = _id(place, row)
            if number in found:
                raise UserError(
                    f"{place}: question {number} has a reference answer in {found[number][0]}, too; keep one."
                )
            found[number] = place, _answer(place, row)
    return {number: texts for number, (_, texts) in found.items()}


def _shown(
    answers: Mapping[QuestionId, tuple[str, ...]], rows: Iterable[Mapping[str, Any]]
) -> tuple[dict[QuestionId, tuple[str, ...]], Remarks]:
    """Leave out reference answers in categories where MT-Bench's judges see none: some sets have one everywhere."""
    guided = {split_id(row["question_id"])[0] for row in rows if row.get("category") in GUIDED}
    remarks = Remarks()
    surplus = [number for number in answers if number not in guided]
    remarks.add(surplus, "reference answers are left out, since MT-Bench's judges see none to these questions")
    return {number: texts for number, texts in answers.items() if number in guided}, remarks


def _language(
    folder: Path, rows: Sequence[tuple[str, Mapping[str, Any]]], reports: Sequence[Report], by_user: str
) -> str:
    told: dict[str, str] = {}
    if by_user:
        told[_code(by_user, "--language")] = "--language"
    for place, row in rows:
        for said in (row.get("language"), split_id(row.get("question_id", ""))[1]):
            if said:
                told.setdefault(_code(said, place), place)
    for report in reports:
        if said := report.get("language"):
            told.setdefault(_code(said, str(folder)), str(folder))
    if len(told) != 1:
        codes = ", ".join(sorted(told)) or "none"
        way = "use a folder for each" if told else "name it by --language"
        raise UserError(f"{folder} must hold one language, not {codes}; {way}.")
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
            f"questions (ids {FIRST_ID} to {LAST_ID}) and the mini benchmark's can be added. Make them a benchmark of "
            f"their own (`mtbenchx data build NAME --questions {folder} --language CODE`), or, if they are the mini "
            'benchmark\'s, say so in each row: "benchmark": "mini".'
        )


def _question(
    place: str, row: Mapping[str, Any], language: str, answers: Mapping[QuestionId, tuple[str, ...]]
) -> Question:
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
        of_it = (row for row in rows if own_benchmark(int(row.question_id)) == name)
        found = sorted(of_it, key=lambda row: id_order(row.question_id))
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
