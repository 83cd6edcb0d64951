"""How many tokens a judge will read: counted with its own tokenizer where that is here, else estimated, and said so.

Nothing is downloaded. tiktoken fetches an encoding when it is first used, so only an encoding that lies in tiktoken's
cache folder already is used.
"""

import functools
import hashlib
import math
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.endpoints.client import Message

Counter = Callable[[Sequence[Message]], int]
"""Messages to tokens."""
CHARACTERS_PER_TOKEN = 3.5
"""Rough, for text in the five languages."""
PER_MESSAGE, PER_REQUEST = 3, 3
"""Tokens of the chat format around each message, and those that open the reply (OpenAI's figures)."""
VOCABULARY = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
"""tiktoken names a cached file by the sha1 of its address."""


def counter_for(model: str) -> tuple[Counter, str]:
    """Return a counter of prompt tokens, and how it counts, for people to read.

    Args:
        model: The judge: a model name (tiktoken, if it knows the model and its encoding is in the cache folder), or
            the folder of a transformers model.

    Returns:
        The counter, and `counted by ...` or `estimated: ...`.
    """
    if Path(model).is_dir():
        return _of_folder(model)
    encoding, why_not = _cached_encoding(model)
    if encoding is None:
        return estimated, f"estimated: characters / {CHARACTERS_PER_TOKEN}; {why_not}"
    return _over(lambda text: len(encoding.encode_ordinary(text))), f"counted by tiktoken's {encoding.name}"


def estimated(messages: Sequence[Message]) -> int:
    """Estimate the tokens of messages from their characters."""
    return _over(lambda text: math.ceil(len(text) / CHARACTERS_PER_TOKEN))(messages)


def at_most(messages: Sequence[Message]) -> int:
    """Return a bound for any byte-level tokenizer: no token is shorter than one byte."""
    return _over(lambda text: len(text.encode("utf-8", "surrogatepass")))(messages)


def is_counted(how: str) -> bool:
    """Tell whether a counter counts (see `counter_for`); a counter that estimates is no bound."""
    return how.startswith("counted")


def _over(count: Callable[[str], int]) -> Counter:
    remembered = functools.lru_cache(maxsize=256)(count)  # system prompts are few and come again and again

    def tokens(messages: Sequence[Message]) -> int:
        system = sum(remembered(message["content"]) for message in messages if message["role"] == "system")
        others = sum(count(message["content"]) for message in messages if message["role"] != "system")
        return system + others + PER_MESSAGE * len(messages) + PER_REQUEST

    return tokens


def _of_folder(folder: str) -> tuple[Counter, str]:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError):
        return estimated, f"estimated: characters / {CHARACTERS_PER_TOKEN}; {folder} holds no tokenizer"

    def count(text: str) -> int:
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    return _over(count), f"counted by the tokenizer in {folder}"


def _cached_encoding(model: str) -> tuple[Any, str]:
    """Return a model's tiktoken encoding, or None and why not."""
    try:
        import tiktoken
    except ImportError:
        return None, "tiktoken is not installed"
    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return None, f"tiktoken doesn't know {model}"
    file = _cache_folder() / hashlib.sha1(VOCABULARY.format(name).encode(), usedforsecurity=False).hexdigest()
    if not file.is_file():
        return None, f"tiktoken's {name} vocabulary is not on this machine"
    try:
        return tiktoken.get_encoding(name), ""
    except (OSError, ValueError):  # a damaged file, which tiktoken would fetch again
        return None, f"tiktoken's {name} can't be read"


def _cache_folder() -> Path:
    """Return the folder that tiktoken looks into."""
    named = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    return Path(tempfile.gettempdir()) / "data-gym-cache" if named is None else Path(named or os.devnull)
