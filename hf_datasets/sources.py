"""Upstream files: where they are pinned, and how a local path to one is found or made.

Nothing else in the project downloads data. `MTBENCHX_SOURCES=DIR` names a mirror laid out NAME/REVISION/PATH; without
it, files are downloaded once into the user's cache: plain ones by url, those of a Hub repository at a commit by the
official client. A pinned checksum is verified at every use; a Hub file without one is pinned by its commit.
"""

import functools
import hashlib
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError

MIRROR_VARIABLE = "MTBENCHX_SOURCES"


@dataclass(frozen=True)
class Source:
    """One upstream repository at one revision."""

    name: str
    """Key in pins.toml and first folder of a mirror."""
    revision: str
    """Commit of the upstream repository (sha)."""
    licence: str
    """SPDX identifier."""
    url: str
    """Template with {revision} and {path}."""
    files: dict[str, str] = field(default_factory=dict)
    """Path inside the repository -> sha256 in hex, of every file; of a Hub repository only what is known."""
    repo: str = ""
    """The Hub dataset, e.g. `MBZUAI/Bactrian-X`; empty for files that are downloaded by url."""


@functools.cache
def source(name: str) -> Source:
    """Read one source from pins.toml.

    Raises:
        KeyError: No such source is pinned.
    """
    return Source(name=name, **_pins()[name])


def sources_of(collection: str) -> tuple[str, ...]:
    """Return the names of the sources that are pinned as COLLECTION/NAME: several repositories of one set."""
    return tuple(name for name in _pins() if name.startswith(f"{collection}/"))


@functools.cache
def _pins() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "pins.toml").read_text(encoding="utf-8"))


def mirror() -> Path | None:
    """Return the mirror's absolute folder, or None if the variable is unset.

    Raises:
        UserError: The variable names a folder that doesn't exist.
    """
    value = os.environ.get(MIRROR_VARIABLE)
    if not value:
        return None
    folder = Path(value).expanduser().resolve()
    if not folder.is_dir():
        raise UserError(f"{MIRROR_VARIABLE}={value} is not a folder ({folder}); name the mirror's folder or unset it.")
    return folder


def fetch(name: str, path: str) -> Path:
    """Return a verified local copy of one pinned file, downloading it if need be.

    Args:
        name: A source in pins.toml, e.g. `mtbench_x`.
        path: The file's path inside that repository.

    Raises:
        UserError: The file can't be had, or its content isn't the pinned one.
    """
    pinned = source(name)
    folder = mirror()
    if folder is None:
        return _from_hub(pinned, path) if pinned.repo else _download(pinned, path)
    file = folder / pinned.name / pinned.revision / path
    if not file.is_file():
        raise UserError(f"{file} is missing from the mirror; copy it there from {_url(pinned, path)}.")
    if path in pinned.files or not pinned.repo:
        _verify(file, pinned.files[path])
    return file


def at_hand(name: str, path: str) -> bool:
    """Tell whether `fetch` would find a plain file without downloading it."""
    pinned = source(name)
    try:
        folder = mirror()
    except UserError:
        return False
    if folder is not None:
        return (folder / pinned.name / pinned.revision / path).is_file()
    return not pinned.repo and (_cache(pinned) / path).is_file()


def label(name: str) -> str:
    """Return what a card calls a Hub source: repository and commit."""
    pinned = source(name)
    return f"{pinned.repo}@{pinned.revision[:12]}"


def _url(pinned: Source, path: str) -> str:
    return pinned.url.format(revision=pinned.revision, path=path)


def _cache(pinned: Source) -> Path:
    import pooch

    return Path(pooch.os_cache("mtbench-x")) / "sources" / pinned.name / pinned.revision


def _download(pinned: Source, path: str) -> Path:
    import pooch

    folder = _cache(pinned) / Path(path).parent
    url = _url(pinned, path)
    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(url, f"sha256:{pinned.files[path]}", Path(path).name, folder))
    except ValueError as error:
        raise UserError(f"{url} no longer has the pinned content ({error}); report it, or use a mirror.") from error
    except OSError as error:  # requests' errors are OSErrors
        raise UserError(
            f"Can't download {url} into {folder} ({type(error).__name__}); set {MIRROR_VARIABLE} to a folder that "
            f"holds {pinned.name}/{pinned.revision}/{path}, or use the bundled mini benchmark (mtbench_x_mini)."
        ) from error


def _from_hub(pinned: Source, path: str) -> Path:
    from hf_datasets.hub.download import download

    file = download(pinned.repo, path, pinned.revision, f"{pinned.name}/{pinned.revision}/{path}")
    if path in pinned.files:
        _verify(file, pinned.files[path])
    return file


def _verify(file: Path, sha256: str) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        raise UserError(
            f"{file} is not the pinned file (sha256 {found[:12]}..., expected {sha256[:12]}...); copy it anew."
        )
