"""A fast tokenizer from a SentencePiece model, taken only if it gives the same tokens for text in five languages."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.shared.errors import UserError

MODEL = "tokenizer.model"
ODD_TEXTS = ("", " two  spaces ", "line\n\nbreaks\t.", "ﬁ ① 日本語 🙂", "<|user|>\n", "def f(x):\n    return x")


def rebuild(base: str, revision: str | None = None) -> Any:
    """Return a fast tokenizer for a base whose own one is written in Python; none of its code is run.

    Args:
        base: A Hub id or a folder, with `tokenizer.model` and `tokenizer_config.json`.
        revision: Commit on the Hub.

    Raises:
        UserError: There is no SentencePiece model, a package is missing, or some text comes out differently.
    """
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError as error:
        raise UserError("A SentencePiece tokenizer needs: pip install 'mtbench-x[train]'.") from error
    from transformers import PreTrainedTokenizerFast

    file = _model_file(base, revision)
    fast = PreTrainedTokenizerFast.from_pretrained(base, revision=revision)
    fast.init_kwargs.pop("auto_map", None)
    check_same(SentencePieceProcessor(model_file=str(file)).encode, fast, base)
    return fast


def _model_file(base: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    if Path(base).is_dir():
        file = Path(base) / MODEL
        if not file.is_file():
            raise UserError(f"{base} has neither a fast tokenizer nor {MODEL} to make one from; choose another base.")
        return file
    try:
        return Path(hf_hub_download(base, MODEL, revision=revision))
    except (OSError, ValueError) as error:
        raise UserError(f"{base} has no {MODEL} that could be had from the Hub: {error}.") from error


def check_same(encode: Callable[[str], list[int]], fast: Any, base: str) -> None:
    """Compare token by token.

    Args:
        encode: The original: text -> token ids, without special tokens.
        fast: The tokenizer made from it.
        base: Its name, for the error.

    Raises:
        UserError: It names the first text that comes out differently.
    """
    for text in _texts():
        if encode(text) != fast.encode(text, add_special_tokens=False):
            raise UserError(
                f"The fast tokenizer made for {base} reads {text[:40]!r} differently from the original, so it can't be "
                f"trained with; choose another base."
            )


def _texts() -> Iterator[str]:
    yield from ODD_TEXTS
    for language in LANGUAGES:
        yield from _turns(questions("mini", language))


def _turns(rows: Iterable[Any]) -> Iterator[str]:
    for row in rows:
        yield from row.turns
        yield from row.reference
