"""A double of the OpenAI API on loopback: the real wire format, answered by a function of the request."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.loopback import Handler, running


@dataclass
class Reply:
    """What the server answers."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False  # close the connection without an answer


Answer = Callable[[dict[str, Any]], "Reply | str | None"]


@dataclass
class Api:
    """A running server: what it was asked, and how it answers."""

    url: str
    answer: Answer
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @property
    def judgments(self) -> list[dict[str, Any]]:
        """The requests but those that try the judge before a run."""
        return [request for request in self.requests if not is_probe(request)]


def is_probe(request: dict[str, Any]) -> bool:
    """Tell whether a request tries the judge: with one token, or with the bundled answers of judge/probe.py."""
    from hf_datasets.benchmark import languages
    from hf_datasets.benchmark.questions import LANGUAGES
    from mtbenchx_tasks.judge.probe import trial

    if request.get("max_tokens", request.get("max_completion_tokens")) == 1:
        return True
    text = str(request["messages"][-1]["content"])
    for language in (*LANGUAGES, *(code for _, code in languages.added_places())):
        question, (right, wrong) = trial(language)
        if question.turns[0] in text and (wrong in text or text.count(right) > 1):
            return True
    return False


def completion(content: str | None, model: str = "gpt-4-0613", **choice: object) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": choice.pop("refusal", None)}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": model,
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None, **choice}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def error(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    return Reply({"error": {"message": message, "type": "error", "param": None, "code": code}}, status, headers)


@contextmanager
def serve(answer: Answer) -> Iterator[Api]:
    api = Api("", answer)

    class Chat(Handler):
        def do_POST(self) -> None:  # noqa: N802
            request = json.loads(self.read())
            api.requests.append(request)
            api.keys.append(self.headers.get("Authorization", ""))
            reply = api.answer(request)
            if not isinstance(reply, Reply):
                reply = Reply(completion(reply))
            if reply.drop:
                self.drop()
            else:
                self.send(reply.body, reply.status, reply.headers)

    with running(Chat) as api.url:
        yield api
