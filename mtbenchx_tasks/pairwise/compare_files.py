"""`mtbenchx compare`: files of answers, every language and judge in flight together."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hf_datasets.ledger.store import open_ledger
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.formats.fastchat.pairs import write_pairs
from mtbenchx_tasks.judge.engines.plan import Plan, Planner
from mtbenchx_tasks.judge.prices import Price
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.rating.saved_answers import EngineFor, live_engine, read_files
from mtbenchx_tasks.pairwise.run import Comparing, start
from mtbenchx_tasks.records import Outcome


def compare_files(
    files: Sequence[Path],
    judges: Sequence[JudgeSettings],
    language: str | None = None,
    *,
    votes: int = 3,
    baseline: str | None = None,
    engine_for: EngineFor = live_engine,
) -> list[Outcome]:
    """Have the models of some files compared in each language, by each judge.

    Args:
        files: lm_eval samples or FastChat's model_answer; two models or more per language.
        judges: Who compares; each of their runs is a comparison of its own.
        language: Language of the questions, where a file doesn't tell it.
        votes: 3 (A, B, tie), or 4 with both bad.
        baseline: The model that all others are compared with; None: all pairs.
        engine_for: Who asks (see judging.budgeted).

    Raises:
        UserError: See judging.read_files and comparing.start. Raised before anything is asked, where it can be.
    """
    under_way: list[Comparing] = []
    try:
        for spoken, answers in _by_language(files, language).items():
            for judge in judges:
                engine = engine_for(judge, spoken)
                under_way.append(start(answers, spoken, judge, votes, baseline, engine=engine))
        return [outcome for comparing in under_way for outcome in comparing.outcomes()]
    except BaseException:
        for comparing in under_way:
            comparing.engine.stop()
        raise


def plan_comparison(
    files: Sequence[Path],
    judges: Sequence[JudgeSettings],
    language: str | None = None,
    *,
    votes: int = 3,
    baseline: str | None = None,
    prices: Mapping[str, Price] | None = None,
) -> Plan:
    """Return what `compare_files` would ask and cost; no key is needed, and nothing is sent. Errors are the same."""
    planner = Planner(prices)
    for spoken, answers in _by_language(files, language).items():
        for judge in judges:
            start(answers, spoken, judge, votes, baseline, engine=planner.engine_for(judge, spoken, "pairwise"))
    return planner.plan()


def save_pairs(folder: Path, outcomes: Sequence[Outcome], settings: JudgeSettings) -> list[Path]:
    """Write outcomes as FastChat's pair files, with prompts and times from the judge's ledger; returns the files."""
    return write_pairs(folder, outcomes, open_ledger(Path(settings.ledger) if settings.ledger else None))


def _by_language(files: Sequence[Path], language: str | None) -> dict[str, list[Answers]]:
    found: dict[str, list[Answers]] = {}
    for file in read_files(files, language):
        found.setdefault(file.language, []).append(file.answers)
    return found
