"""`mtbenchx judges agreement`: a judge on the very pairs that people voted on."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mtbenchx_tasks.judge.options import (
    Batch,
    Benchmark,
    Language,
    MaxCost,
    OneJudge,
    Plan,
    Prices,
    PromptLanguage,
    Runs,
    end_command,
    engine_factory,
    one_judge,
)

if TYPE_CHECKING:
    from mtbenchx_tasks.meta_evaluation.agreement.study import VotesAndVerdicts
    from mtbenchx_tasks.stats.upper_limits import TieMode


def judge_agreement(
    judges: OneJudge,
    *,
    votes: Annotated[
        list[Path], typer.Option(help="People's votes; default: 3,355 of lmsys on MT-Bench, beside GPT-4's verdicts.")
    ] = [],  # noqa: B006  (typer reads it)
    answers: Annotated[
        list[Path],
        typer.Option(help="The answers voted on, where the votes don't hold them: files, folders."),
    ] = [],  # noqa: B006  (typer reads it)
    judgments: Annotated[
        list[Path], typer.Option(help="Other judges' verdicts on the same pairs, to stand beside.")
    ] = [],  # noqa: B006  (typer reads it)
    language: Language = None,
    benchmark: Benchmark = None,
    both_bad: Annotated[bool, typer.Option("--both-bad", help="Offer the judge the vote 'both bad'.")] = False,
    runs: Runs = None,
    prompt_language: PromptLanguage = None,
    out: Annotated[Path | None, typer.Option(help="Also write JSON, CSV, LaTeX and text to this folder.")] = None,
    plan: Plan = False,
    max_cost: MaxCost = None,
    price: Prices = [],  # noqa: B006  (typer reads it)
    batch: Batch = False,
) -> None:
    """Ask a judge about pairs of answers that people voted on: how often it agrees, and how often people do.

    What the ledger holds is not asked again.
    """
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.formats.benchmark import Told
    from mtbenchx_tasks.judge.engines.plan import Planner, print_plan
    from mtbenchx_tasks.judge.prices import parse_prices
    from mtbenchx_tasks.judge.settings import parse_judges
    from mtbenchx_tasks.meta_evaluation.agreement.judged import (
        judge_pairs,
        note_pairs,
        read_material,
        votes_and_verdicts,
    )
    from mtbenchx_tasks.meta_evaluation.agreement.voters import unmet_judges
    from mtbenchx_tasks.records import Decision

    check_writable(out)
    (settings,) = parse_judges([one_judge(judges)], runs=runs, prompt_language=prompt_language)
    prices, offered = parse_prices(price, [settings.model]), 4 if both_bad else 3
    material = read_material(votes, answers, judgments, Told(language, benchmark))
    _warn(material.notes)
    if plan:
        planner = Planner(prices)
        note_pairs(material.pairs, settings, offered, planner)
        print_plan(planner.plan())
        return
    engine_for, budget = engine_factory(max_cost, prices, batch)
    verdicts = judge_pairs(material.pairs, settings, offered, engine_for)
    study = votes_and_verdicts(material, verdicts)
    _warn(filter(None, [unmet_judges(study)]))
    about = {"votes": [file.name for file in material.files], "judge": settings.slug, "benchmark": study.benchmark}
    _show(study, about, "four" if both_bad else "merge_bad", out)
    end_command(budget, sum(one.decision is Decision.FAILED for one in verdicts))


def _warn(notes: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"mtbenchx: {note}", err=True)


def _show(study: "VotesAndVerdicts", about: dict[str, Any], mode: "TieMode", out: Path | None) -> None:
    """Print the tables of one meaning of ties, and write every number of all of them where a folder is named."""
    from mtbenchx_tasks.meta_evaluation.agreement.results import results
    from mtbenchx_tasks.meta_evaluation.agreement.tables import items_table, tables
    from mtbenchx_tasks.meta_evaluation.agreement.write import write_results
    from mtbenchx_tasks.stats.upper_limits import LIMITS, TIE_CLASSES
    from mtbenchx_tasks.tables import print_tables

    modes, limits = ((mode,), ("plurality",)) if out is None else (tuple(TIE_CLASSES), LIMITS)
    found = results(study, about, modes=modes, limits=limits, turn_rates=out is not None)
    chosen = [items_table(study, mode), *tables(found, mode, "plurality")]
    written = write_results(out, found, chosen) if out is not None else []
    print_tables(chosen)
    for path in written:
        print(path)
