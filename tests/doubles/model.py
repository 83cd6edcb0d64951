"""A model under evaluation: answers from a function of the prompt, and keeps what it was asked."""

from collections.abc import Callable
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM


class Model(LM):
    """`waves` holds one list per generate_until call, of (prompt, generation settings)."""

    def __init__(self, answer: Callable[[str], str] = lambda prompt: f"An answer to: {prompt[-40:]}") -> None:
        super().__init__()
        self.base_url, self.model = "http://127.0.0.1:9/v1", "double"  # what tells the candidate's identity
        self.answer = answer
        self.waves: list[list[tuple[str, dict[str, Any]]]] = []

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        self.waves.append([(str(request.args[0]), request.args[1]) for request in requests])
        answers = []
        for request in requests:
            answers.append(self.answer(str(request.args[0])))
            self.cache_hook.add_partial("generate_until", request.args, answers[-1])
        return answers

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return "".join(f"<{message['role']}>{message['content']}" for message in chat_history) + "<assistant>"

    @property
    def tokenizer_name(self) -> str:
        return "double"

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        return [(0.0, True) for _ in requests]

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        return [0.0 for _ in requests]

    @property
    def prompts(self) -> list[list[str]]:
        return [[prompt for prompt, _ in wave] for wave in self.waves]
