"""`mtbenchx data push`. Every import of weight is inside the command."""

from pathlib import Path
from typing import Annotated

import typer


def push(
    folder: Annotated[Path, typer.Argument(metavar="NAME", help="The built folder: ./NAME, or a path.")],
    repo_id: Annotated[str, typer.Option(help="NAMESPACE/NAME of the dataset on the Hub.")],
    private: Annotated[bool, typer.Option("--private", help="Make the dataset private.")] = False,
) -> None:
    """Publish a built folder on the Hub: one commit of what differs, with the token of HF_TOKEN or `hf auth login`."""
    from hf_datasets.hub.dataset import push_dataset

    print(push_dataset(folder, repo_id, private=private).summary)
