"""Connections are used again as long as they are open, and what is written to one goes out together."""

from typing import Any

import httpcore2
import pytest

from hf_datasets.endpoints.connections import Connections
from hf_datasets.endpoints.lines import Lines
from hf_datasets.endpoints.waits import Stop

JUDGE, OTHER = httpcore2.Origin(b"http", b"judge.example", 80), httpcore2.Origin(b"https", b"judge.example", 443)
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def connections(*, expiry: float = 60.0) -> Connections:
    backend = httpcore2.MockBackend([REPLY] * 9)
    return Connections(httpcore2.ConnectionPool(network_backend=backend, keepalive_expiry=expiry))


def ask(connection: httpcore2.ConnectionInterface) -> bytes:
    return connection.request("POST", "http://judge.example/", content=b"x").content


def test_one_after_the_other_takes_one_connection() -> None:
    lent = connections()
    for _ in range(3):
        with lent.one(JUDGE) as connection:
            assert ask(connection) == b"{}"
    assert len(lent.resting) == 1


def test_at_once_each_has_its_own_and_the_last_used_comes_first() -> None:
    lent = connections()
    with lent.one(JUDGE) as first, lent.one(JUDGE) as second:
        assert first is not second
        ask(first), ask(second)
    assert lent.resting == [second, first]
    with lent.one(JUDGE) as third:
        assert third is first


def test_what_has_expired_or_leads_elsewhere_is_closed() -> None:
    for lent, origin in ((connections(expiry=-1.0), JUDGE), (connections(), OTHER)):
        with lent.one(JUDGE) as old:
            ask(old)
        with lent.one(origin) as new:
            assert new is not old
        assert old.is_closed()


def test_a_connection_that_broke_is_not_kept() -> None:
    lent = connections()
    with pytest.raises(RuntimeError), lent.one(JUDGE):  # before it was ever used
        raise RuntimeError
    with lent.one(JUDGE) as connection, connection.stream("GET", "http://judge.example/"):
        pass  # nobody reads the answer: what follows can't be told from it
    assert (lent.resting, connection.is_closed()) == ([], True)


class Recorded(httpcore2.NetworkStream):
    """A stream that answers anything, or breaks at a write."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.sent: list[bytes] = []
        self.breaks = breaks

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self.breaks:
            raise httpcore2.WriteError("gone")
        self.sent.append(buffer)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return b"answer"

    def close(self) -> None:
        """Nothing to close."""

    def get_extra_info(self, info: str) -> Any:
        """Nothing to tell."""


def test_head_and_body_go_out_together() -> None:
    lines = Lines(Stop())
    lines.allow(60.0)
    stream = Recorded()
    line = lines.keep(stream)
    line.write(b"head ")
    line.write(b"body")
    assert (line.read(9), line.read(9)) == (b"answer", b"answer")
    assert stream.sent == [b"head body"]


def test_who_refuses_a_request_before_its_end_is_still_read() -> None:
    lines = Lines(Stop())
    lines.allow(60.0)
    line = lines.keep(Recorded(breaks=True))
    line.write(b"too much")
    assert line.read(9) == b"answer"
