"""Parallel text to measure tokenizers on: our mini benchmark and instructions, or any files of the user's."""

from collections.abc import Iterator
from pathlib import Path

from hf_datasets.audit.parts import parts, samples
from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.instruct.reading.files import rows
from hf_datasets.instruct.reading.names import ISO_639_1
from hf_datasets.records import Sample
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError

MINI = Path(__file__).parents[1] / "instruct" / "mini_set"
Triple = tuple[str, str, str]
"""Language, id, text."""


def bundled() -> dict[str, dict[str, str]]:
    """Return the mini benchmark's questions and the mini instructions: language -> id -> text."""
    found: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for language in LANGUAGES:
        for question in questions("mini", language):
            for number, turn in enumerate(question.turns, start=1):
                found[language][f"question-{question.question_id}-{number}"] = turn
        file = MINI / f"instructions.{language}.jsonl"
        for part in parts(file) if file.is_file() else ():
            for data_file in part.files:
                found[language] |= {f"instruction-{sample.id}": _text(sample) for sample in samples(data_file)}
    return found


def parallel_texts(path: Path) -> dict[str, dict[str, str]]:
    """Read parallel text: language -> id -> text, blank texts left out.

    Args:
        path: Instruction data in any layout (the same id is the same content), rows that hold a text per language
            (`{"en": ..., "de": ...}`, also below `translation`), or plain text, a line a text, in files named by their
            language (`en.txt`, `corpus.de.txt`); a file or a folder.

    Raises:
        UserError: Nothing can be read there.
    """
    plain = sorted(path.rglob("*.txt")) if path.is_dir() else [path] if path.suffix == ".txt" else []
    triples = _lines(plain) if plain else _rows(path)
    found: dict[str, dict[str, str]] = {}
    for language, identifier, text in triples:
        if text.strip():
            found.setdefault(language, {})[identifier] = text
    return found


def _lines(files: list[Path]) -> Iterator[Triple]:
    """Yield the lines of plain text; the n-th line of a file is the n-th of its twin in another language."""
    named = [(file, *_named(file)) for file in files]
    codes = [language for _, language, _ in named]
    lengths: dict[str, tuple[Path, int]] = {}
    met: dict[tuple[str, str], Path] = {}
    for file, language, rest in named:
        group = rest if max(map(codes.count, codes)) > 1 else ""
        if (twin := met.setdefault((language, group), file)) != file:
            raise UserError(f"{twin} and {file} have the same name and language; name the files of one text alike.")
        lines = jsonl.text_of(file).removesuffix("\n").split("\n")
        first, count = lengths.setdefault(group, (file, len(lines)))
        if len(lines) != count:
            raise UserError(
                f"{file} has {len(lines)} lines and {first} has {count}; parallel text has a line for a line."
            )
        yield from ((language, f"{group}-{number}", line) for number, line in enumerate(lines, start=1))


def _named(file: Path) -> tuple[str, str]:
    """Return the language that a file's name tells, and the rest of the name."""
    words = file.stem.lower().replace("_", ".").replace("-", ".").split(".")
    codes = [word for word in words if word in ISO_639_1]
    if len(codes) != 1:
        raise UserError(f"{file}: its name doesn't tell one language; name it as in corpus.de.txt.")
    return codes[0], ".".join(word for word in words if word != codes[0])


def _rows(path: Path) -> Iterator[Triple]:
    for part in parts(path):
        for file in part.files:
            first = next(rows(file.path), None)
            if first is not None and _by_language(first.values):
                for row in rows(file.path):
                    for language, text in (_by_language(row.values) or {}).items():
                        yield language, f"{file.path.name}-{row.number}", text
            else:
                for sample in samples(file):
                    yield sample.language, f"{part.split}-{sample.id}", _text(sample)


def _by_language(values: object) -> dict[str, str] | None:
    """The texts of a row that has one per language, or None."""
    inside = dict(values)  # type: ignore[call-overload]
    inside = inside["translation"] if isinstance(inside.get("translation"), dict) else inside
    texts = {str(key).lower(): text for key, text in inside.items() if str(key).lower() in ISO_639_1}
    return texts if len(texts) > 1 and all(isinstance(text, str) for text in texts.values()) else None


def _text(sample: Sample) -> str:
    return "\n".join(message.content for message in sample.messages)
