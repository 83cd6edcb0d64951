"""`mtbenchx judge`: saved answers, judged again and again without generating again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.options import (
    AssumeEnglish,
    Batch,
    Benchmark,
    Data,
    Files,
    Judges,
    Language,
    MaxCost,
    Plan,
    Prices,
    PromptLanguage,
    Runs,
    Scale,
    check_quorum,
    check_scale,
    end_command,
    engine_factory,
    know_languages,
    names_of,
    refuse_idle,
)

if TYPE_CHECKING:
    from mtbenchx_tasks.formats.equating import Equating
    from mtbenchx_tasks.judge.engines.factory import EngineFor
    from mtbenchx_tasks.judge.settings import JudgeSettings
    from mtbenchx_tasks.rating.jury import JuryRule
    from mtbenchx_tasks.rating.prompt_comparison import Variant
    from mtbenchx_tasks.rating.scored import Scored

PromptSets = Annotated[
    str | None, typer.Option(help="Prompt sets, comma-separated: judge under each and show the shift.")
]
PromptLanguages = Annotated[
    bool, typer.Option("--compare-prompt-languages", help="Judge with prompts in the language and in English.")
]
SplitSnapshots = Annotated[
    bool, typer.Option("--split-snapshots", help="Show each version of a judge in a column of its own.")
]
Out = Annotated[
    Path | None, typer.Option(help="Also write results and samples as lm_eval does, for `card` and `report`.")
]
Together = Annotated[
    Literal["mean", "median"], typer.Option("--jury", help="How the ratings of several judges become one.")
]
Quorum = Annotated[
    int | None,
    typer.Option(min=1, help="Judges of a jury who must have rated an answer; default: every one."),
]
RequestsFile = Annotated[
    Path | None, typer.Option(help="Ask nobody: write what the ledger lacks as a file of OpenAI batch requests.")
]
ResultsFiles = Annotated[
    list[Path], typer.Option(help="Ask nobody: read the results of such a file into the ledger; repeatable.")
]


def judge(
    files: Files,
    judges: Judges,
    *,
    language: Language = None,
    benchmark: Benchmark = None,
    runs: Runs = None,
    prompt_language: PromptLanguage = None,
    compare_prompts: PromptSets = None,
    compare_languages: PromptLanguages = False,
    split_snapshots: SplitSnapshots = False,
    together: Together = "mean",
    quorum: Quorum = None,
    out: Out = None,
    scale: Scale = None,
    assume_english: AssumeEnglish = False,
    data: Data = None,
    plan: Plan = False,
    max_cost: MaxCost = None,
    price: Prices = [],  # noqa: B006  (typer reads it)
    batch: Batch = False,
    write_requests: RequestsFile = None,
    read_results: ResultsFiles = [],  # noqa: B006  (typer reads it)
) -> None:
    """Judge answers that were saved before, with the task's prompts, ledger and numbers."""
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.judge import request_files
    from mtbenchx_tasks.judge.engines.plan import print_plan
    from mtbenchx_tasks.judge.prices import parse_prices
    from mtbenchx_tasks.judge.settings import parse_judges
    from mtbenchx_tasks.rating import saved_answers

    know_languages(data)
    check_scale(scale, assume_english)
    check_writable(out)
    settings = parse_judges(judges, runs=runs, prompt_language=prompt_language)
    prices = parse_prices(price, [one.model for one in settings])
    variants = _variants(settings, compare_prompts, compare_languages, prompt_language)
    shown = {"--out": out, "--scale": scale, "--split-snapshots": split_snapshots}
    _check_shown(shown, compares=bool(variants), asks=write_requests is None)
    rule = _jury_rule(together, quorum, judges=1 if split_snapshots else len(settings))
    equating = _equating(scale, settings)
    asked = [variant for _, variant in variants] or settings
    if plan:
        print_plan(saved_answers.plan_files(files, asked, language, prices, benchmark=benchmark))
        return
    engine_for, budget = engine_factory(max_cost, prices, batch)
    if write_requests or read_results:
        request_files.check(asked, live_only={"--batch": batch, "--max-cost": max_cost is not None})
        engines = saved_answers.note_files(files, asked, language, benchmark=benchmark).engines.values()
        engine_for = request_files.exchange(engines, write_requests, read_results)
        if write_requests:
            return
    if variants:
        end_command(budget, _compare(files, variants, language, engine_for, benchmark))
        return
    results = saved_answers.judge_files(files, settings, language, engine_for, benchmark=benchmark)
    _show(results, out, rule, split_snapshots=split_snapshots)
    _print_predicted(equating, results, assume_english)
    end_command(budget, sum(result.failed for result in results))


def _compare(
    files: Sequence[Path],
    variants: "list[Variant]",
    language: str | None,
    engine_for: "EngineFor",
    benchmark: str | None,
) -> int:
    """Print how ratings differ between prompts; returns how many judgments failed."""
    from mtbenchx_tasks.rating.prompt_comparison import compare_variants, print_comparison

    compared = compare_variants(files, variants, language, engine_for, benchmark=benchmark)
    print_comparison(compared)
    return compared.failed


def _check_shown(shown: Mapping[str, object], *, compares: bool, asks: bool) -> None:
    """Refuse options that say how results are shown where there are none."""
    if compares:
        refuse_idle("where prompts are compared", shown)
    if not asks:
        refuse_idle("with --write-requests, which asks nobody; give it with --read-results", shown)


def _jury_rule(statistic: Literal["mean", "median"], quorum: int | None, judges: int) -> "JuryRule | None":
    """Return how the ratings of several judges become one; None where they aren't joined."""
    from mtbenchx_tasks.rating.jury import JuryRule

    check_quorum(quorum, judges)
    if judges == 1:
        refuse_idle("without a jury", {"--jury median": statistic == "median"})
        return None
    return JuryRule(statistic, quorum)


def _show(results: Sequence["Scored"], out: Path | None, rule: "JuryRule | None", *, split_snapshots: bool) -> None:
    """Write results where a folder is named, and print them: of several judges as a jury's."""
    from mtbenchx_tasks.rating.jury import jury, print_jury
    from mtbenchx_tasks.rating.results_files import write_results
    from mtbenchx_tasks.rating.terminal import print_metrics

    for path in write_results(out, results) if out is not None else ():
        print(path)
    if split_snapshots:
        print_metrics([part for result in results for part in result.by_snapshot()])
    elif rule is not None:
        print_jury(jury(results, rule))
    else:
        print_metrics(results)


def _equating(file: Path | None, settings: "list[JudgeSettings]") -> "Equating | None":
    """Read the equating, and see that it is of a judge that is asked, before anything is paid for."""
    from hf_datasets.shared.files import slug

    if file is None:
        return None
    from mtbenchx_tasks.formats.equating import read_equating

    found = read_equating(file)
    asked = [slug(one.slug) for one in settings]
    if found.new.judge not in asked:
        raise UserError(
            f"{file} carries ratings by {found.new.judge} to the scale of {found.old.judge}, and --judge is "
            f"{', '.join(asked)}; name that judge, or fit a scale for this one by `mtbenchx equate fit`."
        )
    return found


def _print_predicted(equating: "Equating | None", results: "list[Scored]", assume_english: bool) -> None:
    if equating is None:
        return
    from mtbenchx_tasks.rating.predicted import place
    from mtbenchx_tasks.rating.predicted_tables import score_tables
    from mtbenchx_tasks.tables import print_tables

    ratings = [rating for result in results for rating in result.ratings]
    placed = place(equating, ratings, assume_english=assume_english)
    print_tables(score_tables(placed), captions=True)
    for note in placed.notes:
        print(note)


def _variants(
    settings: "list[JudgeSettings]", prompt_sets: str | None, languages: bool, prompt_language: str | None
) -> "list[Variant]":
    """Return the settings to compare, with a name each; nothing where no comparison is asked for."""
    from mtbenchx_tasks.rating.prompt_comparison import language_variants, prompt_variants

    if languages:
        idle = {"--compare-prompts": prompt_sets, "--prompt-language": prompt_language}
        refuse_idle("with --compare-prompt-languages, which asks in both", idle)
    names = names_of("--compare-prompts", prompt_sets)
    if names is None and not languages:
        return []
    if len(settings) > 1:
        raise UserError("Prompts are compared with one judge at a time; name one --judge.")
    return prompt_variants(settings[0], names) if names is not None else language_variants(settings[0])
