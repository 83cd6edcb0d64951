"""A double of OpenAI's Batch API on loopback: files, batches and their results in the real wire format."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.loopback import Handler, running
from tests.doubles.openai_api import Answer, Reply, completion, error

Lines = list[dict[str, Any]]


@dataclass
class Fault:
    """What goes wrong once, at the next request whose method and path begin so."""

    at: str
    kind: str = "drop"  # drop: nothing happens; lost: it happens, but no answer comes; half: half of the body comes
    reply: Reply | None = None  # instead of all that


@dataclass
class BatchApi:
    """A running server: what it was asked, and how its batches go."""

    url: str
    answer: Answer
    on_the_way: tuple[str, ...] = ("validating", "in_progress")  # what the first looks at a batch see
    ending: str = "completed"
    answered: int | None = None  # lines that a batch answers before it ends; None: all
    refuse: Callable[[Lines], dict[str, Any] | None] = lambda lines: None  # the error of a file's validation
    missing_lines: bool = False  # lines that weren't answered are in no file
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    chats: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)

    @property
    def uploads(self) -> list[Lines]:
        """The lines of each batch, oldest first."""
        return [self.lines(batch["input_file_id"]) for batch in self.batches.values()]

    @property
    def judgments(self) -> list[dict[str, Any]]:
        """The live requests but those of a preflight."""
        return [chat for chat in self.chats if 1 not in (chat.get("max_tokens"), chat.get("max_completion_tokens"))]

    def reset(self, answer: Answer) -> None:
        """Become a new server at the same place."""
        vars(self).update(vars(BatchApi(self.url, answer)))

    def lines(self, file: str) -> Lines:
        return [json.loads(line) for line in self.files[file].split(b"\n") if line]

    def store(self, content: bytes) -> str:
        file = f"file-{len(self.files)}"
        self.files[file] = content
        return file

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        batch = {
            "id": f"batch_{len(self.batches)}",
            "object": "batch",
            "endpoint": request["endpoint"],
            "input_file_id": request["input_file_id"],
            "completion_window": request["completion_window"],
            "status": "validating",
            "created_at": int(time.time()),
            "output_file_id": None,
            "error_file_id": None,
            "errors": None,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
        }
        self.batches[batch["id"]] = batch
        return batch

    def look(self, batch: dict[str, Any]) -> dict[str, Any]:
        seen = self.looks[batch["id"]] = self.looks.get(batch["id"], 0) + 1
        lines = self.lines(batch["input_file_id"])
        if seen <= len(self.on_the_way):
            step = max(seen - 1, 0)
            done = len(lines) * step // len(self.on_the_way)
            counts = {"total": len(lines), "completed": done, "failed": 0}
            batch |= {"status": self.on_the_way[step], "request_counts": counts}
        elif batch["status"] not in ("failed", "completed", "expired", "cancelled"):
            self.end(batch, lines)
        return batch

    def end(self, batch: dict[str, Any], lines: Lines) -> None:
        refusal = self.refuse(lines)
        if refusal is not None:
            batch |= {"status": "failed", "errors": {"object": "list", "data": [refusal]}}
            return
        rows = [self.row(line) for line in lines[: self.answered]]
        code = f"batch_{self.ending}"
        late = [] if self.missing_lines else lines[len(rows) :]
        lost = [
            {
                "id": "r",
                "custom_id": line["custom_id"],
                "response": None,
                "error": {"code": code, "message": "Too late."},
            }
            for line in late
        ]
        good = [row for row in rows if row["response"]["status_code"] == 200]
        bad = [row for row in rows if row["response"]["status_code"] != 200] + lost
        batch |= {"status": self.ending, "output_file_id": self.written(good), "error_file_id": self.written(bad)}
        batch["request_counts"] = {"total": len(lines), "completed": len(good), "failed": len(bad)}

    def written(self, rows: Lines) -> str | None:
        """Store rows in another order than they were asked, as the vendor may; no file for none."""
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in reversed(rows))
        return self.store(text.encode()) if rows else None

    def row(self, line: dict[str, Any]) -> dict[str, Any]:
        said = self.answer(line["body"])
        reply = said if isinstance(said, Reply) else Reply(completion(said))
        response = {"status_code": reply.status, "request_id": "req", "body": reply.body}
        return {"id": "r", "custom_id": line["custom_id"], "response": response, "error": None}

    def listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Two batches a page, newest first."""
        newest = list(reversed(self.batches.values()))
        after = query.get("after", [""])[0]
        start = [batch["id"] for batch in newest].index(after) + 1 if after else 0
        return {"object": "list", "data": newest[start : start + 2], "has_more": start + 2 < len(newest)}

    def chat(self, request: dict[str, Any]) -> Reply:
        self.chats.append(request)
        said = self.answer(request)
        return said if isinstance(said, Reply) else Reply(completion(said))

    def reply(self, method: str, path: str, headers: Any, body: bytes) -> Reply:
        parts = urlsplit(path.removeprefix("/v1"))
        match (method, *parts.path.strip("/").split("/")):
            case ("POST", "files"):
                return Reply({"id": self.store(multipart(headers["Content-Type"], body)["file"]), "object": "file"})
            case ("GET", "files", file, "content") if file in self.files:
                return Reply(self.files[file], headers={"Content-Type": "application/octet-stream"})
            case (_, "batches"):
                return Reply(self.create(json.loads(body)) if body else self.listed(parse_qs(parts.query)))
            case ("GET", "batches", batch) if batch in self.batches:
                return Reply(self.look(self.batches[batch]))
            case ("POST", "chat", "completions"):
                return self.chat(json.loads(body))
        return error(404, f"No such thing: {path}")


def multipart(content_type: str, body: bytes) -> dict[str, bytes]:
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in parts(message)
    }


def parts(message: Any) -> list[Any]:
    payload = message.get_payload()
    assert isinstance(payload, list)
    return payload


@contextmanager
def serve_batches(answer: Answer) -> Iterator[BatchApi]:
    api = BatchApi("", answer)
    lock = threading.RLock()

    class Batches(Handler):
        def handle_any(self) -> None:
            body = self.read()
            asked = f"{self.command} {self.path}"
            with lock:
                api.asked.append(asked)
                fault = next((fault for fault in api.faults if asked.startswith(fault.at)), None)
                if fault is not None:
                    api.faults.remove(fault)
                if fault is not None and (fault.reply or fault.kind == "drop"):
                    reply = fault.reply or Reply(None, drop=True)
                else:
                    reply = api.reply(self.command, self.path, self.headers, body)
            if reply.drop or (fault is not None and fault.kind == "lost" and fault.reply is None):
                self.drop()
            else:
                self.send(reply.body, reply.status, reply.headers, half=fault is not None and fault.kind == "half")

        do_GET = do_POST = handle_any  # noqa: N815

    with running(Batches) as api.url:
        yield api
