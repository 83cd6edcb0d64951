"""Comparing until it is decided: each pair of models is asked about so many questions as it takes, and no more.

A question is the unit: all its turns, in both orders. Questions are drawn within their categories, the same for all
pairs; after a quarter, a half, three quarters and all of them each pair is looked at (stats/sequential.py).
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from hf_datasets.records import QuestionId, id_order
from mtbenchx_tasks.judge.engines.factory import EngineFor, live_engine
from mtbenchx_tasks.judge.judge import PairJudge
from mtbenchx_tasks.pairwise.run import Comparing, ComparisonRequest, prepare, submit
from mtbenchx_tasks.pairwise.schedule import Match
from mtbenchx_tasks.records import Decision, Preference
from mtbenchx_tasks.stats.sequential import LOOKS, Look, Standing, standings

SEED = 0
"""Of the order of questions: a run that goes on asks the same ones."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class PairEnd:
    """Where one pair of models ended."""

    language: str
    judge: str
    """The judge's slug."""
    models: Pair
    """The preference is for the first."""
    standing: Standing
    asked: int
    """Questions that were asked, of `of`."""
    of: int


@dataclass
class _Course:
    """What is known of one pair so far."""

    matches: list[Match]
    looks: list[Look] = field(default_factory=list)
    values: dict[QuestionId, list[float]] = field(default_factory=dict)


def compare_until_decided(
    request: ComparisonRequest, engine_for: EngineFor = live_engine
) -> tuple[list[Preference], list[PairEnd]]:
    """Have the models of some files compared as far as it takes, each language and judge apart.

    Args:
        request: What is compared.
        engine_for: Who asks.

    Returns:
        All preferences, and where each pair ended in each language by each judge. Holm's correction is over the pairs
        of one language and judge.
    """
    found: list[Preference] = []
    ends: list[PairEnd] = []
    for settings, spoken, answers in request.parts():
        with engine_for(settings, spoken) as engine:
            judge, matches = prepare(answers, spoken, settings, request.votes, request.baseline, engine=engine)
            preferences, decided = until_decided(judge, matches)
        found += preferences
        ends += decided
    return found, ends


def until_decided(judge: PairJudge, matches: Sequence[Match]) -> tuple[list[Preference], list[PairEnd]]:
    """Ask a judge until every pair is decided, or hardly can be, or all questions are asked.

    Args:
        judge: Who compares; each of its runs is asked.
        matches: What a full comparison would ask, in one language.

    Returns:
        The preferences, recorded in the ledger, and where each pair stands. Pairs of failed games have fewer values.
    """
    courses = {pair: _Course(_of(matches, pair)) for pair in dict.fromkeys(match.models for match in matches)}
    order = question_order({match.item.question_id: match.item.category for match in matches})
    found: list[Preference] = []
    undecided, asked = list(courses), dict.fromkeys(courses, 0)
    standing: dict[Pair, Standing] = {}
    for share, questions in _portions(order):
        chosen = [match for pair in undecided for match in courses[pair].matches if match.item.question_id in questions]
        preferences = Comparing(judge, chosen, submit(chosen, judge.engine)).preferences() if chosen else []
        found += preferences
        for match, preference in zip(chosen, preferences, strict=True):
            _add(courses[match.models].values, match, preference)
        for pair in undecided:
            values = [fmean(of_one) for of_one in courses[pair].values.values()]
            courses[pair].looks.append(Look(share, values))
            asked[pair] += len(questions)
        standing = standings({pair: course.looks for pair, course in courses.items()})
        undecided = [pair for pair in undecided if standing[pair].end == "open"]
        if not undecided:
            break
    item = matches[0].item
    ends = [
        PairEnd(item.language, judge.settings.slug, pair, standing[pair], asked[pair], len(order)) for pair in courses
    ]
    return found, ends


def _of(matches: Iterable[Match], pair: Pair) -> list[Match]:
    return [match for match in matches if match.models == pair]


def _add(values: dict[QuestionId, list[float]], match: Match, preference: Preference) -> None:
    """Add the mean of a match's valid games: 1 where the first model won, 0 where the other, 0.5 of what is neither."""
    games = [
        float(game.winner == match.models[0]) if game.decision is Decision.WIN else 0.5
        for game in preference.games
        if game.decision is not Decision.FAILED
    ]
    if games:
        values.setdefault(match.item.question_id, []).append(fmean(games))


def question_order(categories: Mapping[QuestionId, str], seed: int = SEED) -> list[QuestionId]:
    """Return the questions in random order, so that every part of it has all categories in equal shares.

    Args:
        categories: Question id -> category.
        seed: Of the order.
    """
    chance = random.Random(seed)
    groups: dict[str, list[QuestionId]] = {}
    for question in sorted(categories, key=id_order):
        groups.setdefault(categories[question], []).append(question)
    placed = []
    for group in groups.values():
        chance.shuffle(group)
        start = chance.random()
        placed += [((place + start) / len(group), question) for place, question in enumerate(group)]
    return [question for _, question in sorted(placed, key=lambda one: one[0])]


def _portions(order: Sequence[QuestionId]) -> Iterator[tuple[float, set[QuestionId]]]:
    """Yield the share that is asked after each look, and the questions that are new at it."""
    before = 0
    for look in LOOKS:
        until = round(look * len(order))
        if until > before:
            yield until / len(order), set(order[before:until])
        before = until
