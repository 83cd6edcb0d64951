"""Connections that wait for their next request; a request takes the one that was used last.

httpcore2's own pool looks at each connection twice a request, which at 64 in flight takes longer than all else that a
request costs this machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpcore2


class Connections:
    """As many as requests were ever in flight at once; threads share them.

    Args:
        pool: Makes connections (through a proxy, with TLS, as it was told) and holds none of them.
    """

    def __init__(self, pool: httpcore2.ConnectionPool) -> None:
        self._pool = pool
        self.resting: list[httpcore2.ConnectionInterface] = []
        """Those that no request uses, the last used last."""

    @contextmanager
    def one(self, origin: httpcore2.Origin) -> Iterator[httpcore2.ConnectionInterface]:
        """Lend one to a request, and keep it for the next if it stays open."""
        connection = self._rested(origin) or self._pool.create_connection(origin)
        try:
            yield connection
        finally:
            if connection.is_available():
                self.resting.append(connection)
            else:
                connection.close()

    def _rested(self, origin: httpcore2.Origin) -> httpcore2.ConnectionInterface | None:
        """Take one that is still of use; what the server has closed meanwhile is closed here, too."""
        while self.resting:
            try:
                connection = self.resting.pop()
            except IndexError:  # another thread took the last
                break
            if connection.can_handle_request(origin) and not connection.has_expired():
                return connection
            connection.close()
        return None

    def close(self) -> None:
        """Close all that no request uses."""
        while self.resting:
            self.resting.pop().close()
