"""The exam's plan: how many items a kind has, and each one's dose and lure. It is the same in every form."""

from dataclasses import dataclass
from typing import Literal

from mtbenchx_tasks.meta_evaluation.exam.chance import Chance

Lure = Literal["", "longer", "formatted", "confident"]
DOSES = (1, 2, 3)
LURES: tuple[Lure, ...] = ("", "longer", "", "formatted", "", "confident", "")
"""Of three items at a time, one of each dose: so dose and lure are crossed, and more than half have no lure."""


@dataclass(frozen=True)
class Slot:
    """A place in the exam, and the draws that fill it."""

    kind: str
    number: int
    """From 0, within the kind."""
    dose: int
    lure: Lure
    chance: Chance
    shared: Chance
    """Draws that all items of the form share, e.g. the order of a subject's topics."""

    @property
    def template(self) -> str:
        """What names the slot in every language and form, e.g. `cut_off-07`."""
        return f"{self.kind}-{self.number + 1:02d}"


@dataclass(frozen=True)
class Pair:
    """What fills a slot: a question and two answers to it (ExamItem tells the fields)."""

    category: str
    turns: tuple[str, ...]
    better: tuple[str, ...]
    faulty: tuple[str, ...]
    reference: tuple[str, ...] = ()


def fault_slots(kind: str, size: int, seed: str) -> list[Slot]:
    """Return the slots of a kind of fault: doses in turn, a lure for every second group of three."""
    form = Chance(seed)
    return [
        Slot(kind, at, DOSES[at % 3], LURES[at // 3 % len(LURES)], form.of(f"{kind}-{at}"), form) for at in range(size)
    ]
