"""Files and configs that can be translated: which of their texts, in what order, and how the result is written.

Known are FastChat's questions and reference answers, rows of our built benchmark, judge prompts, and instruction data.
A translated document keeps the layout of its source.
"""

import copy
import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.ids import MINI
from hf_datasets.records import Question, storable
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import split_id
from hf_datasets.translate.translator import SourceText

QUESTIONS, ANSWERS, PROMPTS, SAMPLES = "questions", "reference answers", "judge prompts", "instruction data"
NATIVE_PREFIX = "native_"
"""`native_en`: the judge prompts of the prompt set `native` alone, which need no source."""
BUILT = frozenset({"question_id", "turns", "source_turns", "corrected_fields"})
"""Keys that only rows of our own benchmark have."""
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Field:
    """One text of a document."""

    row: int
    """0-based number of its row."""
    id: str
    """The row's id, without a language."""
    place: Place
    """Where in the row, e.g. ("turns", 0)."""
    item: SourceText
    """The text to translate, with its context."""

    @property
    def name(self) -> str:
        """The place as people write it, e.g. `turns[0]`."""
        return str(self.place[0]) + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.place[1:])


@dataclass(frozen=True)
class Document:
    """Rows of one layout."""

    name: str
    """File or config, for messages and file names."""
    kind: str
    """QUESTIONS, ANSWERS, PROMPTS or SAMPLES."""
    rows: tuple[Mapping[str, Any], ...]
    """The rows as they were read."""
    path: str = ""
    """The file it was read from; empty for a config."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every text, row by row."""
        return tuple(
            Field(number, row_id(row), place, item)
            for number, row in enumerate(self.rows)
            for place, item in _TEXTS_OF[self.kind](row)
        )


def row_id(row: Mapping[str, Any]) -> str:
    """Return what names a row in overlays: question id without its language, prompt set and name, or sample id."""
    if "question_id" in row:
        return str(split_id(row["question_id"])[0])
    if "prompt_template" in row:
        return "/".join(str(row[key]) for key in ("prompt_set", "name") if key in row)
    return str(row["id"])


def read_document(source: str, language: str, target: str = "") -> Document:
    """Read a file, a folder of instruction data, or a config of the benchmark (`en`, `mini_en`, `native_en` ...).

    Args:
        source: The file, folder or config; a file or folder of that name goes first.
        language: Only rows in this language are taken, and those that don't tell theirs.
        target: What it is translated to; the mini benchmark then asks for a language far from that (asked_language.py).

    Raises:
        UserError: There is neither; it can't be read; its layout is unknown, and then its keys are named; or it holds
            no row in that language.
    """
    path = Path(source).expanduser()
    if path.exists():
        found = document_of(path.name, _clean(_read(path, language), path), str(path), language)
        return replace(found, path=str(path))
    if path.suffix or len(path.parts) > 1:
        raise UserError(f"There is no file {path}.")
    return document_of(source, _config(source, target), source, language)


def document_of(name: str, rows: Sequence[Mapping[str, Any]], where: str, language: str) -> Document:
    """Tell the layout of rows by their keys.

    Raises:
        UserError: It is unknown, a row lacks a key or holds something else than text, or an id comes twice.
    """
    if not rows:
        raise UserError(f"{where} holds no rows.")
    kind = _layout(rows[0]) or SAMPLES
    spoken = [_language(row) for row in rows]
    rows = [row for row, code in zip(rows, spoken, strict=True) if code in ("", language)]
    if not rows:
        raise UserError(
            f"{where} holds no text in {language!r} but in {', '.join(sorted(set(spoken)))}; name one by --from."
        )
    document = Document(name, kind, tuple(rows))
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        try:
            identifier = row_id(row)
            texts = [item.text for _, item in _TEXTS_OF[kind](row)]
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise UserError(f"{where}, row {number}: not a row of {kind} ({type(error).__name__}: {error}).") from error
        if not all(isinstance(text, str) for text in texts):
            raise UserError(f"{where}, row {number}: a text is {type(texts[0]).__name__}, not a string.")
        if identifier in seen:
            raise UserError(f"{where}, rows {seen[identifier]} and {number} both have the id {identifier!r}.")
        seen[identifier] = number
    return document


def translated_rows(
    document: Document, texts: Mapping[tuple[int, Place], str], machine: Mapping[tuple[int, Place], str], language: str
) -> list[dict[str, Any]]:
    """Return the rows with their texts replaced; rows without all their texts are left out.

    Args:
        document: The source.
        texts: (Row, place) -> the text in the target language, post-edits applied.
        machine: The same as the engine left it.
        language: Code of the target language.
    """
    rows = []
    fields: dict[int, list[Place]] = {}
    for field in document.fields:
        fields.setdefault(field.row, []).append(field.place)
    for number, source in enumerate(document.rows):
        places = fields.get(number, [])
        if all((number, place) in texts for place in places):
            row = copy.deepcopy(dict(source))
            for place in places:
                _put(row, place, texts[number, place])
            rows.append(_relabelled(row, language, {place: machine[number, place] for place in places}))
    return rows


def _of_question(row: Mapping[str, Any]) -> Iterator[tuple[Place, SourceText]]:
    turns = list(row["turns"])
    for number, turn in enumerate(turns):
        yield ("turns", number), SourceText(turn, turns[number - 1] if number else "")
    for name in ("reference", "question_reference"):
        for number, text in enumerate(row.get(name) or []):
            yield (name, number), SourceText(text, turns[number] if number < len(turns) else "")


def _of_answer(row: Mapping[str, Any]) -> Iterator[tuple[Place, SourceText]]:
    for choice, found in enumerate(row["choices"]):
        for number, text in enumerate(found["turns"]):
            yield ("choices", choice, "turns", number), SourceText(text)


def _of_prompt(row: Mapping[str, Any]) -> Iterator[tuple[Place, SourceText]]:
    for name in ("system_prompt", "prompt_template", *(("length_note",) if row.get("length_note") else ())):
        yield (name,), SourceText(row[name], delimiters=True)


def _of_sample(row: Mapping[str, Any]) -> Iterator[tuple[Place, SourceText]]:
    messages = list(row["messages"])
    for number, message in enumerate(messages):
        yield (
            ("messages", number, "content"),
            SourceText(message["content"], messages[number - 1]["content"] if number else ""),
        )


_TEXTS_OF = {QUESTIONS: _of_question, ANSWERS: _of_answer, PROMPTS: _of_prompt, SAMPLES: _of_sample}


def _layout(row: Mapping[str, Any]) -> str:
    """Return the kind of a row of ours or FastChat's; empty for anything else."""
    for kind, keys in ((QUESTIONS, ("question_id", "turns")), (ANSWERS, ("question_id", "choices"))):
        if all(key in row for key in keys):
            return kind
    return PROMPTS if "name" in row and "prompt_template" in row else ""


def _language(row: Mapping[str, Any]) -> str:
    """Return the language that a row tells: by its key, or as upstream does by its id; else empty."""
    told = str(row.get("language") or split_id(row.get("question_id", ""))[1]).lower()
    return "" if told == "und" else told.partition("-")[0]


def _read(path: Path, language: str) -> list[dict[str, Any]]:
    """Rows of our layouts as they are, and instruction data of any layout as rows of ours."""
    from hf_datasets.instruct.reading.files import rows
    from hf_datasets.instruct.reading.folders import configs
    from hf_datasets.instruct.reading.layouts import read_samples

    known = configs(path)
    if len(known) > 1:
        file = next(file for files in next(iter(known.values())).values() for file in files)
        raise UserError(f"{path} holds {len(known)} configs; name the files to translate, e.g. {file}.")
    if path.is_file():
        first = next(rows(path), None)
        if first is not None and _layout(first.values):
            return [dict(row.values) for row in rows(path)]
    return [sample.to_row() for sample in read_samples(path, language=language)]


def _clean(rows: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """Return rows as JSON Lines can hold them: without halves of surrogate pairs, times of a table as ISO 8601."""

    def in_iso(value: Any) -> str:
        if isinstance(value, datetime.date | datetime.time):
            return value.isoformat()
        raise UserError(f"{path} holds a value of type {type(value).__name__}, which JSON hasn't; leave it out.")

    cleaned: list[dict[str, Any]] = json.loads(storable(json.dumps(rows, ensure_ascii=False, default=in_iso)))
    return cleaned


def _config(name: str, target: str) -> list[dict[str, Any]]:
    from hf_datasets.benchmark.asked_language import asked_in
    from hf_datasets.benchmark.configs import CONFIGS, rows
    from hf_datasets.benchmark.judge_prompts import NATIVE, judge_prompts

    if name.startswith(NATIVE_PREFIX):
        prompts = judge_prompts(NATIVE, name.removeprefix(NATIVE_PREFIX))
        return [{"prompt_set": NATIVE, **vars(prompt)} for prompt in prompts.values()]
    if name not in CONFIGS:
        raise UserError(
            f"There is no file {name!r} and no config of that name; configs are native_en, {', '.join(CONFIGS)}."
        )
    return asked_in(target, rows(name)) if name.startswith(f"{MINI}_") else rows(name)


def _put(row: Any, place: Place, text: str) -> None:
    for key in place[:-1]:
        row = row[key]
    row[place[-1]] = text


def _relabelled(row: dict[str, Any], language: str, machine: Mapping[Place, str]) -> dict[str, Any]:
    """Say which language a row is in now; rows of ours also keep what the engine said."""
    if "language" in row:
        row["language"] = language
    number, named = split_id(row.get("question_id", ""))
    if named:
        row["question_id"] = f"{number}_{language.upper()}"
    row.pop("sha256", None)
    if row.keys() >= BUILT:
        before = {
            name: [text for place, text in sorted(machine.items(), key=str) if place[0] == name]
            for name in ("turns", "question_reference")
        }
        row |= {"source_turns": before["turns"], "source_question_reference": before["question_reference"]}
        row["corrected_fields"] = [name for name in before if row[name] != before[name]]
        return Question.from_row(row).to_row()
    return row
