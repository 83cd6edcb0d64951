"""How probable each of a few short endings is after a prompt, for a transformers model: reading, never writing.

Prompts of one judge begin alike: its instructions, the question, the first turn. `Reader` keeps what the network
computed for the last prompt (its key-value cache) and computes only what the next has beyond their common beginning. It
reads all endings in the same pass, beside each other: each token of an ending sees the prompt and its own ending only.
"""

import copy
import inspect
import logging
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from mtbenchx_tasks.judge.engines.branches import Branches

log = logging.getLogger("lm_eval.mtbenchx")
Endings = Sequence[Sequence[int]]
"""Token ids of each continuation."""
SAME = 1e-3
"""By how much the logarithms of two ways to read endings may differ: rounding."""


class Reader:
    """Reads prompts one after the other; those that begin alike should follow each other.

    Args:
        network: A causal language model of transformers.
        endings: Token ids of each continuation.
    """

    def __init__(self, network: Any, endings: Endings) -> None:
        self._network, self._endings = network, endings
        self._branches = Branches(endings) if _takes_masks(network) else None
        """None: endings are read one by one, since the network doesn't take them beside each other."""
        self._is_checked = False
        self._read: list[int] = []
        """The tokens that the cache holds."""
        self._cache: Any = None

    def scores(self, prompt: Sequence[int]) -> Any:
        """Return the log-probability of each ending after a prompt.

        Args:
            prompt: Its token ids, at least one.

        Returns:
            An (endings,) float64 tensor, equal to `continuation_scores` but for rounding.
        """
        import torch

        with torch.inference_mode():
            if self._branches is not None and self._is_checked:
                return self._in_one(prompt, self._branches)
            found = self._one_by_one(prompt)
            if self._branches is not None:
                self._check(found, prompt, self._branches)
            return found

    def _check(self, found: Any, prompt: Sequence[int], branches: Branches) -> None:
        """Once: see that endings beside each other have the same probabilities as one by one."""
        self._is_checked = True
        try:
            is_same = (self._in_one(prompt, branches) - found).abs().max() <= SAME
        except Exception as error:  # networks raise what they like at a mask of another shape
            log.debug("Endings can't be read beside each other", exc_info=error)
            is_same = False
        if not is_same:
            self._branches = self._cache = None

    def _in_one(self, prompt: Sequence[int], branches: Branches) -> Any:
        """Read the rest of a prompt and all endings in one pass."""
        network, name = self._network, cache_of(self._network)
        cache, known = self._beginning(prompt)
        tokens, mask, positions = branches.inputs(prompt, known, network.dtype, network.device)
        kept = {} if cache is None else {name: cache}
        if _takes(network, "logits_to_keep"):
            kept["logits_to_keep"] = 1 + len(branches)
        output = network(tokens, attention_mask=mask, position_ids=positions, use_cache=True, **kept)
        if len(branches) and _has_rows(output[name]):
            output[name].crop(-len(branches))
        self._read, self._cache = list(prompt), output[name]
        return branches.scores(output.logits[0]).cpu()

    def _one_by_one(self, prompt: Sequence[int]) -> Any:
        """Read the rest of a prompt, then each ending in a step of its own."""
        import torch

        network, name = self._network, cache_of(self._network)
        cache, known = self._beginning(prompt)
        mask = torch.ones((1, len(prompt)), dtype=torch.long, device=network.device)
        rest = torch.tensor([prompt[known:]], device=network.device)
        kept = {} if cache is None else {name: cache}
        output = step(network, rest, mask, use_cache=True, **kept, **_last_only(network))
        found = _of_endings(network, output, mask, self._endings)
        self._read, self._cache = list(prompt), output[name]
        return found[0]

    def _beginning(self, prompt: Sequence[int]) -> tuple[Any, int]:
        """Return the cache of what a prompt shares with the one before, and how many tokens that is.

        The reader forgets it: a step that fails leaves no half of a cache.
        """
        cache, self._cache = self._cache, None
        known = min(common(self._read, prompt), len(prompt) - 1)
        if not known or cache is None or not _has_rows(cache):
            return None, 0
        try:
            if known < len(self._read):
                cache.crop(known - len(self._read))
        except (RuntimeError, ValueError):  # a sliding window has passed over the beginning
            return None, 0
        return cache, known


def continuation_scores(network: Any, tokens: Any, mask: Any, endings: Endings) -> Any:
    """Return the log-probability of each ending after each prompt: one prefill, then one short step per ending.

    Args:
        network: A causal language model.
        tokens: (prompts, length) ids, padded on the left.
        mask: (prompts, length), 1 at real tokens.
        endings: Token ids of each continuation.

    Returns:
        A (prompts, endings) float64 tensor.
    """
    import torch

    with torch.inference_mode():
        output = step(network, tokens, mask, use_cache=True, **_last_only(network))
        return _of_endings(network, output, mask, endings)


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return with how many equal tokens two prompts begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def step(network: Any, tokens: Any, mask: Any, **options: Any) -> Any:
    """Run the network on the last tokens of left-padded rows."""
    positions = (mask.long().cumsum(-1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
    return network(tokens, attention_mask=None if bool(mask.all()) else mask, position_ids=positions, **options)


def cache_of(network: Any) -> str:
    """Name of the key-value cache among a network's arguments and results; transformers 5.24 renamed it."""
    return "cache" if _takes(network, "cache") else "past_key_values"


def _of_endings(network: Any, output: Any, mask: Any, endings: Endings) -> Any:
    """Return the (prompts, endings) scores that follow a prefill; its cache stays as it is."""
    import torch

    first = output.logits[:, -1].double().log_softmax(-1)
    columns = []
    for ending in endings:
        score = first[:, ending[0]]
        if len(ending) > 1:
            score = score + _later_tokens(network, copy.deepcopy(output[cache_of(network)]), mask, ending)
        columns.append(score)
    return torch.stack(columns, dim=1).cpu()


def _later_tokens(network: Any, cache: Any, mask: Any, ending: Sequence[int]) -> Any:
    """Log-probability, per prompt, of an ending's tokens after its first."""
    import torch

    tokens = torch.tensor([list(ending)], device=mask.device).expand(len(mask), -1)
    wide = torch.cat([mask, torch.ones_like(tokens[:, :-1])], dim=1)
    logits = step(network, tokens[:, :-1], wide, **{cache_of(network): cache}).logits
    return logits.double().log_softmax(-1).gather(-1, tokens[:, 1:, None]).sum((-1, -2))


def _takes_masks(network: Any) -> bool:
    """Tell whether a network may take a mask that says which token sees which; a sliding window makes its own."""
    config = network.config
    windows = getattr(config, "sliding_window", None) or any(
        kind != "full_attention" for kind in getattr(config, "layer_types", None) or ()
    )
    return not windows and getattr(config, "_attn_implementation", "") in ("sdpa", "eager")


def _has_rows(cache: Any) -> bool:
    """Tell whether a cache has a place for each token, of which the last can be dropped, and not one state for all."""
    return bool(getattr(cache, "is_croppable", hasattr(cache, "crop")))


def _last_only(network: Any) -> dict[str, int]:
    """Return what spares the logits that nobody reads."""
    return {"logits_to_keep": 1} if _takes(network, "logits_to_keep") else {}


def _takes(network: Any, parameter: str) -> bool:
    return parameter in inspect.signature(network.forward).parameters
