"""The two sides of a comparison: files of translations, anyone's, or engines that translate now."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hf_datasets.benchmark.ids import are_mini
from hf_datasets.ledger.store import Ledger
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.documents import BUILT, QUESTIONS, Document, Field, read_document
from hf_datasets.translate.engines.engine import ALIASES, Engine, Pair
from hf_datasets.translate.translator import Translator

ENGINE = "engine:"
Texts = dict[tuple[str, str], str]
"""(Id, field) -> text."""


@dataclass
class Sides:
    """Reads what is compared.

    Raises:
        UserError: (By its methods) a file can't be read, an engine is asked for without a source and a language, or
            it fails.
    """

    source: str | None
    """What was translated: a file or config."""
    source_language: str
    """Its language."""
    target: str | None
    """Target language as the user gives it; None: what the files tell."""
    engine_for: Callable[[str, str], tuple[Engine, Pair]]
    """Name and target language -> who translates."""
    ledger: Callable[[], Ledger]
    """Where engines' results are kept."""
    _found: str = ""

    @cached_property
    def source_document(self) -> Document | None:
        """What was translated."""
        return read_document(self.source, self.source_language) if self.source else None

    @property
    def languages(self) -> tuple[str, str]:
        """Source and target language."""
        language = (self.target or self._found).partition("-")[0].lower()
        if not language:
            raise UserError("The files don't tell their language; name it by --to.")
        return self.source_language, ALIASES.get(language, language)

    def read(self, name: str) -> Texts:
        """Return the texts of a file, or have an engine translate the source (each text once, through the ledger)."""
        if name.startswith(ENGINE):
            return self._translated(name.removeprefix(ENGINE))
        document = read_document(name, self._language_of(name))
        return texts_of(document)

    def edited(self, file: Path | None) -> Texts:
        """Return the human-edited texts; empty without a file."""
        return {} if file is None else self.read(str(file))

    def _language_of(self, name: str) -> str:
        """Take the language that was asked for, or the one that the first row tells."""
        if not self.target and not self._found:
            self._found = _told(name)
        return (self.target or self._found).partition("-")[0].lower()

    def _translated(self, engine: str) -> Texts:
        if self.source_document is None or not self.target:
            raise UserError(f"{ENGINE}{engine} needs what it translates and into what: --source FILE --to LANGUAGE.")
        who, pair = self.engine_for(engine, self.target)
        fields = self.source_document.fields
        done = Translator(who, pair, self.ledger()).translate([each.item for each in fields])
        if done.stopped is not None:
            raise done.stopped
        return {
            (each.id, field_name(self.source_document, each)): text
            for each, text in zip(fields, done.texts, strict=True)
            if text is not None
        }


def texts_of(document: Document) -> Texts:
    """Return the texts of a document by id and field."""
    return {(each.id, field_name(document, each)): each.item.text for each in document.fields}


def field_name(document: Document, each: Field) -> str:
    """Return a field's name as our own rows have it: `reference` of upstream's questions is `question_reference`."""
    row = document.rows[each.row]
    if each.place[0] != "reference" or document.kind != QUESTIONS or row.keys() >= BUILT:
        return each.name
    return each.name if are_mini([row]) else f"question_{each.name}"


def _told(name: str) -> str:
    """Return the language that a file's first row tells, by its key or as upstream does by its id."""
    from hf_datasets.instruct.reading.files import rows

    path = Path(name)
    if not path.is_file():
        raise UserError(f"There is no file {path}; an engine is named as {ENGINE}deepl.")
    first = next(rows(path), None)
    values = first.values if first else {}
    return str(values.get("language") or str(values.get("question_id", "")).partition("_")[2]).lower()
