"""Comparing models pairwise: plan all games, hand them all to the judge, then read who won.

`start` returns as soon as every game is with the judge, so that several languages or judges can be under way at once.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from hf_datasets.benchmark import questions as mtbench_x
from hf_datasets.ledger.store import Ledger
from mtbenchx_tasks.formats.answers import Answers, check_question_set, first_of
from mtbenchx_tasks.formats.conditions import conditions_of, sent_by_results
from mtbenchx_tasks.formats.fastchat.pairs import write_pairs
from mtbenchx_tasks.formats.ledger.pairs import INTERRUPTED
from mtbenchx_tasks.judge.answers import EMPTY
from mtbenchx_tasks.judge.engines.engine import Engine, Judged, ledger_of
from mtbenchx_tasks.judge.engines.factory import EngineFor, live_engine
from mtbenchx_tasks.judge.engines.plan import Plan, Planner
from mtbenchx_tasks.judge.judge import PairJudge, pair_judge_for
from mtbenchx_tasks.judge.prices import Price
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.verdict import game
from mtbenchx_tasks.pairwise.recording import record
from mtbenchx_tasks.pairwise.schedule import Match, benchmark_of, pairs, plan
from mtbenchx_tasks.rating.saved_answers import read_files
from mtbenchx_tasks.records import Conditions, Decision, Game, Preference, Rater

log = logging.getLogger("lm_eval.mtbenchx")
Games = tuple[Future[Judged], Future[Judged]] | None
"""Both games of a match under way; None if it isn't judged."""


@dataclass(frozen=True)
class Comparing:
    """Matches handed to the judge."""

    judge: PairJudge
    matches: Sequence[Match]
    """All of them."""
    games: Sequence[Games]
    """One entry per match."""

    def preferences(self) -> list[Preference]:
        """Wait for the judgments, write down where they count, and return who won."""
        self.judge.engine.finish()
        preferences = collect(self.matches, self.games, self.judge.settings, self.judge.prompts.votes)
        record(self.judge.ledger, self.matches, preferences, self.judge.conditions)
        under = self._conditions()
        return [replace(preference, conditions=under) for preference in preferences]

    def _conditions(self) -> Conditions:
        """Return what all of it was judged under, with what was sent."""
        futures = [future for both in self.games for future in both or () if not future.cancelled()]
        sent = sent_by_results(self.judge.described([future.result().completion.details for future in futures]))
        item = self.matches[0].item
        task = {"benchmark": item.benchmark, "revision": mtbench_x.revision(item.benchmark, item.language)}
        return conditions_of(self.judge.settings.slug, item.language, task, json.loads(self.judge.conditions), sent)


def start(
    answers: Sequence[Answers],
    language: str,
    settings: JudgeSettings,
    votes: int = 3,
    baseline: str | None = None,
    *,
    engine: Engine | None = None,
) -> Comparing:
    """Check answers, hand every game to the judge, and return at once; see `prepare`."""
    judge, matches = prepare(answers, language, settings, votes, baseline, engine=engine)
    return Comparing(judge, matches, submit(matches, judge.engine))


def prepare(
    answers: Sequence[Answers],
    language: str,
    settings: JudgeSettings,
    votes: int = 3,
    baseline: str | None = None,
    *,
    engine: Engine | None = None,
) -> tuple[PairJudge, list[Match]]:
    """Check answers and, if something is to be asked, the judge; return it and all matches. No game is asked yet.

    Args:
        answers: Two models' or more, to the same questions.
        language: The questions' language.
        settings: The judge's; each of its `runs` is a comparison of its own.
        votes: 3 (A, B, tie), or 4 with both bad.
        baseline: The model that all others are compared with; None: all pairs.
        engine: Who asks; None: the settings' own.

    Raises:
        UserError: The judge or a prompt isn't there; or the answers can't be compared, see `schedule.plan`.
    """
    pairs([given.model for given in answers], baseline)  # told before prompts and key are looked at
    benchmark = benchmark_of(answers, language)
    judge = pair_judge_for(settings, benchmark, language, votes, engine)
    for given in answers:
        check_question_set(given, language, settings.question_set)
    questions = mtbench_x.questions(benchmark, language, settings.reference_set, settings.question_set)
    matches = plan(answers, questions, judge, baseline)
    if _is_missing(matches, judge.ledger):
        judge.check().result()
    return judge, matches


def _is_missing(matches: Sequence[Match], ledger: Ledger) -> bool:
    requests = (request for match in matches for request in match.requests or ())
    return any(ledger.judgment(request.key) is None for request in requests)


def submit(matches: Sequence[Match], engine: Engine) -> list[Games]:
    """Hand every game to the engine; equal requests are asked once."""
    return [
        None if match.requests is None else (engine.submit(match.requests[0]), engine.submit(match.requests[1]))
        for match in matches
    ]


def collect(matches: Sequence[Match], games: Sequence[Games], settings: JudgeSettings, votes: int) -> list[Preference]:
    """Read how every match went.

    Args:
        matches: What was submitted.
        games: What `submit` returned for them.
        settings: The judge's.
        votes: 3, or 4 with both bad.
    """
    rater = Rater(settings.slug)
    return [
        Preference.of_games(
            match.item,
            rater,
            (
                _read(futures and futures[0], settings.parser, votes, match.models),
                _read(futures and futures[1], settings.parser, votes, match.models[::-1]),
            ),
            run=match.run,
            answers=match.answers,
        )
        for match, futures in zip(matches, games, strict=True)
    ]


def _read(future: Future[Judged] | None, parser: str, votes: int, shown: tuple[str, str]) -> Game:
    if future is None or future.cancelled():
        return Game(shown[0], Decision.FAILED, reason=EMPTY if future is None else INTERRUPTED)
    judged = future.result()
    return game(judged.completion, parser, votes, shown, judged.key)


@dataclass(frozen=True)
class ComparisonRequest:
    """What is compared, and by whom."""

    files: Sequence[Path]
    """lm_eval samples or FastChat's model_answer; two models or more per language."""
    judges: Sequence[JudgeSettings]
    """Each of their runs is a comparison of its own."""
    language: str | None = None
    """Of the questions, where a file doesn't tell it."""
    benchmark: str | None = None
    """Likewise."""
    votes: int = 3
    """3 (A, B, tie), or 4 with both bad."""
    baseline: str | None = None
    """The model that all others are compared with; None: all pairs."""

    def parts(self) -> Iterator[tuple[JudgeSettings, str, list[Answers]]]:
        """Read the files; yield judge, language and the models' answers in it.

        Raises:
            UserError: See saved_answers.read_files.
        """
        for spoken, answers in _by_language(self.files, self.language, self.benchmark).items():
            for judge in self.judges:
                yield judge, spoken, answers


def compare_files(request: ComparisonRequest, engine_for: EngineFor = live_engine) -> list[Preference]:
    """Have the models of some files compared in each language, by each judge.

    Args:
        request: What is compared.
        engine_for: Who asks (see factory.budgeted).

    Raises:
        UserError: See `parts` and `prepare`. Raised before anything is asked, where it can be.
    """
    under_way: list[Comparing] = []
    with ExitStack() as engines:
        for judge, spoken, answers in request.parts():
            engine = engines.enter_context(engine_for(judge, spoken))
            under_way.append(start(answers, spoken, judge, request.votes, request.baseline, engine=engine))
        return [preference for comparing in under_way for preference in comparing.preferences()]


def plan_comparison(request: ComparisonRequest, prices: Mapping[str, Price] | None = None) -> Plan:
    """Return what `compare_files` would ask and cost; no key is needed, and nothing is sent. Errors are the same."""
    planner = Planner(prices)
    for judge, spoken, answers in request.parts():
        engine = planner.engine_for(judge, spoken, "pairwise")
        start(answers, spoken, judge, request.votes, request.baseline, engine=engine)
    return planner.plan()


def save_pairs(folder: Path, preferences: Sequence[Preference], settings: JudgeSettings) -> list[Path]:
    """Write comparisons as FastChat's pair files, with prompts and times from the judge's ledger; returns the files."""
    return write_pairs(folder, preferences, ledger_of(settings))


def _by_language(files: Sequence[Path], language: str | None, benchmark: str | None) -> dict[str, list[Answers]]:
    found: dict[str, list[Answers]] = {}
    for file in read_files(files, language, benchmark):
        found.setdefault(file.language, []).append(file.answers)
        if file.answers.further:
            log.warning("A comparison is of one answer each: %s.", first_of(file.answers))
    return found
