"""Judge settings: the one key `judge` of a task's metadata, read strictly."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from hf_datasets.benchmark.judge_prompts import NATIVE_V1, PROMPT_SETS
from hf_datasets.benchmark.languages import added_prompt_sets
from hf_datasets.endpoints.address import public_url
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug, without_home
from hf_datasets.shared.jsonl import loads
from mtbenchx_tasks.judge.presets import DEFAULT, PRESETS, with_preset
from mtbenchx_tasks.judge.setting_values import (
    NOTHING,
    FilledText,
    Headers,
    JsonObject,
    Url,
    Variable,
    as_json,
    unknown,
    within,
    wrong_kind,
)

DEFAULT_JUDGE = PRESETS[DEFAULT].model
"""Who judges where nobody is named."""
ELSEWHERE = {
    "openai": ("backend_args", "device", "batch_size"),
    "local": ("backend_args", "base_url", "api_key_env", "extra_headers", "extra_body", "concurrency", "continuation"),
}
"""Backend -> settings that mean nothing to it."""
IN_PROCESS = ("base_url", "api_key_env", "extra_headers", "extra_body", "concurrency", "continuation")
"""Settings that mean nothing to a model class of lm_eval."""


@dataclass(frozen=True, config=ConfigDict(strict=True, arbitrary_types_allowed=True, hide_input_in_errors=True))
class JudgeSettings:
    """Who judges, and how. Every field can be given as `--metadata '{"judge": {"field": value}}'`."""

    model: FilledText = DEFAULT_JUDGE
    """Name at the endpoint, or of a preset (`hosted`, `open`, `paper`); in process: a folder or a Hub id."""
    preset: Literal["hosted", "open", "paper"] | None = None
    """The preset that gave what the user left out; null: none did."""
    backend: FilledText = "openai"
    """`openai`: any OpenAI-compatible endpoint; `local`: transformers in this process, which weighs each rating; or
    the name of a model class of lm_eval (`hf`, `vllm`, `sglang` ...), in this process."""
    backend_args: JsonObject = NOTHING
    """In process by lm_eval: arguments of its model class."""
    base_url: Url | None = field(default=None, repr=False)
    """The endpoint, with its query if it needs one; null: OPENAI_BASE_URL or OpenAI's own."""
    api_key_env: Variable = "OPENAI_API_KEY"
    """The environment variable that holds the key. Keys themselves are never settings."""
    extra_headers: Headers = NOTHING
    """HTTP header -> the environment variable that holds its value."""
    extra_body: JsonObject = NOTHING
    """Merged into each request: what only this endpoint knows (`chat_template_kwargs`, `provider` ...)."""
    prompt_set: str | None = None
    """Which judge prompts: `mtbench_x`, `mtbench_x_v1_1`, `native`, or another benchmark's name for its own; null: the
    benchmark's own (`native` for the mini tasks and for benchmarks without). `native_v1` was `native` up to release
    0.4: ledgers of then answer it."""
    reference_set: Literal["published", "corrected"] = "published"
    """Which reference answers the judge sees; `corrected`: ours where the published are wrong (MT-Bench-X only)."""
    question_set: Literal["published", "corrected"] = "published"
    """Which questions are asked and judged; `corrected`: what translation changed is mended (MT-Bench-X only)."""
    prompt_language: Literal["same", "en"] = "same"
    """Language of the judge prompts: the question's, or English."""
    system_role: Literal["system", "developer", "user"] = "system"
    """Whose words the judge's instructions are; `user`: they stand before the question, in one message."""
    parser: Literal["last", "fastchat"] = "last"
    """How a verdict is read: the last well-formed one in range, or FastChat's rule exactly."""
    rating: Literal["text", "expected"] = "text"
    """`text`: the written verdict; `expected`: the probability-weighted mean of 1 to 10 (G-Eval)."""
    top_logprobs: Annotated[int, within(1, 1000)] = 20
    """Alternatives per token that `expected` asks an endpoint for."""
    continuation: Literal["auto", "vllm", "prefix", "off"] = "auto"
    """How `expected` has an endpoint continue a verdict that is begun for it, so that one token tells the rating:
    `vllm` (also SGLang: continue_final_message), `prefix` (Mistral), `auto`: whichever the endpoint understands, else
    `off`: the verdict is read that it writes."""
    temperature: Annotated[float, within(0, 2)] | None = 0.0
    """Sampling temperature of the judge, 0 to 2; null: not sent, the endpoint's default."""
    reasoning_effort: FilledText | None = None
    """How much the judge thinks before it speaks (`none`, `low`, `medium`, `high` ...); null: not sent."""
    seed: int | None = None
    """Seed of the endpoint's sampling, where it takes one; null: not sent."""
    max_tokens: Annotated[int, within(1, 1_000_000)] = 2048
    """Most tokens of one judgment, thoughts included."""
    runs: Annotated[int, within(1, 1000)] = 1
    """How often each answer is judged; a rating is the mean of its valid runs."""
    concurrency: Annotated[int, within(1, 4096)] = 16
    """Most requests in flight."""
    timeout: Annotated[float, within(0.001, 86_400)] = 120.0
    """Seconds before one try, from its first byte to its last, is given up."""
    max_cost: Annotated[float, within(0, 1_000_000)] | None = None
    """Dollars: stop before this is exceeded, and keep everything; null: no limit."""
    ledger: str | None = None
    """Where judgments are kept; null: the user's cache folder."""
    resume: bool = False
    """Re-use answers that the ledger holds from an interrupted run of the same model."""
    device: str | None = None
    """In process: torch device; null: the candidate's if it is the same model, else cuda or cpu."""
    batch_size: Annotated[int, within(1, 4096)] | None = None
    """In process: judgments in one forward pass; null: 8 on a GPU, 1 on a CPU."""

    @classmethod
    def parse(cls, value: Any) -> "JudgeSettings":
        """Read settings from metadata: None, a model's or preset's name, or an object.

        Raises:
            UserError: A key is unknown or a value is of the wrong kind; it is named.
        """
        if value is None:
            return cls()
        if isinstance(value, str):
            value = {"model": value}
        if not isinstance(value, Mapping):
            raise UserError(f"metadata.judge must be a model name or an object of settings, not {as_json(value)}.")
        known = {item.name: item.type for item in fields(cls)}
        for name in value:
            if name not in known:
                raise UserError(unknown(str(name), list(known)))
        try:
            return cls(**value)
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise UserError(wrong_kind(name, known[name], value[name])) from None

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, given: Any) -> Any:
        """Fill in the preset."""
        if not isinstance(given, ArgsKwargs) or given.args:
            raise UserError("Judge settings are given by name.")
        named = given.kwargs or {}
        if named.get("backend", "openai") != "openai" and not {"model", "preset"} & named.keys():
            raise UserError(f"The judge's backend {named['backend']!r} needs a model: a folder, a Hub id, or open.")
        return ArgsKwargs((), with_preset(named))

    @model_validator(mode="after")
    def _check(self) -> "JudgeSettings":
        known = (*PROMPT_SETS, NATIVE_V1, *added_prompt_sets())
        if self.prompt_set is not None and self.prompt_set not in known:
            raise UserError(
                f"judge.prompt_set must be one of {', '.join(known)}, or the name of a built benchmark with prompts of "
                f"its own (--data FOLDER), not {self.prompt_set!r}."
            )
        if self.rating == "expected" and self.backend not in ELSEWHERE:
            raise UserError(
                f'judge.rating "expected" needs the probabilities of tokens, which lm_eval\'s {self.backend!r} does '
                f"not return; take the backend local or an endpoint, or rating text."
            )
        return self

    @property
    def endpoint(self) -> str:
        """Where the judge is, as it stands in the ledger: a public URL, or the backend in this process."""
        return public_url(self.base_url) if self.backend == "openai" else self.backend

    @property
    def slug(self) -> str:
        """The judge's short name: the filter name in results and part of file names."""
        return slug(self.model if self.backend == "openai" else Path(self.model).name)

    @property
    def is_one_token(self) -> bool:
        """Whether a judgment is the token after a verdict that was begun at an endpoint (see judge/one_token.py)."""
        return self.backend == "openai" and self.rating == "expected" and self.continuation in ("vllm", "prefix")

    def public(self) -> dict[str, Any]:
        """Return the settings as they may be written down (no user or password in the url)."""
        elsewhere = ELSEWHERE.get(self.backend, IN_PROCESS)
        public = {name: value for name, value in asdict(self).items() if name not in elsewhere}
        if self.ledger is not None:
            public["ledger"] = without_home(self.ledger)
        return public | ({"base_url": self.endpoint} if self.backend == "openai" else {})

    def parameters(self) -> dict[str, Any]:
        """Return the request parameters that determine a judgment, as configured; what is null is left out."""
        if self.rating == "expected" and self.backend == "local":
            return {"rating": "expected"}
        logprobs = {"logprobs": True, "top_logprobs": self.top_logprobs} if self.rating == "expected" else {}
        usual = {name: getattr(self, name) for name in ("temperature", "max_tokens", "reasoning_effort", "seed")}
        body = {"extra_body": dict(self.extra_body)} if self.extra_body else {}
        if self.backend != "openai":
            body = {"backend_args": dict(self.backend_args)} if self.backend_args else {}
        return {name: value for name, value in usual.items() if value is not None} | logprobs | body


def key_is_missing(settings: JudgeSettings) -> bool:
    """Tell whether OpenAI's own endpoint is asked for but no key is set."""
    hosted = settings.backend == "openai" and not settings.base_url and not os.environ.get("OPENAI_BASE_URL")
    return hosted and not os.environ.get(settings.api_key_env, "").strip()


def parse_judges(texts: Sequence[str], **options: Any) -> list[JudgeSettings]:
    """Read the values of --judge.

    Args:
        texts: Per judge a model name, or the JSON of an object of settings.
        **options: Settings that the command line gives all judges (`runs`, `prompt_language` ...); None: not given.

    Raises:
        UserError: A text isn't JSON, a setting is unknown or wrong, or two judges have one name.
    """
    given = {name: value for name, value in options.items() if value is not None}
    judges = [JudgeSettings.parse(_settings(text) | given) for text in texts]
    slugs = [judge.slug for judge in judges]
    for name in slugs:
        if slugs.count(name) > 1:
            raise UserError(f"The judge {name!r} is named twice; results are told apart by the judge's name.")
    return judges


def _settings(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {"model": text}
    return dict(loads(text, "--judge"))
