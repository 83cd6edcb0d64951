"""`mtbenchx judge` and `mtbenchx compare`: saved answers, judged again and again without generating again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    from mtbenchx_tasks.judge.engines.budget import Budget
    from mtbenchx_tasks.judge.prices import Price
    from mtbenchx_tasks.rating.saved_answers import EngineFor

PARTLY_DONE = 3
"""Exit code: some judgments were not reached, or not asked for lack of budget."""

Files = Annotated[list[Path], typer.Argument(help="lm_eval samples (--log_samples) or FastChat's model_answer files.")]
Judges = Annotated[
    list[str], typer.Option("--judge", help="A model name, or settings as in lm_eval's metadata; repeat for a jury.")
]
Language = Annotated[str | None, typer.Option(help="Language of the questions, where a file doesn't tell it.")]
Runs = Annotated[int | None, typer.Option(min=1, help="Judge everything this often, as separate runs.")]
PromptLanguage = Annotated[str | None, typer.Option(help="Language of the judge prompts: same or en.")]
Plan = Annotated[bool, typer.Option("--plan", help="Print requests, tokens and price, and stop: nothing is sent.")]
MaxCost = Annotated[float | None, typer.Option(min=0, help="Dollars: stop before this is exceeded, keep everything.")]
Prices = Annotated[list[str], typer.Option("--price", help="IN,OUT in dollars per million tokens; or MODEL=IN,OUT.")]
Data = Annotated[
    Path | None, typer.Option(help="A built mtbench-x folder that holds languages added by `data build --translation`.")
]
Batch = Annotated[bool, typer.Option("--batch", help="Through the OpenAI Batch API: half the price, within a day.")]


def judge(
    files: Files,
    judges: Judges,
    *,
    language: Language = None,
    runs: Runs = None,
    prompt_language: PromptLanguage = None,
    compare_prompts: Annotated[
        str | None, typer.Option(help="Prompt sets, comma-separated: judge under each and show the shift.")
    ] = None,
    compare_languages: Annotated[
        bool, typer.Option("--compare-prompt-languages", help="Judge with prompts in the language and in English.")
    ] = False,
    split_snapshots: Annotated[
        bool, typer.Option("--split-snapshots", help="Show each version of a judge in a column of its own.")
    ] = False,
    data: Data = None,
    plan: Plan = False,
    max_cost: MaxCost = None,
    price: Prices = [],  # noqa: B006  (typer reads it)
    batch: Batch = False,
) -> None:
    """Judge answers that were saved before, with the task's prompts, ledger and numbers."""
    from mtbenchx_tasks.rating import saved_answers as judging
    from mtbenchx_tasks.rating import prompt_comparison
    from mtbenchx_tasks.judge.engines.plan import print_plan
    from mtbenchx_tasks.judge.prices import parse_prices
    from mtbenchx_tasks.rating.jury import jury, print_jury
    from mtbenchx_tasks.rating.terminal import print_metrics

    _know_languages(data)
    settings = judging.parse_judges(judges, runs=runs, prompt_language=prompt_language)
    prices = parse_prices(price)
    variants = []
    if compare_prompts:
        variants = prompt_comparison.prompt_variants(settings[0], compare_prompts.split(","))
    elif compare_languages:
        variants = prompt_comparison.language_variants(settings[0])
    if variants and len(settings) > 1:
        raise UserError("Prompts are compared with one judge at a time; name one --judge.")
    if plan:
        asked = [variant for _, variant in variants] or settings
        print_plan(judging.plan_files(files, asked, language, prices))
        return
    engine_for, budget = _engine_for(max_cost, prices, batch)
    if variants:
        found = prompt_comparison.compare_variants(files, variants, language, engine_for)
        prompt_comparison.print_comparison(found)
        _end(budget, found.failed)
        return
    results = judging.judge_files(files, settings, language, engine_for)
    columns = [part for result in results for part in result.by_snapshot()] if split_snapshots else results
    print_jury(jury(results)) if len(settings) > 1 and not split_snapshots else print_metrics(columns)
    _end(budget, sum(result.failed for result in results))


def compare(
    files: Files,
    judges: Judges,
    *,
    language: Language = None,
    votes: Annotated[int, typer.Option(min=3, max=4, help="4 offers the vote 'both bad'.")] = 3,
    baseline: Annotated[str | None, typer.Option(help="Compare all models with this one; default: all pairs.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of the judge in the result.")] = 1,
    substitute: Annotated[
        Literal["next", "chain"] | None,
        typer.Option(help="Fill inconsistent votes from the next run, or from all later ones; takes one run more."),
    ] = None,
    prompt_language: PromptLanguage = None,
    out: Annotated[Path | None, typer.Option(help="Also write FastChat's pair files to this folder.")] = None,
    data: Data = None,
    plan: Plan = False,
    max_cost: MaxCost = None,
    price: Prices = [],  # noqa: B006  (typer reads it)
    batch: Batch = False,
) -> None:
    """Compare models pairwise, both orders always: rates, positional bias, and what length has to do with it."""
    from mtbenchx_tasks.rating import saved_answers as judging
    from mtbenchx_tasks.judge.engines.plan import print_plan
    from mtbenchx_tasks.judge.prices import parse_prices
    from mtbenchx_tasks.pairwise.compare_files import compare_files, plan_comparison, save_pairs
    from mtbenchx_tasks.pairwise.terminal import print_comparison
    from mtbenchx_tasks.records import FAILED

    _know_languages(data)
    raw_runs = runs + (substitute is not None)
    settings = judging.parse_judges(judges, runs=raw_runs, prompt_language=prompt_language)
    prices = parse_prices(price)
    if plan:
        print_plan(plan_comparison(files, settings, language, votes=votes, baseline=baseline, prices=prices))
        return
    engine_for, budget = _engine_for(max_cost, prices, batch)
    outcomes = compare_files(files, settings, language, votes=votes, baseline=baseline, engine_for=engine_for)
    print_comparison(outcomes, runs, substitute)
    if out is not None:
        for path in save_pairs(out, outcomes, settings[0]):
            print(path)
    _end(budget, sum(outcome.winner == FAILED for outcome in outcomes))


def pairs(
    files: Annotated[list[Path], typer.Argument(help="FastChat's *_pair.jsonl files, anyone's.")],
    *,
    language: Annotated[str, typer.Option(help="Language of the questions.")] = "en",
    substitute: Annotated[
        Literal["next", "chain"] | None, typer.Option(help="Fill inconsistent votes from later runs, if there are any.")
    ] = None,
) -> None:
    """Show the tables of `compare` for pairwise judgments that were saved before; nobody is asked."""
    from mtbenchx_tasks.formats.fastchat.pairs import read_pairs
    from mtbenchx_tasks.pairwise.terminal import print_comparison

    outcomes = [outcome for file in files for outcome in read_pairs(file, language)]
    runs = 1 + max(outcome.item.run for outcome in outcomes)
    print_comparison(outcomes, max(1, runs - (substitute is not None)), substitute)


def _know_languages(data: Path | None) -> None:
    """Make the added languages of a built folder known."""
    if data is not None:
        from hf_datasets.benchmark.translated_folder import register_built

        register_built(data)


def _engine_for(max_cost: float | None, prices: "dict[str, Price]", batch: bool) -> "tuple[EngineFor, Budget | None]":
    """Who asks: live or by batch, within a budget or not."""
    from mtbenchx_tasks.rating import saved_answers as judging
    from mtbenchx_tasks.judge.engines.batch.engine import batch_engine
    from mtbenchx_tasks.judge.engines.budget import Budget
    from mtbenchx_tasks.judge.prices import BATCH_FACTOR

    engine_for = batch_engine if batch else judging.live_engine
    if max_cost is None:
        return engine_for, None
    budget = Budget(max_cost)
    return judging.budgeted(budget, prices, engine_for, BATCH_FACTOR if batch else 1.0), budget


def _end(budget: "Budget | None", failed: int) -> None:
    """Say what was spent and what is missing; exit 3 if something is."""
    if budget is not None:
        print(budget.summary)
    if failed:
        print(f"{failed} without a result; the same command asks again what failed, and only that.")
        raise typer.Exit(PARTLY_DONE)
