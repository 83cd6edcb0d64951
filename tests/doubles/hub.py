"""A double of the Hugging Face Hub on loopback: the wire protocol that the real `huggingface_hub` client speaks.

Repositories of models, datasets and Spaces: create, look up, list, download (Range, ETag, redirect of LFS files to
another host), pre-upload, LFS batch, PUT and verify, commit. Faults are put in front of any request by `Hub.fail`.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

import yaml

from tests.doubles import hub_yaml
from tests.doubles.hub_store import Blob, Commit, Repo, upload_mode
from tests.doubles.hub_transport import READER, WRITER, Hub, Refused, Transport
from tests.doubles.loopback import running

__all__ = ["READER", "WRITER", "Hub", "serve"]
KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}


@contextmanager
def serve() -> Iterator[Hub]:
    hub = Hub()
    handler = type("BoundWire", (Wire,), {"hub": hub})
    with running(handler) as url:
        hub.url = url.removesuffix("/v1")
        try:
            yield hub
        finally:
            hub.closing.set()
    assert not hub.broken, hub.broken[0]


class Wire(Transport):
    # reading -----------------------------------------------------------------------------------------------------

    def whoami(self) -> Any:
        account = self._account()
        if account is None:
            raise Refused(401, "Invalid username or password.")
        token = {"displayName": "test", "role": account.role}
        orgs = [{"type": "org", "name": name, "roleInOrg": "write"} for name in account.orgs]
        auth = {"type": "access_token", "accessToken": token}
        return {"type": "user", "name": account.name, "orgs": orgs, "auth": auth}

    def create(self) -> Any:
        asked = json.loads(self.body)
        account = self._account()
        namespace = asked.get("organization") or (account.name if account else "")
        kind = asked.get("type") or "model"
        self._writer(namespace, f'You don\'t have the rights to create a {kind} under the namespace "{namespace}"')
        repo_id = f"{namespace}/{asked['name']}"
        url = f"{self.hub.url}/{'' if kind == 'model' else kind + 's/'}{repo_id}"
        if (kind, repo_id) in self.hub.repos:
            raise Refused(409, f"You already created this {kind} repo", url=url)
        if kind == "space" and not asked.get("sdk"):
            raise Refused(400, "A Space needs an sdk")
        self.hub.make(kind, repo_id, private=bool(asked.get("private")) or asked.get("visibility") == "private")
        return {"url": url, "name": repo_id, "id": repo_id}

    def validate(self) -> Any:
        asked = json.loads(self.body)
        found = hub_yaml.problems(asked["content"], asked.get("repoType") or "model")
        warned = [{"message": text} for text in hub_yaml.warnings(asked["content"])]
        if found:
            raise Refused(400, "Invalid metadata", errors=[{"message": text} for text in found], warnings=warned)
        return {"errors": [], "warnings": warned}

    def info(self, kind: str, repo: str, revision: str = "main") -> Any:
        found = self._repo(KINDS[kind], repo)
        commit = self._commit(found, revision)
        full = {
            "id": found.id,
            "author": found.id.split("/")[0],
            "sha": commit.oid,
            "private": found.private,
            "gated": False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "lastModified": "2026-01-01T00:00:00.000Z",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "siblings": [{"rfilename": path} for path in sorted(commit.files)],
            "cardData": hub_yaml.front_matter(commit.files["README.md"].data) if "README.md" in commit.files else None,
            "evalResults": list(_eval_results(commit)),
        }
        wanted = self.query.get("expand", [key for key in full if key != "evalResults"])
        return {key: value for key, value in full.items() if key in ("id", *wanted)}

    def tree(self, kind: str, repo: str, revision: str, folder: str = "") -> Any:
        commit = self._commit(self._repo(KINDS[kind], repo), revision)
        prefix = folder.strip("/") + "/" if folder.strip("/") else ""
        inside = {path: blob for path, blob in sorted(commit.files.items()) if path.startswith(prefix)}
        if prefix and not inside:
            raise Refused(404, f'"{folder}" does not exist on "{revision}"', "EntryNotFound")
        entries: dict[str, dict[str, Any]] = {}
        for path, blob in inside.items():
            steps = path[len(prefix) :].split("/")
            for depth in range(1, len(steps)):
                name = prefix + "/".join(steps[:depth])
                entries[name] = _directory(name)
            entries[path] = blob.described(path)
        deep = self.query.get("recursive", ["false"])[0].lower() == "true"
        return [entry for path, entry in entries.items() if deep or "/" not in path[len(prefix) :]]

    def paths_info(self, kind: str, repo: str, revision: str) -> Any:
        commit = self._commit(self._repo(KINDS[kind], repo), revision)
        form = parse_qs(self.body.decode())
        found = []
        for path in form.get("paths", []):
            if path in commit.files:
                found.append(commit.files[path].described(path))
            elif any(name.startswith(path + "/") for name in commit.files):
                found.append(_directory(path))
        return found

    def resolve(self, repo: str, revision: str, path: str, kind: str | None = None) -> Any:
        found = self._repo(KINDS[kind or "models"], repo)
        self._admitted(found)
        commit = self._commit(found, revision)
        blob = commit.files.get(path)
        if blob is None:
            refused = Refused(404, "Entry not found", "EntryNotFound")
            refused.headers["X-Repo-Commit"] = commit.oid
            raise refused
        if blob.lfs:
            elsewhere = self.hub.url.replace("127.0.0.1", "localhost")
            size = str(len(blob.data))
            headers = {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": size, "X-Repo-Commit": commit.oid}
            location = f"{elsewhere}/cdn/{found.kind}/{found.id}/{blob.sha256}"
            self._send(b"", 302, {"Location": location, "ETag": f'"{blob.oid}"', **headers})
        else:
            self._serve(blob.data, {"ETag": f'"{blob.oid}"', "X-Repo-Commit": commit.oid})
        return None

    def cdn(self, kind: str, repo: str, oid: str) -> Any:
        if self.headers.get("Authorization"):
            raise Refused(400, "A token was sent to the CDN")
        data = self.hub.repos[kind, repo].objects[oid]
        self._serve(data, {"ETag": f'"{hashlib.md5(data).hexdigest()}"'})

    def _serve(self, data: bytes, headers: dict[str, str]) -> None:
        """Answer a file, whole or the range that is asked for."""
        headers |= {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", "Date": formatdate()}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        status, part = 200, data
        if asked:
            first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
            if first >= len(data):
                self._send(b"", 416, {"Content-Range": f"bytes */{len(data)}"})
                return
            status, part = 206, data[first : last + 1]
            headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        if self.command == "HEAD":
            self._send({}, status, {**headers, "Content-Length": str(len(part))})
        else:
            self.send(part, status, headers)

    # writing -------------------------------------------------------------------------------------------------------

    def preupload(self, kind: str, repo: str, revision: str) -> Any:
        found = self._repo(KINDS[kind], repo, write=True)
        commit = self._commit(found, revision)
        files = []
        for item in json.loads(self.body)["files"]:
            blob = commit.files.get(item["path"])
            mode = upload_mode(item["path"], item["size"], base64.b64decode(item["sample"]))
            oid = None if blob is None else blob.sha256 if blob.lfs else blob.oid
            files.append({"path": item["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return {"files": files, "commitOid": commit.oid}

    def lfs_batch(self, repo: str, kind: str | None = None) -> Any:
        found = self._repo(KINDS[kind or "models"], repo, write=True)
        base = f"{self.hub.url}/lfs/{found.kind}/{found.id}"
        objects = []
        for item in json.loads(self.body)["objects"]:
            actions = {"upload": {"href": f"{base}/{item['oid']}"}, "verify": {"href": f"{base}/verify"}}
            objects.append(item if item["oid"] in found.objects else {**item, "actions": actions})
        return {"transfer": "basic", "objects": objects}

    def lfs_object(self, kind: str, repo: str, oid: str) -> Any:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Refused(400, "The content isn't what its hash says")
        self.hub.repos[kind, repo].objects[oid] = self.body
        return {}

    def lfs_verify(self, kind: str, repo: str) -> Any:
        asked = json.loads(self.body)
        stored = self._repo(kind, repo, write=True).objects.get(asked["oid"])
        if stored is None or len(stored) != asked["size"]:
            raise Refused(404, "Object doesn't exist on remote")
        return {}

    def tag(self, kind: str, repo: str, revision: str) -> Any:
        found = self._repo(KINDS[kind], repo, write=True)
        name = json.loads(self.body)["tag"]
        if name in found.tags:
            raise Refused(409, f"Tag {name} already exists")
        found.tags[name] = self._commit(found, revision)
        return {}

    def commit(self, kind: str, repo: str, revision: str) -> Any:
        found = self._repo(KINDS[kind], repo, write=True)
        tip = self._commit(found, revision)
        lines = [json.loads(line) for line in self.body.splitlines()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        if header.get("parentCommit", tip.oid) != tip.oid:
            raise Refused(412, "A commit has happened since. Please refresh and try again.")
        files = dict(tip.files)
        for line in lines:
            _apply(line["key"], line["value"], files, found)
        if "README.md" in files and hub_yaml.problems(files["README.md"].data.decode(), found.kind):
            raise Refused(400, "Invalid metadata in README.md")
        sent = {path: blob.data for path, blob in files.items() if blob is not tip.files.get(path)}
        if faults := hub_yaml.refused_files(sent):
            raise Refused(400, "; ".join(faults))
        new = Commit(header["summary"], files, tip.oid)
        url = f"{self.hub.url}/{repo}/commit/{new.oid}"
        if self.query.get("create_pr"):
            found.pull_requests.append(new)
            pull = f"{self.hub.url}/{repo}/discussions/{len(found.pull_requests)}"
            return {"success": True, "commitOid": new.oid, "commitUrl": url, "pullRequestUrl": pull}
        found.commits.append(new)
        return {"success": True, "commitOid": new.oid, "commitUrl": url, "hookOutput": ""}


def _apply(key: str, value: dict[str, Any], files: dict[str, Blob], repo: Repo) -> None:
    """Carry out one line of a commit."""
    if key == "file":
        files[value["path"]] = Blob(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        if value["oid"] not in repo.objects:
            raise Refused(400, f"LFS object {value['oid']} was never uploaded")
        files[value["path"]] = Blob(repo.objects[value["oid"]], lfs=True)
    elif key == "deletedFile":
        if value["path"] not in files:
            raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
        del files[value["path"]]
    elif key == "deletedFolder":
        for path in [path for path in files if path.startswith(value["path"].rstrip("/") + "/")]:
            del files[path]


def _directory(path: str) -> dict[str, Any]:
    return {"type": "directory", "oid": hashlib.sha1(path.encode()).hexdigest(), "size": 0, "path": path}


def _eval_results(commit: Commit) -> Iterator[dict[str, Any]]:
    for path, blob in commit.files.items():
        if re.fullmatch(r"\.eval_results/[^/]+\.ya?ml", path):
            yield from ({"filename": path, "data": item} for item in yaml.safe_load(blob.data))


_ID = r"(?P<repo>[\w.-]+/[\w.-]+)"
_API = r"/api/(?P<kind>models|datasets|spaces)/" + _ID
Wire.routes = (
    (r"/api/whoami-v2", "whoami"),
    (r"/api/repos/create", "create"),
    (r"/api/validate-yaml", "validate"),
    (_API, "info"),
    (_API + r"/revision/(?P<revision>.+)", "info"),
    (_API + r"/tree/(?P<revision>refs/pr/\d+|[^/]+)(?P<folder>/.*)?", "tree"),
    (_API + r"/paths-info/(?P<revision>.+)", "paths_info"),
    (_API + r"/preupload/(?P<revision>.+)", "preupload"),
    (_API + r"/commit/(?P<revision>.+)", "commit"),
    (_API + r"/tag/(?P<revision>.+)", "tag"),
    (r"/(?:(?P<kind>datasets|spaces)/)?" + _ID + r"\.git/info/lfs/objects/batch", "lfs_batch"),
    (r"/lfs/(?P<kind>\w+)/" + _ID + r"/verify", "lfs_verify"),
    (r"/lfs/(?P<kind>\w+)/" + _ID + r"/(?P<oid>[0-9a-f]{64})", "lfs_object"),
    (r"/cdn/(?P<kind>\w+)/" + _ID + r"/(?P<oid>[0-9a-f]{64})", "cdn"),
    (r"/(?:(?P<kind>datasets|spaces)/)?" + _ID + r"/resolve/(?P<revision>refs/pr/\d+|[^/]+)/(?P<path>.+)", "resolve"),
)
