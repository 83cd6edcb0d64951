"""HTTP as this package needs it: one request, its whole answer, within a time and a size; everything else is an error.

Redirects to another host are refused, since whoever answers there isn't the endpoint that was asked.
"""

import functools
import importlib.util
import ssl
import urllib.request
import zlib
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urljoin, urlsplit

import httpcore2

from hf_datasets.endpoints.address import public_url
from hf_datasets.endpoints.connections import Connections
from hf_datasets.endpoints.errors import one_line
from hf_datasets.endpoints.lines import Lines
from hf_datasets.endpoints.replies import BROKE_OFF, TIMED_OUT, NoReplyError, Reply
from hf_datasets.endpoints.waits import Stop
from hf_datasets.shared.errors import UserError

MOST_BYTES = 16 * 2**20
"""Of an answer, unpacked; the longest judgment is a thousandth of it."""
MOST_REDIRECTS = 3
CONNECT_SECONDS = 4.0
"""For one connection; it can't be cut while it is being made."""
IDLE_SECONDS = 5.0
"""After which an unused connection is closed; servers close theirs soon after."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Wire:
    """Sends requests; threads share it.

    Args:
        url: The endpoint's.
        headers: Sent with every request.
        stop: Ends every request; see `cut`.

    Raises:
        UserError: The environment's proxy or certificates can't be used.
    """

    def __init__(self, url: str, headers: Mapping[str, str], stop: Stop) -> None:
        self._lines = Lines(stop)
        self._at = public_url(url)
        sent = {**headers, "Accept-Encoding": "identity"}
        self._headers: list[tuple[bytes | str, bytes | str]] = [(name.encode(), sent[name].encode()) for name in sent]
        try:
            proxy = _proxy(url)
            context = httpcore2.default_ssl_context() if url.startswith("https:") else None
            self._connections = Connections(
                httpcore2.ConnectionPool(
                    ssl_context=context, proxy=proxy, keepalive_expiry=IDLE_SECONDS, network_backend=self._lines
                )
            )
        except (OSError, ValueError) as error:  # a file of certificates, a proxy's URL
            raise UserError(
                f"No connection to {self._at} can be set up ({type(error).__name__}: {error}); check "
                f"SSL_CERT_FILE, SSL_CERT_DIR and the proxy's variables."
            ) from None

    def ask(self, method: str, url: str, body: bytes | None, seconds: float) -> Reply:
        """Send a request and return the whole answer.

        Raises:
            NoReplyError: None came, or not in time, or too much of it.
            UserError: The endpoint can't be trusted, or sends its callers elsewhere.
        """
        self._lines.allow(seconds)
        for _ in range(MOST_REDIRECTS + 1):
            try:
                reply = self._once(method, url, body)
            except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError) as error:
                raise _told(error, self._at, seconds) from error
            except (httpcore2.ProxyError, httpcore2.UnsupportedProtocol) as error:
                raise NoReplyError(f"{self._at} can't be reached ({_cause(error)})") from error
            target = reply.headers.get("location", "") if reply.status in REDIRECTS else ""
            if not target:
                return reply
            url = _followed(url, target)
        raise NoReplyError(f"{self._at} redirects in a circle", again=False)

    def _once(self, method: str, url: str, body: bytes | None) -> Reply:
        place, times = _place(url), {"timeout": {"connect": CONNECT_SECONDS}}
        with (
            self._connections.one(place.origin) as connection,
            connection.stream(method, place, headers=self._headers, content=body, extensions=times) as response,
        ):
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            length = headers.get("content-length", "")
            _check_size(int(length[:20]) if length.isdecimal() else 0)
            body = _unpacked(response.iter_stream(), headers.get("content-encoding", ""))
            return Reply(response.status, headers, body)

    def cut(self) -> None:
        """Wake every thread that waits for an answer; they find `stop` set."""
        self._lines.cut()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()


@functools.lru_cache(maxsize=8)
def _place(url: str) -> httpcore2.URL:
    """Take a URL apart, once for all requests."""
    return httpcore2.URL(url)


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise NoReplyError(f"the endpoint's answer is larger than {MOST_BYTES // 2**20} MiB", again=False)


def _unpacked(chunks: Iterable[bytes], encoding: str) -> bytes:
    """Return a body's bytes, never more than MOST_BYTES at a time in memory."""
    packed = encoding.strip().lower()
    if packed not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise NoReplyError(f"the endpoint's answer is packed as {packed[:20]!r}, which nobody asked for", again=False)
    parts, size = list[bytes](), 0
    for part in chunks if packed in ("", "identity") else _inflated(chunks):
        parts.append(part)
        size += len(part)
        _check_size(size)
    return b"".join(parts)


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, as the head says
    try:
        for chunk in chunks:
            yield unpack.decompress(chunk, MOST_BYTES + 1)
    except zlib.error:
        raise NoReplyError("the endpoint's answer can't be unpacked", again=False) from None


def _followed(url: str, location: str) -> str:
    """Return where a redirect leads, if that is the same host, as safe as before.

    Raises:
        UserError: It leads elsewhere.
    """
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    try:
        same = here.hostname == there.hostname and (here.scheme, here.port) == (there.scheme, there.port)
        safer = here.hostname == there.hostname and (here.scheme, there.scheme) == ("http", "https")
    except ValueError:
        same = safer = False
    if same or safer:
        return target
    raise UserError(
        f"{public_url(url)} sends its callers to {public_url(target)}; if you trust that one, set base_url to it."
    )


def _told(error: Exception, at: str, seconds: float) -> Exception:
    """Return what a fault of the connection is to a user."""
    causes = list(_chain(error))
    refused = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if refused is not None and isinstance(error, (httpcore2.ConnectError, ssl.SSLError)):
        why = getattr(refused, "verify_message", "") or refused.reason or "TLS"
        return UserError(f"{at} can't be trusted ({why}); check base_url, or name your certificates in SSL_CERT_FILE.")
    if isinstance(error, (httpcore2.ConnectError, httpcore2.ConnectTimeout)):
        return NoReplyError(f"{at} can't be reached ({_cause(error)})")
    if isinstance(error, httpcore2.TimeoutException):
        return NoReplyError(f"{TIMED_OUT} {seconds:g} s")
    return NoReplyError(f"{BROKE_OFF} ({_cause(error)})", again=not isinstance(error, httpcore2.LocalProtocolError))


def _cause(error: Exception) -> str:
    last = list(_chain(error))[-1]
    return one_line(getattr(last, "strerror", None) or str(last) or type(last).__name__)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _proxy(url: str) -> httpcore2.Proxy | None:
    """Return the proxy that the environment names for a URL.

    Raises:
        UserError: It needs a package that isn't installed.
    """
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    address = proxies.get(parts.scheme) or proxies.get("all")
    if not address or urllib.request.proxy_bypass(parts.netloc):
        return None
    at = urlsplit(address if "://" in address else f"http://{address}")
    if at.scheme not in ("http", "https", "socks5", "socks5h"):
        raise UserError(f"The proxy {public_url(address)} is neither http nor SOCKS 5; set NO_PROXY={parts.hostname}.")
    if at.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise UserError(
            f"The SOCKS proxy {public_url(address)} needs `pip install socksio`, or NO_PROXY={parts.hostname}."
        )
    login = (unquote(at.username or ""), unquote(at.password or "")) if at.username or at.password else None
    return httpcore2.Proxy(f"{at.scheme}://{at.netloc.rpartition('@')[2]}", auth=login)
