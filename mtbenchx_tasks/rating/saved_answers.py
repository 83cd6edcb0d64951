"""Judging saved answers: every file is handed to every judge before the first verdict is waited for."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.records import ids_shown
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import Answers, check_question_set, read_models
from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.judge.engines.factory import EngineFor, live_engine
from mtbenchx_tasks.judge.engines.plan import Plan, Planner
from mtbenchx_tasks.judge.prices import Price
from mtbenchx_tasks.judge.probe import wait_for
from mtbenchx_tasks.judge.settings import JudgeSettings, parse_judges
from mtbenchx_tasks.rating.scored import Scored
from mtbenchx_tasks.rating.scoring import Scoring, prepare


@dataclass(frozen=True)
class File:
    """A file of answers whose language is known."""

    answers: Answers
    language: str

    def prepare(self, settings: JudgeSettings, engine_for: EngineFor) -> Scoring:
        """Check the answers and find their judge (see scoring.prepare)."""
        engine = engine_for(settings, self.language)
        given = self.answers
        check_question_set(given, self.language, settings.question_set)
        return prepare(given.repeats, self.language, settings, given.benchmark, given.model, engine=engine)


def judge_files(
    files: Sequence[Path],
    judges: str | Sequence[JudgeSettings],
    language: str | None = None,
    engine_for: EngineFor = live_engine,
    *,
    benchmark: str | None = None,
) -> list[Scored]:
    """Return what each judge says of each file, file by file.

    Args:
        files: lm_eval samples or FastChat's model_answer.
        judges: Settings of one judge or several (see `parse_judges`), or the text of one.
        language: Language of the questions, where a file doesn't tell it.
        benchmark: Benchmark of the questions, likewise.
        engine_for: Who asks; `budgeted(...)` sets a limit, another factory sends by batch.

    Raises:
        UserError: A file can't be read or tells no language, or one model comes twice in one language; see also
            scoring.prepare. It is raised before anything is asked.
    """
    settings = parse_judges([judges]) if isinstance(judges, str) else judges
    return judge_all(
        [(file, judge) for file in read_files(files, language, benchmark) for judge in settings], engine_for
    )


def judge_all(pairs: Sequence[tuple[File, JudgeSettings]], engine_for: EngineFor = live_engine) -> list[Scored]:
    """Have each file judged with the settings beside it, all in flight together; an interrupt stops every judge."""
    prepared = [file.prepare(settings, engine_for) for file, settings in pairs]
    with ExitStack() as engines:
        for scoring in prepared:
            engines.enter_context(scoring.judge.engine)
        wait_for(scoring.check() for scoring in prepared)
        for scoring in prepared:
            scoring.submit()
        for scoring in prepared:
            scoring.detect_languages()
        return [scoring.scored() for scoring in prepared]


def plan_files(
    files: Sequence[Path],
    judges: Sequence[JudgeSettings],
    language: str | None = None,
    prices: Mapping[str, Price] | None = None,
    *,
    benchmark: str | None = None,
) -> Plan:
    """Return what `judge_files` would ask and cost; no key is needed, and nothing is sent. Errors are the same."""
    return note_files(files, judges, language, prices, benchmark=benchmark).plan()


def note_files(
    files: Sequence[Path],
    judges: Sequence[JudgeSettings],
    language: str | None = None,
    prices: Mapping[str, Price] | None = None,
    *,
    benchmark: str | None = None,
) -> Planner:
    """Return the very requests that `judge_files` would send, for a plan or a file of requests."""
    planner = Planner(prices)
    for file in read_files(files, language, benchmark):
        for settings in judges:
            file.prepare(settings, planner.engine_for).submit()
    return planner


def read_files(files: Sequence[Path], language: str | None = None, benchmark: str | None = None) -> list[File]:
    """Read files of answers; a file of several models gives one entry for each.

    Raises:
        UserError: A file can't be read, or tells no language or no benchmark; or one model comes twice in one language.
    """
    told = Told(language, benchmark)
    read = [(path, _file(path, given, told)) for path in files for given in read_models(path, told)]
    seen: dict[tuple[str, str, str], Path] = {}
    for path, file in read:
        place = (file.answers.benchmark, file.answers.model, file.language)
        if place in seen:
            raise UserError(f"{seen[place]} and {path} both hold {place[1]!r} in {place[2]!r}; give one of them.")
        seen[place] = path
    return [file for _, file in read]


def _file(path: Path, answers: Answers, told: Told) -> File:
    if told.language and answers.language and told.language != answers.language:
        raise UserError(f"{path} holds answers in {answers.language!r}, not {told.language!r}; leave --language out.")
    if not answers.benchmark:
        raise UserError(
            f"{path} doesn't tell the benchmark of its questions (ids {ids_shown(answers.texts)}, which others have, "
            "too); name it by --benchmark: mtbench_x, mini, or another one, which --data FOLDER holds."
        )
    spoken = told.language or answers.language
    if spoken is None:
        raise UserError(f"{path} doesn't tell its language; name it by --language.")
    return File(answers, spoken)
