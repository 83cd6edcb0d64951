"""Votes of people and verdicts of judges, brought together item by item."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.benchmark import OURS, category
from mtbenchx_tasks.formats.vote_rows import SKIP
from mtbenchx_tasks.formats.votes import QuestionId, Vote
from mtbenchx_tasks.records import FAILED, INCONSISTENT, TIE, OutcomeItem

Inconsistent = Literal["missing", "tie"]
"""What a verdict is whose two games disagree: a missing one, or a tie (FastChat's)."""
Repeated = Literal["first", "all"]
"""Which votes of a person on one item count: the first, or all (FastChat's)."""
Key = tuple[str | None, QuestionId, int, str, str]


@dataclass(frozen=True)
class Compared:
    """Two answers to one turn of one question, and all that was said of them."""

    item: OutcomeItem
    """What was compared; without run and judge."""
    people: tuple[str, ...]
    """Valid votes: `model_1`, `model_2`, `tie` or `both_bad`; one a person, unless repeated votes count."""
    verdicts: Mapping[str, tuple[str, ...]]
    """Judge -> its verdict in each run; `inconsistent` and `failed` are missing ones."""


@dataclass(frozen=True)
class Ballot:
    """One vote of a person, as the statistics of pairs take it."""

    item: OutcomeItem
    """What was compared; `judge` is the person."""
    winner: str
    """A valid vote."""


@dataclass(frozen=True)
class Study:
    """Everything that an agreement is computed from."""

    compared: tuple[Compared, ...]
    """Every item that a person or a judge said something of."""
    ballots: tuple[Ballot, ...]
    """The valid votes of people, one by one."""
    annotators: int
    """People with a valid vote."""
    skipped: int
    """Submitted skips; in no statistic."""
    repeated: int
    """Further votes of a person on an item."""
    judges: tuple[str, ...]
    """Judges, sorted."""
    benchmark: str = ""
    """Of the questions; "" where nothing tells it."""

    @property
    def skip_rate(self) -> float | None:
        """Skips among all that was submitted; None if nothing was."""
        submitted = len(self.ballots) + self.skipped
        return self.skipped / submitted if submitted else None


def gather(
    votes: Iterable[Vote],
    verdicts: Iterable[Vote] = (),
    *,
    inconsistent: Inconsistent = "missing",
    annotators: str = "*",
    repeated: Repeated = "first",
) -> Study:
    """Bring people's votes and judges' verdicts together.

    Args:
        votes: Of people.
        verdicts: Of judges; their runs are kept apart.
        inconsistent: What a verdict is whose two games disagree.
        annotators: Which people count, a shell pattern such as `expert*`.
        repeated: Which votes count where a person voted on an item more than once.

    Raises:
        UserError: No vote is left, or no item has both a vote and a verdict.
    """
    people = [vote for vote in votes if fnmatchcase(vote.annotator, annotators)]
    if not any(vote.counts for vote in people):
        raise UserError(f"There is no valid vote of a person (annotators {annotators!r}).")
    people, judged = _one_language(people, list(verdicts))
    benchmark = _one_benchmark([*people, *judged])
    valid = [vote for vote in people if vote.counts]
    first = _first_votes(valid)
    counted = first if repeated == "first" else valid
    said = _by_run(judged, inconsistent)
    if judged and not {vote.item for vote in first} & said.keys():
        raise UserError(_nothing_shared(first, judged))
    numbers = _numbers([*first, *judged])
    categories = {vote.item: vote.category for vote in [*judged, *first] if vote.category}
    items = {
        vote.item: _item(vote, numbers, benchmark, categories.get(vote.item) or _category(vote, benchmark))
        for vote in [*judged, *first]
    }
    by_item: dict[Key, list[str]] = {key: [] for key in items}
    for vote in counted:
        by_item[vote.item].append(vote.winner)
    return Study(
        compared=tuple(
            Compared(items[key], tuple(by_item[key]), said.get(key, {}))
            for key in sorted(items, key=lambda key: astuple(items[key]))
        ),
        ballots=tuple(Ballot(replace(items[vote.item], judge=vote.annotator), vote.winner) for vote in counted),
        annotators=len({vote.annotator for vote in first}),
        skipped=sum(vote.winner == SKIP for vote in people),
        repeated=len(valid) - len(first),
        judges=tuple(sorted({vote.annotator for vote in judged})),
        benchmark=benchmark,
    )


def _first_votes(valid: Iterable[Vote]) -> list[Vote]:
    """Return each person's first valid vote on each item."""
    first: dict[tuple[str, Key], Vote] = {}
    for vote in valid:
        first.setdefault((vote.annotator, vote.item), vote)
    return list(first.values())


def _by_run(judged: Sequence[Vote], inconsistent: Inconsistent) -> dict[Key, dict[str, tuple[str, ...]]]:
    """Return each item's verdicts by judge, in the order of its runs; a run that an item lacks is `failed`."""
    found: dict[Key, dict[str, list[str]]] = {}
    for verdict in judged:
        tied = verdict.winner == INCONSISTENT and inconsistent == "tie"
        row = found.setdefault(verdict.item, {}).setdefault(verdict.annotator, [])
        row.append(TIE if tied else verdict.winner)
    runs: dict[str, int] = {}
    for by in found.values():
        for judge, row in by.items():
            runs[judge] = max(runs.get(judge, 0), len(row))
    return {
        key: {judge: tuple(row + [FAILED] * (runs[judge] - len(row))) for judge, row in sorted(by.items())}
        for key, by in found.items()
    }


def _one_language(people: list[Vote], judged: list[Vote]) -> tuple[list[Vote], list[Vote]]:
    """Where one side doesn't tell its language and the other has exactly one, it is that one."""
    sides = [{vote.language for vote in side} for side in (people, judged)]
    known = {language for side in sides for language in side if language}
    if len(known) == 1 and any(None in side for side in sides):
        (language,) = known
        people, judged = ([replace(vote, language=language) for vote in side] for side in (people, judged))
    return people, judged


def _one_benchmark(votes: Iterable[Vote]) -> str:
    """Return the benchmark of all votes; those that tell none are of the same."""
    told = sorted({vote.benchmark for vote in votes} - {""})
    if len(told) > 1:
        raise UserError(f"The votes are on questions of {' and '.join(told)}; give the files of one benchmark.")
    return told[0] if told else ""


def _numbers(votes: Iterable[Vote]) -> dict[QuestionId, int]:
    """Return a whole number per question, its own where it has one."""
    named = sorted({vote.question_id for vote in votes}, key=str)
    texts = [name for name in named if isinstance(name, str)]
    return {name: name if isinstance(name, int) else -1 - texts.index(name) for name in named}


def _category(vote: Vote, benchmark: str) -> str:
    """Return what the benchmark says, if it is one of ours."""
    known = benchmark in OURS and isinstance(vote.question_id, int)
    return category(benchmark, int(vote.question_id)) if known else ""


def _item(vote: Vote, numbers: Mapping[QuestionId, int], benchmark: str, category: str) -> OutcomeItem:
    return OutcomeItem(
        benchmark=benchmark,
        language=vote.language or "",
        question_id=numbers[vote.question_id],
        category=category,
        turn=vote.turn,
        run=0,
        judge="",
        model_1=vote.model_1,
        model_2=vote.model_2,
    )


def _nothing_shared(people: Sequence[Vote], judged: Sequence[Vote]) -> str:
    def shown(votes: Sequence[Vote]) -> str:
        models = sorted({name for vote in votes for name in (vote.model_1, vote.model_2)})
        languages = sorted({vote.language or "unknown" for vote in votes})
        return f"{', '.join(models)} in {', '.join(languages)}"

    return (
        f"No item has both a vote and a verdict: people compared {shown(people)}, judges {shown(judged)}; "
        "the names of models and languages must be the same (--language names one that a file doesn't tell)."
    )
