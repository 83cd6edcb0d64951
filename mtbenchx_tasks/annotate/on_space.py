"""The start command of a container: study.json and the votes from a folder, or from a private dataset on the Hub.

Environment: MTBENCHX_VOTES_DIR (the folder), MTBENCHX_VOTES_REPO (the dataset; empty: the folder is all there is),
HF_TOKEN (may write to the dataset), PORT, and optionally MTBENCHX_ANNOTATE_SECRET, so that logins outlast a restart.
"""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hf_datasets.hub.errors import faults, status_of
from hf_datasets.shared.errors import Exit, UserError
from mtbenchx_tasks.annotate.bundle import Bundle, fill, read_bundle
from mtbenchx_tasks.annotate.commits import Commits
from mtbenchx_tasks.annotate.journal import Journal
from mtbenchx_tasks.annotate.replay import restore
from mtbenchx_tasks.annotate.serve import make_site
from mtbenchx_tasks.annotate.server import run
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.votes_dataset import VotesDataset

if TYPE_CHECKING:
    from huggingface_hub import HfApi

DATABASE = "votes.sqlite"


def start(environment: Mapping[str, str], host: str = "0.0.0.0") -> None:
    """Serve until told to stop; on the Hub, the last votes are committed then.

    Args:
        environment: The variables of the module's text.
        host: Address to listen on.

    Raises:
        UserError: Something is missing: the study, the token, the dataset.
    """
    folder = Path(environment.get("MTBENCHX_VOTES_DIR") or "/data")
    repo = environment.get("MTBENCHX_VOTES_REPO", "")
    port = int(environment.get("PORT") or "7860")
    if repo:
        _start_with_hub(VotesDataset(_hub(environment), repo, folder / "hub"), folder, host, port)
        return
    bundle = read_bundle(folder)
    bundle = replace(bundle, options=replace(bundle.options, embedded=False))
    with closing(Store(folder / DATABASE)) as store:
        fill(store, bundle)
        run(make_site(store, bundle.study, bundle.options), host, port)


def _start_with_hub(dataset: VotesDataset, folder: Path, host: str, port: int) -> None:
    bundle, journal = read_bundle(dataset.download()), Journal(folder / "journals")
    with closing(Store(folder / DATABASE, recorder=journal)) as store:
        commits = Commits(dataset, store, journal)
        _take_over(commits)
        _bring_back(store, bundle, journal.folder, dataset.repo)
        with commits.running():
            run(make_site(store, bundle.study, bundle.options, commits), host, port)


def _take_over(commits: Commits) -> None:
    try:
        commits.take_over()
    except faults() as error:
        reason = " ".join(map(str, filter(None, (type(error).__name__, status_of(error)))))
        raise UserError(
            f"The dataset {commits.dataset.repo} can't be written ({reason}): is HF_TOKEN a token that may write to "
            "it? Then restart the Space."
        ) from error


def _bring_back(store: Store, bundle: Bundle, journals: Path, repo: str) -> None:
    fill(store, bundle)
    told = restore(store, journals)
    print(f"{len(told.standing)} votes were brought back from {repo}", file=sys.stderr)
    if told.second:
        print(f"{told.second} second votes at the same places don't count; the first one stands.", file=sys.stderr)


def _hub(environment: Mapping[str, str]) -> "HfApi":
    from huggingface_hub import HfApi

    token = environment.get("HF_TOKEN")
    if not token:
        raise UserError("HF_TOKEN is not set; add a Space secret of that name which may write to the votes' dataset.")
    return HfApi(token=token)


def main() -> None:
    """Start with this process's environment; a user's error is one sentence and exit code 1."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # else the server's end would be ours, before the last commit
    try:
        start(os.environ)
    except UserError as error:
        print(f"mtbenchx: {error}", file=sys.stderr)
        sys.exit(Exit.FAULT)


if __name__ == "__main__":
    main()
