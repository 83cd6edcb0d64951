"""Files of a Hub dataset at one commit, by the official client; every refusal says what to click."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

HUB = "https://huggingface.co"
TOKENS = f"{HUB}/settings/tokens"
UNAUTHORIZED, FORBIDDEN = 401, 403
REPO_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
"""A dataset as the Hub names it."""


def download(repo: str, path: str, revision: str, mirrored: str) -> Path:
    """Return the local copy of one file, downloading what of it is missing.

    Args:
        repo: The Hub dataset, e.g. `GAIR/lima`.
        path: The file's path in it.
        revision: Commit sha.
        mirrored: Its path in a mirror, for the error that offers one.

    Raises:
        UserError: The file can't be had.
    """
    otherwise = (
        f"set MTBENCHX_SOURCES to a folder that holds {mirrored}, or name local files by --source (the mini set, "
        "`data build lima-x --configs mini`, needs none)"
    )
    with _explained(repo, path, revision, otherwise):
        return _download(repo, path, revision)


def download_folder(repo: str, revision: str | None, patterns: Sequence[str], *, kind: str = "dataset") -> Path:
    """Return the folder with the local copies of some files, downloading what of them is missing.

    Args:
        repo: The Hub repository, `NAMESPACE/NAME`.
        revision: Branch, tag or commit; None: main.
        patterns: Which files, e.g. `data/*.parquet`.
        kind: `dataset` or `model`.

    Raises:
        UserError: They can't be had.
    """
    otherwise = f"download it by `hf download {repo} --repo-type {kind}` where you are online"
    with _explained(repo, "the files", revision or "main", otherwise):
        return Path(_client().snapshot_download(repo, repo_type=kind, revision=revision, allow_patterns=list(patterns)))


@contextmanager
def _explained(repo: str, path: str, revision: str, otherwise: str) -> Iterator[None]:
    """Turn the client's errors into sentences; `otherwise` is what to do without the Hub."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise UserError(_gated(repo)) from error
    except errors.RemoteEntryNotFoundError as error:
        raise UserError(f"{repo} has no file {path} at revision {revision}; report it, or name local files.") from error
    except errors.RevisionNotFoundError as error:
        raise UserError(f"{repo} has no revision {revision}; push it again, or name one that it has.") from error
    except errors.HfHubHTTPError as error:
        raise UserError(_refused(repo, path, error.response.status_code)) from error
    except (OSError, _http_error()) as error:
        raise UserError(
            f"Can't download {path} of {HUB}/datasets/{repo} ({type(error.__cause__ or error).__name__}); go online, "
            f"{otherwise}."
        ) from error


def _client() -> "HfApi":
    from huggingface_hub import HfApi

    return HfApi(os.environ.get("HF_ENDPOINT") or HUB)


def _download(repo: str, path: str, revision: str) -> Path:
    """Download one file; if it isn't where it was expected, from the only folder that has one of its name."""
    from huggingface_hub import errors

    api = _client()
    try:
        return Path(api.hf_hub_download(repo, path, repo_type="dataset", revision=revision))
    except errors.RemoteEntryNotFoundError:
        listed = api.list_repo_files(repo, repo_type="dataset", revision=revision)
        found = [other for other in listed if other.rpartition("/")[2] == path.rpartition("/")[2]]
        if len(found) != 1:
            raise
        return Path(api.hf_hub_download(repo, found[0], repo_type="dataset", revision=revision))


def _http_error() -> type[Exception]:
    """The client's base class of what goes wrong on the wire; which library it is from changes with its version."""
    from huggingface_hub.errors import HfHubHTTPError

    return next((base for base in HfHubHTTPError.__bases__ if base is not OSError), OSError)


def _gated(repo: str) -> str:
    from huggingface_hub import get_token

    page = f"{HUB}/datasets/{repo}"
    if get_token():
        return (
            f"{repo} is gated and the account of your token may not read it yet: open {page}, click 'Agree and access "
            f"repository', and let a fine-grained token read public gated repositories at {TOKENS}."
        )
    return (
        f"{repo} is gated and you are not signed in: open {page}, click 'Agree and access repository', make a read "
        f"token at {TOKENS}, and set HF_TOKEN to it (or run `hf auth login`)."
    )


def _refused(repo: str, path: str, status: int) -> str:
    from huggingface_hub import get_token

    if status in (UNAUTHORIZED, FORBIDDEN):
        way_out = f"make a new read token at {TOKENS}" if get_token() else f"make a read token at {TOKENS}"
        return (
            f"The Hub doesn't let you read {repo} ({status}): {way_out}, set HF_TOKEN to it, and accept the terms at "
            f"{HUB}/datasets/{repo} if it asks for that."
        )
    return f"The Hub can't give {path} of {repo} now ({status}); try again later, or name local files by --source."
