"""The exam's plan: how many items a kind has, and each one's dose and lure. It is the same in every form."""

from dataclasses import dataclass

from mtbenchx_tasks.meta_evaluation.exam.chance import Chance
from mtbenchx_tasks.meta_evaluation.exam.item import Lure

DOSES = (1, 2, 3)
LURES: tuple[Lure, ...] = ("", "longer", "", "formatted", "", "confident", "")
"""Of three items at a time, one of each dose: so dose and lure are crossed, and more than half have no lure."""

SIZE, NULLS = 20, 40
"""Items of a kind of fault, and null pairs, in each language."""
NULL_LURES: tuple[Lure, ...] = ("", "longer", "formatted", "longer")
"""A quarter of the null pairs are identical, half differ in length, a quarter in form."""


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


def fault_slots(kind: str, seed: str) -> list[Slot]:
    """Return the slots of a kind of fault: doses in turn, a lure for every second group of three."""
    lures = [LURES[at // len(DOSES)] for at in range(SIZE)]
    return [_slot(kind, at, DOSES[at % len(DOSES)], lure, seed) for at, lure in enumerate(lures)]


def null_slots(seed: str) -> list[Slot]:
    """Return the slots of the null pairs; a shift every eight slots keeps what differs apart from the category."""
    size = len(NULL_LURES)
    return [_slot("null", at, 0, NULL_LURES[(at + at // (2 * size)) % size], seed) for at in range(NULLS)]


def _slot(kind: str, at: int, dose: int, lure: Lure, seed: str) -> Slot:
    form = Chance(seed)
    return Slot(kind, at, dose, lure, form.of(f"{kind}-{at}"), form)
