"""Which files a set consists of, found by themselves where FastChat's tools have them.

    data/judge_prompts.jsonl
    data/ja_mt_bench/question.jsonl
    data/ja_mt_bench/reference_answer/gpt-4.jsonl

Some sets write a language into the names: question_ko.jsonl, reference_answer_ko/, judge_prompts_ko.jsonl.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.parquet import parquet_rows
from hf_datasets.shared.rows import shown

DATA = Path("data")
"""FastChat's folder of sets, beside which its commands are run."""
QUESTIONS, REFERENCES = "question", "reference_answer"
ENDINGS = (".jsonl", ".json", ".parquet")


@dataclass(frozen=True)
class SetFiles:
    """The files of one set in one language."""

    questions: Path
    references: tuple[Path, ...] = ()
    """Files of reference answers."""
    prompts: Path | None = None
    """The judge prompts; None: the set has none of its own."""

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file, the questions first."""
        return (self.questions, *self.references, *([self.prompts] if self.prompts else []))


def set_files(questions: Path, language: str, references: Path | None = None, prompts: Path | None = None) -> SetFiles:
    """Return the files of a set; what isn't named is looked for where FastChat has it.

    Args:
        questions: The file of questions, or the set's folder.
        language: Code of their language.
        references: A file of reference answers, or a folder of such files.
        prompts: A file of judge prompts.

    Raises:
        UserError: A file that is named isn't there, or a folder holds no questions, or several files of them.
    """
    try:
        return _set_files(questions, language, references, prompts)
    except OSError as error:  # a place that may not be looked at, or a name that is too long
        raise UserError(
            f"{shown(str(error.filename))} can't be read ({error.strerror or error}); name a file that you may read."
        ) from error


def _set_files(questions: Path, language: str, references: Path | None, prompts: Path | None) -> SetFiles:
    asked = _questions(questions, language)
    mark = asked.stem.removeprefix(QUESTIONS) if asked.stem.startswith(QUESTIONS) else ""
    for named in (references, prompts):
        if named is not None and not named.exists():
            raise UserError(f"There is no {named}; name what the set has, or leave the option out.")
    if prompts is not None and prompts.is_dir():
        raise UserError(f"{prompts} is a folder; name its file of judge prompts.")
    return SetFiles(asked, _references(asked, mark, references), prompts or _prompts(asked, mark, language))


def fastchat_questions(name: str) -> Path | None:
    """Return the questions of a set of that name in FastChat's folder here, or None."""
    place = DATA / name / f"{QUESTIONS}.jsonl"
    with suppress(OSError):  # no file can be called so
        return place if place.is_file() else None
    return None


def _questions(place: Path, language: str) -> Path:
    if not place.is_dir():
        if not place.is_file():
            raise UserError(f"There is no file {place} of questions; name one by --questions.")
        return place
    usual = [place / f"{QUESTIONS}.jsonl", place / f"{QUESTIONS}_{language}.jsonl"]
    found = [file for file in usual if file.is_file()] or sorted(place.glob(f"{QUESTIONS}*.jsonl"))
    if len(found) != 1:
        several = f"several files of questions ({', '.join(file.name for file in found)})"
        raise UserError(f"{place} holds {several if found else 'no question.jsonl'}; name a file by --questions.")
    return found[0]


def _references(questions: Path, mark: str, named: Path | None) -> tuple[Path, ...]:
    if named is not None and named.is_file():
        return (named,)
    usual = [questions.parent / f"{REFERENCES}{each}" for each in dict.fromkeys((mark, ""))]
    folder = next((each for each in ([named] if named else usual) if each.is_dir()), None)
    found = tuple(file for file in sorted(folder.iterdir()) if _holds_rows(file)) if folder else ()
    if named is not None and not found:
        raise UserError(f"{named} holds no files of reference answers (.jsonl); name one, or leave --references out.")
    return found


def _holds_rows(file: Path) -> bool:
    """Tell it by the name; hidden files are what systems leave beside those that people copy."""
    return file.suffix.lower() in ENDINGS and not file.name.startswith(".")


def _prompts(questions: Path, mark: str, language: str) -> Path | None:
    names = (f"judge_prompts{mark}", f"judge_prompts_{language}", f"judge_{language}_prompts", "judge_prompts")
    folders = (questions.parent, questions.parent.parent)
    places = (folder / f"{name}.jsonl" for name in dict.fromkeys(names) for folder in folders)
    return next((place for place in places if place.is_file()), None)


def rows_of(file: Path) -> list[tuple[str, dict[str, object]]]:
    """Return (place, row) of each row of JSON Lines, a JSON array, or Parquet.

    Raises:
        UserError: It can't be read, or holds something else than objects.
    """
    if file.suffix.lower() == ".parquet":
        return [(f"{file}, row {number}", row) for number, row in enumerate(parquet_rows(file), start=1)]
    if file.suffix.lower() == ".json":
        found = jsonl.loads(jsonl.text_of(file), str(file))
        if not isinstance(found, Sequence) or not all(isinstance(row, dict) for row in found):
            raise UserError(f"{file}: expected an array of objects; JSON Lines are called .jsonl.")
        return [(f"{file}, row {number}", row) for number, row in enumerate(found, start=1)]
    return [(f"{file}, line {number}", row) for number, row in jsonl.numbered(file)]
