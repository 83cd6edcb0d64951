"""Endings beside each other in one row: a tree of tokens after a prompt, each seeing the prompt and its own ending.

So ten endings of two tokens cost ten tokens more of one pass, not ten passes (tree attention; SpecInfer, arXiv
2305.09781).
"""

from collections.abc import Sequence
from typing import Any


class Branches:
    """The tree of some endings; equal beginnings are one branch, and last tokens needn't be read.

    Args:
        endings: Token ids of each continuation.
    """

    def __init__(self, endings: Sequence[Sequence[int]]) -> None:
        self._endings = [tuple(ending) for ending in endings]
        begun = [ending[:length] for ending in self._endings for length in range(1, len(ending))]
        self._nodes = {beginning: place for place, beginning in enumerate(dict.fromkeys(begun))}
        """Beginnings of endings, and their places behind the prompt."""

    def __len__(self) -> int:
        return len(self._nodes)

    def inputs(self, prompt: Sequence[int], known: int, dtype: Any, device: Any) -> tuple[Any, Any, Any]:
        """Return what a network is given.

        Args:
            prompt: Token ids.
            known: How many of its first tokens are in the network's cache.
            dtype: The network's.
            device: The network's.

        Returns:
            Tokens and their positions, (1, tokens), and the mask that is added, (1, 1, tokens, known + tokens).
        """
        import torch

        rest, length = list(prompt[known:]), len(prompt)
        tokens = torch.tensor([[*rest, *(beginning[-1] for beginning in self._nodes)]], device=device)
        places = [*range(known, length), *(length + len(beginning) - 1 for beginning in self._nodes)]
        sees = torch.ones((tokens.shape[1], known + tokens.shape[1]), dtype=torch.bool).tril(known)
        sees[len(rest) :, length:] = self._own()
        mask = torch.zeros(sees.shape, dtype=dtype).masked_fill(~sees, torch.finfo(dtype).min)
        return tokens, mask[None, None].to(device), torch.tensor([places], device=device)

    def _own(self) -> Any:
        """Return which node sees which: itself and what comes before it in its ending."""
        import torch

        own = torch.zeros((len(self), len(self)), dtype=torch.bool)
        for beginning, place in self._nodes.items():
            for length in range(1, len(beginning) + 1):
                own[place, self._nodes[beginning[:length]]] = True
        return own

    def scores(self, logits: Any) -> Any:
        """Return the log-probability of each ending.

        Args:
            logits: (tokens, vocabulary), of which the last are those of the prompt's last token and of the tree.

        Returns:
            An (endings,) float64 tensor.
        """
        import torch

        found = logits[-1 - len(self) :].double().log_softmax(-1)
        after = {(): 0, **{beginning: place + 1 for beginning, place in self._nodes.items()}}
        return torch.stack(
            [sum(found[after[ending[:at]], token] for at, token in enumerate(ending)) for ending in self._endings]
        )
