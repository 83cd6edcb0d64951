"""A local judge: transformers in this process, batched, sharing the candidate's weights if they are the same.

`rating=expected` never asks the model to write a verdict. The prompt ends in a forced `Rating: [[` (in the prompt's
language), and the rating is the mean of 1 to 10 weighted by the probability of the continuations `1]]` ... `10]]`
(G-Eval, arXiv 2303.16634): one prefill, then one short step over all ten.
"""

import inspect
import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from tqdm import tqdm

from hf_datasets.chat import ChatRequest
from hf_datasets.errors import UserError
from hf_datasets.ledger import Completion, Ledger
from mtbenchx_tasks.judge.run import Judged
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.verdict import HIGHEST, LOWEST, as_text
from mtbenchx_tasks.weights import weights_hash

log = logging.getLogger("mtbenchx.judge")
NUMBERS = range(LOWEST, HIGHEST + 1)


class LocalEngine:
    """Queues requests and judges them together in `finish`, on its own device."""

    def __init__(self, settings: JudgeSettings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self._queue: list[tuple[ChatRequest, Future[Judged]]] = []
        self._network: Any = None
        self._tokenizer: Any = None

    def check(self) -> None:
        """Read the judge's tokenizer; the weights are loaded when there is something to judge."""
        self._ledger.check_writable()
        if self._tokenizer is not None:
            return
        from transformers import AutoTokenizer  # noqa: PLC0415

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(self._settings.model, padding_side="left")
        except (OSError, ValueError) as error:
            first_line = str(error).strip().split("\n")[0]
            raise UserError(f"The local judge {self._settings.model!r} can't be loaded: {first_line}") from error
        if not self._tokenizer.chat_template:
            raise UserError(f"The local judge {self._settings.model!r} has no chat template; take a chat model.")
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token

    def meet(self, lm: Any) -> None:  # noqa: ANN401
        """Share the candidate's weights if it is the very model that judges."""
        same = isinstance(getattr(lm, "pretrained", None), str) and _same_model(lm.pretrained, self._settings.model)
        plain = not (getattr(lm, "peft", None) or getattr(lm, "delta", None))
        if self._network is None and same and plain and self._settings.device in (None, str(lm.device)):
            log.info("The local judge shares the candidate's weights.")
            self._network = lm.model

    def submit(self, request: ChatRequest) -> Future[Judged]:
        """Queue a request."""
        future: Future[Judged] = Future()
        self._queue.append((request, future))
        return future

    def finish(self) -> None:
        """Judge what is queued and not in the ledger, with a progress bar."""
        if not self._queue:
            return
        self.check()
        self._load()
        weights = weights_hash(self._network)
        queue, self._queue = [(replace(request, model=weights), future) for request, future in self._queue], []
        missing = []
        for request, future in queue:
            known = self._ledger.judgment(request.key)
            if known is None:
                missing.append((request, future))
            else:
                future.set_result(Judged(request.key, known))
        missing.sort(key=lambda item: len(item[0].text))  # batches of like length waste no padding
        with tqdm(total=len(missing), desc="Judging", disable=not missing, leave=False) as bar:
            for start in range(0, len(missing), self._settings.batch_size):
                batch = missing[start : start + self._settings.batch_size]
                self._judge(batch)
                bar.update(len(batch))

    def stop(self) -> None:
        """Forget what is queued."""
        self._queue = []

    def _load(self) -> None:
        if self._network is not None:
            return
        import torch  # noqa: PLC0415
        from transformers import AutoModelForCausalLM  # noqa: PLC0415

        device = self._settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
        network = AutoModelForCausalLM.from_pretrained(self._settings.model, dtype="auto")
        self._network = network.to(device).eval()

    def _judge(self, batch: Sequence[tuple[ChatRequest, Future[Judged]]]) -> None:
        requests = [request for request, _ in batch]
        expected = self._settings.rating == "expected"
        fitting = [request for request in requests if self._fits(request)]
        judged = (self._expect(fitting) if expected else self._write(fitting)) if fitting else []
        said = {request.key: completion for request, completion in zip(fitting, judged, strict=True)}
        too_long = Completion("failed", reason="the prompt is longer than the local judge's context")
        for request, future in batch:
            completion = said.get(request.key, too_long)
            if self._ledger.claim(request.key, request.text):
                self._ledger.finish(request.key, completion)
            future.set_result(Judged(request.key, completion))

    def _prompt(self, request: ChatRequest) -> str:
        messages = [dict(message) for message in request.messages]
        try:
            text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception:  # noqa: BLE001  (templates raise what they like where a system role isn't foreseen)
            joined = [{"role": "user", "content": "\n\n".join(message["content"] for message in messages)}]
            text = self._tokenizer.apply_chat_template(joined, tokenize=False, add_generation_prompt=True)
        return str(text) + str(request.parameters.get("lead_in", ""))

    def _fits(self, request: ChatRequest) -> bool:
        limit = getattr(self._network.config, "max_position_embeddings", None)
        room = len(NUMBERS) if self._settings.rating == "expected" else self._settings.max_tokens
        length = len(self._tokenizer(self._prompt(request), add_special_tokens=False)["input_ids"])
        return limit is None or length + room <= limit

    def _encode(self, requests: Sequence[ChatRequest]) -> Any:  # noqa: ANN401
        texts = [self._prompt(request) for request in requests]
        encoded = self._tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        return encoded.to(self._network.device)

    def _write(self, requests: Sequence[ChatRequest]) -> list[Completion]:
        """Let the judge write its judgments."""
        import torch  # noqa: PLC0415

        inputs = self._encode(requests)
        temperature = self._settings.temperature
        sampling = {"do_sample": True, "temperature": temperature} if temperature > 0 else {"do_sample": False}
        torch.manual_seed(requests[0].run)
        with torch.no_grad():
            output = self._network.generate(
                **inputs, max_new_tokens=self._settings.max_tokens, pad_token_id=self._tokenizer.pad_token_id, **sampling
            )
        texts = self._tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return [Completion("answered", text) if text.strip() else Completion("empty", reason="the judge wrote nothing") for text in texts]

    def _expect(self, requests: Sequence[ChatRequest]) -> list[Completion]:
        """Return the probability of each rating as the continuation of each prompt."""
        import torch  # noqa: PLC0415

        inputs = self._encode(requests)
        mask = inputs["attention_mask"]
        endings = [self._tokenizer(f"{number}]]", add_special_tokens=False)["input_ids"] for number in NUMBERS]
        with torch.no_grad():
            prefill = self._network(**inputs, position_ids=_positions(mask), use_cache=True, **self._last_only())
            first = prefill.logits[:, -1].float().log_softmax(-1)
            scores = first[:, [ending[0] for ending in endings]]
            scores = scores + self._later_tokens(prefill.past_key_values, mask, endings)
        weights = scores.double().exp().cpu().tolist()
        return [_expected(dict(zip(NUMBERS, row, strict=True))) for row in weights]

    def _last_only(self) -> dict[str, int]:
        """Ask for the last position's logits only, where the model can (a vocabulary times a long prompt is large)."""
        return {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(self._network.forward).parameters else {}

    def _later_tokens(self, cache: Any, mask: Any, endings: list[list[int]]) -> Any:  # noqa: ANN401
        """Return, for each prompt and ending, the log-probability of the ending's tokens after its first."""
        import torch  # noqa: PLC0415

        longest = max(len(ending) for ending in endings)
        padded = torch.tensor([ending + [ending[-1]] * (longest - len(ending)) for ending in endings], device=mask.device)
        count = len(endings)
        cache.batch_repeat_interleave(count)
        tokens = padded.repeat(len(mask), 1)
        wide = torch.cat([mask.repeat_interleave(count, 0), torch.ones_like(tokens[:, :-1])], dim=1)
        positions = _positions(wide)[:, -(longest - 1) :]
        logits = self._network(tokens[:, :-1], attention_mask=wide, position_ids=positions, past_key_values=cache).logits
        steps = logits.float().log_softmax(-1).gather(-1, tokens[:, 1:, None]).squeeze(-1)
        real = torch.tensor([[step < len(ending) - 1 for step in range(longest - 1)] for ending in endings], device=mask.device)
        return (steps * real.repeat(len(mask), 1)).sum(-1).reshape(len(mask), count)


def _positions(mask: Any) -> Any:  # noqa: ANN401
    """Positions for left-padded rows: 0 at the first real token."""
    return (mask.long().cumsum(-1) - 1).clamp(min=0)


def _expected(weights: dict[int, float]) -> Completion:
    ratings = {str(number): weight for number, weight in weights.items()}
    return Completion("answered", as_text(weights), details={"ratings": ratings})


def _same_model(one: str, other: str) -> bool:
    return one == other or (os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other))  # noqa: PTH110, PTH121
