"""The private dataset of a Space: the study, the journals, and which process takes votes now.

No call is waited for longer than its deadline, whatever the Hub does.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Set
from concurrent.futures import Future
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hf_datasets.hub.errors import STALE, faults, status_of
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.bundle import NAME
from mtbenchx_tasks.annotate.journal import JOURNALS

if TYPE_CHECKING:
    from huggingface_hub import HfApi

WRITER = "writer.json"
"""The file that names the journal of the process which takes votes."""
DOWNLOAD_SECONDS = 120.0
COMMIT_SECONDS = 30.0
STALE_TRIES = 4
"""Commits that are tried anew because somebody else's came first."""
T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, or stop waiting for it: its thread is left to itself.

    Raises:
        TimeoutError: It took longer.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done.result(timeout=seconds)


@dataclass(frozen=True)
class VotesDataset:
    """A dataset and a folder for what was downloaded of it."""

    api: "HfApi"
    """The Hub's client."""
    repo: str
    """ORG/NAME."""
    copy: Path
    """The folder, never the journals' own."""

    def download(self) -> Path:
        """Fetch the study and the votes so far; returns the folder.

        Raises:
            UserError: They can't be had, or everybody could read them.
        """
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            within(DOWNLOAD_SECONDS, self._download)
            return self.copy
        except RepositoryNotFoundError as error:
            raise UserError(
                f"There is no dataset {self.repo} that this HF_TOKEN may read; upload the folder votes."
            ) from error
        except faults() as error:
            raise UserError(
                f"The dataset {self.repo} can't be read ({type(error).__name__}); restart the Space."
            ) from error

    def _download(self) -> None:
        if not self.api.dataset_info(self.repo, timeout=COMMIT_SECONDS).private:
            raise UserError(f"The dataset {self.repo} is public; make it private, for it names models and holds votes.")
        self._fetch({NAME, WRITER, JOURNALS})

    def _fetch(self, patterns: Set[str]) -> None:
        """Fetch the files of such names, as they are in one commit; never an older copy in place of what isn't had."""
        told = self.api.dataset_info(self.repo, timeout=COMMIT_SECONDS)
        for name in (file.rfilename for file in told.siblings or ()):
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                self.api.hf_hub_download(
                    self.repo,
                    name,
                    repo_type="dataset",
                    revision=told.sha,
                    local_dir=self.copy,
                    force_download=True,
                )

    def commit(self, files: Mapping[str, bytes], message: str, seconds: float = COMMIT_SECONDS) -> None:
        """Write files, all in one commit on top of the last one.

        A commit that isn't waited for any more and arrives late is refused by the Hub: it stands on an older one.

        Args:
            files: Name -> the whole content.
            message: The commit's title.
            seconds: How long the Hub is waited for.

        Raises:
            TimeoutError: It didn't answer in time.
            Exception: Whatever the Hub's client raises.
        """
        end = time.monotonic() + seconds
        for left in reversed(range(STALE_TRIES)):
            try:
                within(max(0.0, end - time.monotonic()), lambda: self._commit(files, message, seconds))
                return
            except faults() as error:
                if status_of(error) != STALE or not left:
                    raise

    def _commit(self, files: Mapping[str, bytes], message: str, seconds: float) -> None:
        from huggingface_hub import CommitOperationAdd, get_session

        get_session().timeout = seconds  # the client's own is none
        head = self.api.dataset_info(self.repo, timeout=seconds).sha
        self.api.create_commit(
            self.repo,
            [CommitOperationAdd(name, content) for name, content in files.items()],
            commit_message=message,
            repo_type="dataset",
            parent_commit=head,
        )

    def writer(self, seconds: float = COMMIT_SECONDS) -> str | None:
        """Return the name of the journal of the process that takes votes now; None before the first.

        Raises:
            TimeoutError: The Hub didn't answer in time.
            Exception: Whatever the Hub's client raises.
        """
        within(seconds, lambda: self._fetch({WRITER}))
        return writer_in(self.copy)

    def has_ended(self, journal: str, seconds: float = COMMIT_SECONDS) -> bool:
        """Tell whether a journal says that its process takes no more votes; raises as `writer`."""
        within(seconds, lambda: self._fetch({journal}))
        return is_ended(self.copy / journal)


def writer_in(folder: Path) -> str | None:
    """Return which journal a downloaded writer.json names; None where there is none, or another's."""
    try:
        name = json.loads((folder / WRITER).read_text(encoding="utf-8"))["journal"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and Path(name).match(JOURNALS) and Path(name).name == name else None


def is_ended(journal: Path) -> bool:
    """Tell whether a journal's last line says that its process takes no more votes."""
    try:
        event = json.loads(journal.read_bytes().rstrip(b"\n").rpartition(b"\n")[2])
    except (OSError, ValueError):
        return False
    return isinstance(event, dict) and event.get("type") == "end"
