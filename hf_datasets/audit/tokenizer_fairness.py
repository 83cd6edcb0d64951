"""Is a tokenizer fair to a language? Fertility and parity on parallel text.

Fertility (Ali et al. 2023, "Tokenizer Choice For LLM Training"): tokens per word, both counted over all texts of a
language; a word is what stands between white space, so that it says little of languages written without.

Parity (Petrov et al. 2023, "Language Model Tokenizers Introduce Unfairness Between Languages"): tokens of a language
divided by tokens of the reference language, over the texts that both have. 1 is fair; 1.5 means that the same content
costs half as much again, in context, time and money. Special tokens are never counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.scripts import n_words

Texts = Mapping[str, Mapping[str, str]]
"""Language -> id -> text; the same id is the same content."""
Encode = Callable[[Sequence[str]], Sequence[Sequence[int]]]
"""Texts to the token ids of each, without special tokens."""


@dataclass(frozen=True)
class Fairness:
    """How one tokenizer does in one language."""

    language: str
    """Lower-case code of the language."""
    texts: int
    """Number of texts measured."""
    words: int
    """Words of these texts, between white space."""
    tokens: int
    """Tokens of these texts, special ones left out."""
    unknown: int
    """Tokens that stand for what the vocabulary lacks; many of them flatter the other numbers."""
    fertility: float | None
    """Tokens per word; None without words."""
    parity: float | None
    """Tokens relative to the reference language's, over the texts that both have; None if that has no tokens there."""
    shared: int
    """Number of texts that the reference language has, too."""


def fairness(texts: Texts, encode: Encode, reference: str = "en", unknown: int | None = None) -> list[Fairness]:
    """Measure one tokenizer in every language, the reference first.

    Args:
        texts: Parallel text.
        encode: The tokenizer.
        reference: The language that the others are compared with.
        unknown: Id of the unknown token, if there is one.

    Raises:
        UserError: There is no text in the reference language, or a language shares no text with it.
    """
    if not texts.get(reference):
        raise UserError(
            f"There is no text in {reference!r} to compare with; there is {', '.join(sorted(texts)) or 'none'}."
        )
    tokens = {language: _tokens(by_id, encode) for language, by_id in texts.items()}
    ordered = sorted(texts, key=lambda language: (language != reference, list(texts).index(language)))
    return [_measured(language, texts[language], tokens, reference, unknown) for language in ordered]


def _tokens(by_id: Mapping[str, str], encode: Encode) -> dict[str, Sequence[int]]:
    return dict(zip(by_id, encode(list(by_id.values())), strict=True))


def _measured(
    language: str,
    by_id: Mapping[str, str],
    tokens: Mapping[str, Mapping[str, Sequence[int]]],
    reference: str,
    unknown: int | None,
) -> Fairness:
    mine, theirs = tokens[language], tokens[reference]
    shared = [identifier for identifier in mine if identifier in theirs]
    if not shared:
        raise UserError(f"No text in {language!r} has the id of one in {reference!r}; the texts must be parallel.")
    words = sum(map(n_words, by_id.values()))
    total = sum(map(len, mine.values()))
    compared = sum(len(theirs[identifier]) for identifier in shared)
    return Fairness(
        language=language,
        texts=len(mine),
        words=words,
        tokens=total,
        unknown=0 if unknown is None else sum(list(ids).count(unknown) for ids in mine.values()),
        fertility=total / words if words else None,
        parity=sum(len(mine[identifier]) for identifier in shared) / compared if compared else None,
        shared=len(shared),
    )
