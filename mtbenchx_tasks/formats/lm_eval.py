"""lm_eval's results folders: `results_*.json` and, from --log_samples, `samples_*.jsonl` beside it.

A line of samples is one question: responses alternate between the turns (and repeat where the task's `repeats` says
so), `filtered_resps` holds what the judge named in `filter` said of each, run by run:

    {"doc": {"question_id": 81, "language": "de", "category": "writing", "turns": ["...", "..."]}, "filter": "gpt-4",
     "resps": [["answer 1"], ["answer 2"]],
     "filtered_resps": [[{"rating": 8.0, "text": "... [[8]]", "reason": "", "key": "...", "snapshot": "..."}], [...]]}
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from hf_datasets.benchmark.questions import TURNS
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from hf_datasets.shared.rows import MOST_TURNS, Asked, Row, Text, checked, finite, mapping
from mtbenchx_tasks.formats.benchmark import NOTHING, Told, benchmark_of, category, task_benchmark
from mtbenchx_tasks.formats.conditions import conditions_of, sent_by_results
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.judge.expected import HIGHEST, LOWEST
from mtbenchx_tasks.judge.verdict import OUT_OF_RANGE
from mtbenchx_tasks.records import Conditions, Evidence, Item, Model, Rater, Rating

SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT[\d.:+-]+)\.jsonl")
UNFILTERED = "none"
"""The filter of samples that nobody judged (--predict_only)."""
WHAT = "a sample of a mtbench_x task"
LEAVE = "leave the file out"


class Doc(Row):
    """The question of a sample."""

    question_id: Asked
    language: str
    turns: list[str] = Field(default_factory=list)
    category: Text = ""

    @property
    def n_turns(self) -> int:
        """How many turns the question has; MT-Bench's two where the file doesn't hold them."""
        return len(self.turns) or TURNS


class SampleRow(Row):
    """A line of samples that nobody need have judged."""

    doc: Doc
    resps: list[list[str]]
    """Per request one response."""
    filter: str = UNFILTERED


class JudgedSample(SampleRow):
    """A line of samples with what a judge said."""

    filtered_resps: list[list[Any]]
    """Per request, per run of the judge: what _Verdict names, as an object, or as a list in that order (lm_eval's own
    writer turns objects into text)."""


class _Verdict(Row):
    rating: Any
    text: Text
    reason: Text
    key: str | None
    snapshot: Text


@dataclass(frozen=True)
class Config:
    """What a results file says of one task."""

    found: bool = False
    """Whether there is a results file."""
    benchmark: str = ""
    """Name of the benchmark; "" if not told."""
    language: str = ""
    """Of the questions; "" if not told."""
    revision: str = ""
    """The benchmark's content."""
    version: str = ""
    repeats: int = 1
    """How often each question was answered."""
    judge: Mapping[str, Any] = field(default_factory=dict)
    turns: tuple[int, ...] = ()
    """How many turns its questions have, each number once; () if not told, as by MT-Bench's."""


def read_samples(file: Path, told: Told = NOTHING) -> Study:
    """Read one task's samples with what the results file beside it says of the judge.

    Raises:
        UserError: The file is of another layout or cut off, or its results file is; file and line are named.
    """
    rows = jsonl.numbered(file)
    if not rows:
        raise UserError(f"{file} is empty.")
    config, identity, model = results_beside(file)
    read = [_row(row, f"{file}, line {number}") for number, row in rows]
    asked = {row.doc.question_id.question: row.doc.turns[0] for row in read if row.doc.turns}
    ids = [row.doc.question_id.question for row in read]
    benchmark = benchmark_of(file, ids, told.benchmark or config.benchmark or None, asked)
    ratings: list[Rating] = []
    about = functools.cache(lambda judge, language: _conditions(judge, language, config, benchmark))
    for (number, _), row in zip(rows, read, strict=True):
        if isinstance(row, JudgedSample):
            declared(row.resps, config, f"{file}, line {number}", row.doc.n_turns)
            under = about(row.filter, row.doc.language)
            ratings += _ratings(row, under, Model(model, identity), f"{file}, line {number}")
    questions = {(benchmark, row.doc.language, row.doc.question_id.question): tuple(row.doc.turns) for row in read}
    unjudged = sum(not isinstance(row, JudgedSample) for row in read)
    notes = (f"{file}: {unjudged} answers that nobody judged (`mtbenchx judge` does).",) if unjudged else ()
    return Study(tuple(ratings), questions=questions, sources=(str(file),), notes=notes)


def _row(row: Mapping[str, Any], place: str) -> SampleRow:
    kind = SampleRow if row.get("filter", UNFILTERED) == UNFILTERED else JudgedSample
    return checked(kind, row, place, WHAT, LEAVE)


def declared(responses: Sequence[Sequence[str]], config: Config, place: str, turns: int) -> tuple[tuple[str, ...], ...]:
    """Return the answers to a question's turns, repeat by repeat, if the results declare so many repeats.

    Args:
        responses: Per request its responses.
        config: What the results file says of the task.
        place: File and line.
        turns: How many the question has.

    Raises:
        UserError: There are several responses to one request, or more repeats than declared: then it isn't known
            whether they are one model's.
    """
    if any(len(response) != 1 for response in responses):
        raise UserError(f"{place}: {max(map(len, responses))} responses to one request; {_KEEP_ONE}.")
    texts = [response[0] for response in responses]
    repeats = tuple(tuple(texts[start : start + turns]) for start in range(0, len(texts), turns))
    if len(repeats) > config.repeats or not repeats:
        said = f"its results file declares {config.repeats}" if config.found else "no results file declares repeats"
        raise UserError(f"{place}: {len(repeats)} answers to each turn, and {said}; {_KEEP_ONE}.")
    return repeats


_KEEP_ONE = "keep one answer a turn, or the results_*.json of the run beside the file"


def results_beside(file: Path) -> tuple[Config, str, str]:
    """Return what the results file of samples says of their task, the model's identity, and its name."""
    folder = file.absolute().parent.name  # lm_eval's: ORG__MODEL, or a path with __ for /
    origin, _, model = folder.rpartition("__")
    match = SAMPLES.fullmatch(file.name)
    results = file.with_name(f"results_{match['time']}.json") if match else None
    if match is None or results is None or not results.is_file():
        identity = folder.replace("__", "/") if origin else ""
        return Config(benchmark=(task_benchmark(match["task"]) or "") if match else ""), identity, model
    loaded = load_json(results)
    config = mapping(mapping(loaded.get("configs")).get(match["task"]))
    named = [str(loaded.get(name) or "") for name in ("model_source", "model_name", "model_sha")]
    return task_config(config, match["task"]), " ".join(named).strip(), model


def task_config(config: Mapping[str, Any], task: str) -> Config:
    """Read what a results file says of one task.

    Args:
        config: What stands in its `configs`.
        task: The task's name.
    """
    metadata = mapping(config.get("metadata"))
    benchmark, repeats = mapping(metadata.get("benchmark")), config.get("repeats")
    return Config(
        True,
        str(benchmark.get("name") or task_benchmark(task) or ""),
        str(benchmark.get("language") or ""),
        str(benchmark.get("revision") or ""),
        version_text(metadata.get("version")),
        repeats if isinstance(repeats, int) and repeats > 0 else 1,
        mapping(metadata.get("judge")),
        _turns(benchmark.get("turns")),
    )


def _turns(told: Any) -> tuple[int, ...]:
    numbers = told if isinstance(told, list) else []
    return tuple(number for number in numbers if isinstance(number, int) and 0 < number <= MOST_TURNS)


def load_json(file: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        UserError: It can't be read, is cut off, or is no object.
    """
    try:
        loaded = jsonl.loads(jsonl.text_of(file), str(file))
    except UserError as error:
        raise UserError(f"{str(error).rstrip('.')}; it may be half-written: leave it out.") from error
    if not isinstance(loaded, dict):
        raise UserError(f"{file}: expected a JSON object, found {type(loaded).__name__}.")
    return loaded


def _conditions(judge: str, language: str, config: Config, benchmark: str) -> Conditions:
    task = {"benchmark": benchmark, "revision": config.revision, "task_version": config.version}
    return conditions_of(slug(judge), language, task, config.judge, sent_by_results(config.judge))


def version_text(version: Any) -> str:
    """Return a task version as one text, whether it was stored as 1 or 1.0."""
    return str(version or "") if (number := finite(version)) is None else f"{number:g}"


def _ratings(row: JudgedSample, conditions: Conditions, model: Model, place: str) -> Iterator[Rating]:
    """Yield every rating of a question: responses alternate between the turns, verdicts with them."""
    doc, number_of = row.doc, row.doc.question_id.question
    if len(row.filtered_resps) != len(row.resps):
        raise UserError(
            f"{place}: not {WHAT} ({len(row.resps)} responses and {len(row.filtered_resps)} verdicts); {LEAVE}."
        )
    about, turns = category(conditions.benchmark, number_of, doc.category), doc.n_turns
    for number, runs in enumerate(row.filtered_resps):
        item = Item(conditions.benchmark, doc.language, number_of, number % turns + 1, about)
        for run, said in enumerate(runs):
            verdict = _verdict(said, place)
            value = valid_rating(verdict.rating)
            rating = value if value is None or LOWEST <= value <= HIGHEST else None
            without = "the file holds no rating" if value is None else OUT_OF_RANGE
            yield Rating(
                item,
                model,
                Rater(conditions.judge, snapshot=verdict.snapshot),
                conditions,
                rating,
                verdict.reason or ("" if rating is not None else without),
                number // turns,
                run,
                row.resps[number][0],
                Evidence(verdict.text, verdict.key or "", place),
            )


def _verdict(said: Any, place: str) -> _Verdict:
    values = dict(zip(_Verdict.model_fields, said, strict=False)) if isinstance(said, list) else said
    return checked(_Verdict, values, place, WHAT, LEAVE)


def valid_rating(value: Any) -> float | None:
    """Return a rating, or None where the file marks its absence (null, nan, or FastChat's -1)."""
    number = finite(value)
    return number if number is not None and number >= 0 else None
