"""Connections that obey a deadline, whatever drips through them, and that another thread can cut.

A timeout of the HTTP library is for one read; an endpoint that sends a byte now and then keeps a request for ever. Here
each read gets what is left of its thread's deadline.
"""

import contextlib
import socket
import ssl
import threading
import time
import weakref
from typing import Any

import httpcore2

from hf_datasets.endpoints.waits import Stop


class Lines(httpcore2.NetworkBackend):
    """Opens connections; the deadline is the calling thread's own."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._tcp = httpcore2.SyncBackend()
        self._own = threading.local()
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[Line] = weakref.WeakSet()

    def allow(self, seconds: float) -> None:
        """Give the calling thread so many seconds for all that it does from now on."""
        self._own.until = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """Return how long the calling thread may wait for one read.

        Raises:
            httpcore2.ReadTimeout: Its time is over.
            httpcore2.ReadError: Everything is to stop.
        """
        if self._stop.event.is_set():
            raise httpcore2.ReadError("stopped")
        left = float(self._own.until - time.monotonic())
        if left <= 0:
            raise httpcore2.ReadTimeout("the time is over")
        return left if timeout is None else min(left, timeout)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = (),
    ) -> httpcore2.NetworkStream:
        """Connect (see NetworkBackend)."""
        return self.keep(self._tcp.connect_tcp(host, port, self.left(timeout), local_address, socket_options or ()))

    def keep(self, stream: httpcore2.NetworkStream) -> "Line":
        """Return a stream as a line that `cut` knows."""
        line = Line(self, stream)
        with self._lock:
            self._open.add(line)
        return line

    def cut(self) -> None:
        """Wake every thread that reads or writes."""
        with self._lock:
            lines = list(self._open)
        for line in lines:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(line.get_extra_info("socket"), socket.SHUT_RDWR)


class Line(httpcore2.NetworkStream):
    """A connection."""

    def __init__(self, lines: Lines, stream: httpcore2.NetworkStream) -> None:
        self._lines, self._stream = lines, stream
        self._unsent = bytearray()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Send what was written, and read what comes next, within the thread's deadline."""
        if self._unsent:
            self._send(timeout)
        return self._stream.read(max_bytes, self._lines.left(timeout))

    def _send(self, timeout: float | None) -> None:
        """Send a request's head and body together; one that refuses them early may still say why."""
        unsent, self._unsent = bytes(self._unsent), bytearray()
        with contextlib.suppress(httpcore2.WriteError):
            self._stream.write(unsent, self._lines.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it until an answer is read for."""
        del timeout
        self._unsent += buffer

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Return the connection with TLS on top."""
        return self._lines.keep(self._stream.start_tls(ssl_context, server_hostname, self._lines.left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """Tell what the HTTP library asks for."""
        return self._stream.get_extra_info(info)
