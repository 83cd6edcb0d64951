"""What the paper says of scores, held against its own tables: claim, value, and whether it holds.

A claim is decided by the quantity that it is about, or not at all: no mean over both turns refutes a maximum over
turns, and two averages that differ by less than their rounding are in no order.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from mtbenchx_tasks.report.groups import SAMPLED, ShownModel
from mtbenchx_tasks.report.printed.rows import PaperRow
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.tables import number, signed

HOLDS, FAILS, OPEN = "holds", "does not hold", "can't be decided"
LOWEST, HIGHEST = 1, 10
ROUNDED = 0.05
"""A number printed to one place may be off by this."""
UNEXPLAINED = 1e-9
"""Of floating point."""


@dataclass(frozen=True)
class Claim:
    """One statement."""

    text: str
    """In our words."""
    value: str
    """What the tables give."""
    verdict: str
    """HOLDS, FAILS or OPEN."""


@dataclass(frozen=True)
class Advantage:
    """A mixture over a single language, in % of the scale, over the benchmark's languages that both have."""

    family: str
    mixture: str
    """`ENDEFRITES`, or `sampled`."""
    single: str
    """The single language's mixture."""
    turn: int | None
    """1, 2, or None: both."""
    percent: float
    """Difference of the averages / 10 points."""
    relative: float
    """The same in % of the single language's average."""
    languages: int
    """How many languages it rests on."""


def is_mixture(row: PaperRow) -> bool:
    """Whether a row is of a model tuned on several languages."""
    return row.kind == "model" and (len(row.model.languages) > 1 or is_sampled(row.model))


def is_sampled(model: ShownModel) -> bool:
    """Whether every sample is in one of the languages, and not in each."""
    return SAMPLED in model.mixture.lower()


def is_single(row: PaperRow) -> bool:
    """Whether a row is of a model tuned on one language."""
    return row.kind == "model" and row.model.is_monolingual


def average(rows: Sequence[PaperRow], name: str, language: str, turn: int | None) -> float | None:
    """Return a model's recomputed average in one language; both turns together are also the mean of the two."""
    found = {row.turn: row.average for row in rows if row.model.name == name and row.language == language}
    value = found.get(turn)
    if value is None and turn is None:
        one, two = found.get(1), found.get(2)
        return None if one is None or two is None else fmean((one, two))
    return value


def advantages(rows: Sequence[PaperRow]) -> list[Advantage]:
    """Return the gain of each family's mixtures over each of its single languages, per turn."""
    languages = list(dict.fromkeys(row.language for row in rows))
    mixed = {row.model.name: row.model for row in rows if is_mixture(row)}
    alone = {row.model.name: row.model for row in rows if is_single(row)}
    found = []
    for turn in (None, 1, 2):
        for mixture in mixed.values():
            for model in (model for model in alone.values() if model.family == mixture.family):
                pairs = [[average(rows, name, code, turn) for name in (mixture.name, model.name)] for code in languages]
                both = [(high, low) for high, low in pairs if high is not None and low is not None]
                if both:
                    gain = fmean(high - low for high, low in both)
                    relative = 100 * gain / fmean(low for _, low in both)
                    place = model.family, mixture.mixture, model.mixture, turn
                    found.append(Advantage(*place, 10 * gain, relative, len(both)))
    return found


def claims(rows: Sequence[PaperRow]) -> list[Claim]:
    """Return the claims of scores that the paper makes."""
    gains = [gain for gain in advantages(rows) if SAMPLED not in gain.mixture.lower()]
    sampled = [gain for gain in advantages(rows) if SAMPLED in gain.mixture.lower()]
    return [
        _largest("Tuning on parallel data gains up to 4.6 % (abstract)", gains, 4.6, (1, 2)),
        _largest("In turn 1 it gains up to 4.4 %, over English and Italian (section 5.2, Figure 2)", gains, 4.4, (1,)),
        *_at_home(rows),
        *_signs("Bactrian", "tuning on all languages gains over every single one", gains, 1),
        *_signs("Lima", "a sample of all languages is better than every single one (Figure 2)", sampled, 1),
        *_signs("Bactrian", "a sample of all languages is worse than every single one (Figure 2)", sampled, -1),
        _larger_family(rows),
        _pretrained(rows, 2.1),
        _second_turn(rows),
        _in_range(rows),
    ]


def _largest(text: str, gains: Sequence[Advantage], said: float, turns: Sequence[int]) -> Claim:
    """A largest gain of some turns; averages over both turns say nothing of it."""
    among = [gain for gain in gains if gain.turn in turns]
    best = max(among or gains, key=lambda gain: gain.percent, default=None)
    if best is None:
        return Claim(text, "no such rows", OPEN)
    value = f"{number(best.percent)} % of the scale, {best.family} over {best.single}, {_turn(best.turn)}"
    if not among:
        return Claim(text, f"no rows of {' or '.join(map(_turn, turns))}; largest of both turns: {value}", OPEN)
    return Claim(text, f"largest: {value}", HOLDS if abs(best.percent - said) <= ROUNDED + UNEXPLAINED else FAILS)


def _turn(turn: int | None) -> str:
    return f"turn {turn}" if turn else "both turns"


AT_HOME = ((("de", "it", "es"), -1), (("en", "fr"), 1))
"""How Bactrian's single-language models stand to ENDEFRITES in their own language, for both turns."""


def _at_home(rows: Sequence[PaperRow]) -> Iterator[Claim]:
    mixtures = (row.model for row in rows if is_mixture(row) and not is_sampled(row.model))
    for mixture in {model.name: model for model in mixtures if model.family == "Bactrian"}.values():
        singles = {row.model.languages[0]: row.model.name for row in rows if is_single(row) and _kin(row, mixture)}
        for languages, side in AT_HOME:
            place, names = "above" if side > 0 else "below", ", ".join(map(language_name, languages))
            text = f"Bactrian: tuned on {names} alone, each is {place} ENDEFRITES in its language, in both turns"
            yield _compared(text, rows, {code: singles[code] for code in languages if code in singles}, mixture, side)


def _kin(row: PaperRow, mixture: ShownModel) -> bool:
    return row.model.family == mixture.family


def _compared(text: str, rows: Sequence[PaperRow], singles: dict[str, str], mixture: ShownModel, side: int) -> Claim:
    """Both turns must be on the claim's side; their mean can refute that, and can't show it."""
    found: list[tuple[str, int | None, float, float]] = []
    for code, name in singles.items():
        turns: list[int | None] = [turn for turn in (1, 2) if _both(rows, name, mixture.name, code, turn)]
        for turn in turns or [None]:
            pair = _both(rows, name, mixture.name, code, turn)
            found += [(code, turn, *pair)] if pair else []
    value = ", ".join(
        f"{code.upper()}{f' turn {turn}' if turn else ''} {number(own, 3)} against {number(other, 3)}"
        for code, turn, own, other in found
    )
    if any(_side(own, other, rows) == -side for _, _, own, other in found):
        return Claim(text, value, FAILS)
    whole = bool(found) and all(turn is not None and _side(own, other, rows) == side for _, turn, own, other in found)
    rest = "" if whole or not found else "; each turn isn't printed, or rounding leaves the order open"
    return Claim(text, (value or "no such rows") + rest, HOLDS if whole else OPEN)


def _both(rows: Sequence[PaperRow], one: str, other: str, code: str, turn: int | None) -> tuple[float, float] | None:
    own, mixed = average(rows, one, code, turn), average(rows, other, code, turn)
    return None if own is None or mixed is None else (own, mixed)


def _side(one: float, other: float, rows: Sequence[PaperRow]) -> int:
    """Return 1 or -1, and 0 where the printed places leave the order open: each cell may be off by half a unit."""
    open_by = 2 * max((cell.half_unit for row in rows for cell in row.cells.values()), default=ROUNDED / 10)
    return 0 if abs(one - other) <= open_by + UNEXPLAINED else 1 if one > other else -1


def _signs(family: str, text: str, gains: Iterable[Advantage], side: int) -> Iterator[Claim]:
    """Every single language must be on one side; said of no other family than the paper says it of."""
    found = [gain for gain in gains if gain.family == family and gain.turn is None]
    if found:
        value = ", ".join(f"{gain.single} {signed(gain.percent)} %" for gain in found)
        yield Claim(f"{family}: {text}", value, HOLDS if all(side * gain.percent > 0 for gain in found) else FAILS)


def _larger_family(rows: Sequence[PaperRow]) -> Claim:
    text = "Bactrian's models are above Lima's of the same mixture, in every language"
    models = [row for row in rows if row.kind == "model" and row.shown is not None]
    lima = {(row.model.mixture, row.language, row.turn): row.shown for row in models if row.model.family == "Lima"}
    pairs = [
        (row.shown, other)
        for row in models
        if row.model.family == "Bactrian" and (other := lima.get((row.model.mixture, row.language, row.turn)))
    ]
    above = sum(one > other for one, other in pairs if one is not None)
    return Claim(text, f"{above} of {len(pairs)}", OPEN if not pairs else HOLDS if above == len(pairs) else FAILS)


def _pretrained(rows: Sequence[PaperRow], said: float) -> Claim:
    text = f"The pre-trained model's highest score in a category is {said} (appendix E.1)"
    cells = [
        (cell.value, row.language, category)
        for row in rows
        if row.kind == "pretrained"
        for category, cell in row.cells.items()
    ]
    if not cells:
        return Claim(text, "no rows of kind pretrained", OPEN)
    best, language, category = max(cells)
    value = f"{number(best)}, {language_name(language)}, {category}"
    return Claim(text, value, HOLDS if abs(best - said) <= ROUNDED + UNEXPLAINED else FAILS)


def _second_turn(rows: Sequence[PaperRow]) -> Claim:
    text = "Models score lower in turn 2 than in turn 1"
    turns = {(row.model.name, row.language, row.turn): row.shown for row in rows if row.kind == "model"}
    pairs = [
        (value, turns[name, language, 2])
        for (name, language, turn), value in turns.items()
        if turn == 1 and (name, language, 2) in turns
    ]
    below = sum(two < one for one, two in pairs if one is not None and two is not None)
    if not pairs:
        return Claim(text, "no rows of single turns", OPEN)
    return Claim(text, f"{below} of {len(pairs)}", HOLDS if below == len(pairs) else FAILS)


def _in_range(rows: Sequence[PaperRow]) -> Claim:
    bad = impossible(rows)
    owners = ", ".join(dict.fromkeys(row.model.name for row, _, _ in bad))
    value = f"{len(bad)} category means are outside it" + (f", of {owners}" if bad else "")
    return Claim("Scores are on a scale of 1 to 10", value, FAILS if bad else HOLDS)


def impossible(rows: Sequence[PaperRow]) -> list[tuple[PaperRow, str, float]]:
    """Return the cells that no mean of ratings from 1 to 10 can be: (row, category, value)."""
    return [
        (row, name, cell.value)
        for row in rows
        for name, cell in row.cells.items()
        if not LOWEST <= cell.value <= HIGHEST
    ]
