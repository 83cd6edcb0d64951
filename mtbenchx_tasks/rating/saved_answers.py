"""Judging saved answers: every file is handed to every judge before the first verdict is waited for."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import Answers, read_answers
from mtbenchx_tasks.judge.engines.budget import Budget, BudgetEngine
from mtbenchx_tasks.judge.engines.live import Engine
from mtbenchx_tasks.judge.engines.plan import Plan, Planner
from mtbenchx_tasks.judge.judge import check_key, engine_and_ledger
from mtbenchx_tasks.judge.prices import Price, required_price
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.tokens import at_most, counter_for, is_counted
from mtbenchx_tasks.rating.scored import Scored
from mtbenchx_tasks.rating.scoring import Scoring, prepare

EngineFor = Callable[[JudgeSettings, str], Engine]
"""Who asks for a judge, given the language of the questions."""


def live_engine(settings: JudgeSettings, language: str = "") -> Engine:
    """Return the engine of a judge; whatever prompts it is asked with, its bound on requests in flight is one.

    Raises:
        UserError: The key is missing or the ledger can't be opened.
    """
    del language
    check_key(settings)
    shared = replace(
        settings, prompt_set=None, reference_set="published", prompt_language="same", parser="last", runs=1
    )
    return engine_and_ledger(shared)[0]


def budgeted(
    budget: Budget,
    prices: Mapping[str, Price] | None = None,
    engine_for: EngineFor = live_engine,
    factor: float = 1.0,
) -> EngineFor:
    """Return a factory whose engines together stay within a budget.

    Args:
        budget: What may be spent, by all judges together.
        prices: The user's own prices (see prices.parse_prices).
        engine_for: Who asks.
        factor: Share of the price that is charged: prices.BATCH_FACTOR by Batch API.

    Raises:
        UserError: (By the factory) the price of a judge isn't known.
    """
    made: dict[int, BudgetEngine] = {}

    def limited(settings: JudgeSettings, language: str) -> Engine:
        if settings.backend == "local":
            return engine_for(settings, language)
        read, written = required_price(settings.model, prices)
        inner = engine_for(settings, language)
        if id(inner) not in made:
            counter, how = counter_for(settings.model)
            counter = counter if is_counted(how) else at_most
            ledger = engine_and_ledger(settings, inner)[1]
            made[id(inner)] = BudgetEngine(inner, ledger, (read * factor, written * factor), counter, budget)
        return made[id(inner)]

    return limited


@dataclass(frozen=True)
class File:
    """A file of answers whose language is known."""

    answers: Answers
    """What is in it."""
    language: str
    """Language of the questions."""

    def prepare(self, settings: JudgeSettings, engine_for: EngineFor) -> Scoring:
        """Check the answers and find their judge (see scoring.prepare)."""
        engine = engine_for(settings, self.language)
        given = self.answers
        return prepare(given.texts, self.language, settings, given.benchmark, given.model, engine=engine)


def judge_files(
    files: Sequence[Path],
    judges: str | Sequence[JudgeSettings],
    language: str | None = None,
    engine_for: EngineFor = live_engine,
) -> list[Scored]:
    """Return what each judge says of each file, file by file.

    Args:
        files: lm_eval samples or FastChat's model_answer.
        judges: Settings of one judge or several (see `parse_judges`), or the text of one.
        language: Language of the questions, where a file doesn't tell it.
        engine_for: Who asks; `budgeted(...)` sets a limit, another factory sends by batch.

    Raises:
        UserError: A file can't be read or tells no language, or one model comes twice in one language; see also
            scoring.prepare. It is raised before anything is asked.
    """
    settings = parse_judges([judges]) if isinstance(judges, str) else judges
    return judge_all([(file, judge) for file in read_files(files, language) for judge in settings], engine_for)


def judge_all(pairs: Sequence[tuple[File, JudgeSettings]], engine_for: EngineFor = live_engine) -> list[Scored]:
    """Have each file judged with the settings beside it, all in flight together; an interrupt stops every judge."""
    prepared = [file.prepare(settings, engine_for) for file, settings in pairs]
    try:
        for scoring in prepared:
            scoring.submit()
        for scoring in prepared:
            scoring.detect_languages()
        return [scoring.scored() for scoring in prepared]
    except BaseException:
        for scoring in prepared:
            scoring.judge.engine.stop()
        raise


def plan_files(
    files: Sequence[Path],
    judges: Sequence[JudgeSettings],
    language: str | None = None,
    prices: Mapping[str, Price] | None = None,
) -> Plan:
    """Return what `judge_files` would ask and cost; no key is needed, and nothing is sent. Errors are the same."""
    planner = Planner(prices)
    for file in read_files(files, language):
        for settings in judges:
            file.prepare(settings, planner.engine_for).submit()
    return planner.plan()


def read_files(files: Sequence[Path], language: str | None = None) -> list[File]:
    """Read files of answers.

    Raises:
        UserError: A file can't be read or tells no language, or one model comes twice in one language.
    """
    read = [_read(file, language) for file in files]
    seen: dict[tuple[str, str, str], Path] = {}
    for path, file in zip(files, read, strict=True):
        place = (file.answers.benchmark, file.answers.model, file.language)
        if place in seen:
            raise UserError(f"{seen[place]} and {path} both hold {place[1]!r} in {place[2]!r}; give one of them.")
        seen[place] = path
    return read


def _read(path: Path, asked: str | None) -> File:
    answers = read_answers(path)
    if asked and answers.language and asked != answers.language:
        raise UserError(f"{path} holds answers in {answers.language!r}, not {asked!r}; leave --language out.")
    spoken = asked or answers.language
    if spoken is None:
        raise UserError(f"{path} doesn't tell its language; name it by --language.")
    return File(answers, spoken)


def parse_judges(texts: Sequence[str], **options: Any) -> list[JudgeSettings]:
    """Read the values of --judge.

    Args:
        texts: Per judge a model name, or the JSON of an object of settings.
        **options: Settings that the command line gives all judges (`runs`, `prompt_language` ...); None: not given.

    Raises:
        UserError: A text isn't JSON, a setting is unknown or wrong, or two judges have one name.
    """
    given = {name: value for name, value in options.items() if value is not None}
    judges = [JudgeSettings.parse(_settings(text) | given) for text in texts]
    slugs = [judge.slug for judge in judges]
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise UserError(f"The judge {slug!r} is named twice; results are told apart by the judge's name.")
    return judges


def _settings(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {"model": text}
    try:
        return dict(json.loads(text))
    except json.JSONDecodeError as error:
        raise UserError(f"--judge is not JSON ({error.msg} at column {error.colno}).") from error
