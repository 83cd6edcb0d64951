"""Who asks, and may they: the signed cookie, the form token, the rate limit, and the headers of every page."""

import datetime
import hashlib
import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "annotator"
COOKIE_SECONDS = 30 * 24 * 3600
VOTES_PER_MINUTE = 120.0
"""Forms that one annotator may send, as many at once too: nobody reads two answers in half a second."""
VIEWS_PER_VOTE = 5
"""Pages that one annotator may ask for meanwhile."""
MOST_BUCKETS = 10_000
LONGEST_FORM = 65_536
"""Bytes of a form; ours have some hundred."""
EMBEDDED_BY = "https://huggingface.co"
"""Who may show the app in a frame, where it is told that it will be."""


class Signer:
    """Signs who is logged in, and the forms of their pages."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._cookies = URLSafeTimedSerializer(secret, salt="mtbench-x annotator")

    def cookie(self, name: str) -> str:
        """Return a cookie that says who its bearer is."""
        return str(self._cookies.dumps(name))

    def name(self, cookie: str) -> str | None:
        """Return whose cookie this is; None if we didn't write it, or too long ago."""
        try:
            name, signed = self._cookies.loads(cookie, return_timestamp=True)
        except BadSignature:
            return None
        age = datetime.datetime.now(datetime.UTC) - signed  # below 0 after the clock was set back
        return name if isinstance(name, str) and age.total_seconds() <= COOKIE_SECONDS else None

    def token(self, cookie: str) -> str:
        """Return the token that a form of this login must send back."""
        return hmac.new(self._secret.encode(), f"form {cookie}".encode(), hashlib.sha256).hexdigest()

    def is_token(self, cookie: str, token: str) -> bool:
        """Tell whether a form was ours."""
        return hmac.compare_digest(self.token(cookie).encode(), token.encode("utf-8", "surrogatepass"))


def session_of(cookie: str) -> str:
    """Return what is kept of a login that was left, so that its cookie is of no use any more."""
    return hashlib.sha256(f"session {cookie}".encode("utf-8", "surrogatepass")).hexdigest()


class RateLimit:
    """A bucket of requests for each name, filled again over time."""

    def __init__(self, per_minute: float = VOTES_PER_MINUTE, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_minute / 60, per_minute, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, name: str) -> bool:
        """Take one request of a name; False if it has none left."""
        with self._lock:
            now = self._clock()
            left, then = self._buckets.pop(name, (self._burst, now))
            left = min(self._burst, left + (now - then) * self._per_second)
            self._buckets[name] = max(0.0, left - 1) if left >= 1 else left, now
            while len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
            return left >= 1


def headers(embedded: bool) -> dict[str, str]:
    """Return what every answer of the server carries: nothing foreign is loaded, nothing is kept, nothing frames us."""
    policy = {
        **{"default-src": "'none'", "style-src": "'self'", "script-src": "'self'", "img-src": "'self'"},
        **{"form-action": "'self'", "base-uri": "'none'"},
        "frame-ancestors": EMBEDDED_BY if embedded else "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        **({} if embedded else {"X-Frame-Options": "DENY"}),
    }


class Guard:
    """Stands around the app: puts the headers on whatever leaves it, lets in no form of another site and none too long.

    Other sites' forms are told by Sec-Fetch-Site, which browsers add themselves; the form's token is checked besides.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "max-age=3600"
            await send(message)

        refused = _refused(scope) if scope["method"] == "POST" else None
        await (refused or self.app)(scope, receive, send_guarded)


def _refused(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return PlainTextResponse("This form is of another site.\n", 403)
    length = headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LONGEST_FORM:
        return PlainTextResponse("This form is too long, or doesn't tell its length.\n", 413)
    return None
