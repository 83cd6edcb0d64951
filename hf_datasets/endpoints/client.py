"""The chat client: one request to an OpenAI-compatible endpoint, and every way it can fail, as values.

What passes by itself (429 with Retry-After, 5xx, timeouts, dropped connections) is tried again with growing waits, what
an endpoint refuses is sent otherwise (refusals.py), and what is still wrong is a `failed` completion, never an error.
An endpoint that has too much to do (429; 503 with Retry-After) gets half as many requests at a time.

The official client isn't used here: its waits can't be ended, its timeout is for one read and not for a try, it reads
bodies of any size, and it takes half of the time that a judgment costs this machine.
"""

import logging
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from hf_datasets.endpoints import address, changes
from hf_datasets.endpoints.access import read_access
from hf_datasets.endpoints.completions import UNREADABLE
from hf_datasets.endpoints.diagnosis import of_no_use
from hf_datasets.endpoints.errors import ErrorBody, read_error
from hf_datasets.endpoints.limiter import Limiter
from hf_datasets.endpoints.models import ListedModel, read_models
from hf_datasets.endpoints.refusals import learn
from hf_datasets.endpoints.replies import OK, NoReplyError
from hf_datasets.endpoints.waits import Patience, Stop
from hf_datasets.records import Completion, canonical_json, content_hash
from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    from hf_datasets.endpoints.sender import Sender

log = logging.getLogger("lm_eval.mtbenchx")
OPENAI_URL = address.OPENAI_URL
public_url = address.public_url
Message = changes.Message
REFUSALS = (400, 422)
"""HTTP statuses of a request that the endpoint takes to be wrong."""
RETRIES = 6
"""Waits of 0.5, 1, 2, 4, 8, 8 s with jitter, or what Retry-After asks for."""
MOST_IN_FLIGHT = 1000
"""The engine's `concurrency` is what bounds a calm run."""


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
    """As configured: temperature, max_tokens, logprobs ...; those of `extra_body` are sent beside them."""
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

    def complete(self, request: ChatRequest) -> Completion:
        """Answer one request; never raises for what the endpoint does."""
        ...


class OpenAIChat:
    """A chat endpoint; threads may share it.

    Args:
        base_url: The endpoint, perhaps with a query that every request needs; None: OPENAI_BASE_URL or OpenAI's own.
        api_key_env: The environment variable that holds the key.
        timeout: Seconds for one try, whatever arrives meanwhile.
        extra_headers: Header name -> the environment variable that holds its value.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        timeout: float = 120.0,
        extra_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.url = public_url(base_url)
        self.limiter = Limiter(MOST_IN_FLIGHT)
        """Slows down when the endpoint has too much to do; whoever runs the threads holds a slot while one asks."""
        self._base_url, self._api_key_env, self._extra_headers = (
            address.configured_url(base_url),
            api_key_env,
            extra_headers,
        )
        self._timeout = timeout
        self._memory = changes.Memory()
        self._stop = Stop()
        self._building = threading.Lock()
        self._sender_built: Sender | None = None

    @property
    def _sender(self) -> "Sender":
        from hf_datasets.endpoints.sender import Sender

        with self._building:
            if self._sender_built is None:
                access = read_access(self._base_url, self._api_key_env, self._extra_headers)
                self._sender_built = Sender(access, self._stop, self.limiter)
                weakref.finalize(self, self._sender_built.close)
            return self._sender_built

    @property
    def _patience(self) -> Patience:
        return Patience(self._timeout, RETRIES)

    def stop(self) -> None:
        """End every try and every wait at once, each with a failed `interrupted` completion; so do later ones."""
        self._stop.stop()
        if self._sender_built is not None:
            self._sender_built.cut()

    def start(self) -> None:
        """Take requests again after `stop`; what was stopped stays so."""
        self._stop.start()

    def check(self, model: str) -> None:
        """Knock: ask for one token, so that an endpoint that isn't there is told in seconds; nothing is stored.

        A refusal of this very request says nothing of a run's own: that is what the probe asks.

        Raises:
            UserError: The key, the url or the model is wrong, the quota is used up, or nobody answers.
        """
        request = ChatRequest(self.url, model, ({"role": "user", "content": "Hi"},), {"max_tokens": 1})
        said = self._complete(request, self._patience.quick)
        if said.state != "failed" or said.details.get("status") in REFUSALS:
            return
        if said.reason.startswith(UNREADABLE):
            raise UserError(f"{self.url} does not speak the chat completions protocol; base_url usually ends in /v1.")
        raise UserError(said.details.get("stop") or self._silent(said.reason, model))

    def list_models(self) -> tuple[ListedModel, ...]:
        """Ask which models the endpoint has; names in order.

        Raises:
            UserError: The key or the url is wrong, or the endpoint lists no models.
        """
        sender = self._sender
        try:
            reply = sender.get("models", self._patience.quick.seconds)
            body = reply.json
            if reply.status == OK:
                return read_models(body)
        except NoReplyError as fault:
            raise UserError(sender.access.redact(self._silent(str(fault), ""))) from None
        except ValueError:
            raise UserError(f"{self.url} lists no models; base_url usually ends in /v1.") from None
        error = read_error(body)
        told = of_no_use(reply.status, error, sender.access, "")
        raise UserError(sender.access.redact(told or f"{self.url} lists no models ({reply.status}: {error.words})."))

    def complete(self, request: ChatRequest) -> Completion:
        """Send one request and read its first choice.

        Returns:
            What the judge said, or a failed completion. Its details hold what the endpoint reported (see
            `read_completion`), `sent` (the parameters and the role of the system prompt as they went over the wire),
            and of a failure `status`, `code` and, if no later request can succeed either, the sentence `stop`. Keys and
            other secrets are in none of it.
        """
        return self._complete(request, self._patience)

    def sent(self, request: ChatRequest) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a request's body as the endpoint takes it, by all that is known, and `details["sent"]` of it."""
        known = self._memory.changes(request.model, _effort(request))
        parameters, messages = changes.apply(known, _flat(request.parameters), request.messages)
        body = {**parameters, "model": request.model, "messages": [dict(message) for message in messages]}
        return body, {"parameters": parameters, "system_role": changes.system_role_of(messages)}

    def _complete(self, request: ChatRequest, patience: Patience) -> Completion:
        try:
            return address.without_secrets(self._asked(request, patience), self._sender.access.redact)
        except UserError as error:
            said = str(error)
            return Completion("failed", reason=said, details=MappingProxyType({"stop": said}))
        except Exception as error:  # a stranger's bytes in a library: a judgment fails, never a run
            log.debug("A judgment failed", exc_info=True)
            return Completion("failed", reason=f"{UNREADABLE} ({type(error).__name__})")

    def _asked(self, request: ChatRequest, patience: Patience) -> Completion:
        """Send a request until the endpoint takes it or has nothing left to refuse."""
        stopped = self._stop.event
        while True:
            body, sent = self.sent(request)
            said, refusal = self._sender.send(body, patience, stopped)
            if refusal is None or not self._learn(request, refusal, body):
                return replace(said, details=MappingProxyType({**said.details, "sent": sent}))

    def _learn(self, request: ChatRequest, refusal: ErrorBody, body: Mapping[str, Any]) -> bool:
        """Remember what the endpoint refuses; True if the request would now be another."""
        sent = {name: value for name, value in body.items() if name not in ("model", "messages")}
        learnt = learn(refusal, sent, body["messages"])
        for change in self._memory.add(request.model, _effort(request), learnt):
            log.warning("%s does not take all of this request for %s: %s.", self.url, request.model, change)
        return self.sent(request)[0] != body

    def _silent(self, reason: str, model: str) -> str:
        """Return the sentence for an endpoint that doesn't answer."""
        if "can't be reached" in reason:
            return f"{reason}; check base_url and that the server runs."
        return f"{self.url} does not answer{f' for {model!r}' if model else ''}: {reason}"


def _effort(request: ChatRequest) -> Any:
    return request.parameters.get("reasoning_effort")


def _flat(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as they stand in a body: those of `extra_body` beside the others, and before them."""
    extra = parameters.get("extra_body") or {}
    return {**{name: value for name, value in parameters.items() if name != "extra_body"}, **extra}
