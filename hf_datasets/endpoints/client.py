"""The chat client: one request to an OpenAI-compatible endpoint, and every way it can fail, as values.

Retries (429 with Retry-After, 5xx, timeouts, dropped connections; exponential backoff with jitter) are the official
client's own. What is still wrong after them is a `failed` completion, never an exception. An endpoint that has too much
to do (429; 503 with Retry-After) gets half as many requests at a time.
"""

import logging
import os
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from hf_datasets.endpoints.limiter import Limiter
from hf_datasets.endpoints.models import ListedModel, read_models
from hf_datasets.records import Completion, canonical_json, content_hash, storable
from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    from openai import OpenAI

log = logging.getLogger("lm_eval.mtbenchx")
OPENAI_URL = "https://api.openai.com/v1"
RETRIES = 6
"""Waits of 0.5, 1, 2, 4, 8, 8 s with jitter, or what Retry-After asks for."""
PREFLIGHT_SECONDS = 30.0
MOST_IN_FLIGHT = 1000
"""As many connections as the official client opens; the engine's `concurrency` is what bounds a calm run."""
TOO_MANY = 429
UNAVAILABLE = 503

Message = Mapping[str, Any]


@dataclass(frozen=True)
class ChatRequest:
    """All that determines a completion; two equal requests are one."""

    endpoint: str
    """The endpoint's public URL, or `local`."""
    model: str
    """The model's name there, or the hash of its weights."""
    messages: tuple[Message, ...]
    """`role` and `content`, in order."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """As configured: temperature, max_tokens, logprobs ..."""
    run: int = 0
    """0-based number of the repetition; other runs are other requests."""

    @property
    def content(self) -> dict[str, Any]:
        """What is hashed and kept in the ledger."""
        return {
            "endpoint": self.endpoint,
            "model": self.model,
            "messages": [dict(message) for message in self.messages],
            "parameters": dict(self.parameters),
            "run": self.run,
        }

    @cached_property
    def key(self) -> str:
        """Identity in the ledger: sha256 of the canonical JSON of `content`."""
        return content_hash(self.content)

    @cached_property
    def text(self) -> str:
        """Canonical JSON of `content`."""
        return canonical_json(self.content)


class Transport(Protocol):
    """Who answers a request; the network (or a test's double) is behind it."""

    def check(self, model: str) -> None:
        """Raise UserError if this endpoint and model can't answer."""
        ...

    def complete(self, request: ChatRequest) -> Completion:
        """Answer one request; never raises for what the endpoint does."""
        ...


def public_url(base_url: str | None) -> str:
    """Return an endpoint's URL as it may be written down: no user, password, query or fragment."""
    parts = urlsplit(base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
    host = parts.hostname or ""
    netloc = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, netloc + (f":{parts.port}" if parts.port else ""), parts.path.rstrip("/"), "", ""))


class OpenAIChat:
    """A chat endpoint behind the official client; threads may share it."""

    def __init__(
        self, base_url: str | None = None, api_key_env: str = "OPENAI_API_KEY", timeout: float = 120.0
    ) -> None:
        self.url = public_url(base_url)
        self._base_url = base_url
        self._api_key_env = api_key_env
        self._timeout = timeout
        self.limiter = Limiter(MOST_IN_FLIGHT)
        """Slows down when the endpoint has too much to do; whoever runs the threads holds a slot while one asks."""
        self._renamed: dict[str, str | None] = {}
        """Parameters this endpoint wants under another name, or (None) not at all; learnt from its errors."""

    @cached_property
    def _secret(self) -> str:
        key = os.environ.get(self._api_key_env, "").strip()
        if not key and self.url == OPENAI_URL:
            raise UserError(f"The environment variable {self._api_key_env} is not set.")
        if not key.isascii() or not key.isprintable():
            raise UserError(f"The key in {self._api_key_env} holds a character that no key has; copy it anew.")
        return key

    @cached_property
    def _client(self) -> "OpenAI":
        from openai import DefaultHttpxClient, OpenAI

        key = self._secret or "none"  # self-hosted endpoints take any key; those that want one answer 401
        base_url = self._base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
        http = DefaultHttpxClient(event_hooks={"response": [partial(_watch, self.limiter)]})
        weakref.finalize(self, http.close)
        return OpenAI(api_key=key, base_url=base_url, timeout=self._timeout, max_retries=RETRIES, http_client=http)

    def check(self, model: str) -> None:
        """Ask for one token; nothing is stored.

        Raises:
            UserError: The key, the url or the model is wrong, or the quota is used up.
        """
        import openai

        quick = self._client.with_options(timeout=min(self._timeout, PREFLIGHT_SECONDS), max_retries=2)
        request = ChatRequest(self.url, model, ({"role": "user", "content": "Hi"},), {"max_tokens": 1})
        try:
            read_completion(self._send(quick, request))
        except openai.OpenAIError as error:
            if "output limit was reached" not in str(error):  # a reasoning model had no room to think: it is there
                raise UserError(self._diagnosis(error, model)) from None
        except (ValueError, TypeError, AttributeError, IndexError):
            raise UserError(
                f"{self.url} does not speak the chat completions protocol; base_url usually ends in /v1."
            ) from None

    def list_models(self) -> tuple[ListedModel, ...]:
        """Ask which models the endpoint has; names in order.

        Raises:
            UserError: The key or the url is wrong, or the endpoint lists no models.
        """
        import openai

        quick = self._client.with_options(timeout=min(self._timeout, PREFLIGHT_SECONDS), max_retries=2)
        try:
            return read_models(quick.get("/models", cast_to=object))
        except openai.OpenAIError as error:
            raise UserError(self._diagnosis(error, "")) from None
        except (ValueError, RecursionError):
            raise UserError(f"{self.url} lists no models; base_url usually ends in /v1.") from None

    def complete(self, request: ChatRequest) -> Completion:
        """Send one request and read its first choice."""
        import openai

        try:
            return read_completion(self._send(self._client, request))
        except openai.BadRequestError as error:
            state = "refused" if error.code == "content_filter" else "failed"
            return Completion(state, reason=self._redact(str(error)))
        except openai.OpenAIError as error:
            return Completion("failed", reason=self._redact(f"{type(error).__name__}: {error}"))
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            return Completion("failed", reason=f"the endpoint's answer can't be read ({type(error).__name__})")

    def _send(self, client: "OpenAI", request: ChatRequest) -> Any:
        import openai
        from openai.types.chat import ChatCompletion

        while True:
            parameters = self._accepted(request.parameters)
            body = {"model": request.model, "messages": list(request.messages), **parameters}
            try:  # not by client.chat.completions.create: checking plain dicts against its types is a third of its CPU
                return client.post("/chat/completions", body=body, cast_to=ChatCompletion)
            except openai.BadRequestError as error:
                if not self._learn(error, parameters):
                    raise

    def _accepted(self, configured: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters under the names this endpoint takes, without those it doesn't."""
        flat = {name: value for name, value in configured.items() if name != "extra_body"}
        flat |= configured.get("extra_body", {})
        names = {name: self._renamed.get(name, name) for name in flat}
        return {name: flat[known] for known, name in names.items() if name is not None}

    def _learn(self, error: Exception, sent: Mapping[str, Any]) -> bool:
        """Remember what a reasoning model doesn't take; True if the request should be sent again."""
        text = str(error).lower()
        if "max_completion_tokens" in text and "max_tokens" in sent:
            self._renamed["max_tokens"] = "max_completion_tokens"
            return True
        if "'temperature'" in text and "support" in text and "temperature" in sent:
            log.warning("%s takes no temperature but its default for this judge; it is left out.", self.url)
            self._renamed["temperature"] = None
            return True
        return False

    def _diagnosis(self, error: Exception, model: str) -> str:
        import openai

        match error:
            case openai.AuthenticationError():
                return f"{self.url} refused the key in {self._api_key_env} (401); set that variable to a valid key."
            case openai.PermissionDeniedError():
                return f"The key in {self._api_key_env} may not use {model!r} at {self.url} (403)."
            case openai.NotFoundError():
                return f"{self.url} has no model {model!r} or no /chat/completions (404); check model and base_url."
            case openai.RateLimitError(code="insufficient_quota"):
                return (
                    f"The quota of the key in {self._api_key_env} is used up (429); add credit or take another judge."
                )
            case openai.APIConnectionError():
                return f"{self.url} can't be reached ({type(error).__name__}); check base_url and that the server runs."
            case _:
                return f"{self.url} does not answer for {model!r}: {self._redact(str(error))[:300]}"

    def _redact(self, text: str) -> str:
        return storable(text.replace(self._secret, "***") if self._secret else text)


def _watch(limiter: Limiter, response: Any) -> None:
    """See every response, those that the official client will retry included."""
    asks_to_wait = "retry-after" in response.headers or "retry-after-ms" in response.headers
    if response.status_code == TOO_MANY or (response.status_code == UNAVAILABLE and asks_to_wait):
        limiter.slow_down()
    elif response.is_success:
        limiter.succeeded()


def read_completion(response: Any) -> Completion:
    """Read the first choice of a chat completion (the client's model)."""
    choice = response.choices[0]
    message = choice.message
    usage = response.usage
    details = {
        "snapshot": response.model,
        "system_fingerprint": getattr(response, "system_fingerprint", None),
        "finish_reason": choice.finish_reason,
        "usage": {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
        if usage
        else None,
    }
    if choice.logprobs and choice.logprobs.content:
        details["logprobs"] = [
            {"token": token.token, "top": {top.token: top.logprob for top in token.top_logprobs}}
            for token in choice.logprobs.content
        ]
    known = MappingProxyType({key: value for key, value in details.items() if value is not None})
    if getattr(message, "refusal", None) or choice.finish_reason == "content_filter":
        return Completion("refused", reason=getattr(message, "refusal", None) or "content filter", details=known)
    if not (message.content or "").strip():
        return Completion("empty", reason="the endpoint returned no text", details=known)
    return Completion("answered", storable(message.content), details=known)
