"""The start command of a container: study.json and the votes from a folder, or from a private dataset on the Hub.

Environment: MTBENCHX_VOTES_DIR (the folder), MTBENCHX_VOTES_REPO (the dataset; empty: the folder is all there is),
HF_TOKEN (may write to the dataset), PORT, and optionally MTBENCHX_ANNOTATE_SECRET, so that logins outlast a restart.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_datasets.shared.errors import Exit, UserError
from mtbenchx_tasks.annotate.bundle import NAME, Bundle, fill, read_bundle
from mtbenchx_tasks.annotate.journal import Journal
from mtbenchx_tasks.annotate.replay import restore
from mtbenchx_tasks.annotate.serve import make_site, run
from mtbenchx_tasks.annotate.store import Store

if TYPE_CHECKING:
    from huggingface_hub import HfApi

JOURNALS = "votes-*.jsonl"
MINUTES = 5.0
"""Between two commits of the votes."""
LAST_WAITS = (1.0, 3.0)
"""Seconds between the tries of the last commit: a container that is stopped has ten."""
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
    if not repo:
        bundle = read_bundle(folder)
        bundle = replace(bundle, options=replace(bundle.options, embedded=False))
        _serve(Store(folder / DATABASE), bundle, host, port)
        return
    api, journals = _hub(environment), folder / "journals"
    bundle = read_bundle(download(api, repo, folder / "hub"))
    store = Store(folder / DATABASE, recorder=Journal(journals))
    fill(store, bundle)
    print(f"{len(restore(store, folder).standing)} votes were brought back from {repo}", file=sys.stderr)
    with committing(api, repo, journals):
        _serve(store, bundle, host, port)


def _serve(store: Store, bundle: Bundle, host: str, port: int) -> None:
    fill(store, bundle)
    run(make_site(store, bundle.study, bundle.options), host, port)


def _hub(environment: Mapping[str, str]) -> "HfApi":
    from huggingface_hub import HfApi

    token = environment.get("HF_TOKEN")
    if not token:
        raise UserError("HF_TOKEN is not set; add a Space secret of that name which may write to the votes' dataset.")
    return HfApi(token=token)


def download(api: "HfApi", repo: str, folder: Path) -> Path:
    """Fetch study and votes so far into a folder of their own, never over a journal that isn't committed yet.

    Raises:
        UserError: They can't be had, or everybody could read them.
    """
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    try:
        if not api.dataset_info(repo).private:
            raise UserError(f"The dataset {repo} is public; make it private, for it names models and holds votes.")
        api.snapshot_download(repo, repo_type="dataset", local_dir=folder, allow_patterns=[NAME, JOURNALS])
        return folder
    except RepositoryNotFoundError as error:
        raise UserError(f"There is no dataset {repo} that this HF_TOKEN may read; upload the folder votes.") from error
    except (HfHubHTTPError, OSError) as error:
        raise UserError(f"The dataset {repo} can't be read ({type(error).__name__}); restart the Space.") from error


@contextmanager
def committing(api: "HfApi", repo: str, folder: Path, minutes: float = MINUTES) -> Iterator[Any]:
    """Commit the journals every few minutes, and once more at the end."""
    from huggingface_hub import CommitScheduler

    scheduler = CommitScheduler(
        repo_id=repo,
        repo_type="dataset",
        private=True,
        folder_path=folder,
        every=minutes,
        allow_patterns=[JOURNALS],
        hf_api=api,
    )
    try:
        yield scheduler
    finally:
        _commit_last(scheduler)


def _commit_last(scheduler: Any) -> None:
    """Commit what is left; a Hub that is busy is asked again, for this disk may be gone in a moment."""
    for seconds in (*LAST_WAITS, None):
        try:
            scheduler.trigger().result()
            break
        except Exception as error:  # whatever the client raises, there is nothing else to do but try again
            print(f"The last votes aren't committed yet ({type(error).__name__})", file=sys.stderr)
            if seconds is not None:
                time.sleep(seconds)
    scheduler.stop()


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
