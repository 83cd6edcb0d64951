"""`mtbenchx card` and `mtbenchx push-metric`. Every import of weight is inside its command."""

from pathlib import Path
from typing import Annotated

import typer

from hf_datasets.shared.errors import Exit, UserError
from mtbenchx_tasks import __version__
from mtbenchx_tasks.judge.options import AssumeEnglish, Data, Scale, check_scale, know_languages

RepoId = Annotated[str, typer.Option("--repo-id", help="NAMESPACE/NAME on the Hub.")]
Private = Annotated[bool, typer.Option("--private", help="Make the repository private.")]


def card(
    run_dir: Annotated[Path, typer.Argument(help="The training's --output_dir.")],
    *,
    results: Annotated[
        list[Path], typer.Option(help="lm_eval's results_*.json, a folder of them, or a ledger; repeat.")
    ] = [],  # noqa: B006
    recipe: Annotated[Path | None, typer.Option(help="The training's --config.")] = None,
    overrides: Annotated[
        list[str], typer.Option("--set", help="KEY=VALUE that the training's command line gave besides; repeat.")
    ] = [],  # noqa: B006  (typer reads it)
    name: Annotated[str | None, typer.Option(help="The model's name; default: the repository's or folder's.")] = None,
    base_model: Annotated[str | None, typer.Option(help="Hub id of the base model.")] = None,
    dataset: Annotated[str | None, typer.Option(help="The training data: Hub id, or the built folder.")] = None,
    data_license: Annotated[str | None, typer.Option(help="Licence of the data, e.g. cc-by-nc-4.0.")] = None,
    base_license: Annotated[str | None, typer.Option(help="Licence of the base model, e.g. apache-2.0.")] = None,
    benchmark: Annotated[
        str | None, typer.Option(help="Hub id of the published MT-Bench-X; default: NAMESPACE/mtbench-x.")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Publish results of a part of the questions as metadata, too.")
    ] = False,
    scale: Scale = None,
    assume_english: AssumeEnglish = False,
    records: Annotated[
        bool, typer.Option("--records/--no-records", help="Keep answers and judgments beside it, for `verify`.")
    ] = True,
    out: Annotated[Path | None, typer.Option(help="Write README.md and .eval_results/ to this folder.")] = None,
    push: Annotated[bool, typer.Option("--push", help="Publish model and card, in one commit.")] = False,
    repo_id: Annotated[str | None, typer.Option(help="NAMESPACE/NAME of the model on the Hub.")] = None,
    private: Private = False,
) -> None:
    """Write a model card from what a run and its evaluation recorded, and publish model and card."""
    from hf_datasets.hub.push import connect
    from model_cards.collect import UserFacts, make_card, nowhere, on_hub
    from model_cards.publish import push_model, write_card

    _check_goal(out, push, repo_id)
    check_scale(scale, assume_english)
    told = UserFacts(name, base_model, dataset, data_license, base_license, benchmark)
    api = connect() if push else None
    lookup = on_hub(api) if api else nowhere
    made = make_card(
        run_dir,
        results,
        recipe=recipe,
        overrides=overrides,
        repo_id=repo_id,
        told=told,
        partial=partial,
        scale=scale,
        assume_english=assume_english,
        records=records,
        lookup=lookup,
    )
    if out is not None:
        for path in write_card(made, out):
            print(path)
    if push:
        print(push_model(run_dir, made, private=private, api=api).summary)


def _check_goal(out: Path | None, push: bool, repo_id: str | None) -> None:
    if out is None and not push:
        raise UserError("Nothing to do: name a folder for the card by --out, or publish by --push --repo-id ORG/MODEL.")
    if push and repo_id is None:
        raise UserError("--push needs --repo-id ORG/MODEL.")


def verify(
    place: Annotated[str, typer.Argument(help="A card's or report's folder, or NAMESPACE/NAME of a model on the Hub.")],
    *,
    data: Data = None,
) -> None:
    """Recompute every number of a card or a report from the records beside it, and name the first that differs."""
    from model_cards.verify import verify_place
    from mtbenchx_tasks.formats.excerpt import PROOF

    know_languages(data)
    found = verify_place(place)
    if found.differences:
        first, *others = found.differences
        more = f" So do {len(others)} more places." if others else ""
        release = f" (Written by mtbench-x {found.release}.)" if found.release != __version__ else ""
        raise UserError(f"The numbers of {place} don't follow from their records. {first.sentence}{more}{release}")
    for sentence in found.unproven:
        typer.echo(f"mtbenchx: not recomputed: {sentence}.", err=True)
    print(f"{place}: {found.numbers} agree with every number that is told. {PROOF}")
    if found.unproven:
        raise typer.Exit(Exit.PARTLY_DONE)


def push_metric(repo_id: RepoId, private: Private = False) -> None:
    """Publish the `evaluate` metric as a Space, for `evaluate.load("ORG/mtbench_x_judge")`."""
    from model_cards.metric_space import push_metric as push

    print(push(repo_id, private=private).summary)
