"""Judge settings: the one key `judge` of a task's metadata, read strictly."""

import difflib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from hf_datasets.endpoints.client import public_url
from hf_datasets.shared.errors import UserError

DEFAULT_JUDGE = "gpt-4"
"""The paper's judge (section 4.1); checked 2026-11-23."""


@dataclass(frozen=True)
class JudgeSettings:
    """Who judges, and how. Every field can be given as `--metadata '{"judge": {"field": value}}'`."""

    model: str = DEFAULT_JUDGE
    """Model name at the endpoint; for the local backend a folder or a Hub id."""
    backend: Literal["openai", "local"] = "openai"
    """`openai`: any OpenAI-compatible endpoint; `local`: transformers in this process."""
    base_url: str | None = field(default=None, repr=False)
    """The endpoint; null: OPENAI_BASE_URL or OpenAI's own."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key. Keys themselves are never settings."""
    prompt_set: Literal["mtbench_x", "mtbench_x_v1_1", "native"] | None = None
    """Which judge prompts; null: the benchmark's own (`mtbench_x`; `native` for the mini tasks)."""
    reference_set: Literal["published", "corrected"] = "published"
    """Which reference answers the judge sees; `corrected`: ours where the published are wrong (MT-Bench-X only)."""
    prompt_language: Literal["same", "en"] = "same"
    """Language of the judge prompts: the question's, or English."""
    parser: Literal["last", "fastchat"] = "last"
    """How a verdict is read: the last well-formed one in range, or FastChat's rule exactly."""
    rating: Literal["text", "expected"] = "text"
    """`text`: the written verdict; `expected`: the probability-weighted mean of 1 to 10 (G-Eval)."""
    temperature: float = 0.0
    """Sampling temperature of the judge, 0 to 2."""
    max_tokens: int = 2048
    """Most tokens of one judgment."""
    runs: int = 1
    """How often each answer is judged; a rating is the mean of its valid runs."""
    concurrency: int = 16
    """Most requests in flight."""
    timeout: float = 120.0
    """Seconds before one try is given up."""
    ledger: str | None = None
    """Where judgments are kept; null: the user's cache folder."""
    resume: bool = False
    """Re-use answers that the ledger holds from an interrupted run of the same model."""
    device: str | None = None
    """Local backend: torch device; null: the candidate's if it is the same model, else cuda or cpu."""
    batch_size: int | None = None
    """Local backend: judgments in one forward pass; null: 8 on a GPU, 1 on a CPU."""

    @classmethod
    def parse(cls, value: Any) -> "JudgeSettings":
        """Read settings from metadata: None, a model name, or an object.

        Raises:
            UserError: A key is unknown or a value is of the wrong kind; it is named.
        """
        if value is None:
            return cls()
        if isinstance(value, str):
            value = {"model": value}
        if not isinstance(value, Mapping):
            raise UserError(f"metadata.judge must be a model name or an object of settings, not {json.dumps(value)}.")
        known = {item.name: item for item in fields(cls)}
        for name in value:
            if name not in known:
                raise UserError(_unknown(str(name), list(known)))
        settings = cls(**{name: _checked(name, known[name].type, given) for name, given in value.items()})
        settings._check_ranges()
        return settings

    def _check_ranges(self) -> None:
        for name, low, high in (
            ("temperature", 0, 2),
            ("max_tokens", 1, 1_000_000),
            ("runs", 1, 1000),
            ("concurrency", 1, 4096),
            ("timeout", 0.001, 86_400),
            ("batch_size", 1, 4096),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UserError(f"judge.{name} must be from {low} to {high}, not {value}.")
        if not self.model:
            raise UserError("judge.model must not be empty.")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.api_key_env):
            raise UserError("judge.api_key_env must be the name of an environment variable; a key is never a setting.")
        if self.base_url is not None and not _is_url(self.base_url):
            raise UserError(
                "judge.base_url must begin with http:// or https:// and a host, e.g. http://127.0.0.1:8000/v1."
            )

    @property
    def slug(self) -> str:
        """The judge's short name: the filter name in results and part of file names."""
        return slug(Path(self.model).name if self.backend == "local" else self.model)

    def public(self) -> dict[str, Any]:
        """Return the settings as they may be written down (no user or password in the url)."""
        elsewhere = ("device", "batch_size") if self.backend == "openai" else ("base_url", "api_key_env", "concurrency")
        public = {name: value for name, value in asdict(self).items() if name not in elsewhere}
        return public | ({"base_url": public_url(self.base_url)} if self.backend == "openai" else {})

    def parameters(self) -> dict[str, Any]:
        """Return the request parameters that determine a judgment."""
        if self.rating == "expected" and self.backend == "local":
            return {"rating": "expected"}
        logprobs = {"logprobs": True, "top_logprobs": 20} if self.rating == "expected" else {}
        return {"temperature": self.temperature, "max_tokens": self.max_tokens, **logprobs}


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def slug(name: str) -> str:
    """Return a name fit for a file and a column: letters, digits, `.`, `_` and `-`."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "model"


def _unknown(name: str, known: list[str]) -> str:
    if re.search(r"api_?key|token|secret", name, re.IGNORECASE) and name != "max_tokens":
        return (
            f"Unknown judge setting {name!r}: a key is never a setting; name its environment variable in api_key_env."
        )
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
    return f"Unknown judge setting {name!r}; {hint}"


def _checked(name: str, kind: Any, value: Any) -> Any:
    allowed = _alternatives(kind)
    for alternative in allowed:
        if isinstance(alternative, type):
            if alternative is float and isinstance(value, int) and not isinstance(value, bool):
                return float(value)
            if isinstance(value, alternative) and not (isinstance(value, bool) and alternative is not bool):
                return value
        elif value == alternative:
            return value
    wanted = " or ".join(_shown(alternative) for alternative in allowed)
    raise UserError(f"judge.{name} must be {wanted}, not {json.dumps(value, default=str)}.")


def _alternatives(kind: Any) -> list[Any]:
    """Flatten `Literal["a", "b"] | None` into ["a", "b", None]; a plain class stays itself."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    arguments = get_args(kind)
    if not arguments:
        return [None] if kind is type(None) else [kind]
    return [alternative for argument in arguments for alternative in _alternatives(argument)]


def _shown(alternative: Any) -> str:
    names: dict[Any, str] = {
        str: "a text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        None: "null",
    }
    return names[alternative] if alternative in names else json.dumps(alternative)


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
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise UserError(f"The judge {slug!r} is named twice; results are told apart by the judge's name.")
    return judges


def _settings(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {"model": text}
    try:
        return dict(json.loads(text))
    except json.JSONDecodeError as error:
        raise UserError(f"--judge is not JSON ({error.msg} at column {error.colno}).") from error
