"""What the paper says, held against its own tables: claim, value, and whether it holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from mtbenchx_tasks.report.groups import ShownModel
from mtbenchx_tasks.report.printed.rows import PaperRow
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.tables import number, signed

HOLDS, FAILS, OPEN = "holds", "does not hold", "can't be decided"
LOWEST, HIGHEST = 1, 10
ROUNDED = 0.05
"""A percentage printed to one place may be off by this."""


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
    """ENDEFRITES over a single language, in % of the scale, over the languages that both have."""

    family: str
    single: str
    """The single language's mixture."""
    turn: int | None
    """1, 2, or None: both."""
    percent: float
    """Difference of the averages / 10 points."""
    languages: int
    """How many languages it rests on."""


def joined(row: PaperRow) -> bool:
    """Whether a row is of a model tuned on all languages, every sample in each: ENDEFRITES."""
    return row.kind == "model" and len(row.model.languages) > 1 and "sampled" not in row.model.mixture.lower()


def single(row: PaperRow) -> bool:
    """Whether a row is of a model tuned on one language."""
    return row.kind == "model" and row.model.is_monolingual


def average(rows: Sequence[PaperRow], name: str, language: str, turn: int | None) -> float | None:
    """Return a model's average in one language; both turns together are also the mean of the two."""
    found = {row.turn: row.average for row in rows if row.model.name == name and row.language == language}
    value = found.get(turn)
    if value is None and turn is None:
        one, two = found.get(1), found.get(2)
        return None if one is None or two is None else fmean((one, two))
    return value


def advantages(rows: Sequence[PaperRow]) -> list[Advantage]:
    """Return the gain of each family's ENDEFRITES over each of its single languages, per turn."""
    languages = list(dict.fromkeys(row.language for row in rows))
    mixed = {row.model.name: row.model for row in rows if joined(row)}
    alone = {row.model.name: row.model for row in rows if single(row)}
    found = []
    for turn in (None, 1, 2):
        for mixture in mixed.values():
            for model in alone.values():
                if model.family != mixture.family:
                    continue
                pairs = [[average(rows, name, code, turn) for name in (mixture.name, model.name)] for code in languages]
                known = [(high, low) for high, low in pairs if high is not None and low is not None]
                if known:
                    gain = 10 * fmean(high - low for high, low in known)
                    found.append(Advantage(model.family, model.mixture, turn, gain, len(known)))
    return found


def claims(rows: Sequence[PaperRow]) -> list[Claim]:
    """Return every claim that tables of scores can decide."""
    gains = advantages(rows)
    return [
        _largest("Tuning on parallel data gains up to 4.6 % (abstract)", gains, 4.6, None),
        _largest("The gain is up to 4.4 % (text)", gains, 4.4, lambda gain: gain.turn is None),
        _largest("4.4 % is the gain of turn 1 alone", gains, 4.4, lambda gain: gain.turn == 1),
        *_at_home(rows),
        *_everywhere(gains),
        _pretrained(rows, 2.1),
        _in_range(rows),
    ]


def _largest(text: str, gains: Sequence[Advantage], said: float, chosen: Callable[[Advantage], bool] | None) -> Claim:
    among = [gain for gain in gains if chosen is None or chosen(gain)]
    if not among:
        return Claim(text, "no such rows", OPEN)
    best = max(among, key=lambda gain: gain.percent)
    told = f"largest: {number(best.percent)} % of the scale, {best.family} over {best.single}, {_turn(best.turn)}"
    return Claim(text, told, HOLDS if abs(best.percent - said) <= ROUNDED + 1e-9 else FAILS)


def _turn(turn: int | None) -> str:
    return f"turn {turn}" if turn else "both turns"


AT_HOME = ((("de", "it", "es"), "below"), (("en", "fr"), "above"))
"""How single-language models stand to ENDEFRITES in their own language."""


def _at_home(rows: Sequence[PaperRow]) -> Iterator[Claim]:
    for mixture in {row.model.name: row.model for row in rows if joined(row)}.values():
        singles = {row.model.languages[0]: row.model.name for row in rows if single(row) and _kin(row.model, mixture)}
        for languages, place in AT_HOME:
            names = ", ".join(map(language_name, languages))
            text = f"{mixture.family}: tuned on {names} alone, each is {place} {mixture.mixture} in its language"
            pairs = {
                code: (average(rows, singles[code], code, None), average(rows, mixture.name, code, None))
                for code in languages
                if code in singles
            }
            yield _compared(text, pairs, place, len(languages))


def _kin(one: ShownModel, other: ShownModel) -> bool:
    return one.family == other.family


def _compared(text: str, pairs: Mapping[str, tuple[float | None, float | None]], place: str, wanted: int) -> Claim:
    known = {code: (own, both) for code, (own, both) in pairs.items() if own is not None and both is not None}
    told = ", ".join(f"{code.upper()} {number(own)} against {number(both)}" for code, (own, both) in known.items())
    if any((own < both) != (place == "below") or own == both for own, both in known.values()):
        return Claim(text, told, FAILS)
    return Claim(text, told or "no such rows", HOLDS if len(known) == wanted else OPEN)


def _everywhere(gains: Sequence[Advantage]) -> Iterator[Claim]:
    for family in dict.fromkeys(gain.family for gain in gains):
        found = [gain for gain in gains if gain.family == family and gain.turn is None]
        text = f"{family}: tuning on all languages gains over every single one"
        if not found:
            yield Claim(text, "no such rows", OPEN)
            continue
        told = ", ".join(f"{gain.single} {signed(gain.percent)} %" for gain in found)
        yield Claim(text, told, HOLDS if all(gain.percent > 0 for gain in found) else FAILS)


def _pretrained(rows: Sequence[PaperRow], said: float) -> Claim:
    text = f"The pre-trained model's highest score is {said}"
    found = [
        (row.average, row.language, row.turn) for row in rows if row.kind == "pretrained" and row.average is not None
    ]
    if not found:
        return Claim(text, "no rows of kind pretrained", OPEN)
    best, language, turn = max(found, key=lambda one: one[0] or 0.0)
    told = f"{number(best)}, {language_name(language)}, {_turn(turn)}"
    return Claim(text, told, HOLDS if best is not None and abs(best - said) <= ROUNDED + 1e-9 else FAILS)


def _in_range(rows: Sequence[PaperRow]) -> Claim:
    bad = impossible(rows)
    owners = ", ".join(dict.fromkeys(row.model.name for row, _, _ in bad))
    told = f"{len(bad)} category means are outside it" + (f", of {owners}" if bad else "")
    return Claim("Scores are on a scale of 1 to 10", told, FAILS if bad else HOLDS)


def impossible(rows: Sequence[PaperRow]) -> list[tuple[PaperRow, str, float]]:
    """Return the cells that no mean of ratings from 1 to 10 can be: (row, category, value)."""
    return [
        (row, name, cell.value)
        for row in rows
        for name, cell in row.cells.items()
        if not LOWEST <= cell.value <= HIGHEST
    ]


def spellings(rows: Sequence[PaperRow]) -> list[tuple[str, ...]]:
    """Return names that are one model spelled in several ways: alike but for case, spaces and punctuation."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        plain = "".join(character for character in row.model.name.casefold() if character.isalnum())
        groups.setdefault(plain, []).append(row.model.name)
    several = [tuple(dict.fromkeys(names)) for names in groups.values()]
    kinds = [tuple(dict.fromkeys(row.model.name for row in rows if row.kind == "pretrained"))]
    return [names for names in dict.fromkeys([*several, *kinds]) if len(names) > 1]
