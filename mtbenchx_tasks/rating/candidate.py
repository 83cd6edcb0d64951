"""The model that is being judged: its name for tables, and its identity for re-using answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from hf_datasets.endpoints.address import public_url
from mtbenchx_tasks.judge.weights import weights_hash

if TYPE_CHECKING:
    from lm_eval.api.model import LM


@dataclass(frozen=True)
class Candidate:
    """A model under evaluation."""

    name: str
    """What tables call it: the last part of its path or its name at the endpoint."""
    identity: str | None
    """Endpoint and model, or the hash of its weights; None if it can't be known, then no answer is re-used."""


_described: "WeakKeyDictionary[LM, Candidate]" = WeakKeyDictionary()


def candidate(lm: "LM") -> Candidate:
    """Describe an lm_eval model, cached or not."""
    lm = innermost(lm)
    if lm not in _described:
        _described[lm] = _describe(lm)
    return _described[lm]


def innermost(lm: "LM") -> "LM":
    """Return the model inside a CachingLM."""
    from lm_eval.api.model import CachingLM

    return lm.lm if isinstance(lm, CachingLM) else lm


def _describe(lm: Any) -> Candidate:
    base_url = getattr(lm, "base_url", None)
    if isinstance(base_url, str) and isinstance(getattr(lm, "model", None), str):
        url = public_url(base_url)
        return Candidate(_short(lm.model), f"{url} {lm.model}")
    network: Any = getattr(lm, "model", None)
    if hasattr(network, "state_dict") and hasattr(network, "config"):
        adapter = getattr(lm, "peft", None) or getattr(lm, "delta", None)  # else all adapters of a base had its name
        name = adapter or getattr(network.config, "_name_or_path", "") or type(network).__name__
        return Candidate(_short(name), weights_hash(network))
    name = getattr(lm, "pretrained", None)
    return Candidate(_short(name if isinstance(name, str) else type(lm).__name__), None)


def _short(name: str) -> str:
    return Path(name.rstrip("/\\")).name or name
