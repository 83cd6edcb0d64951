"""Anchors: answers that the old judge rated once, and the new one now; from any place that a report reads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from statistics import fmean, median

import numpy as np

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from mtbenchx_tasks.formats.conditions import describe
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.formats.distinct import file_of
from mtbenchx_tasks.formats.equating import OldJudge, of_scale
from mtbenchx_tasks.formats.generations import FOLDER
from mtbenchx_tasks.meta_evaluation.equating.matching import AnchorPair, anchor_pairs, anchor_ratings
from mtbenchx_tasks.records import Conditions, Rating
from mtbenchx_tasks.stats.equating.families import family_of
from mtbenchx_tasks.stats.equating.panel import Array, Column, Panel
from mtbenchx_tasks.stats.equating.scale import FEWEST_FAMILIES, WHOLE

KNOWN_FROM, KNOWN_TO = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2020, 2100))
"""Times outside are no times: FastChat's files hold 0 where nobody looked at a clock."""
YEAR = 365.2425 * 86400
MOST_NAMED = 6


@dataclass(frozen=True)
class EquatingRequest:
    """What the user asks for."""

    old: str
    """The old judge's name."""
    new: str
    """The new judge's."""
    since: float | None = None
    """Only ratings of the old judge from this time on, in seconds since 1970."""
    until: float | None = None
    """Only those before it."""
    where: Mapping[str, str] | None = None
    """Of the new judge only ratings under these conditions, name -> value."""
    families: Mapping[str, str] | None = None
    """Model -> family; of others by their name."""

    def family(self, model: str) -> str:
        """Return a model's family."""
        return (self.families or {}).get(model) or family_of(model)


@dataclass(frozen=True)
class Anchors:
    """What both judges said."""

    benchmark: str
    old: OldJudge
    new: Conditions
    snapshots: tuple[str, ...]
    """Versions of the new judge."""
    panels: Mapping[str, Panel]
    """Language -> the ratings; only those with enough families."""
    years: Mapping[str, Array]
    """Language -> when the old judge rated each model; nan where nobody recorded it."""
    sources: Mapping[str, str]
    """Model -> name of the file of the old judge's ratings."""
    notes: tuple[str, ...]


def gather(study: Study, wanted: EquatingRequest) -> Anchors:
    """Find the answers that both judges rated.

    Args:
        study: What was read.
        wanted: The judges.

    Raises:
        UserError: One of the judges isn't in it; the new one rated under several conditions; the benchmarks are
            several; or no language has anchors of five families.
    """
    old, new = _of_judge(study, wanted.old), _of_judge(study, wanted.new)
    if not old:
        raise UserError(_no_old(study, wanted))
    old = [one for one in old if _is_of_time(one, wanted)]
    if not old:
        raise UserError(f"No rating by {wanted.old} is of the time between --since and --until; widen it.")
    if not new:
        raise UserError(_no_new(study, wanted))
    both, conditions, notes = _shared(old, new, wanted)
    benchmark = _benchmark(both)
    _check_families(both, wanted)
    panels, years, left = _panels(both, wanted)
    days = sorted(_day(at) for one in both if (at := _at(one.old.first)) is not None)
    before, now = (tuple(sorted(found - {""})) for found in _snapshots(both))
    judge = OldJudge(slug(wanted.old), *((days[0], days[-1]) if days else ("", "")), before)
    sources = {one.answer.model: Path(file_of(one.old.first)).name for one in both}
    return Anchors(benchmark, judge, conditions, now, panels, years, sources, (*notes, *left))


def _check_families(both: Sequence[AnchorPair], wanted: EquatingRequest) -> None:
    """Refuse a family of a model that isn't there: it would be meant for another, under whose name it has no effect."""
    models = sorted({one.answer.model for one in both})
    for model in wanted.families or {}:
        if model not in models:
            raise UserError(f"--families names {model!r}, which is no anchor; the anchors are {', '.join(models)}.")


def _snapshots(both: Sequence[AnchorPair]) -> tuple[set[str], set[str]]:
    return {one.old.first.rater.snapshot for one in both}, {one.new.first.rater.snapshot for one in both}


def _of_judge(study: Study, name: str) -> list[Rating]:
    return [one for one in study.ratings if one.rater.kind == "judge" and one.rater.name == slug(name)]


def _is_of_time(rating: Rating, wanted: EquatingRequest) -> bool:
    at = _at(rating)
    if wanted.since is None and wanted.until is None:
        return True
    return at is not None and (wanted.since or 0) <= at < (wanted.until or KNOWN_TO)


def _at(rating: Rating) -> float | None:
    at = rating.evidence.at
    return at if at is not None and KNOWN_FROM <= at < KNOWN_TO else None


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _shared(
    old: Sequence[Rating], new: Sequence[Rating], wanted: EquatingRequest
) -> tuple[list[AnchorPair], Conditions, list[str]]:
    """Return the answers that both judges rated, and the one set of conditions under which each did.

    Ratings of other answers, under whatever conditions, don't matter.
    """
    kinds: dict[Conditions, list[Rating]] = {}
    for one in new:
        if _fits(one.conditions, wanted.where or {}):
            kinds.setdefault(of_scale(one.conditions), []).append(one)
    if not kinds:
        asked = ", ".join(f"{name}={value}" for name, value in (wanted.where or {}).items())
        raise UserError(f"No rating by {wanted.new} is under {asked}; there are {_kinds(new)}.")
    before = anchor_ratings(old)
    found = {conditions: anchor_pairs(before, anchor_ratings(ratings)) for conditions, ratings in kinds.items()}
    both = {
        conditions: [one for one in answers if one.old.value is not None and one.new.value is not None]
        for conditions, (answers, _) in found.items()
    }
    met = [conditions for conditions, answers in both.items() if answers]
    if not met:
        raise UserError(_nothing_shared(old, new, wanted))
    if len(met) > 1:
        raise UserError(
            f"{wanted.new} rated the anchors under {len(met)} different conditions, which are {len(met)} scales: "
            f"{_in_words(met)}. Choose by --where, e.g. --where prompt_set=mtbench_x, or name places of one."
        )
    _check_old(both[met[0]], wanted)
    return both[met[0]], met[0], found[met[0]][1]


def _check_old(both: Sequence[AnchorPair], wanted: EquatingRequest) -> None:
    """See that the old judge's ratings are of one scale, as far as their files tell."""
    kinds = list(dict.fromkeys(of_scale(one.old.first.conditions) for one in both))
    if any(one.contradicts(other) for one, other in combinations(kinds, 2)):
        raise UserError(
            f"{wanted.old} rated the anchors under different conditions, which are different scales: "
            f"{_in_words(kinds)}; name places of one."
        )


def _kinds(ratings: Iterable[Rating]) -> str:
    return _in_words(list(dict.fromkeys(of_scale(one.conditions) for one in ratings)))


def _in_words(kinds: Sequence[Conditions]) -> str:
    return "; ".join(describe(one, kinds) for one in kinds)


def _fits(conditions: Conditions, where: Mapping[str, str]) -> bool:
    return all(str(conditions.told.get(name, "")) == value for name, value in where.items())


def _benchmark(both: Iterable[AnchorPair]) -> str:
    found = sorted({one.answer.item.benchmark for one in both})
    if len(found) > 1:
        names = ", ".join(name or "one that isn't told" for name in found)
        raise UserError(f"The anchors are of several benchmarks ({names}); name places of one.")
    if not found[0]:
        raise UserError("Nothing tells the benchmark of the anchors' questions; name it by --benchmark.")
    return found[0]


def _panels(
    both: Sequence[AnchorPair], wanted: EquatingRequest
) -> tuple[dict[str, Panel], dict[str, Array], list[str]]:
    """Return each language's ratings and dates, and what was left out; refuse if no language has enough families."""
    panels, years, notes = {}, {}, []
    for language in sorted({one.answer.item.language for one in both}):
        mine = [one for one in both if one.answer.item.language == language]
        panel, when, left = _panel(mine, wanted)
        notes += left
        families = sorted(set(panel.families))
        if len(families) >= FEWEST_FAMILIES:
            panels[language], years[language] = panel, when
        else:
            notes.append(
                f"{language}: {len(panel.models)} anchors of {_families(families)}; {FEWEST_FAMILIES} are needed."
            )
    if not panels:
        raise UserError(
            f"No language has anchors of {FEWEST_FAMILIES} families, of which the uncertainty is learnt. "
            f"{' '.join(notes)} Name more places, or families that the names hide by --families."
        )
    return panels, years, notes


def _families(names: Sequence[str]) -> str:
    return f"{len(names)} famil{'y' if len(names) == 1 else 'ies'} ({', '.join(names)})"


def _panel(both: Sequence[AnchorPair], wanted: EquatingRequest) -> tuple[Panel, Array, list[str]]:
    columns = sorted({_column(one) for one in both}, key=lambda column: (str(column.question_id), column.turn))
    places = {column: place for place, column in enumerate(columns)}
    counts = Counter(one.answer.model for one in both if one.answer.repeat == 0)
    models = sorted(model for model, count in counts.items() if count >= WHOLE * len(columns))
    notes = [
        f"{model}: both judges rated {count} of {len(columns)} answers, too few for an anchor; left out."
        for model, count in sorted(counts.items())
        if model not in models
    ]
    new, old = (np.full((len(models), len(columns)), np.nan) for _ in range(2))
    for row, model in enumerate(models):
        cells: dict[int, list[AnchorPair]] = {}
        for one in both:
            if one.answer.model == model:
                cells.setdefault(places[_column(one)], []).append(one)
        for place, found in cells.items():
            new[row, place] = fmean(one.new.value for one in found if one.new.value is not None)
            old[row, place] = fmean(one.old.value for one in found if one.old.value is not None)
    families = tuple(wanted.family(model) for model in models)
    when = np.array([_year(one for one in both if one.answer.model == model) for model in models])
    return Panel(tuple(models), families, tuple(columns), new, old), when, notes


def _column(one: AnchorPair) -> Column:
    item = one.answer.item
    return Column(item.question_id, item.turn or 0, item.category)


def _year(ratings: Iterable[AnchorPair]) -> float:
    times = [at for one in ratings if (at := _at(one.old.first)) is not None]
    return 1970 + median(times) / YEAR if times else np.nan


# refusals -------------------------------------------------------------------------------------------------------------


def _no_old(study: Study, wanted: EquatingRequest) -> str:
    return f"No anchor is rated by {wanted.old}; {_who(study)}; name one of these by --old, or other places."


def _who(study: Study) -> str:
    names = sorted({one.rater.name for one in study.ratings})
    return f"the places hold ratings by {', '.join(names)}" if names else "the places hold no ratings"


def _no_new(study: Study, wanted: EquatingRequest) -> str:
    """Say how the new judge is brought to rate the anchors, where the answers lie beside the old judge's ratings."""
    answers = sorted(source for source in study.sources if Path(source).parent.name == FOLDER)
    files = " ".join(map(_quoted, answers)) or "ANSWERS..."
    return (
        f"No anchor is rated by {wanted.new}; {_who(study)}. Have it rate the same answers: `mtbenchx judge {files} "
        f"--judge {wanted.new} --language en --out judged/`, then add judged/ to --anchors."
    )


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path


def _nothing_shared(old: Sequence[Rating], new: Sequence[Rating], wanted: EquatingRequest) -> str:
    def shown(ratings: Sequence[Rating]) -> str:
        models = sorted({one.model.name for one in ratings})
        more = f" and {len(models) - MOST_NAMED} more" * (len(models) > MOST_NAMED)
        places = sorted({f"{one.item.benchmark or 'a benchmark'} in {one.item.language}" for one in ratings})
        return f"{', '.join(models[:MOST_NAMED])}{more} ({', '.join(places)})"

    return (
        f"{wanted.old} and {wanted.new} rated no answer both: {wanted.old} those of {shown(old)}, {wanted.new} "
        f"those of {shown(new)}; have {wanted.new} rate the old judge's answers by `mtbenchx judge`."
    )
