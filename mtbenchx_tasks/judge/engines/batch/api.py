"""The network edge of batch judging: OpenAI's Batch API through the official client, its results as completions."""

import contextlib
import logging
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl

from hf_datasets.endpoints import client
from hf_datasets.endpoints.address import without_secrets
from hf_datasets.endpoints.client import ChatRequest, OpenAIChat
from hf_datasets.endpoints.diagnosis import of_no_use
from hf_datasets.endpoints.errors import USED_UP, read_error
from hf_datasets.records import Completion, storable
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.batch.lines import PATH, read_line, write_line

if TYPE_CHECKING:
    from openai import OpenAI

log = logging.getLogger("lm_eval.mtbenchx")
PROBE = ({"role": "user", "content": "Hi"},)
"""What a request's parameters are tried with."""
NOT_A_FILES = frozenset({"Accept", "Content-Type"})
"""Headers that differ for files."""
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
"""A batch's last states; `failed` is that its file was refused, before anything was asked."""
LISTED_EARLIER = 3600.0
"""By how many seconds the endpoint's clock may differ from ours when a batch is looked for."""


class UnreachedError(UserError):
    """The endpoint didn't answer, or is too busy; asking again later loses nothing."""


class UnknownBatchError(UserError):
    """The endpoint has no batch of that id for this key."""


@dataclass(frozen=True)
class Report:
    """What the endpoint says of a batch."""

    status: str
    """OpenAI's word; see ENDED."""
    done: int = 0
    """Requests that have a result or an error."""
    files: tuple[str, ...] = ()
    """Ids of the output file and the error file, as far as there are any."""
    code: str = ""
    """The first error of a refused file, as a code."""
    message: str = ""
    """The same, in words."""

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED


class BatchTransport(Protocol):
    """Who takes batches; the network (or a test's double) is behind it."""

    url: str
    """The endpoint, as it may be written down."""

    def complete(self, request: ChatRequest) -> Completion:
        """Answer one request at once, at the full price; never raises for what the endpoint does."""
        ...

    def check_batches(self) -> None:
        """Raise UserError if this endpoint takes no batches."""
        ...

    def learn(self, request: ChatRequest) -> None:
        """Find out, for next to nothing, which parameters the model takes; never raises for what the endpoint does."""
        ...

    def line(self, request: ChatRequest) -> bytes:
        """Return a request's line of the file, newline included."""
        ...

    def upload(self, lines: Iterable[bytes]) -> str:
        """Upload a file of requests and return its id; UnreachedError or UserError if that fails."""
        ...

    def create(self, file: str) -> str:
        """Make a batch of a file and return its id. After UnreachedError it may have been made or not: see `find`."""
        ...

    def find(self, file: str, since: float) -> str | None:
        """Return the id of the batch made of a file since a time, or None."""
        ...

    def look(self, batch: str) -> Report:
        """Tell how a batch is; UnreachedError if that can't be known now, UnknownBatchError if there is none."""
        ...

    def results(self, report: Report) -> Iterator[tuple[str, Completion]]:
        """Return (key, completion) of each line of an ended batch."""
        ...


class OpenAIBatches(OpenAIChat):
    """A chat endpoint's Batch API; key, redaction and what was learnt of its parameters are the endpoint's."""

    def check_batches(self) -> None:
        """Ask for one batch's name.

        Raises:
            UserError: The key or the url is wrong, the quota is used up, or there is no Batch API.
        """
        import openai

        try:
            with self._told():
                self._client.batches.list(limit=1)
        except UserError as error:
            if isinstance(error.__cause__, openai.NotFoundError):
                raise UserError(f"{self.url} has no Batch API (404); judge without --batch.") from None
            raise

    def learn(self, request: ChatRequest) -> None:
        """Send the request's parameters once with a prompt of one word: a batch finds out only after hours."""
        parameters = dict(request.parameters) | {"max_tokens": 1}
        self._complete(replace(request, messages=PROBE, parameters=parameters), self._patience.quick)

    def line(self, request: ChatRequest) -> bytes:
        """Return the request under its key; all else as this endpoint takes it."""
        body, self._sent[request.key] = self.sent(request)
        return write_line(request, {name: body[name] for name in body if name != "model"})

    @cached_property
    def _client(self) -> "OpenAI":
        """The official client; its retries are its own."""
        from openai import DefaultHttpxClient, OpenAI

        access = self._sender.access
        http = DefaultHttpxClient(follow_redirects=False)
        weakref.finalize(self, http.close)
        return OpenAI(
            api_key=access.key or "none",
            base_url=access.address.base,
            default_headers={name: access.headers[name] for name in access.headers if name not in NOT_A_FILES},
            default_query=dict(parse_qsl(access.address.query)),
            timeout=self._timeout,
            max_retries=client.RETRIES,
            http_client=http,
        )

    def upload(self, lines: Iterable[bytes]) -> str:
        """Write the lines to a temporary file and upload it."""
        with self._told(), tempfile.TemporaryFile() as file:
            file.writelines(lines)
            file.seek(0)
            return _text(self._client.files.create(file=("judgments.jsonl", file), purpose="batch").id)

    def create(self, file: str) -> str:
        """Make a batch, trying once: after a lost answer a second try would make, and bill, a second batch."""
        with self._told():
            once = self._client.with_options(max_retries=0)
            return _text(once.batches.create(input_file_id=file, endpoint=PATH, completion_window="24h").id)

    def find(self, file: str, since: float) -> str | None:
        """Look through the batches of that time, newest first."""
        with self._told():
            for batch in self._client.batches.list(limit=100):
                if batch.input_file_id == file:
                    return batch.id
                if batch.created_at < since - LISTED_EARLIER:
                    return None
        return None

    def look(self, batch: str) -> Report:
        """Retrieve a batch."""
        import openai

        try:
            with self._told():
                return _report(self._client.batches.retrieve(batch), self._redact)
        except UserError as error:
            if isinstance(error.__cause__, openai.NotFoundError):
                raise UnknownBatchError(f"{self.url} has no batch {batch} for the key in {self._api_key_env}") from None
            raise

    def results(self, report: Report) -> Iterator[tuple[str, Completion]]:
        """Download the files and read them line by line; a file that is deleted has no lines."""
        for file in report.files:
            with tempfile.TemporaryFile() as copy:
                with self._told():
                    self._download(file, copy.write)
                    copy.seek(0)
                for line in copy:
                    read = read_line(line, self._redact)
                    if read is not None:
                        yield read[0], self._as_sent(*read)

    def _as_sent(self, key: str, completion: Completion) -> Completion:
        """Add what was sent; of a file that an earlier run has sent, that isn't known."""
        sent = self._sent.get(key)
        completion = without_secrets(completion, self._redact)
        return replace(completion, details={**completion.details, "sent": sent}) if sent else completion

    @cached_property
    def _sent(self) -> dict[str, dict[str, Any]]:
        """Key -> `details["sent"]` of each line that was written."""
        return {}

    def _download(self, file: str, write: Callable[[bytes], object]) -> None:
        import openai

        try:
            with self._client.files.with_streaming_response.content(file) as response:
                for chunk in response.iter_bytes():
                    write(chunk)
        except openai.NotFoundError:
            log.warning("%s has deleted the file %s; what it held will be asked again.", self.url, file)
        except (openai.OpenAIError, OSError):
            raise
        except Exception as error:  # of the HTTP library, from the middle of a body; which library, the client decides
            raise UnreachedError(f"{self.url} broke off the download of {file} ({type(error).__name__}).") from None

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the client raises into sentences."""
        import openai

        passing = (openai.APIConnectionError, openai.InternalServerError, openai.ConflictError, openai.RateLimitError)
        try:
            yield
        except openai.OpenAIError as error:
            status, report = getattr(error, "status_code", 0), read_error(getattr(error, "body", None))
            used_up = bool(USED_UP & set(report.codes))
            kind = UnreachedError if isinstance(error, passing) and not used_up else UserError
            if used_up or isinstance(error, openai.AuthenticationError):
                raise kind(self._redact(of_no_use(status, report, self._sender.access, ""))) from error
            if isinstance(error, openai.APIConnectionError):
                raise kind(
                    f"{self.url} can't be reached ({type(error).__name__}); check base_url and that the server runs."
                ) from error
            raise kind(f"The Batch API of {self.url} fails: {self._redact(str(error))[:300]}") from error
        except OSError as error:
            raise UserError(
                f"The temporary folder {tempfile.gettempdir()} can't be used ({error}); free the disk or set TMPDIR."
            ) from error
        except (AttributeError, TypeError, ValueError) as error:  # a page of a gateway, or half a JSON
            raise UnreachedError(f"{self.url} gave an answer that can't be read ({type(error).__name__}).") from error

    def _redact(self, text: str) -> str:
        return storable(self._sender.access.redact(text))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("not a text")
    return value


def _report(batch: Any, redact: Callable[[str], str]) -> Report:
    counts, errors = batch.request_counts, (batch.errors.data if batch.errors else None) or []
    return Report(
        _text(batch.status),
        counts.completed + counts.failed if counts else 0,
        tuple(file for file in (batch.output_file_id, batch.error_file_id) if file),
        *((errors[0].code or "", redact(errors[0].message or "")) if errors else ()),
    )
