"""Several judges of the same answers: each one's result, their mean per answer, and how far they agree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean, median
from typing import Literal

from mtbenchx_tasks.rating.scored import Scored, categories_of, mean_of_runs
from mtbenchx_tasks.records import NO_EVIDENCE, Rater, Rating
from mtbenchx_tasks.stats.agreement import AnswerId, RatingAgreement, rating_agreement
from mtbenchx_tasks.tables import number, quantity, signed, with_interval

NAME = "jury"
"""What tables call the mean of the judges."""
INCOMPLETE = "a judge gave no rating"
TOO_FEW = "fewer judges than the quorum gave a rating"
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
class JuryRule:
    """How several judges' ratings of an answer become one."""

    statistic: Literal["mean", "median"] = "mean"
    """The median of three is untouched by one judge who is far off."""
    quorum: int | None = None
    """Judges who must have rated it; None: every one, since judges differ in level, and a mean of fewer would shift."""

    def of(self, ratings: Sequence[float], judges: int) -> float | None:
        """Return the jury's rating of an answer; None where too few judges rated it.

        Args:
            ratings: One of each judge who has one.
            judges: How many were asked.
        """
        if len(ratings) < (judges if self.quorum is None else self.quorum):
            return None
        return fmean(ratings) if self.statistic == "mean" else median(ratings)

    @property
    def in_words(self) -> str:
        """What a table says of it."""
        who = "every judge" if self.quorum is None else f"{quantity(self.quorum, 'judge')} or more"
        level = "" if self.quorum is None else "; judges differ in level, so that who is missing shifts it"
        return f"the {self.statistic} where {who} rated{level}"


@dataclass(frozen=True)
class Jury:
    """What several judges say."""

    judges: tuple[Scored, ...]
    mean: tuple[Scored, ...]
    """Their mean (or median) per answer, one per model and language."""
    agreements: tuple[Agreed, ...]
    """Each pair of judges, per language and over all."""
    rule: JuryRule = JuryRule()


def jury(results: Sequence[Scored], rule: JuryRule = JuryRule()) -> Jury:
    """Return the jury of what `saved_answers.judge_files` returned for several judges.

    Args:
        results: Each judge's, of the same answers.
        rule: How their ratings of an answer become one.
    """
    cells: dict[tuple[str, str], list[Scored]] = {}
    for result in results:
        cells.setdefault((result.model, result.language), []).append(result)
    mean = tuple(_mean(of_cell, rule) for of_cell in cells.values())
    return Jury(tuple(results), mean, tuple(_agreements(results)), rule)


def _mean(judges: Sequence[Scored], rule: JuryRule) -> Scored:
    ratings = tuple(
        _together(answers, rule) for answers in zip(*(judge.by_answer.values() for judge in judges), strict=True)
    )
    return replace(judges[0], judge=NAME, runs=1, ratings=ratings, failed=sum(judge.failed for judge in judges))


def _together(judges: Sequence[tuple[Rating, ...]], rule: JuryRule) -> Rating:
    """Join what the judges say of one answer: the mean or median of their ratings, each the mean of its runs."""
    values = [value for ratings in judges if (value := mean_of_runs(ratings)) is not None]
    value = rule.of(values, len(judges))
    reason = "" if value is not None else INCOMPLETE if rule.quorum is None else TOO_FEW
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
        f"jury: {found.rule.in_words}.",
        highlight=False,
    )


def _of_cell(results: Sequence[Scored], cell: Scored) -> list[Scored]:
    return [result for result in results if (result.model, result.language) == (cell.model, cell.language)]
