"""Push a folder to the Hub: one atomic commit of what differs, none if nothing does, safe to repeat at any point.

The client tries uploads again by itself, but never a commit. So the whole of look, compare, upload and commit is
tried again here, and begins with a look: a commit whose answer was lost is found there and not made twice.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_datasets.hub.errors import (
    NO_TOKEN,
    NOT_FOUND,
    OFFLINE,
    UNAUTHORIZED,
    explained,
    faults,
    may_pass,
    retry_after,
    shown,
    status_of,
    warn_of_plain_http,
)
from hf_datasets.hub.secrets import check_secrets
from hf_datasets.hub.uploads import Upload
from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi
    from huggingface_hub.hf_api import RepoFile

    Operations = list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete]

WAITS = (1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds between tries; the Hub's Retry-After goes before."""
FEW_WAITS = 2
"""How many of WAITS are spent on a Hub that can't be connected to, or on an upload: the client tries these, too."""
KINDS = ("model", "dataset", "space")
Read = Callable[[str], bytes | None]
"""Reads a file of the repository as it stands; None if it isn't there."""
Superseded = Callable[[Read], Iterable[str]]
"""Names files of an earlier push; those that this push doesn't have are deleted with it."""


@dataclass(frozen=True)
class Pushed:
    """What a push did."""

    url: str
    commit: str | None
    """The commit; None if the repository had all of it already."""
    added: tuple[str, ...] = ()
    """Paths that are new or changed."""
    deleted: tuple[str, ...] = ()
    """Paths of an earlier push that this one replaced by others."""

    @property
    def summary(self) -> str:
        """One line for the user."""
        if self.commit is None:
            return f"{self.url} has all of this already; no commit was needed."
        gone = f", {len(self.deleted)} superseded files deleted" if self.deleted else ""
        return f"{self.url}: {len(self.added)} files added or changed{gone}, in one commit ({self.commit[:12]})."


def connect() -> "HfApi":
    """Return the Hub's client, with the token of HF_TOKEN or `hf auth login`.

    Raises:
        UserError: There is no token, or the client is offline by HF_HUB_OFFLINE.
    """
    from huggingface_hub import HfApi, constants, get_token

    if constants.is_offline_mode():
        raise UserError(OFFLINE)
    if not get_token():
        raise UserError(NO_TOKEN)
    return HfApi()


def nothing(_: Read) -> Iterable[str]:
    """Supersede nothing."""
    return ()


def push_files(
    files: Mapping[str, Upload],
    repo_id: str,
    kind: str,
    *,
    message: str,
    private: bool = False,
    superseded: Superseded = nothing,
    tags: Sequence[str] = (),
    api: "HfApi | None" = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Pushed:
    """Make a repository hold these files, in one commit or none.

    Files that others put there stay, unless a file of the same path is pushed or `superseded` names them.

    Args:
        files: Path in the repository -> what to upload.
        repo_id: `namespace/name`; made if it isn't there.
        kind: One of KINDS.
        message: Title of the commit.
        private: Make the repository private; a public one that exists is refused.
        superseded: Says which files of the repository an earlier push left.
        tags: Names for what is then there; one that exists stays where it is.
        api: The client; None: `connect()`.
        sleep: Waits between tries.

    Raises:
        UserError: It didn't work, and why; no commit was made, and what was uploaded isn't uploaded again.
    """
    if "/" not in repo_id:
        raise UserError(f"--repo-id must be NAMESPACE/NAME, not {repo_id!r}.")
    client = api or connect()
    warn_of_plain_http(client.endpoint)
    try:
        check_secrets(files.values())
    except OSError as error:
        raise explained(error, client, repo_id, kind) from error
    push = _Push(client, repo_id, kind, files, superseded, message, private, tuple(tags))
    tries = 0
    while True:
        try:
            return push.attempt()
        except faults() as error:
            wait = _wait(error, tries)
            if wait is None:
                raise explained(error, client, repo_id, kind) from error
            tries += 1
            print(f"{_short(error)}; trying again in {wait:.0f} s", file=sys.stderr)
            sleep(wait)


def _wait(error: BaseException, tries: int) -> float | None:
    """Return how long to wait before the next try; None if there is to be none."""
    few = isinstance(error, RuntimeError) or type(error).__name__ in ("ConnectError", "ConnectTimeout")
    most = FEW_WAITS if few else len(WAITS)
    if not may_pass(error) or tries >= most:
        return None
    asked = retry_after(error)
    return WAITS[tries] if asked is None else asked


def _short(error: BaseException) -> str:
    status = status_of(error)
    if isinstance(error, RuntimeError):
        return "The upload broke off"
    return f"The Hub answered {status}" if status else f"No answer from the Hub ({type(error).__name__})"


@dataclass
class _Push:
    """One push on its way: what it was told, and what its tries have done."""

    api: "HfApi"
    repo_id: str
    kind: str
    files: Mapping[str, Upload]
    superseded: Superseded
    message: str
    private: bool
    tags: tuple[str, ...] = ()
    sent: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    """Added and deleted paths of a commit that was sent, whatever became of its answer."""

    def attempt(self) -> Pushed:
        """Look, compare, and commit what differs."""
        head = self._head()
        remote = self._files(head)
        added = tuple(path for path, file in self.files.items() if not file.equals(remote.get(path)))
        deleted = tuple(sorted((set(self._superseded(head, remote)) & set(remote)) - set(self.files)))
        url = self._url()
        if added or deleted:
            self.sent = (added, deleted)
            done = Pushed(url, self._commit(added, deleted, head), added, deleted)
        else:
            done = Pushed(url, head, *self.sent) if self.sent else Pushed(url, None)
        for tag in self.tags:
            self.api.create_tag(self.repo_id, tag=tag, revision=done.commit or head, repo_type=self.kind, exist_ok=True)
        return done

    def _url(self) -> str:
        prefix = "" if self.kind == "model" else f"{self.kind}s/"
        return f"{shown(self.api.endpoint)}/{prefix}{self.repo_id}"

    def _head(self) -> str | None:
        """Return the tip of main; make the repository first if there is none."""
        info = self._info(self.kind)
        if info is None:
            self._refuse_other_kinds()
            self._create()
            info = self._info(self.kind)
        if info is None:
            raise UserError(f"{self.repo_id} is taken, but not by a {self.kind} that this token may see.")
        if self.private and info.private is False:
            raise UserError(f"{self.repo_id} is public; make it private in its settings first, or leave --private out.")
        return str(info.sha) if info.sha else None

    def _info(self, kind: str) -> Any:
        try:
            return self.api.repo_info(self.repo_id, repo_type=kind)
        except faults() as error:
            if status_of(error) in (NOT_FOUND, UNAUTHORIZED):  # the Hub hides behind 401 what isn't there, too
                return None
            raise

    def _refuse_other_kinds(self) -> None:
        for kind in KINDS:
            if kind != self.kind and self._is_there(kind):
                raise UserError(
                    f"{self.repo_id} is a {kind}, not a {self.kind}; choose another --repo-id, or, to have both, make "
                    f"it first: hf repos create {self.repo_id} --repo-type {self.kind}"
                )

    def _is_there(self, kind: str) -> bool:
        try:
            return self._info(kind) is not None
        except faults():
            return False  # a courtesy to the user; no reason to stop

    def _create(self) -> None:
        sdk = "static" if self.kind == "space" else None
        private = True if self.private else None
        self.api.create_repo(self.repo_id, repo_type=self.kind, private=private, space_sdk=sdk, exist_ok=True)

    def _files(self, head: str | None) -> dict[str, "RepoFile"]:
        from huggingface_hub.hf_api import RepoFile

        if head is None:
            return {}
        tree = self.api.list_repo_tree(self.repo_id, recursive=True, revision=head, repo_type=self.kind)
        return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}

    def _superseded(self, head: str | None, remote: Mapping[str, "RepoFile"]) -> Iterable[str]:
        def read(path: str) -> bytes | None:
            if path not in remote:
                return None
            with tempfile.TemporaryDirectory() as folder:
                file = self.api.hf_hub_download(
                    self.repo_id, path, repo_type=self.kind, revision=head, local_dir=folder
                )
                return Path(file).read_bytes()

        return self.superseded(read)

    def _commit(self, added: Iterable[str], deleted: Iterable[str], head: str | None) -> str:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        operations: Operations = [
            *(CommitOperationAdd(path, self.files[path].source) for path in added),
            *(CommitOperationDelete(path) for path in deleted),
        ]
        return str(
            self.api.create_commit(
                self.repo_id,
                operations,
                commit_message=self.message,
                repo_type=self.kind,
                parent_commit=head,
            ).oid
        )
