"""Several judges of the same answers: each one's result, their mean per answer, and how far they agree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean

from mtbenchx_tasks.rating.scored import Scored, categories_of, mean_of_runs
from mtbenchx_tasks.records import NO_EVIDENCE, Rater, Rating
from mtbenchx_tasks.stats.agreement import AnswerId, RatingAgreement, rating_agreement
from mtbenchx_tasks.tables import number, signed, with_interval

NAME = "jury"
"""What tables call the mean of the judges."""
INCOMPLETE = "a judge gave no rating"
EVERY = "all"


@dataclass(frozen=True)
class Agreed:
    """How far two judges agree."""

    judges: tuple[str, str]
    """Their slugs."""
    language: str
    """Language of the questions, or `all`."""
    found: RatingAgreement
    """Over all models' answers that both rated."""


@dataclass(frozen=True)
class Jury:
    """What several judges say."""

    judges: tuple[Scored, ...]
    mean: tuple[Scored, ...]
    """Their mean per answer, one per model and language."""
    agreements: tuple[Agreed, ...]
    """Each pair of judges, per language and over all."""


def jury(results: Sequence[Scored]) -> Jury:
    """Return the jury of what `saved_answers.judge_files` returned for several judges.

    An answer has the jury's rating only if every judge rated it: judges differ in level, so that a mean over fewer of
    them would shift.
    """
    cells: dict[tuple[str, str], list[Scored]] = {}
    for result in results:
        cells.setdefault((result.model, result.language), []).append(result)
    return Jury(tuple(results), tuple(_mean(of_cell) for of_cell in cells.values()), tuple(_agreements(results)))


def _mean(judges: Sequence[Scored]) -> Scored:
    ratings = tuple(_together(answers) for answers in zip(*(judge.by_answer.values() for judge in judges), strict=True))
    return replace(judges[0], judge=NAME, runs=1, ratings=ratings, failed=sum(judge.failed for judge in judges))


def _together(judges: Sequence[tuple[Rating, ...]]) -> Rating:
    """Join what the judges say of one answer: the mean of their ratings, each the mean of its runs."""
    values = [value for ratings in judges if (value := mean_of_runs(ratings)) is not None]
    complete = len(values) == len(judges)
    value, reason = (fmean(values), "") if complete else (None, INCOMPLETE)
    return replace(judges[0][0], rater=Rater(NAME), value=value, reason=reason, evidence=NO_EVIDENCE)


def _agreements(results: Sequence[Scored]) -> Iterator[Agreed]:
    categories = categories_of(results)
    judges = list(dict.fromkeys(result.judge for result in results))
    languages = list(dict.fromkeys(result.language for result in results))
    for pair in combinations(judges, 2):
        for language in [*languages, EVERY] if len(languages) > 1 else languages:
            first, second = (pooled(results, judge, language) for judge in pair)
            yield Agreed(pair, language, rating_agreement(first, second, categories))


def pooled(results: Sequence[Scored], judge: str, language: str) -> dict[AnswerId, float | None]:
    """Return a judge's ratings of all models' answers in a language (`all`: in every one)."""
    chosen = [result for result in results if result.judge == judge and language in (result.language, EVERY)]
    return {answer: value for result in chosen for answer, value in result.rating_of.items()}


def print_jury(found: Jury) -> None:
    """Print each judge's metrics and the jury's, then a table of their agreement."""
    from rich.table import Table

    from hf_datasets.shared.terminal import literal_console
    from mtbenchx_tasks.rating.terminal import print_metrics

    ordered = [row for mean in found.mean for row in (*_of_cell(found.judges, mean), mean)]
    print_metrics(ordered)
    table = Table(title="Agreement of the judges")
    for name in ("judges", "lang", "n", "shift", "rank corr.", "kappa"):
        table.add_column(name, no_wrap=name != "judges", overflow="fold")
    for agreed in found.agreements:
        numbers = agreed.found
        shift = with_interval(numbers.shift, numbers.interval, signed)
        rank, kappa = (number(value, missing="-") for value in (numbers.spearman, numbers.kappa.kappa))
        table.add_row("\n".join(agreed.judges), agreed.language, str(numbers.n), shift, rank, kappa)
    console = literal_console()
    console.print(table)
    console.print(
        "shift: second judge less first, 95 % interval over questions; kappa: quadratic weights, whole points; "
        "jury: the mean where every judge rated.",
        highlight=False,
    )


def _of_cell(results: Sequence[Scored], cell: Scored) -> list[Scored]:
    return [result for result in results if (result.model, result.language) == (cell.model, cell.language)]
