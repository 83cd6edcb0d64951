"""A model's tokenizer as a function."""

import logging
from collections.abc import Sequence

from hf_datasets.audit.tokenizer_fairness import Encode
from hf_datasets.shared.errors import UserError


def load_tokenizer(model: str, trust_remote_code: bool = False) -> tuple[Encode, int | None]:
    """Load a tokenizer by transformers.

    Args:
        model: A folder or Hub id.
        trust_remote_code: Run code of the model's repository.

    Returns:
        The tokenizer (special tokens are neither added nor read), and the id of its unknown token if it has one.

    Raises:
        UserError: There is none, or it can't be loaded.
    """
    from transformers import AutoTokenizer

    logging.getLogger("transformers.tokenization_utils_base").setLevel(logging.ERROR)  # "longer than the model's ..."
    try:
        tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=trust_remote_code)
    except Exception as error:  # transformers raises whatever the files make it stumble on
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"The tokenizer of {model!r} can't be loaded ({type(error).__name__}: {reason}).") from error

    def encode(texts: Sequence[str]) -> Sequence[Sequence[int]]:
        found: Sequence[Sequence[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return found

    return encode, tokenizer.unk_token_id
