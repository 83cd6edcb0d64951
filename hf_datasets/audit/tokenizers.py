"""A model's tokenizer, and one as a function."""

import logging
from collections.abc import Sequence
from typing import Any

from hf_datasets.audit.tokenizer_fairness import Encode
from hf_datasets.shared.errors import UserError

MOST_CHARACTERS = 300
"""Of what transformers says."""


class TokenizerError(UserError):
    """A tokenizer that can't be loaded."""

    def __init__(self, model: str, error: Exception) -> None:
        self.reason = " ".join(str(error).split())[:MOST_CHARACTERS]
        self.needs_code = "trust_remote_code" in str(error)
        """Whether it is written in Python, which nobody allowed to run."""
        super().__init__(f"The tokenizer of {model!r} can't be loaded ({type(error).__name__}: {self.reason}).")


def read_tokenizer(model: str, revision: str | None = None, trust_remote_code: bool = False) -> Any:
    """Return a tokenizer of transformers.

    Args:
        model: A folder or Hub id.
        revision: Commit on the Hub.
        trust_remote_code: Run code of the model's repository.

    Raises:
        TokenizerError: There is none, or it can't be loaded.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(model, revision=revision, trust_remote_code=trust_remote_code)
    except Exception as error:  # transformers raises whatever the files make it stumble on
        raise TokenizerError(model, error) from error


def load_tokenizer(model: str, trust_remote_code: bool = False) -> tuple[Encode, int | None]:
    """Return a tokenizer as a function (special tokens are neither added nor read), and its unknown token's id if any.

    Raises:
        TokenizerError: There is none, or it can't be loaded.
    """
    logging.getLogger("transformers.tokenization_utils_base").setLevel(logging.ERROR)  # "longer than the model's ..."
    tokenizer = read_tokenizer(model, trust_remote_code=trust_remote_code)

    def encode(texts: Sequence[str]) -> Sequence[Sequence[int]]:
        ids: Sequence[Sequence[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return ids

    return encode, tokenizer.unk_token_id
