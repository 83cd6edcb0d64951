"""The same answers judged under several prompt sets, or in the prompts' two languages: what a change of prompt costs.

A repaired or translated prompt changes the ratings. The shift, with its interval over questions, and the kappa between
both say how far numbers under one prompt compare with numbers under another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.factory import EngineFor, live_engine
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.rating.saved_answers import judge_all, read_files
from mtbenchx_tasks.rating.scored import Scored, categories_of
from mtbenchx_tasks.rating.terminal import NOT_MEASURED
from mtbenchx_tasks.stats.agreement import AnswerId, RatingAgreement, rating_agreement
from mtbenchx_tasks.tables import number, signed, with_interval

ALL_MODELS = "all models"
Variant = tuple[str, JudgeSettings]
"""The name of a prompt set or prompt language, and the settings that ask with it."""


@dataclass(frozen=True)
class PromptShift:
    """One model's answers in one language under two prompts."""

    model: str
    """Who answered, or `all models`."""
    language: str
    prompts: tuple[str, str]
    """What the ratings under the second are compared with, and the second: prompt sets or prompt languages."""
    scores: tuple[float, float]
    """The score under each; nan if nothing was rated."""
    found: RatingAgreement
    """Shift from the first to the second over the answers rated under both, and the kappa between them."""
    identical: bool
    """Both asked the very same: the prompts don't differ here."""


@dataclass(frozen=True)
class PromptComparison:
    """Saved answers under several prompts."""

    variants: tuple[str, ...]
    """Prompt sets or prompt languages; the first is what the others are compared with."""
    scored: tuple[tuple[Scored, ...], ...]
    """Per variant, per file."""
    compared: tuple[PromptShift, ...]
    """Each other variant with the first, per model and language, and over all models of a language."""

    @property
    def failed(self) -> int:
        """Judgments that were not reached or not asked; the next run asks them again."""
        return sum(result.failed for results in self.scored for result in results)


def prompt_variants(settings: JudgeSettings, prompt_sets: Sequence[str]) -> list[Variant]:
    """Return the settings of each prompt set, to compare or (saved_answers.plan_files) to plan.

    Raises:
        UserError: There aren't two different sets, or one is unknown.
    """
    if len(set(prompt_sets)) != len(prompt_sets) or len(prompt_sets) < 2:  # noqa: PLR2004
        raise UserError(f"To compare prompts takes two different ones, not {', '.join(prompt_sets) or 'none'}.")
    return [(name, _settings_with(settings, prompt_set=name)) for name in prompt_sets]


def language_variants(settings: JudgeSettings) -> list[Variant]:
    """Return the settings with prompts in the questions' language and in English."""
    return [(name, _settings_with(settings, prompt_language=name)) for name in ("same", "en")]


def _settings_with(settings: JudgeSettings, **changes: str) -> JudgeSettings:
    """Return settings with some changed, checked as if a user had given them."""
    checked = JudgeSettings.parse(changes)
    return replace(settings, **{name: getattr(checked, name) for name in changes})


def compare_variants(
    files: Sequence[Path],
    variants: Sequence[Variant],
    language: str | None = None,
    engine_for: EngineFor = live_engine,
    *,
    benchmark: str | None = None,
) -> PromptComparison:
    """Judge saved answers under several settings, all in flight together, and compare each with the first.

    Args:
        files: lm_eval samples or FastChat's model_answer.
        variants: What `prompt_variants` or `language_variants` returned.
        language: Language of the questions, where a file doesn't tell it.
        benchmark: Benchmark of the questions, likewise.
        engine_for: Who asks (see saved_answers.judge_files).

    Raises:
        UserError: See saved_answers.judge_files.
    """
    names = tuple(name for name, _ in variants)
    read = read_files(files, language, benchmark)
    results = judge_all([(file, settings) for _, settings in variants for file in read], engine_for)
    scored = tuple(tuple(results[start : start + len(read)]) for start in range(0, len(results), len(read)))
    pairs = [
        compared
        for name, others in zip(names[1:], scored[1:], strict=True)
        for compared in _against(scored[0], others, (names[0], name))
    ]
    return PromptComparison(names, scored, tuple(pairs))


def _against(base: Sequence[Scored], others: Sequence[Scored], prompts: tuple[str, str]) -> Iterator[PromptShift]:
    languages: dict[str, list[tuple[Scored, Scored]]] = {}
    for one, other in zip(base, others, strict=True):
        languages.setdefault(one.language, []).append((one, other))
        yield _compare(one.model, [(one, other)], prompts)
    for pairs in languages.values():
        if len(pairs) > 1:
            yield _compare(ALL_MODELS, pairs, prompts)


def _compare(model: str, pairs: Sequence[tuple[Scored, Scored]], prompts: tuple[str, str]) -> PromptShift:
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    first, second = (_ratings(side) for side in sides)
    scores = (_mean(first), _mean(second))
    identical = _keys(sides[0]) == _keys(sides[1])
    agreement = rating_agreement(first, second, categories_of(sides[0]))
    return PromptShift(model, pairs[0][0].language, prompts, scores, agreement, identical)


def _ratings(results: Sequence[Scored]) -> dict[AnswerId, float | None]:
    return dict(chain.from_iterable(result.rating_of.items() for result in results))


def _mean(ratings: dict[AnswerId, float | None]) -> float:
    valid = [value for value in ratings.values() if value is not None]
    return sum(valid) / len(valid) if valid else float("nan")


def _keys(results: Sequence[Scored]) -> list[str]:
    return [rating.evidence.key for row in results for rating in row.ratings]


def print_comparison(found: PromptComparison) -> None:
    """Print one line per model, language and variant: its score, the shift from the first, and the kappa."""
    from rich.table import Table

    from hf_datasets.shared.terminal import literal_console
    from mtbenchx_tasks.rating.terminal import unscored_lines

    base = found.variants[0]
    table = Table(title=f"Prompts compared with {base}")
    for name in ("model", "lang", "prompts", "score", "shift", "kappa", "n"):
        table.add_column(name, no_wrap=name not in ("model", "prompts"), overflow="fold")
    for item in found.compared:
        kappa = "same" if item.identical else number(item.found.kappa.kappa, missing="-")
        scores = " > ".join(number(score, missing="nan") for score in item.scores)
        shift = with_interval(item.found.shift, item.found.interval, signed)
        table.add_row(item.model, item.language, item.prompts[1], scores, shift, kappa, str(item.found.n))
    console = literal_console()
    console.print(table)
    runs = found.scored[0][0].runs
    covers = NOT_MEASURED if runs == 1 else f"questions, after the mean of {runs} runs"
    notes = [
        f"95 % interval of the shift: {covers}; n: answers rated under both.",
        "kappa: quadratic weights, whole points; same: the judge is asked the very same under both.",
    ]
    lines = [
        f"{name}: {line}"
        for name, rows in zip(found.variants, found.scored, strict=True)
        for line in unscored_lines(rows)
    ]
    for line in notes + lines:
        console.print(line, highlight=False)
