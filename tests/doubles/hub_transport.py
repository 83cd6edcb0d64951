"""The Hub double's transport: who asks, what goes wrong on the way, how an answer is sent. The pages: hub.py."""

import json
import re
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.doubles.hub_store import Account, Commit, Repo
from tests.doubles.loopback import Handler

WRITER = "hf_writer_of_the_test"
READER = "hf_reader_of_the_test"
GATEWAY = 502  # from here on an error is a page of the proxy in front of the Hub, not JSON


@dataclass
class Fault:
    """One thing that goes wrong, before or after the request was carried out."""

    method: str
    path: re.Pattern[str]
    status: int | None = None  # None: the connection is cut
    after: bool = False  # carried out, but the answer is lost
    delay: float = 0.0  # seconds until it is carried out; nothing else goes wrong
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Something went wrong"


@dataclass
class Hub:
    """A running Hub: who may do what, what it holds, what it was asked."""

    url: str = ""
    accounts: dict[str, Account] = field(
        default_factory=lambda: {WRITER: Account("me", orgs=("ORG",)), READER: Account("me", "read", ("ORG",))}
    )
    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # faults of the double itself
    closing: threading.Event = field(default_factory=threading.Event)  # ends delays

    def fail(self, method: str, path: str, status: int | None = None, **options: Any) -> None:
        """Let the next matching request (or `times=n` of them) go wrong."""
        self.faults.append(Fault(method, re.compile(path), status, **options))

    def make(self, kind: str, repo_id: str, **options: Any) -> Repo:
        self.repos[kind, repo_id] = Repo(kind, repo_id, **options)
        return self.repos[kind, repo_id]

    def asked(self, method: str, path: str) -> int:
        """How often something was asked."""
        return sum(bool(re.match(f"{method} .*{path}", line)) for line in self.log)


class Refused(Exception):  # noqa: N818  (an answer, not a fault of the double)
    def __init__(self, status: int, message: str, code: str | None = None, **body: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": message, **body}
        self.headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}


class Transport(Handler):
    hub: Hub
    routes: tuple[tuple[str, str], ...] = ()

    def do_GET(self) -> None:  # noqa: N802
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    # transport -----------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        self.hub.log.append(f"{self.command} {parts.path}")
        self.query = parse_qs(parts.query)
        fault = self._fault(parts.path)
        if fault and fault.delay:
            if self.hub.closing.wait(fault.delay):
                self.drop()
                return
            fault = None
        if fault and not fault.after:
            self._go_wrong(fault)
            return
        self.body = self._read_body()
        try:
            reply = self._route(unquote(parts.path))
        except Refused as refused:
            self._send(refused.body, refused.status, refused.headers)
            return
        except Exception:
            self.hub.broken.append(traceback.format_exc())
            raise
        if fault:
            self.drop()
        elif reply is not None:
            self._send(reply, 200, {})

    def _fault(self, path: str) -> Fault | None:
        for fault in self.hub.faults:
            if fault.method == self.command and fault.path.search(path):
                fault.times -= 1
                if not fault.times:
                    self.hub.faults.remove(fault)
                return fault
        return None

    def _go_wrong(self, fault: Fault) -> None:
        if fault.status is None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
            self.drop()
        else:
            self._read_body()
            page: Any = b"<html>Bad gateway</html>" if fault.status >= GATEWAY else {"error": fault.message}
            self._send(page, fault.status, {"X-Error-Message": fault.message, **fault.headers})

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.read()
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, body: Any, status: int, headers: dict[str, str]) -> None:
        if self.command != "HEAD":
            self.send(body, status, headers)
            return
        self.send_response(status)
        for name, value in {
            "Content-Length": str(len(body if isinstance(body, bytes) else json.dumps(body))),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()

    # who may -------------------------------------------------------------------------------------------------------

    def _account(self) -> Account | None:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if given and given not in self.hub.accounts:
            raise Refused(401, "Invalid credentials in Authorization header")
        return self.hub.accounts.get(given)

    def _writer(self, namespace: str, what: str) -> Account:
        account = self._account()
        if account is None:
            raise Refused(401, "Invalid username or password.")
        if not account.may_write(namespace):
            raise Refused(403, what)
        return account

    def _repo(self, kind: str, repo_id: str, write: bool = False) -> Repo:
        account = self._account()
        repo = self.hub.repos.get((kind, repo_id))
        namespace = repo_id.split("/", maxsplit=1)[0]
        seen = repo and (not repo.private or (account and namespace in (account.name, *account.orgs)))
        if repo is None or not seen:
            raise Refused(404 if account else 401, "Repository not found", "RepoNotFound")
        if write:
            self._writer(namespace, "Authorization error: your token can't write to this repository.")
        return repo

    def _admitted(self, repo: Repo) -> None:
        """Files of a gated repository are for those who accepted its terms."""
        account = self._account()
        if repo.gated and (account is None or account.name not in repo.accepted):
            message = f"Access to {repo.kind} {repo.id} is restricted."
            raise Refused(403 if account else 401, message, "GatedRepo")

    def _commit(self, repo: Repo, revision: str) -> Commit:
        commit = repo.at(revision)
        if commit is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return commit

    def _route(self, path: str) -> Any:
        for pattern, name in self.routes:
            if match := re.fullmatch(pattern, path):
                answer: Callable[..., Any] = getattr(self, name)
                return answer(**{name: text for name, text in match.groupdict().items() if text is not None})
        raise Refused(404, f"No such page: {self.command} {path}")
