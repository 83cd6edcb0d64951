"""A local judge: transformers in this process, batched, sharing the candidate's weights if they are the same.

`rating=expected` never asks the model to write a verdict. The prompt ends in a forced `Rating: [[` (in the prompt's
language), and the rating is the mean of 1 to 10 weighted by the probability of the continuations `1]]` ... `10]]`
(G-Eval, arXiv 2303.16634): one prefill, then one short step over all ten. Judged one at a time, as on a CPU, judgments
share what their prompts have in common (see continuations.py).
"""

import logging
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.continuations import Reader, continuation_scores
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.engines.in_process import InProcessEngine, first_line, same_model
from mtbenchx_tasks.judge.expected import HIGHEST, LOWEST, weighed
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.weights import weights_hash

log = logging.getLogger("lm_eval.mtbenchx")
NUMBERS = range(LOWEST, HIGHEST + 1)


class LocalEngine(InProcessEngine):
    """Queues requests and judges them together in `finish`, on its own device."""

    def __init__(self, settings: JudgeSettings, ledger: Ledger) -> None:
        super().__init__(settings, ledger)
        self._network: Any = None
        self._tokenizer: Any = None
        self._reader: Reader | None = None
        """Reads prompts one at a time; only while there is something to judge, since it holds a cache."""

    def check(self, probe: Sequence[ChatRequest] = ()) -> Sequence[Future[Judged]]:
        """Read the judge's tokenizer; the weights are loaded when there is something to judge, and nothing is asked."""
        asked = super().check(probe)
        if self._tokenizer is None:
            self._read_tokenizer()
        return asked

    def _read_tokenizer(self) -> None:
        from transformers import AutoTokenizer

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(self._settings.model, padding_side="left")
        except (OSError, ValueError) as error:
            raise self._unloadable(first_line(error)) from error
        if not self._tokenizer.chat_template:
            raise UserError(f"The local judge {self._settings.model!r} has no chat template; take a chat model.")
        folder = Path(self._settings.model)
        if folder.is_dir() and not any(file.suffix in (".safetensors", ".bin") for file in folder.iterdir()):
            raise self._unloadable("the folder holds no weights.")
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token

    def attach_model(self, lm: Any) -> None:
        """Share the candidate's weights if it is the very model that judges."""
        same = isinstance(getattr(lm, "pretrained", None), str) and same_model(lm.pretrained, self._settings.model)
        plain = not (getattr(lm, "peft", None) or getattr(lm, "delta", None))
        if self._network is None and same and plain and self._settings.device in (None, str(lm.device)):
            log.info("The local judge shares the candidate's weights.")
            self._network = lm.model

    def _unloadable(self, reason: str) -> UserError:
        return UserError(f"The local judge {self._settings.model!r} can't be loaded: {reason}")

    def _load(self) -> None:
        if self._network is not None:
            return
        import torch
        from transformers import AutoModelForCausalLM

        device = self._settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            network = AutoModelForCausalLM.from_pretrained(self._settings.model, dtype="auto")
        except Exception as error:  # damaged files raise what their format's reader likes
            raise self._unloadable(first_line(error)) from error
        self._network = network.to(device).eval()

    @property
    def _batch_size(self) -> int:
        """On a CPU padding costs more than a batch gains."""
        return self._settings.batch_size or (1 if self._network.device.type == "cpu" else 8)

    def finish(self) -> None:
        """Judge what is queued and not in the ledger, with a progress bar."""
        try:
            super().finish()
        finally:
            self._reader = None

    def _place(self, request: ChatRequest) -> tuple[int, str]:
        """One at a time: after a prompt that begins alike. In batches: beside prompts of like length."""
        return (len(request.text) if self._batch_size > 1 else 0, request.text)

    def _identity(self) -> str:
        return weights_hash(self._network)

    def _answer(self, requests: Sequence[ChatRequest]) -> list[Completion]:
        rendered = [self._render(request) for request in requests]
        room = int(requests[0].parameters.get("max_tokens", self._settings.max_tokens))
        fitting = [prompt for prompt, _ in rendered if self._fits(prompt, room)]
        try:
            judged = self._judged(fitting, room, requests[0].run) if fitting else []
        except RuntimeError as error:  # out of memory, mostly: the answers must not be lost for it
            log.error("The local judge failed: %s (a smaller judge.batch_size needs less memory)", first_line(error))
            judged = [Completion("failed", reason=first_line(error))] * len(fitting)
        completions = dict(zip(fitting, judged, strict=True))
        too_long = Completion("failed", reason="the prompt is longer than the local judge's context")
        return [
            _with_sent(completions.get(prompt, too_long), request, role)
            for request, (prompt, role) in zip(requests, rendered, strict=True)
        ]

    def _judged(self, prompts: Sequence[str], room: int, run: int) -> list[Completion]:
        return self._expect(prompts) if self._settings.rating == "expected" else self._write(prompts, room, run)

    def _render(self, request: ChatRequest) -> tuple[str, str]:
        """Return the prompt, and whose words the judge's instructions are in it: `system` or `user`."""
        text, role = None, "system"
        system = [message["content"].strip() for message in request.messages if message["role"] == "system"]
        if system and self._settings.system_role != "user":
            text = self._templated([dict(message) for message in request.messages])
            if text is None or not all(instructions in text for instructions in system):
                text = None
                self._tell_of_no_system_role()
        if text is None:
            joined, role = "\n\n".join(message["content"] for message in request.messages), "user"
            text = self._templated([{"role": "user", "content": joined}])
        if text is None:
            raise self._unloadable("its chat template takes no message of a user.")
        return text + str(request.parameters.get("lead_in", "")), role

    def _templated(self, messages: list[dict[str, str]]) -> str | None:
        try:
            return str(self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        except Exception:  # templates raise what they like
            return None

    def _fits(self, prompt: str, room: int) -> bool:
        limit = getattr(self._network.config, "max_position_embeddings", None)
        room = len(NUMBERS) if self._settings.rating == "expected" else room
        length = len(self._tokenizer(prompt, add_special_tokens=False)["input_ids"])
        return limit is None or length + room <= limit

    def _encode(self, prompts: Sequence[str]) -> Any:
        encoded = self._tokenizer(list(prompts), return_tensors="pt", padding=True, add_special_tokens=False)
        return encoded.to(self._network.device)

    def _write(self, prompts: Sequence[str], room: int, run: int) -> list[Completion]:
        """Let the judge write its judgments, each of at most `room` tokens."""
        import torch

        inputs = self._encode(prompts)
        temperature = self._settings.temperature
        sampling = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
        torch.manual_seed(run)
        with torch.inference_mode():
            output = self._network.generate(
                **inputs,
                max_new_tokens=room,
                pad_token_id=self._tokenizer.pad_token_id,
                **sampling,
            )
        written = output[:, inputs["input_ids"].shape[1] :]
        texts = self._tokenizer.batch_decode(written, skip_special_tokens=True)
        ends = self._network.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        return [
            _written(text, ids, ends, int(mask.sum()))
            for text, ids, mask in zip(texts, written.tolist(), inputs["attention_mask"], strict=True)
        ]

    def _expect(self, prompts: Sequence[str]) -> list[Completion]:
        """Return the probability of each rating as the continuation of each prompt."""
        rows = self._scores_alone(prompts[0])[None] if len(prompts) == 1 else self._scores_together(prompts)
        return [weighed(dict(zip(NUMBERS, row, strict=True))) for row in rows.exp().tolist()]

    def _scores_alone(self, prompt: str) -> Any:
        if self._reader is None:
            self._reader = Reader(self._network, self._endings)
        return self._reader.scores(self._tokenizer(prompt, add_special_tokens=False)["input_ids"])

    def _scores_together(self, prompts: Sequence[str]) -> Any:
        inputs = self._encode(prompts)
        return continuation_scores(self._network, inputs["input_ids"], inputs["attention_mask"], self._endings)

    @property
    def _endings(self) -> list[list[int]]:
        return [self._tokenizer(f"{number}]]", add_special_tokens=False)["input_ids"] for number in NUMBERS]


def _written(text: str, ids: Sequence[int], ends: Collection[int | None], prompt_tokens: int) -> Completion:
    """Return what was written; tokens after an end are padding."""
    length = next((at for at, token in enumerate(ids, start=1) if token in ends), None)
    details = {
        "finish_reason": "length" if length is None else "stop",
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": length or len(ids)},
    }
    if not text.strip():
        return Completion("empty", reason="the judge wrote nothing", details=details)
    return Completion("answered", text, details=details)


def _with_sent(completion: Completion, request: ChatRequest, role: str) -> Completion:
    sent = {"parameters": dict(request.parameters), "system_role": role}
    return replace(completion, details={**completion.details, "sent": sent})
