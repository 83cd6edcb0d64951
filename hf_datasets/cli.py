"""`mtbenchx data`: build the datasets. Every import of weight is inside its command."""

from pathlib import Path
from typing import Annotated

import typer

from hf_datasets.cli_push import push
from hf_datasets.errors import UserError

data = typer.Typer(help="Build the datasets.", no_args_is_help=True)


@data.command(epilog="Example: `mtbenchx data build mtbench-x`, then `load_dataset('mtbench-x', 'de')` beside it")
def build(
    name: Annotated[str, typer.Argument(help="The dataset: mtbench-x.")],
    out: Annotated[Path | None, typer.Option(help="The folder to write; default: ./NAME.")] = None,
) -> None:
    """Write a dataset as a folder that `load_dataset` reads, and print its absolute path."""
    from hf_datasets.publish import build_mtbench_x

    if name != "mtbench-x":
        raise UserError(f"There is no dataset {name!r}; there is mtbench-x.")
    print(build_mtbench_x(out or Path(name)))


data.command(epilog="Example: `mtbenchx data push mtbench-x --repo-id ORG/mtbench-x --private`")(push)
