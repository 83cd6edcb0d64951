"""The web server around the app: how it begins and ends, and how connections end that ask nothing."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.app import create_app
from mtbenchx_tasks.annotate.serve import LOCAL
from mtbenchx_tasks.annotate.website import Site

GRACE_SECONDS = 2
"""For requests under way at the end: a container has ten seconds, of which the last commit needs most."""
REQUEST_SECONDS = 15.0
"""For a request to arrive whole, from the connection's beginning or the first byte on."""


class Connection(H11Protocol):
    """Ends a connection whose request doesn't arrive whole within REQUEST_SECONDS, however it drips."""

    seconds = REQUEST_SECONDS

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on; a whole request ends the wait."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the wait."""
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


@contextmanager
def _closed_terminal_ends(server: uvicorn.Server) -> Iterator[None]:
    """Let SIGHUP end a server as SIGTERM does: an exception from a handler can be lost in the server's event loop."""
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is None or signal.getsignal(hangup) == signal.SIG_IGN:  # Windows; nohup
        yield
        return
    before = signal.signal(hangup, lambda *_: setattr(server, "should_exit", True))
    try:
        yield
    finally:
        signal.signal(hangup, before)


def reach(host: str, port: int) -> str:
    """Say where the app is, and who can reach it."""
    if host in LOCAL:
        shown = f"[{host}]" if ":" in host else host
        return (
            f"Open http://{shown}:{port}/ on this machine; nobody else can reach it. For others: a web server with "
            "https that passes on to this address, or --host 0.0.0.0 behind one on another machine."
        )
    everywhere = host in ("0.0.0.0", "::")
    shown = "NAME-OF-THIS-MACHINE" if everywhere else f"[{host}]" if ":" in host else host
    return (
        f"Listening on {'every address' if everywhere else host}, port {port}: http://{shown}:{port}/. Put a web "
        "server with https before it: codes and cookies must not travel in the clear."
    )


def run(site: Site, host: str, port: int) -> None:
    """Serve until interrupted; what was acknowledged is in the database, which the caller closes.

    Raises:
        UserError: The port is taken.
    """
    print(f"{len(site.voting.items)} items, votes in {site.voting.store.path}", file=sys.stderr)
    if not site.embedded:
        print(reach(host, port), file=sys.stderr)
    if site.organiser:
        print("The organiser's page: /organiser, opened by the token of MTBENCHX_ORGANISER_TOKEN.", file=sys.stderr)
    try:
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(site),
                host=host,
                port=port,
                log_level="warning",
                access_log=False,
                server_header=False,
                http=Connection,
                ws="none",
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        with _closed_terminal_ends(server), suppress(KeyboardInterrupt):
            server.run()
            if not server.started:
                raise SystemExit(1)
    except SystemExit as error:
        if not error.code:
            raise
        raise UserError(f"Can't listen on {host}:{port}; name another port by --port.") from error
