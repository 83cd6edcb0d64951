"""One task of the judges' exam."""

from dataclasses import dataclass
from typing import Literal

from mtbenchx_tasks.records import Item

Lure = Literal["", "longer", "formatted", "confident"]


@dataclass(frozen=True)
class ExamItem:
    """Two answers of which the better one is known, because code made the fault: one task of the judges' exam.

    A judge's verdicts on them are Ratings or Preferences of two models named `better` and `faulty`.
    """

    template: str
    """Kind and number, e.g. `cut_off-07`: equal in every language and form, so the cluster of every statistic."""
    item: Item
    """Benchmark `exam`; `turn` is the turn that is judged, 1 or 2. A fresh form's question_id differs per seed."""
    kind: str
    """What is wrong, e.g. `cut_off`; `null`: nothing."""
    dose: int
    """1 glaring, 2, 3 subtle; 0: a null pair, its answers are equally good and right is a tie."""
    lure: Lure
    """What makes the faulty answer look better. In a null pair what differs: "" (nothing), `longer`, `formatted`."""
    form: Literal["public", "fresh"]
    """Whether everybody can know the texts, or they were drawn from a seed."""
    turns: tuple[str, ...]
    """What the user says, up to the judged turn."""
    reference: tuple[str, ...]
    """Reference answers, one a turn; () where the judge sees none."""
    better: tuple[str, ...]
    """The better answers, one a turn."""
    faulty: tuple[str, ...]
    """The faulty answers, one a turn. In a null pair the changed one, e.g. the longer."""
