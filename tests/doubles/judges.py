"""A double of the judges of 2025 and 2026: the model's name decides which endpoint's manners the server has.

Every request is recorded as it came over the wire, whatever is answered. `JUDGES` (judge_manners.py) lists the names.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.doubles.judge_failures import page, unknown_model
from tests.doubles.judge_manners import JUDGES
from tests.doubles.judge_replies import Body
from tests.doubles.loopback import Handler, running

DRIPS = 30.0
"""Seconds after which a drip ends, so that no test hangs for ever."""
MODELS = [
    {"id": "gpt-6-luna", "object": "model", "created": 1790000000, "owned_by": "openai", "shutdown_date": None},
    {"id": "gpt-4.1", "object": "model", "created": 1744000000, "owned_by": "openai", "shutdown_date": "2027-01-14"},
    {"id": "google/gemma-4-31B-it", "object": "model", "max_model_len": 16384},
]
"""What GET /models lists: with an end, without one, and by a server that knows of none."""


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    """With the query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Body
    """Parsed JSON; empty for a GET."""

    @property
    def parameters(self) -> Body:
        """All but model and messages."""
        return {name: value for name, value in self.body.items() if name not in ("model", "messages")}

    @property
    def system_role(self) -> str:
        """The role under which the system prompt came; `user` if it is part of the user's message."""
        roles = [message["role"] for message in self.body["messages"]]
        return next((role for role in roles if role in ("system", "developer")), "user")


@dataclass
class Judges:
    """The running server."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    """In the order of arrival."""

    @property
    def chats(self) -> list[Asked]:
        """The requests for completions."""
        return [one for one in self.asked if one.body]


def seven(body: Body) -> str:
    """[[A]] where the prompt is pairwise, else a seven."""
    return "[[A]]" if "[[A]]" in json.dumps(body["messages"]) else "Rating: [[7]]"


@contextmanager
def serve_judges(verdict: Callable[[Body], str] = seven) -> Iterator[Judges]:
    """Serve until the block ends.

    Args:
        verdict: What a judge's text ends with, by the request's body.
    """
    api = Judges()
    over = threading.Event()

    class Chat(Handler):
        def do_GET(self) -> None:  # noqa: N802
            self.record({})
            self.send({"object": "list", "data": MODELS}, 200, {})

        def do_POST(self) -> None:  # noqa: N802
            body = json.loads(self.read())
            self.record(body)
            judge = JUDGES.get(body["model"], unknown_model)
            reply = (judge if "/chat/completions" in self.path else page)(body, verdict(body))
            if body["model"] in ("drips", "drips-its-head", "keeps-alive"):
                self.drip(body["model"], json.dumps(reply.body).encode())
            else:
                self.send(reply.body, reply.status, reply.headers)

        def record(self, body: Body) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            api.asked.append(Asked(self.path, headers, body))

        def drip(self, model: str, body: bytes) -> None:
            """A byte now and then: for ever in the head or in the body, or five blanks and then the answer."""
            ok = b"HTTP/1.1 200 OK\r\n"
            head = ok + b"Content-Type: application/json\r\nConnection: close\r\n\r\n"
            self.close_connection = True
            self.wfile.write(ok + b"X-Slow: " if model == "drips-its-head" else head)
            until = time.monotonic() + (0.25 if model == "keeps-alive" else DRIPS)
            while time.monotonic() < until and not over.wait(0.05):
                self.wfile.write(b"\n" if model == "keeps-alive" else b" ")
            self.wfile.write(body)

    with running(Chat) as api.url:
        try:
            yield api
        finally:
            over.set()
