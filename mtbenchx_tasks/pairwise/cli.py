"""`mtbenchx compare` and `mtbenchx pairs`: two answers at a time, both orders always."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mtbenchx_tasks.judge.options import (
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
    check_quorum,
    end_command,
    engine_factory,
    know_languages,
    plain_code,
)

if TYPE_CHECKING:
    from mtbenchx_tasks.judge.settings import JudgeSettings
    from mtbenchx_tasks.records import Preference

Substitute = Annotated[
    Literal["next", "chain"] | None,
    typer.Option(help="Fill inconsistent votes from the next run, or from all later ones; takes one run more."),
]
UntilDecided = Annotated[
    bool,
    typer.Option(
        "--until-decided", help="Ask each pair about a quarter of the questions at a time, until it is decided."
    ),
]


Quorum = Annotated[
    int | None,
    typer.Option(min=1, help="With several judges: also what most of them say, where so many have a vote."),
]


def compare(
    files: Files,
    judges: Judges,
    *,
    language: Language = None,
    benchmark: Benchmark = None,
    votes: Annotated[int, typer.Option(min=3, max=4, help="4 offers the vote 'both bad'.")] = 3,
    baseline: Annotated[str | None, typer.Option(help="Compare all models with this one; default: all pairs.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of the judge in the result.")] = 1,
    substitute: Substitute = None,
    until_decided: UntilDecided = False,
    quorum: Quorum = None,
    prompt_language: PromptLanguage = None,
    out: Annotated[Path | None, typer.Option(help="Also write FastChat's pair files to this folder.")] = None,
    data: Data = None,
    plan: Plan = False,
    max_cost: MaxCost = None,
    price: Prices = [],  # noqa: B006  (typer reads it)
    batch: Batch = False,
) -> None:
    """Compare models pairwise, both orders always: rates, positional bias, and the effect of length."""
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.judge.engines.plan import print_plan
    from mtbenchx_tasks.judge.prices import parse_prices
    from mtbenchx_tasks.judge.settings import parse_judges
    from mtbenchx_tasks.pairwise.adaptive import PairEnd, compare_until_decided
    from mtbenchx_tasks.pairwise.jury import jury_votes
    from mtbenchx_tasks.pairwise.run import ComparisonRequest, compare_files, plan_comparison
    from mtbenchx_tasks.pairwise.terminal import print_comparison, print_ends
    from mtbenchx_tasks.records import Decision

    know_languages(data)
    check_writable(out)
    raw_runs = runs + (substitute is not None)
    settings = parse_judges(judges, runs=raw_runs, prompt_language=prompt_language)
    prices = parse_prices(price, [one.model for one in settings])
    check_quorum(quorum, len(settings))
    request = ComparisonRequest(files, settings, language, benchmark, votes, baseline)
    if plan:
        print_plan(plan_comparison(request, prices))
        if until_decided:
            print("--until-decided asks this at most, a quarter of the questions at a time.")
        return
    engine_for, budget = engine_factory(max_cost, prices, batch)
    ends: list[PairEnd] = []
    if until_decided:
        preferences, ends = compare_until_decided(request, engine_for)
    else:
        preferences = compare_files(request, engine_for)
    together = list(jury_votes(preferences, quorum)) if quorum is not None else []
    print_comparison([*preferences, *together], runs, substitute)
    if ends:
        print_ends(ends)
    _save(out, preferences, settings[0])
    end_command(budget, sum(preference.decision is Decision.FAILED for preference in preferences))


def _save(out: Path | None, preferences: Sequence["Preference"], judge: "JudgeSettings") -> None:
    """Write FastChat's pair files, where a folder is named, and print their names."""
    from mtbenchx_tasks.pairwise.run import save_pairs

    if out is not None:
        for path in save_pairs(out, preferences, judge):
            print(path)


def pairs(
    files: Annotated[list[Path], typer.Argument(help="FastChat's *_pair.jsonl files, anyone's.")],
    *,
    language: Annotated[str, typer.Option(callback=plain_code, help="Language of the questions.")] = "en",
    benchmark: Benchmark = None,
    substitute: Annotated[
        Literal["next", "chain"] | None, typer.Option(help="Fill inconsistent votes from later runs, if there are any.")
    ] = None,
    answers: Annotated[
        list[Path], typer.Option(help="The models' answers (model_answer files), for the effect of length.")
    ] = [],  # noqa: B006  (typer reads it)
    out: Annotated[Path | None, typer.Option(help="Also write all counts to this folder, as pairs.csv.")] = None,
) -> None:
    """Show the tables of `compare` for pairwise judgments that were saved before; no judge is asked."""
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.formats.benchmark import Told
    from mtbenchx_tasks.formats.fastchat.pairs import read_pairs
    from mtbenchx_tasks.formats.study import with_answers
    from mtbenchx_tasks.pairwise.terminal import print_comparison
    from mtbenchx_tasks.pairwise.written import write_rates

    check_writable(out)
    read = [read_pairs(file, language, Told(language, benchmark)) for file in files]
    preferences = [preference for of_file, _ in read for preference in of_file]
    for note in (note for _, notes in read for note in notes):
        print(note)
    preferences = with_answers(preferences, answers, Told(language, benchmark))
    runs = max(1, 1 + max(preference.run for preference in preferences) - (substitute is not None))
    print_comparison(preferences, runs, substitute)
    if out is not None:
        print(write_rates(out, preferences, runs, substitute))
