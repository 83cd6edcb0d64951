"""Judges by name: the presets, other models that are served today, and those whose end their vendor announced.

Everything here was looked up on CHECKED; a vendor may have changed it since. Prices come from elsewhere (prices.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

CHECKED = date(2026, 11, 28)
"""When the names, ends and settings below were looked up."""
OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com/v1/"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai/"
MISTRAL = "https://api.mistral.ai/v1"
DEEPSEEK = "https://api.deepseek.com"


@dataclass(frozen=True)
class Living:
    """A model that can be asked today."""

    model: str
    """Its name where it is served."""
    base_url: str
    """Where."""
    api_key_env: str
    """The environment variable that usually holds a key for it."""
    note: str
    """What to know of it as a judge."""


LIVING = (
    Living("gpt-5.4-mini-2026-03-17", OPENAI, "OPENAI_API_KEY", "dated"),
    Living("gpt-6-luna", OPENAI, "OPENAI_API_KEY", "undated; reasoning_effort none for temperature and logprobs"),
    Living("gpt-6.1-terra", OPENAI, "OPENAI_API_KEY", "undated; reasoning_effort none for temperature and logprobs"),
    Living("gpt-5.5-2026-04-23", OPENAI, "OPENAI_API_KEY", "dated"),
    Living("claude-haiku-5-5", ANTHROPIC, "ANTHROPIC_API_KEY", "one fixed version; thinks; no seed, no logprobs"),
    Living("claude-sonnet-5-5", ANTHROPIC, "ANTHROPIC_API_KEY", "one fixed version; thinks; no seed, no logprobs"),
    Living("gemini-3.8-flash", GOOGLE, "GEMINI_API_KEY", "undated; thinks; no seed"),
    Living("mistral-small-2603", MISTRAL, "MISTRAL_API_KEY", "dated; its weights are open"),
    Living("mistral-large-4-0", MISTRAL, "MISTRAL_API_KEY", "thinks by reasoning_effort"),
    Living(
        "deepseek-flash",
        DEEPSEEK,
        "DEEPSEEK_API_KEY",
        'undated; thinks, but for extra_body {"thinking": {"type": "disabled"}}',
    ),
)
"""Judges that are served today, the default first. No announced end was found of any."""


@dataclass(frozen=True)
class Preset:
    """A judge with the settings that it is to be asked with."""

    model: str
    """Its name where it is served."""
    settings: Mapping[str, Any]
    """What it is asked with, unless the user says otherwise."""
    note: str
    """Who it is, for people to read."""
    thinking: Mapping[str, Any] = field(default_factory=dict)
    """What changes if the user sets a `reasoning_effort` other than `none`."""
    backend_args: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """In-process backend -> arguments that pin the weights."""


GEMMA_REVISION = "842da3794eaa0b77d5f08bae87a17459d91ff475"
PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "hosted": Preset(
            "gpt-5.4-mini-2026-03-17",
            {"reasoning_effort": "none", "temperature": 0.0, "max_tokens": 4096},
            "OpenAI's, a dated version; answers without thinking first, which leaves temperature 0 and logprobs",
            thinking={"temperature": None, "max_tokens": 16_384},
        ),
        "open": Preset(
            "google/gemma-4-31B-it",
            {"temperature": 0.0, "max_tokens": 4096},
            f"open weights, revision {GEMMA_REVISION[:7]}: behind any server by base_url, or in process by backend",
            backend_args={name: {"revision": GEMMA_REVISION} for name in ("hf", "vllm")},
        ),
        "paper": Preset(
            "gpt-4-0613",
            {"temperature": 0.0, "max_tokens": 2048},
            "the paper's judge; it is gone, and its published ratings can be read",
        ),
    }
)
THINKERS = re.compile(
    r"o\d|gpt-[5-9]|gpt-oss|claude-\w+-[5-9]|gemini-(2\.5|[3-9])|deepseek|qwen3|.*(r1|qwq|think|reason)"
)
"""Models that think before they speak unless they are told not to, by their names."""
DEFAULT = "hosted"
"""The preset of a user who names no judge."""
BY_DEFAULT = (
    f"the default judge, preset {DEFAULT}; choose another by --metadata; numbers compare only with numbers of the same "
    f"judge"
)
"""What is said of a judge that nobody chose."""


def with_preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the preset's values where the user gave none.

    Args:
        given: Settings by name. A preset is named by `preset`, or in `model`; with neither, it is DEFAULT.
    """
    model = given.get("model")
    name = given.get("preset") or (DEFAULT if "model" not in given else model)
    preset = PRESETS.get(name) if isinstance(name, str) else None
    if preset is None:
        return dict(given)
    named = {"preset": name, "model": preset.model if model is None or model in PRESETS else model}
    thinks = given.get("reasoning_effort") not in (None, "none")
    pinned = preset.backend_args.get(str(given.get("backend")), {})
    usual = {**preset.settings, **(preset.thinking if thinks else {}), **({"backend_args": pinned} if pinned else {})}
    return {**usual, **given, **named}


def thinks(model: str, reasoning_effort: Any = None) -> bool:
    """Tell whether a judge is to be expected to think before it speaks, by its settings or else by its name."""
    if reasoning_effort is not None:
        return bool(reasoning_effort != "none")
    return THINKERS.match(model.rpartition("/")[2].lower()) is not None
