"""Terms with a fixed translation: a file of pairs, or a glossary that a DeepL account has.

base rate<TAB>tasa base
simile<TAB>símil
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hf_datasets.records import content_hash
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What DeepL calls a glossary."""


@dataclass(frozen=True)
class Glossary:
    """A glossary: its terms, or the id under which a DeepL account keeps it."""

    terms: Mapping[str, str] = field(default_factory=dict)
    """Source -> target; empty: the account has them."""
    identifier: str = ""
    """DeepL's id; "" where the terms are known."""

    @property
    def name(self) -> str:
        """What determines translations: the id, or the hash of the terms."""
        return self.identifier or content_hash(dict(self.terms))


def read_glossary(told: str) -> Glossary:
    """Read a glossary that the user names.

    Args:
        told: A file of pairs, tab-separated, one a line; or the id of a glossary of DeepL's.

    Raises:
        UserError: It is neither, a line is no pair, or a term stands twice.
    """
    if _ID.fullmatch(told):
        return Glossary(identifier=told)
    file = Path(told)
    if not file.is_file():
        raise UserError(f"There is no glossary {told}; name a file of pairs (term, tab, translation) or DeepL's id.")
    terms: dict[str, str] = {}
    for number, line in enumerate(jsonl.text_of(file).splitlines(), start=1):
        if not line.strip():
            continue
        pair = [part.strip() for part in line.split("\t")]
        if len(pair) != 2 or not all(pair):  # noqa: PLR2004
            raise UserError(f"{file}, line {number}: no pair of a term and its translation with a tab between them.")
        if pair[0] in terms:
            raise UserError(f"{file}, line {number}: the term {pair[0][:60]!r} stands in it before; keep one line.")
        terms[pair[0]] = pair[1]
    if not terms:
        raise UserError(f"{file} holds no terms; write one pair a line.")
    return Glossary(terms)
