"""Judging by files: requests written for somebody else to answer, results read into the ledger; nothing is sent.

Both are in the OpenAI batch format (see engines/batch/lines.py), which `vllm run-batch` and others speak. A line's
`custom_id` is its request's key in the ledger. A one-token judgment is two lines, since nobody asks a second time.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hf_datasets.endpoints.changes import system_role_of
from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import replacing_file
from mtbenchx_tasks.judge import one_token
from mtbenchx_tasks.judge.engines.batch.lines import parse_line, write_line
from mtbenchx_tasks.judge.engines.engine import Engine, Judged, ended, ledger_of
from mtbenchx_tasks.judge.engines.factory import EngineFor
from mtbenchx_tasks.judge.engines.plan import PlanEngine
from mtbenchx_tasks.judge.settings import JudgeSettings

log = logging.getLogger("lm_eval.mtbenchx")
NO_RESULT = "no result of it was read"
SHOWN = 3
"""Lines of a kind that are told one by one."""


@dataclass(frozen=True)
class ResultLine:
    """A line of results."""

    place: str
    """File and line number, for people."""
    key: str
    """Its `custom_id`."""
    completion: Completion
    """What stands there."""


@dataclass(frozen=True)
class Read:
    """What became of the lines of results."""

    stored: int
    """Judgments that are new in the ledger."""
    failed: int
    """Judgments that failed where they were asked, or lack one of their two lines."""
    foreign: int
    """Lines that belong to no request of this command, or to none that can be told."""

    def __str__(self) -> str:
        return (
            f"{self.stored} judgments are new in the ledger, {self.failed} failed; "
            f"{self.foreign} lines belong to none of these answers and judges."
        )


def check(judges: Sequence[JudgeSettings], live_only: Mapping[str, bool]) -> None:
    """See that judging by files is possible.

    Args:
        judges: Who would be asked.
        live_only: Options that mean something only where somebody is asked -> whether they were given.

    Raises:
        UserError: It isn't.
    """
    for option in (option for option, given in live_only.items() if given):
        raise UserError(f"{option} is for judges that are asked; with --write-requests or --read-results leave it out.")
    for settings in judges:
        if settings.rating == "expected" and settings.continuation == "auto":
            raise UserError(
                f"Whether who answers a file continues a verdict can't be found out; set judge.continuation of "
                f"{settings.model!r} to vllm (vllm run-batch, SGLang) or off."
            )
        if settings.backend != "openai":
            raise UserError(
                f"judge.backend {settings.backend!r} judges in this process and reads no files; leave backend out, "
                f"and name in base_url where the requests will be answered."
            )


def exchange(engines: Collection[PlanEngine], write: Path | None, read: Sequence[Path]) -> EngineFor:
    """Read results, then write what is still missing, and tell both.

    Args:
        engines: What could be asked.
        write: A file of requests to write, or None.
        read: Files of results.

    Returns:
        Who knows what the ledger holds now.

    Raises:
        UserError: See `read_results` and `write_requests`.
    """
    if read:
        print(read_results(read, engines))
    if write is not None:
        for file, number in write_requests(write, engines):
            print(f"{file}: {number} judgments to be asked; read their results with --read-results.")
    return read_only_engine


def write_requests(path: Path, engines: Iterable[PlanEngine]) -> list[tuple[Path, int]]:
    """Write what the ledger lacks, a file per judge.

    Args:
        path: The file; where there are several judges, their names are put before its ending.
        engines: What would be asked.

    Returns:
        Each file and its number of judgments.

    Raises:
        UserError: A file can't be written, or there is nothing to ask.
    """
    by_model: dict[str, dict[str, ChatRequest]] = {}
    for engine in engines:
        missing = (request for request in engine.missing if engine.ledger.judgment(request.key) is None)
        by_model.setdefault(engine.model, {}).update({request.key: request for request in missing})
    wanted = {model: list(requests.values()) for model, requests in by_model.items() if requests}
    if not wanted:
        raise UserError("The ledger holds all of these judgments; there is nothing to write.")
    return [
        (_write(path if len(by_model) == 1 else _named(path, model), requests), len(requests))
        for model, requests in wanted.items()
    ]


def _write(path: Path, requests: Sequence[ChatRequest]) -> Path:
    with replacing_file(path) as file:
        for asked in (line for request in requests for line in lines_of(request)):
            file.write(write_line(asked, parameters(asked)).decode())
    return path


def _named(path: Path, model: str) -> Path:
    from hf_datasets.shared.files import slug

    return path.with_name(f"{path.stem}.{slug(model)}{path.suffix}")


def lines_of(request: ChatRequest) -> tuple[ChatRequest, ...]:
    """Return the requests that stand for one: itself, and that after `1` where one token is asked for."""
    return (request, one_token.after_one(request)) if one_token.is_continued(request) else (request,)


def parameters(request: ChatRequest) -> dict[str, Any]:
    """Return a request's parameters as they stand in the body."""
    configured = {name: value for name, value in request.parameters.items() if name != "extra_body"}
    return {**configured, **request.parameters.get("extra_body", {})}


def read_results(paths: Sequence[Path], engines: Iterable[PlanEngine]) -> Read:
    """Read results into the ledger; what it holds stays.

    Args:
        paths: Files of results, of one judge or several.
        engines: What could have been asked.

    Raises:
        UserError: A file can't be read, or no line of any belongs to one of the requests.
    """
    asked = [(engine.ledger, request) for engine in engines for request in engine.requests.values()]
    known = {line.key for _, request in asked for line in lines_of(request)}
    lines, unreadable = _read(paths)
    foreign = [line for line in lines.values() if line.key not in known]
    if len(foreign) == len(lines):
        raise UserError(_nothing(paths, foreign))
    for line in foreign[:SHOWN]:
        log.warning("%s: no answer and judge of this command has the request %s...", line.place, line.key[:12])
    stored = failed = 0
    for ledger, request in asked:
        if ledger.judgment(request.key) is None and request.key in lines:
            completion = _of(lines, request)
            if completion.state == "failed":
                failed += 1
                if failed <= SHOWN:
                    log.warning("%s: failed (%s)", lines[request.key].place, completion.reason)
            stored += _store(ledger, request, completion)
    return Read(stored, failed, len(foreign) + unreadable)


def _of(lines: Mapping[str, ResultLine], request: ChatRequest) -> Completion:
    """Return the judgment of a request, from its line or its two lines."""
    if one_token.is_continued(request):
        return one_token.complete(lambda one: _said(lines, one), request)
    return _said(lines, request)


def _said(lines: Mapping[str, ResultLine], request: ChatRequest) -> Completion:
    """Return what the lines hold for a request, with the parameters that were written for it."""
    line = lines.get(request.key)
    if line is None:
        return Completion("failed", reason=NO_RESULT)
    sent = {"parameters": parameters(request), "system_role": system_role_of(request.messages)}
    return replace(
        line.completion, details={"sent": sent, **line.completion.details, "batch": line.place.partition(",")[0]}
    )


def _store(ledger: Ledger, request: ChatRequest, completion: Completion) -> bool:
    if completion.state == "failed" or not ledger.claim(request.key, request.text):
        return False
    ledger.finish(request.key, completion)
    return True


def _read(paths: Sequence[Path]) -> tuple[dict[str, ResultLine], int]:
    """Return the first line of each key, and how many lines can't be read."""
    lines: dict[str, ResultLine] = {}
    unreadable = 0
    for path in paths:
        for number, text in _numbered(path):
            place = f"{path.name}, line {number}"
            try:
                key, completion = parse_line(text)
            except ValueError as error:
                unreadable += 1
                if unreadable <= SHOWN:
                    log.warning("%s is no line of results: %s.", place, error)
            else:
                lines.setdefault(key, ResultLine(place, key, completion))
    return lines, unreadable


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from ((number, line) for number, line in enumerate(file, start=1) if line.strip())
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror or error}).") from error


def _nothing(paths: Sequence[Path], foreign: Sequence[ResultLine]) -> str:
    files = ", ".join(str(path) for path in paths)
    first = f" (its first is {foreign[0].place}, custom_id {foreign[0].key[:40]!r})" if foreign else ""
    return (
        f"No line of {files}{first} is a result for these answers and judges; give the same answers, --judge and "
        f"options as with --write-requests, and the file of results, not that of requests."
    )


class ReadOnlyEngine(Engine):
    """Knows what the ledger knows, and asks nobody."""

    def _take(self, request: ChatRequest) -> Future[Judged]:
        return ended(request.key, Completion("failed", reason=NO_RESULT))


def read_only_engine(settings: JudgeSettings, language: str = "") -> ReadOnlyEngine:
    """Return the engine that asks nobody (an EngineFor, see engines/factory.py)."""
    del language
    return ReadOnlyEngine(ledger_of(settings))
