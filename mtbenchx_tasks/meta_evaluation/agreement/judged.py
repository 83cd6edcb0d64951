"""A judge asked about the very pairs that people voted on: its verdicts as records."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.shared.errors import UserError
from hf_datasets.sources import fetch
from mtbenchx_tasks.formats.benchmark import MTBENCH_X, NOTHING, OURS, Told, notes_on
from mtbenchx_tasks.formats.voted_pairs import Place, VotedPair, pairs_in_answers, pairs_in_votes, place_of_vote
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.engines.factory import EngineFor
from mtbenchx_tasks.judge.engines.plan import Planner
from mtbenchx_tasks.judge.judge import PairJudge, pair_judge_for
from mtbenchx_tasks.judge.probe import wait_for
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.verdict import game
from mtbenchx_tasks.meta_evaluation.agreement.study import VotesAndVerdicts, gather
from mtbenchx_tasks.meta_evaluation.agreement.voters import read_judges, read_people
from mtbenchx_tasks.records import Decision, Game, Preference, Rater

PUBLIC = "mt_bench_human_judgments"
PEOPLE_FILE = "data/human-00000-of-00001-25f4910818759289.parquet"
GPT4_FILE = "data/gpt4_pair-00000-of-00001-c0b431264a82ddc0.parquet"
ENGLISH = "en"


def public_files() -> tuple[Path, Path]:
    """Return the pinned votes of people and of GPT-4 on MT-Bench, downloaded if need be.

    Raises:
        UserError: They can't be had.
    """
    return fetch(PUBLIC, PEOPLE_FILE), fetch(PUBLIC, GPT4_FILE)


@dataclass(frozen=True)
class Material:
    """What a judge is put beside."""

    people: tuple[Preference, ...]
    """Their votes."""
    others: tuple[Preference, ...]
    """Other judges' verdicts on the same pairs."""
    pairs: tuple[VotedPair, ...]
    """The pairs that were voted on and whose texts are there."""
    files: tuple[Path, ...]
    notes: tuple[str, ...]
    """What a user should know of the files."""


def read_material(
    votes: Sequence[Path], answers: Sequence[Path], judgments: Sequence[Path], told: Told = NOTHING
) -> Material:
    """Read votes, the answers they are on, and other judges' verdicts; without votes the public ones, beside GPT-4's.

    Raises:
        UserError: A file can't be read or had, or no vote is on answers whose texts are there.
    """
    if not votes:
        people_file, gpt4_file = public_files()
        votes, judgments = [people_file], [*judgments, gpt4_file]
        told = Told(told.language or ENGLISH, told.benchmark or MTBENCH_X)
    people, said = read_people(votes, told)
    others, judged = read_judges(judgments, told)
    found: dict[Place, VotedPair] = {}
    for file in votes:
        found |= pairs_in_votes(file, told)
    places = dict.fromkeys(place_of_vote(vote) for vote in people if vote.decision.counts)
    lacking = [place for place in places if place not in found and place[0].turn]
    if answers and lacking:
        found |= pairs_in_answers(lacking, answers, told)
    faults = {place: _fault(place, found.get(place)) for place in places}
    left = Counter(fault for fault in faults.values() if fault)
    notes = [*said, *judged, *notes_on(told)]
    if answers and not lacking:
        notes.append("The votes hold the answers they are on; --answers isn't read.")
    notes += [f"{n} of {len(places)} pairs with votes {fault}; they aren't judged." for fault, n in left.items()]
    pairs = tuple(found[place] for place, fault in faults.items() if not fault)
    return Material(tuple(people), tuple(others), pairs, tuple(votes), tuple(notes))


def _fault(place: Place, pair: VotedPair | None) -> str:
    """Return why the judge isn't asked about a pair that was voted on; "" if it is."""
    if place[0].turn is None:
        return "are on whole conversations, which judge prompts don't compare"
    return "have no texts (--answers names files of them)" if pair is None else pair.fault


def votes_and_verdicts(material: Material, verdicts: Sequence[Preference]) -> VotesAndVerdicts:
    """Bring people's votes, the judge's verdicts and other judges' together."""
    return gather(material.people, [*verdicts, *material.others])


@dataclass(frozen=True)
class PairGames:
    """Both games about one pair in one run."""

    pair: VotedPair
    run: int
    judge: PairJudge
    games: tuple[Future[Judged], Future[Judged]]

    @property
    def preference(self) -> Preference:
        """What the judge decided."""
        one, other = self.pair.answers
        games = self._game(0, (one, other)), self._game(1, (other, one))
        answers = {model: said[-1] for model, said in self.pair.answers.items()}
        rater = Rater(self.judge.settings.slug)
        return Preference.of_games(self.pair.item, rater, games, run=self.run, answers=answers)

    def _game(self, number: int, shown: tuple[str, str]) -> Game:
        future = self.games[number]
        if future.cancelled():
            return Game(shown[0], Decision.FAILED, reason="interrupted")
        judged, settings = future.result(), self.judge.settings
        return game(judged.completion, settings.parser, self.judge.prompts.votes, shown, judged.key)


def judge_pairs(
    pairs: Sequence[VotedPair], settings: JudgeSettings, votes: int, engine_for: EngineFor
) -> list[Preference]:
    """Have a judge compare pairs, in both orders and all runs; every request is there before the first is sent.

    Args:
        pairs: What people voted on (see `read_material`).
        settings: The judge's.
        votes: 3, or 4 with both bad.
        engine_for: Who asks.

    Raises:
        UserError: There is no pair, or the judge can't be had or can't compare.
    """
    with ExitStack() as engines:
        judges = _judges(pairs, settings, votes, lambda *place: engines.enter_context(engine_for(*place)))
        wait_for(
            judge.check()
            for judge, part in judges
            if any(judge.ledger.judgment(request.key) is None for _, games in part for request in games)
        )
        asked = [one for judge, part in judges for one in _submit(judge, part)]
        for judge, _ in judges:
            judge.engine.finish()
        return [one.preference for one in asked]


def note_pairs(pairs: Sequence[VotedPair], settings: JudgeSettings, votes: int, planner: Planner) -> None:
    """Note what `judge_pairs` would ask; nothing is sent."""
    for judge, part in _judges(
        pairs, settings, votes, lambda given, language: planner.engine_for(given, language, "pairwise")
    ):
        list(_submit(judge, part))


Games = tuple[ChatRequest, ChatRequest]
"""Both games about a pair in a first run."""


def _judges(
    pairs: Sequence[VotedPair], settings: JudgeSettings, votes: int, engine_for: EngineFor
) -> list[tuple[PairJudge, list[tuple[VotedPair, Games]]]]:
    """Return a judge for each language and benchmark, with its pairs and what is asked about them."""
    groups: dict[tuple[str, str], list[VotedPair]] = {}
    for pair in pairs:
        groups.setdefault((pair.item.benchmark, pair.question.language), []).append(pair)
    if any(not language for _, language in groups):
        raise UserError("The votes don't tell the language of their questions; name it by --language.")
    if not groups:
        raise UserError("No vote is on two answers whose texts are there; name files of answers by --answers.")
    judges = []
    for (benchmark, language), part in groups.items():
        known = benchmark in OURS
        given = settings if known else replace(settings, prompt_set=settings.prompt_set or "native")
        engine = engine_for(given, language)
        judge = pair_judge_for(given, benchmark, language, votes, engine, sets=None if known else {})
        judges.append((judge, [(pair, _games(judge, pair)) for pair in part]))
    return judges


def _games(judge: PairJudge, pair: VotedPair) -> Games:
    (_, one), (_, other) = pair.answers.items()
    turn = pair.item.turn or 1
    return judge.request(pair.question, (one, other), turn), judge.request(pair.question, (other, one), turn)


def _submit(judge: PairJudge, pairs: Sequence[tuple[VotedPair, Games]]) -> Iterator[PairGames]:
    for pair, games in pairs:
        for run in range(judge.settings.runs):
            futures = (judge.engine.submit(replace(request, run=run)) for request in games)
            yield PairGames(pair, run, judge, (next(futures), next(futures)))
