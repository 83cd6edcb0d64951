"""Where translations are written, unless the user says so."""

from collections.abc import Sequence
from pathlib import Path

from hf_datasets.shared.errors import UserError
from hf_datasets.translate.documents import Document
from hf_datasets.translate.engines.engine import LanguagePair


def target_files(documents: Sequence[Document], pair: LanguagePair, out: Path | None) -> list[Path]:
    """Return a file for each document.

    `mini_en` becomes `mini_pt.jsonl`, `question.jsonl` becomes `question.pt.jsonl`.

    Args:
        documents: The sources.
        pair: From what into what.
        out: A file that ends in `.jsonl`, or a folder; None: the working directory.

    Raises:
        UserError: One file is named for several documents.
    """
    if out is not None and out.suffix == ".jsonl":
        if len(documents) > 1:
            raise UserError(f"{out} is one file, but {len(documents)} documents are to be translated; name a folder.")
        return [out]
    return [(out or Path()) / _name(document, pair) for document in documents]


def _name(document: Document, pair: LanguagePair) -> str:
    if not document.path:
        stem = document.name.removesuffix(pair.source)
        return f"{stem}{pair.language}.jsonl" if stem != document.name else f"{stem}.{pair.language}.jsonl"
    stem = document.name.removesuffix(".gz").rpartition(".")[0] or document.name
    return f"{stem}.{pair.language}.jsonl"
