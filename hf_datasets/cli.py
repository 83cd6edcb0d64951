"""`mtbenchx data`: build the datasets. Every import of weight is inside its command."""

from pathlib import Path
from typing import Annotated

import typer

from hf_datasets.errors import UserError
from hf_datasets.translate.cli import compare_translations, marks, translate

data = typer.Typer(help="Build the datasets.", no_args_is_help=True)


@data.command(epilog="Example: `mtbenchx data build mtbench-x`, then `load_dataset('mtbench-x', 'de')` beside it")
def build(
    name: Annotated[str, typer.Argument(help="The dataset: mtbench-x.")],
    out: Annotated[Path | None, typer.Option(help="The folder to write; default: ./NAME.")] = None,
    translation: Annotated[
        list[Path],
        typer.Option(
            help="mtbench-x: a folder of translations (`data translate --out`), an added language; repeatable."
        ),
    ] = [],  # noqa: B006  (typer reads it)
) -> None:
    """Write a dataset as a folder that `load_dataset` reads, and print its absolute path."""
    from hf_datasets.publish import build_mtbench_x

    if name != "mtbench-x":
        raise UserError(f"There is no dataset {name!r}; there is mtbench-x.")
    print(build_mtbench_x(out or Path(name), translation))


data.command(epilog="Example: `mtbenchx data translate mini_en native_en --to pt --out pt/ --dry-run`")(translate)
data.command(epilog="Example: `mtbenchx data marks lima.jsonl`, then read and confirm lima.marks.jsonl")(marks)
data.command(
    "compare-translations",
    epilog="Example: `mtbenchx data compare-translations deepl.jsonl theirs.jsonl --source en --edited edited.jsonl`",
)(compare_translations)
