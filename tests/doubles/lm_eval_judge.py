"""A model class in lm_eval's registry: writes what a function of the prompt says, and keeps what it was asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.api.registry import model_registry

NAME = "a-judge-of-the-tests"


class WordTokenizer:
    """Its presence says that tokens can be counted."""


class RegisteredJudge(LM):
    """A token is a word; the context holds `max_length` of them."""

    say: Callable[[str], Any] = staticmethod(lambda prompt: "Rating: [[7]]")
    template_takes_system = True
    template_refuses_system = False
    """It raises, as Gemma's does; most classes of lm_eval catch that and drop the message."""
    made: ClassVar[list["RegisteredJudge"]] = []

    def __init__(self, pretrained: str, max_length: int = 1000, tokenizer: bool = True, **others: Any) -> None:
        super().__init__()
        if pretrained == "unloadable":
            raise RuntimeError("CUDA out of memory.\nTried to allocate 60 GiB")
        self.pretrained, self.max_length, self.others = pretrained, int(max_length), others
        self.tokenizer = WordTokenizer() if tokenizer else None
        self.calls: list[list[Instance]] = []
        type(self).made.append(self)

    def tok_encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        return list(range(len(text.split())))

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        if self.template_refuses_system and any(m["role"] == "system" for m in chat_history):
            raise ValueError("System role not supported")
        shown = [m for m in chat_history if self.template_takes_system or m["role"] != "system"]  # as HFLM does
        return " ".join(f"<{message['role']}> {message['content']}" for message in shown) + " <assistant>"

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[Any]:
        self.calls.append(requests)
        said = [type(self).say(str(request.args[0])) for request in requests]
        for request, text in zip(requests, said, strict=True):
            self.cache_hook.add_partial("generate_until", request.args, text)
        return said

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        raise NotImplementedError


@contextmanager
def registered() -> Iterator[type[RegisteredJudge]]:
    """Register a class of its own under NAME for a while."""

    class Judge(RegisteredJudge):
        made: ClassVar[list[RegisteredJudge]] = []

    model_registry.register(NAME)(Judge)
    try:
        yield Judge
    finally:
        model_registry._objs.pop(NAME)
