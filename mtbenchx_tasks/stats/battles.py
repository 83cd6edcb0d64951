"""Preferences as battles: arrays of who met whom, who won, and who was shown first, for the ranking of models."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtbenchx_tasks.records import Decision, Preference
from mtbenchx_tasks.stats.style import STYLE, difference, style_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int_]

NOBODY = -1
"""The annotator of a judge's battle."""


@dataclass(frozen=True)
class Battles:
    """n battles between K models. A judge's comparison is two, one for each order; a person's vote is one."""

    models: tuple[str, ...]
    """K names, sorted."""
    one: "Integers"
    """n places in `models`."""
    other: "Integers"
    """Likewise: whom `one` met."""
    won: "Array"
    """1: `one` won, 0.5: a tie, 0: `other` won."""
    first: "Array"
    """1: `one` was shown first, -1: `other` was, 0: the file doesn't tell."""
    weight: "Array"
    """The battles of one rater on one item and pair weigh 1 together, however often a judge was asked."""
    question: "Integers"
    """Which question, whatever its language and turn."""
    annotator: "Integers"
    """Which person; NOBODY of a judge."""
    style: "Array"
    """n by len(STYLE): how much more of it the answer of `one` has, from -1 to 1; n by 0 without style."""
    both_bad: int = 0
    """Preferences that call both answers bad; they say nothing of who is better, and are no battles."""
    undecided: int = 0
    """Preferences without a vote, or inconsistent ones of a file that doesn't tell the two games."""
    without_texts: int = 0
    """With style: battles left out since the file doesn't hold both answers."""

    def __len__(self) -> int:
        return len(self.won)

    def of(self, models: Iterable[str]) -> "Battles":
        """Return the battles between some of the models."""
        import numpy as np

        names = tuple(sorted(models))
        place = np.full(len(self.models), NOBODY)
        place[[self.models.index(name) for name in names]] = range(len(names))
        kept = (place[self.one] != NOBODY) & (place[self.other] != NOBODY)
        return Battles(
            names, place[self.one[kept]], place[self.other[kept]], self.won[kept], self.first[kept], self.weight[kept],
            self.question[kept], self.annotator[kept], self.style[kept],
            self.both_bad, self.undecided, self.without_texts,
        )  # fmt: skip


Row = tuple[str, str, float, float]
"""One model, the other, won, first."""


def _battles_of(preference: Preference) -> Iterator[Row]:
    """Yield a preference's battles: its valid games, or what it decides where its games aren't told."""
    one, other = preference.names
    if preference.games:
        for game in preference.games:
            if game.decision in (Decision.WIN, Decision.TIE):
                yield one, other, _won(game.winner, one), 1.0 if game.first == one else -1.0
    elif preference.decision in (Decision.WIN, Decision.TIE):
        yield one, other, _won(preference.winner, one), 0.0


def _won(winner: str | None, one: str) -> float:
    return 0.5 if winner is None else float(winner == one)


def battles(preferences: Iterable[Preference], *, style: bool = False) -> Battles:
    """Return the battles of judges' comparisons and people's votes.

    Args:
        preferences: Any number of models, judges, people and languages.
        style: Whether to compare how the answers look as well; battles without texts are then left out.
    """
    import numpy as np

    preferences = list(preferences)
    rows, owners, textless = [], [], 0
    for preference in preferences:
        games = list(_battles_of(preference))
        if style and games and len(preference.answers) < 2:  # noqa: PLR2004
            textless += len(games)
            continue
        rows += games
        owners += [preference] * len(games)
    sizes = Counter(map(_comparison, owners))
    names = tuple(sorted({name for row in rows for name in row[:2]}))
    place = {name: number for number, name in enumerate(names)}
    decided = Counter(preference.decision for preference in preferences)
    return Battles(
        names,
        np.array([place[row[0]] for row in rows], dtype=np.int_),
        np.array([place[row[1]] for row in rows], dtype=np.int_),
        np.array([row[2] for row in rows], dtype=np.float64),
        np.array([row[3] for row in rows], dtype=np.float64),
        np.array([1 / sizes[_comparison(owner)] for owner in owners], dtype=np.float64),
        _numbers([owner.item.question_id for owner in owners]),
        _numbers([owner.rater.name if owner.rater.kind == "person" else None for owner in owners]),
        _styles(owners, rows) if style else np.zeros((len(rows), 0)),
        decided[Decision.BOTH_BAD],
        sum(1 for preference in preferences if not preference.decision.counts and not any(_battles_of(preference))),
        textless,
    )


def _comparison(preference: Preference) -> tuple[object, ...]:
    """What weighs 1: one rater on one item and one pair of answers."""
    return preference.item, preference.models, preference.rater, preference.conditions, preference.repeat


def _numbers(values: Sequence[object]) -> "Integers":
    """Number what is equal alike, from 0; None is NOBODY."""
    import numpy as np

    number: dict[object, int] = {}
    for value in values:
        if value is not None:
            number.setdefault(value, len(number))
    return np.array([NOBODY if value is None else number[value] for value in values], dtype=np.int_)


def _styles(owners: Sequence[Preference], rows: Sequence[Row]) -> "Array":
    import numpy as np

    counts: dict[str, tuple[int, ...]] = {}
    for owner in owners:
        for text in owner.answers.values():
            if text not in counts:
                counts[text] = style_of(text)
    found = [
        difference(counts[owner.answers[row[0]]], counts[owner.answers[row[1]]])
        for owner, row in zip(owners, rows, strict=True)
    ]
    return np.array(found, dtype=np.float64).reshape(len(rows), len(STYLE))
