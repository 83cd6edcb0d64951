"""A judge by any model class of lm_eval (`hf`, `vllm`, `sglang` ...), in this process, without a server.

The class gives texts and nothing else: no reason why a text ended, no counts of tokens, no probabilities. So tokens
are counted with the model's tokenizer, a text of `max_tokens` tokens counts as cut off, and a prompt that leaves no
room for that many is a failed judgment, since these classes would cut its beginning off without a word.
"""

import contextlib
import difflib
import importlib.util
import inspect
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion, storable
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.engines.in_process import InProcessEngine, first_line, same_model
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.weights import files_hash, weight_files, weights_hash

log = logging.getLogger("lm_eval.mtbenchx")
TOGETHER = 512
"""Requests handed over, and stored, together: enough for any server's batches, few enough to lose on a power cut."""
MODEL_ARGUMENTS = ("pretrained", "model")
"""What the model's name is called among a class's arguments, by preference."""
LATE = {"sglang": "sglang", "sglang-generate": "sglang"}
"""Backends whose class looks for its package only when it is made."""
DECISIVE = ("dtype", "quantization", "revision", "tokenizer", "enable_lora")
"""Engine arguments that decide a text: a candidate that differs in one isn't the judge."""


@dataclass(frozen=True)
class Prepared:
    """A request as the model reads it."""

    prompt: Any
    """What lm_eval's chat template made of the messages."""
    settings: Mapping[str, Any]
    """lm_eval's generation settings."""
    system_role: str
    """Whose words the judge's instructions are: `system` or `user`."""
    tokens: int | None
    """Length of the prompt; None if the class has no tokenizer."""
    problem: str = ""
    """Why it can't be asked."""


class LmEvalEngine(InProcessEngine):
    """Queues requests and has them answered together in `finish`; shares the candidate's model if both are one."""

    def __init__(self, settings: JudgeSettings, ledger: Ledger) -> None:
        super().__init__(settings, ledger)
        self._lm: Any = None

    def check(self, probe: Sequence[ChatRequest] = ()) -> Sequence[Future[Judged]]:
        """See that the class and the model are there; the weights are loaded when there is something to judge."""
        asked = super().check(probe)
        self._class()
        folder = Path(self._settings.model)
        if folder.is_dir() and not weight_files(folder):
            raise self._unloadable("the folder holds no weights.")
        return asked

    def attach_model(self, lm: Any) -> None:
        """Share the candidate's model if it is the very model that judges, made by the same class."""
        from lm_eval.api.model import CachingLM

        lm = lm.lm if isinstance(lm, CachingLM) else lm
        if self._lm is None and type(lm) is self._class() and self._is_the_judge(lm):
            log.info("The judge shares the candidate's model.")
            self._lm = lm

    def _is_the_judge(self, lm: Any) -> bool:
        given = dict(self._settings.backend_args)
        engine = getattr(lm, "model_args", None)
        if isinstance(engine, Mapping):  # vllm, sglang
            names = [engine.get(name) for name in ("model", "model_path")]
            same = any(isinstance(name, str) and same_model(name, self._settings.model) for name in names)
            decisive = {name: given.get(name) for name in DECISIVE if name in engine}
            plain = {None, False, "auto"}
            return same and all(
                str(engine[name]) == str(wanted) or (wanted in plain and engine[name] in plain)
                for name, wanted in decisive.items()
            )
        name = getattr(lm, "pretrained", None)
        adapted = getattr(lm, "peft", None) or getattr(lm, "delta", None)
        return isinstance(name, str) and same_model(name, self._settings.model) and not adapted and not given

    # loading -------------------------------------------------------------------------------------------------------

    def _class(self) -> type:
        """Return lm_eval's class."""
        import lm_eval.models  # noqa: F401  (fills the registry)
        from lm_eval.api.registry import get_model, model_registry

        backend = self._settings.backend
        if backend not in model_registry:
            near = difflib.get_close_matches(backend, [*model_registry.keys(), "openai", "local"], n=1)
            hint = f"did you mean {near[0]!r}?" if near else "there are openai, local, hf, vllm, sglang and others."
            raise UserError(f"There is no judge.backend {backend!r}; {hint}")
        try:
            made_by = get_model(backend)
        except ImportError as error:
            raise self._lacks(first_line(error)) from None
        if backend in LATE and importlib.util.find_spec(LATE[backend]) is None:
            raise self._lacks(f"No module named {LATE[backend]!r}")
        return made_by  # type: ignore[no-any-return]

    def _lacks(self, reason: str) -> UserError:
        backend = self._settings.backend
        return UserError(
            f"judge.backend {backend!r} needs a package that isn't installed ({reason}); install it, "
            f"e.g. pip install 'lm-eval[{backend}]', or take another backend."
        )

    def _load(self) -> None:
        if self._lm is not None:
            return
        settings, made_by = self._settings, self._class()
        arguments = {**_named(made_by, settings.model), **settings.backend_args}
        others = {"batch_size": settings.batch_size, "device": settings.device}
        try:
            self._lm = made_by.create_from_arg_obj(arguments, others)  # type: ignore[attr-defined]
        except Exception as error:  # each class has its own ways to fail: no memory, no such folder, a wrong argument
            raise self._unloadable(first_line(error)) from error

    def _unloadable(self, reason: str) -> UserError:
        settings = self._settings
        return UserError(f"The judge {settings.model!r} can't be loaded by lm_eval's {settings.backend!r}: {reason}")

    def _identity(self) -> str:
        """Return the hash of its weights; if they can't be found on this machine, its name and revision."""
        network = getattr(self._lm, "model", None)
        if hasattr(network, "state_dict") and hasattr(network, "config"):
            return weights_hash(network)
        given = self._settings.backend_args
        revision = given.get("revision")
        folder = _folder(self._settings.model, revision)
        if folder is None:
            return f"{self._settings.model}@{revision or 'main'}"
        adapters = (Path(value) for value in given.values() if isinstance(value, str) and Path(value).is_dir())
        return files_hash([folder, *adapters])

    # asking --------------------------------------------------------------------------------------------------------

    @property
    def _batch_size(self) -> int:
        return TOGETHER

    def _answer(self, requests: Sequence[ChatRequest]) -> list[Completion]:
        prepared = [self._prepare(request) for request in requests]
        texts = iter(self._generate([item for item in prepared if not item.problem]))
        return [
            Completion("failed", reason=item.problem) if item.problem else self._said(item, next(texts))
            for item in prepared
        ]

    def _prepare(self, request: ChatRequest) -> Prepared:
        """Render a request, and see that prompt and judgment fit into the model's context."""
        room = int(request.parameters["max_tokens"])
        temperature = request.parameters.get("temperature")
        sampling = {} if temperature is None else {"temperature": temperature, "do_sample": temperature > 0}
        if temperature and self._settings.backend.startswith("vllm"):
            sampling["seed"] = int(request.parameters.get("seed") or 0) + request.run
        settings = {"until": [], "max_gen_toks": room, **sampling}
        try:
            prompt, role = self._prompt([dict(message) for message in request.messages])
            tokens = self._count(prompt)
        except Exception as error:  # templates raise what they like
            return Prepared("", settings, "", None, f"the judge's chat template can't be used: {first_line(error)}")
        limit = getattr(self._lm, "max_length", None)
        fits = tokens is None or limit is None or tokens + room <= limit
        problem = "" if fits else f"{tokens} tokens of prompt and max_tokens={room} are more than the judge's {limit}"
        return Prepared(prompt, settings, role, tokens, problem)

    def _prompt(self, messages: list[dict[str, str]]) -> tuple[Any, str]:
        """Render messages, as one where the template has no system role: lm_eval would drop the instructions."""
        system = [message["content"].strip() for message in messages if message["role"] == "system"]
        try:
            prompt = self._lm.apply_chat_template(messages)
        except Exception:  # templates raise what they like, e.g. for a role that they don't have
            if not system:
                raise
            prompt = ""
        if not isinstance(prompt, str) or all(text in prompt for text in system):
            return prompt, "system" if system else "user"
        self._tell_of_no_system_role()
        joined = "\n\n".join(message["content"] for message in messages)
        return self._lm.apply_chat_template([{"role": "user", "content": joined}]), "user"

    def _count(self, text: Any) -> int | None:
        """Count a text's tokens with the model's tokenizer."""
        if getattr(self._lm, "tokenizer", None) is None or not isinstance(text, str):
            return None
        return len(self._lm.tok_encode(text, add_special_tokens=False)) if text else 0

    def _generate(self, items: Sequence[Prepared]) -> list[Any]:
        """Return a text per item, or the error that befell them all."""
        import torch
        from lm_eval.api.instance import Instance

        torch.manual_seed(self._settings.seed or 0)
        asked = [
            Instance("generate_until", {}, (item.prompt, dict(item.settings)), task_name="judge", doc_id=at, idx=at)
            for at, item in enumerate(items)
        ]
        try:
            with _uncached(self._lm):
                texts = list(self._lm.generate_until(asked)) if asked else []
            if len(texts) != len(asked):
                raise ValueError(f"{len(texts)} texts came back for {len(asked)} prompts")
        except Exception as error:  # no memory, a dead engine: the answers must not be lost for it
            hint = "a smaller judge.batch_size needs less memory"
            log.error("The judge %s failed: %s (%s)", self._settings.model, first_line(error), hint)
            return [error] * len(items)
        return texts

    def _said(self, item: Prepared, text: Any) -> Completion:
        sent = {"parameters": dict(item.settings), "system_role": item.system_role}
        if isinstance(text, Exception):
            return Completion("failed", reason=first_line(text), details={"sent": sent})
        if not isinstance(text, str):
            return Completion("failed", reason="the judge's model gave no text", details={"sent": sent})
        details: dict[str, Any] = {"sent": sent}
        written = self._count(text)
        if item.tokens is not None and written is not None:
            details["usage"] = {"prompt_tokens": item.tokens, "completion_tokens": written}
            if written >= item.settings["max_gen_toks"]:
                details["finish_reason"] = "length"
        if not text.strip():
            return Completion("empty", reason="the judge wrote nothing", details=details)
        return Completion("answered", storable(text), details=details)


def _named(made_by: type, model: str) -> dict[str, str]:
    """Return the model's name under the argument by which a class takes it."""
    classes = [one for one in made_by.__mro__ if "__init__" in vars(one)]
    known = {name for one in classes for name in inspect.signature(one.__init__).parameters}  # type: ignore[misc]
    return {next((name for name in MODEL_ARGUMENTS if name in known), MODEL_ARGUMENTS[0]): model}


def _folder(model: str, revision: object) -> Path | None:
    """Return where a model's files lie on this machine; None if they don't."""
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, revision=str(revision) if revision else None, local_files_only=True))
    except (OSError, ValueError):  # not in the cache, or no name of the Hub
        return None


@contextlib.contextmanager
def _uncached(lm: Any) -> Iterator[None]:
    """Keep judgments out of the candidate's answer cache (lm_eval's --use_cache)."""
    from lm_eval.api.model import CacheHook

    hook = getattr(lm, "cache_hook", None)
    lm.cache_hook = CacheHook(None)
    try:
        yield
    finally:
        lm.cache_hook = hook
