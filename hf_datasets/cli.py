"""`mtbenchx data`: build the datasets. Every import of weight is inside its command."""

import typer

from hf_datasets.cli_build import EPILOG, build
from hf_datasets.cli_push import push

data = typer.Typer(help="Build the datasets.", no_args_is_help=True)
data.command(epilog=EPILOG)(build)
data.command(epilog="Example: `mtbenchx data push mtbench-x --repo-id ORG/mtbench-x --private`")(push)
