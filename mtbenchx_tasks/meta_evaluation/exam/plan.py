"""What an exam of some size can find, in words, before it is paid for."""

from collections import Counter
from collections.abc import Iterator, Sequence

from mtbenchx_tasks.meta_evaluation.exam.ask import Mode
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.stats.exam_power import (
    STANDARD,
    Design,
    smallest_preference,
    smallest_shortfall,
    smallest_slip,
)

EXACT = 0.2
"""A slip that a user would want to find: 20 points."""
ENOUGH = (30, 40, 50, 60, 80, 100)


def power_lines(items: Sequence[ExamItem], modes: Sequence[Mode], simulations: int = 300) -> Iterator[str]:
    """Yield which biases an exam of these items finds with power 0.8, all tests corrected together.

    Args:
        items: All items that are asked, of every form.
        modes: In which modes; each has tests of its own.
        simulations: Simulated exams for each size of a slip that is tried.
    """
    languages = len({item.item.language for item in items})
    kinds = {item.kind for item in items if item.dose}
    if not kinds:
        return
    cells = Counter((item.kind, item.item.language) for item in items if item.dose)
    nulls = {item.template for item in items if not item.dose}
    lures = {item.lure for item in items if not item.dose} - {""}
    design = Design(len(kinds) * len(modes), languages, min(cells.values()), len(nulls), 1 + len(lures))
    tests = design.kinds * (1 + languages) + languages * len(modes) + (1 + len(lures)) * len(modes)
    templates = min(Counter(kind for kind, _ in {(item.kind, item.template) for item in items if item.dose}).values())
    yield (
        f"Found with power 0.8, all {tests} tests of the exam corrected together (false alarms at most 5 %), in points:"
    )
    yield from _pooled(design, templates, tests)
    if nulls:
        share = smallest_preference(len(nulls), tests)
        yield f"  on null pairs, a preference for the first or the changed answer: {_points(share)} from 50 %."
    if languages > 1:
        yield from _slip(design, simulations)


def _pooled(design: Design, templates: int, tests: int) -> Iterator[str]:
    alone, together = (smallest_shortfall(n, tests) for n in (design.templates * design.languages, templates))
    yield (
        f"  a kind in all languages together: {_points(alone)} below {STANDARD:.0%} if languages go wrong on different "
        f"items, {_points(together)} if on the same ones."
    )


def _slip(design: Design, simulations: int) -> Iterator[str]:
    slip = smallest_slip(design, simulations)
    yield (
        f"  a kind in one language ({design.templates} items): a slip of {_points(slip)} against the other languages, "
        f"at {design.accuracy:.0%} right there."
    )
    if slip is None or slip > EXACT:
        yield f"  There a rate is shown and, unless the slip is as large, no verdict. {_needed(design)}"


def _needed(design: Design) -> str:
    """Return how many items would find 20 points; by fewer simulations, since it is a round number."""
    from dataclasses import replace

    from mtbenchx_tasks.stats.exam_power import POWER, simulated

    sizes = (size for size in ENOUGH if size > design.templates)
    enough = next((n for n in sizes if simulated(replace(design, templates=n), EXACT, 200).found >= POWER), None)
    size = f"about {enough}" if enough else f"more than {ENOUGH[-1]}"
    return f"To find {100 * EXACT:.0f} points it takes {size} items of a kind in a language."


def _points(share: float | None) -> str:
    return "nothing" if share is None else f"{100 * share:.0f}"
