"""Votes of people and verdicts of judges, brought together pair by pair."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.benchmark import NO_CATEGORY, known_category
from mtbenchx_tasks.records import Decision, Item, Model, Preference, Rater
from mtbenchx_tasks.stats.pair_rates import by

Inconsistent = Literal["missing", "tie"]
"""What a verdict is whose two games disagree: a missing one, or a tie (FastChat's)."""
Repeated = Literal["first", "all"]
"""Which votes of a person on one pair count: the first, or all (FastChat's)."""
Place = tuple[Item, frozenset[Model]]


@dataclass(frozen=True)
class Contest:
    """Two answers to one item, and all that was said of them."""

    item: Item
    models: frozenset[Model]
    people: tuple[Preference, ...]
    """Valid votes; one a person, unless repeated votes count."""
    verdicts: Mapping[str, tuple[Preference, ...]]
    """Judge -> its verdict in each run; a run that it lacks is FAILED."""


@dataclass(frozen=True)
class VotesAndVerdicts:
    """Everything that an agreement is computed from."""

    contests: tuple[Contest, ...]
    annotators: int
    """People with a valid vote."""
    skipped: int
    """Submitted skips; in no statistic."""
    repeated: int
    """Further votes of a person on a pair."""
    judges: tuple[str, ...]
    """Judges' names, sorted."""
    benchmark: str = ""
    """Of the questions; "" where nothing tells it."""

    @property
    def votes(self) -> list[Preference]:
        """People's valid votes, one by one."""
        return [vote for contest in self.contests for vote in contest.people]

    @property
    def skip_rate(self) -> float | None:
        """Skips among all that was submitted; None if nothing was."""
        submitted = len(self.votes) + self.skipped
        return self.skipped / submitted if submitted else None


def gather(
    votes: Iterable[Preference],
    verdicts: Iterable[Preference] = (),
    *,
    inconsistent: Inconsistent = "missing",
    annotators: str = "*",
    repeated: Repeated = "first",
) -> VotesAndVerdicts:
    """Bring people's votes and judges' verdicts together.

    Args:
        votes: Of people.
        verdicts: Of judges; their runs are kept apart.
        inconsistent: What a verdict is whose two games disagree.
        annotators: Which people count, a shell pattern such as `expert*`.
        repeated: Which votes count where a person voted on a pair more than once.

    Raises:
        UserError: No vote is left, or no pair has both a vote and a verdict.
    """
    people = [vote for vote in votes if fnmatchcase(vote.rater.name, annotators)]
    if not any(vote.decision.counts for vote in people):
        raise UserError(
            f"No valid vote of a person was found (annotators {annotators!r}); --annotators names whose votes count."
        )
    people, judged, benchmark = _of_one_benchmark(people, list(verdicts))
    valid = [vote for vote in people if vote.decision.counts]
    first = list({(*_place(vote), vote.rater): vote for vote in reversed(valid)}.values())
    by_judge = _by_judge(judged, inconsistent)
    if judged and not {_place(vote) for vote in first} & by_judge.keys():
        raise UserError(_nothing_shared(first, judged))
    counted: dict[Place, list[Preference]] = {}
    for vote in valid if repeated == "all" else reversed(first):
        counted.setdefault(_place(vote), []).append(vote)
    places = by([*judged, *first], "benchmark", "language", "question_id", "turn", "models").values()
    return VotesAndVerdicts(
        contests=tuple(
            Contest(*place, tuple(counted.get(place, ())), by_judge.get(place, {}))
            for place in (_place(group[0]) for group in places)
        ),
        annotators=len({vote.rater.name for vote in first}),
        skipped=sum(vote.decision is Decision.SKIP for vote in people),
        repeated=len(valid) - len(first),
        judges=tuple(sorted({vote.rater.name for vote in judged})),
        benchmark=benchmark,
    )


def _place(preference: Preference) -> Place:
    return preference.item, preference.models


def _by_judge(
    judged: Sequence[Preference], inconsistent: Inconsistent
) -> dict[Place, dict[str, tuple[Preference, ...]]]:
    """Return each pair's verdicts by judge, in the order of its runs; a run that a pair lacks is FAILED."""
    said: dict[Place, dict[str, list[Preference]]] = {}
    for verdict in judged:
        tied = verdict.decision is Decision.INCONSISTENT and inconsistent == "tie"
        row = said.setdefault(_place(verdict), {}).setdefault(verdict.rater.name, [])
        row.append(replace(verdict, decision=Decision.TIE if tied else verdict.decision, run=len(row)))
    runs: dict[str, int] = {}
    for verdicts in said.values():
        for judge, row in verdicts.items():
            runs[judge] = max(runs.get(judge, 0), len(row))
    return {
        place: {
            judge: (*row, *(_missing(place, judge, run) for run in range(len(row), runs[judge])))
            for judge, row in sorted(verdicts.items())
        }
        for place, verdicts in said.items()
    }


def _missing(place: Place, judge: str, run: int) -> Preference:
    return Preference(*place, Rater(judge), Decision.FAILED, run=run)


def _of_one_benchmark(
    people: Sequence[Preference], judged: Sequence[Preference]
) -> tuple[list[Preference], list[Preference], str]:
    """Return both sides with what either tells of benchmark, language and category.

    Where one side doesn't tell its language and the other has exactly one, it is that one; those that tell no benchmark
    are of the same.
    """
    items = [vote.item for vote in [*judged, *people]]
    benchmarks = sorted({item.benchmark for item in items} - {""})
    if len(benchmarks) > 1:
        raise UserError(f"The votes are on questions of {' and '.join(benchmarks)}; give the files of one benchmark.")
    benchmark = "".join(benchmarks)
    languages = {item.language for item in items} - {""}
    language = languages.pop() if len(languages) == 1 else ""
    placed = {item: replace(item, benchmark=benchmark, language=item.language or language) for item in items}
    categories = {placed[item]: item.category for item in items if item.category}
    full = {item: replace(to, category=categories.get(to) or _category(to, benchmark)) for item, to in placed.items()}
    people, judged = ([replace(vote, item=full[vote.item]) for vote in side] for side in (people, judged))
    return list(people), list(judged), benchmark


def _category(item: Item, benchmark: str) -> str:
    """Return what the benchmark says, if it is known here."""
    found = known_category(benchmark, item.question_id)
    return "" if found == NO_CATEGORY else found


def _nothing_shared(people: Sequence[Preference], judged: Sequence[Preference]) -> str:
    def shown(votes: Sequence[Preference]) -> str:
        models = sorted({model.name for vote in votes for model in vote.models})
        languages = sorted({vote.item.language or "unknown" for vote in votes})
        return f"{', '.join(models)} in {', '.join(languages)}"

    return (
        f"No item has both a vote and a verdict: people compared {shown(people)}, judges {shown(judged)}; "
        "the names of models and languages must be the same (--language names one that a file doesn't tell)."
    )
