"""Lines of a batch's files: requests on the way out, completions on the way back. Pure; no network, no ledger.

The format is documented at https://platform.openai.com/docs/guides/batch: one JSON object a line, matched by
`custom_id`, which is here the request's key in the ledger.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.endpoints.completions import read_completion
from hf_datasets.records import Completion

log = logging.getLogger("lm_eval.mtbenchx")
PATH: Final = "/v1/chat/completions"
OK = 200


def write_line(request: ChatRequest, parameters: Mapping[str, Any]) -> bytes:
    """Return a request's line, newline included.

    Args:
        request: What is asked.
        parameters: Its parameters under the names that the endpoint takes.
    """
    messages = [dict(message) for message in request.messages]
    body = {"model": request.model, "messages": messages, **parameters}
    return json.dumps({"custom_id": request.key, "method": "POST", "url": PATH, "body": body}).encode() + b"\n"


def split(
    lines: Iterable[tuple[ChatRequest, bytes]], most_requests: int, most_bytes: int
) -> Iterator[list[ChatRequest]]:
    """Return requests in files of at most so many requests and bytes; a line beyond the limit goes alone."""
    chunk: list[ChatRequest] = []
    size = 0
    for request, line in lines:
        if chunk and (len(chunk) == most_requests or size + len(line) > most_bytes):
            yield chunk
            chunk, size = [], 0
        chunk.append(request)
        size += len(line)
    if chunk:
        yield chunk


def read_line(line: bytes, redact: Callable[[str], str] = str) -> tuple[str, Completion] | None:
    """Read one line of an output or error file.

    Args:
        line: JSON with `custom_id`, and `response` or `error`.
        redact: Takes secrets out of what the endpoint says.

    Returns:
        The request's key and what was said to it; None if the line tells no key.
    """
    try:
        return parse_line(line, redact)
    except ValueError:
        if line.strip():
            log.warning("A line of a batch's results can't be read; its request will be asked again.")
        return None


def parse_line(line: bytes, redact: Callable[[str], str] = str) -> tuple[str, Completion]:
    """Read one line of results; see `read_line`.

    Raises:
        ValueError: The line tells no request, or holds one instead of a result; says which.
    """
    try:
        row = json.loads(line.decode(errors="replace"))
        key = row["custom_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("it has no custom_id") from None
    if not isinstance(key, str) or not key:
        raise ValueError("its custom_id is no text")
    if not row.keys() & {"response", "error"}:
        raise ValueError("it holds neither a response nor an error" + (", but a request" if "body" in row else ""))
    try:
        return key, _said(row, redact)
    except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        return key, Completion("failed", reason=f"the endpoint's answer can't be read ({type(error).__name__})")


def _said(row: dict[str, Any], redact: Callable[[str], str]) -> Completion:
    response = row.get("response") or {}
    body, status = response.get("body") or {}, response.get("status_code")
    if status == OK:
        return read_completion(body)
    code, message = _error(body.get("error") or row.get("error"))
    endings = {"batch_expired": "the batch expired", "batch_cancelled": "the batch was cancelled"}
    said = endings.get(code) or message or "no reason given"
    state = "refused" if code == "content_filter" else "failed"
    return Completion(state, reason=redact(f"Error code: {status} - {said}" if status else said))


def _error(error: Any) -> tuple[str, str]:
    """Return code and message of an error: an object, one inside another (vLLM), or a text."""
    inner = error.get("error", error) if isinstance(error, dict) else error
    if isinstance(inner, dict):
        return str(inner.get("code")), str(inner.get("message") or "")
    return "", str(inner or "")
