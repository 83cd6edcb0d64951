"""What a Hub remembers: accounts, and repositories as a line of commits over git blobs and LFS objects."""

import fnmatch
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ATTRIBUTES = ".gitattributes"
LFS_PATTERNS = ("*.parquet", "*.safetensors", "*.bin", "*.pt", "*.gguf", "*.model", "*.zip", "*.png")
REGULAR_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Account:
    name: str
    role: str = "write"  # write, read or fineGrained (which may write nothing here)
    orgs: tuple[str, ...] = ()

    def may_write(self, namespace: str) -> bool:
        return self.role == "write" and namespace in (self.name, *self.orgs)


@dataclass(frozen=True)
class Blob:
    data: bytes
    lfs: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def pointer(self) -> bytes:
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.data)}\n"
        return text.encode()

    @property
    def oid(self) -> str:
        content = self.pointer if self.lfs else self.data
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def described(self, path: str) -> dict[str, Any]:
        plain = {"type": "file", "oid": self.oid, "size": len(self.data), "path": path}
        pointer = {"oid": self.sha256, "size": len(self.data), "pointerSize": len(self.pointer)}
        return plain | ({"lfs": pointer} if self.lfs else {})


@dataclass(frozen=True)
class Commit:
    title: str
    files: Mapping[str, Blob]
    parent: str | None = None

    @property
    def oid(self) -> str:
        content = [self.title, self.parent, sorted((path, blob.oid) for path, blob in self.files.items())]
        return hashlib.sha1(repr(content).encode()).hexdigest()


@dataclass
class Repo:
    kind: str  # model, dataset or space
    id: str
    private: bool = False
    gated: bool = False
    accepted: set[str] = field(default_factory=set)  # accounts that accepted the terms of a gated repository
    commits: list[Commit] = field(default_factory=list)
    pull_requests: list[Commit] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, Commit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        attributes = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in LFS_PATTERNS)
        files = {ATTRIBUTES: Blob(attributes.encode())}
        if self.kind == "space":
            files["README.md"] = Blob(b"---\ntitle: Template\nsdk: static\n---\n")
        self.commits.append(Commit("initial commit", files))

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    @property
    def files(self) -> dict[str, bytes]:
        """What stands at the tip of main, without the Hub's own .gitattributes."""
        return {path: blob.data for path, blob in self.head.files.items() if path != ATTRIBUTES}

    @property
    def history(self) -> list[str]:
        """Titles of the commits after the first."""
        return [commit.title for commit in self.commits[1:]]

    def at(self, revision: str) -> Commit | None:
        if revision in ("main", "HEAD", "refs/heads/main"):
            return self.head
        known = self.tags | {commit.oid: commit for commit in self.commits}
        known |= {f"refs/pr/{number}": commit for number, commit in enumerate(self.pull_requests, start=1)}
        return known.get(revision)

    def add(self, title: str, **files: str | bytes | None) -> None:
        """Commit as someone else would, on the website: `path` -> content, None deletes. `__` in a name is a slash."""
        after = dict(self.head.files)
        for name, content in files.items():
            path = name.replace("__", "/")
            if content is None:
                del after[path]
            else:
                after[path] = Blob(content.encode() if isinstance(content, str) else content)
        self.commits.append(Commit(title, after, self.head.oid))


def upload_mode(path: str, size: int, sample: bytes) -> str:
    """LFS by .gitattributes, by size, and for binary content."""
    named = any(fnmatch.fnmatch(path.rsplit("/", 1)[-1], pattern) for pattern in LFS_PATTERNS)
    return "lfs" if size and (named or size > REGULAR_LIMIT or b"\0" in sample) else "regular"
