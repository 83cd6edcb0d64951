"""What the Hub's refusals mean, in one sentence each; and which of them pass if one waits."""

import json
import re
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, STALE, TOO_MANY = 401, 403, 404, 409, 412, 429
PASSING = frozenset({408, CONFLICT, STALE, 425, TOO_MANY, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""Statuses that another try may not meet again."""
TOKENS_PAGE = "https://huggingface.co/settings/tokens"
NO_TOKEN = f"There is no Hugging Face token; set HF_TOKEN or run `hf auth login` with a write token from {TOKENS_PAGE}."
STRANGE = (KeyError, TypeError, AttributeError)
"""What the client raises where it is answered JSON of another shape."""
OFFLINE = "HF_HUB_OFFLINE is set, so that nothing can be pushed; unset it and push again."


def shown(text: str) -> str:
    """Return a text without the user and password of any URL in it."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def warn_of_plain_http(endpoint: str) -> None:
    """Say on stderr that the token travels in the clear, but to this machine."""
    parts = urlsplit(endpoint)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        print(f"{shown(endpoint)} is plain http: the token travels in the clear; use https.", file=sys.stderr)


def faults() -> tuple[type[BaseException], ...]:
    """Return what a request to the Hub can raise: the client's errors, its transport's, the system's."""
    from huggingface_hub.errors import HfHubHTTPError

    transport = HfHubHTTPError.__mro__[1]  # HTTPError of httpx or httpx2, whichever this client is built on
    return (HfHubHTTPError, transport, OSError, RuntimeError, ValueError, *STRANGE)


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status an error is about; None if there was no answer."""
    return getattr(getattr(error, "response", None), "status_code", None)


def may_pass(error: BaseException) -> bool:
    """Tell whether the same request may succeed a little later: a passing status, or no answer at all."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, json.JSONDecodeError):
        return True  # a gateway's page where the client expects the Hub's answer
    if isinstance(error, RuntimeError):  # how the client reports an upload that broke off
        return error.__cause__ is not None and may_pass(error.__cause__)
    if isinstance(error, (OfflineModeIsEnabled, ValueError, *STRANGE)) or getattr(error, "filename", None):
        return False  # an error with a file name is about a file of ours
    status = status_of(error)
    return status is None or status in PASSING


def retry_after(error: BaseException, most: float = 300.0) -> float | None:
    """Return the seconds that the Hub asks to wait, at most `most`; None if it doesn't say."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    text = str(headers.get("Retry-After", "")).strip()
    return min(float(text), most) if text.isdigit() else None


def explained(error: BaseException, api: "HfApi", repo_id: str, kind: str) -> UserError:
    """Return the sentence for the user.

    Args:
        error: What the client raised.
        api: Who asked; after a refusal it is asked who it is.
        repo_id: `namespace/name`.
        kind: `model`, `dataset` or `space`.
    """
    status = status_of(error)
    return UserError(
        _unanswered(error, api, repo_id) if status is None else _refused(error, status, api, repo_id, kind)
    )


def _refused(error: BaseException, status: int, api: "HfApi", repo_id: str, kind: str) -> str:
    """Say what an answer of the Hub means."""
    if status == UNAUTHORIZED:
        return f"{shown(api.endpoint)} doesn't accept the token (wrong or expired); make a new one at {TOKENS_PAGE}."
    if status == FORBIDDEN:
        return _forbidden(api, repo_id, kind)
    return f"{shown(api.endpoint)} refused the push to {repo_id} ({status}: {_said(error)}){_hint(status)}"


def _unanswered(error: BaseException, api: "HfApi", repo_id: str) -> str:
    """Say why there is no answer: offline, a card or name that the client refuses, a file, an upload, the network."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return OFFLINE
    if isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError):
        return f"The push to {repo_id} isn't valid: {_one_line(str(error))}"
    if isinstance(error, STRANGE):
        return (
            f"{shown(api.endpoint)} answered what the Hub doesn't "
            f"({type(error).__name__}: {_one_line(str(error))[:100]}); check HF_ENDPOINT, and where it redirects to."
        )
    if isinstance(error, RuntimeError):
        return (
            f"The upload to {repo_id} broke off ({_cause(error)}); nothing was committed, and the same command "
            "sends only what is missing."
        )
    if file := getattr(error, "filename", None):
        return f"{file} can't be read ({getattr(error, 'strerror', error)})."
    return f"{shown(api.endpoint)} can't be reached ({_cause(error)}); the same command goes on where this one stopped."


def _hint(status: int) -> str:
    return "; the same command goes on where this one stopped." if status in PASSING else "."


def _said(error: BaseException) -> str:
    said = getattr(error, "server_message", None) or str(error)
    return _one_line(said)[:300].rstrip(".")


def _cause(error: BaseException) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {_one_line(str(cause))[:200]}".rstrip(": ")


def _one_line(text: str) -> str:
    """Return a message on one line, without any token that the transport quotes (an illegal header, say)."""
    return " ".join(shown(re.sub(r"Bearer \S+|\bhf_\w{8,}", "***", text)).split())


def _forbidden(api: "HfApi", repo_id: str, kind: str) -> str:
    """Find out which right is missing: the token's, or the account's in that namespace."""
    namespace = repo_id.split("/", maxsplit=1)[0]
    try:
        account: dict[str, Any] = api.whoami()
    except faults():
        return f"The token may not write to {repo_id}; use a write token of a member of {namespace}."
    role = account.get("auth", {}).get("accessToken", {}).get("role")
    if role == "read":
        return f"The token may only read; make one that may write at {TOKENS_PAGE}."
    spaces = [account.get("name", ""), *(org.get("name", "") for org in account.get("orgs", []))]
    if namespace not in spaces:
        return f"{namespace} isn't yours: this token may push to {', '.join(spaces)}; choose another --repo-id."
    return f"The token has no right to write the {kind} {repo_id}; give it that right at {TOKENS_PAGE}."
