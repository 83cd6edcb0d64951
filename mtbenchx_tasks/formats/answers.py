"""Answers that were generated before: FastChat's model_answer files and lm_eval's logged samples, read alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.ids import FIRST_ID
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError


@dataclass(frozen=True)
class Answers:
    """One model's answers in one language."""

    model: str
    """The model's name."""
    language: str | None
    """Language of the questions, if the file tells it."""
    benchmark: str
    """`mtbench_x` or `mini`."""
    texts: dict[int, tuple[str, ...]]
    """Question id -> answers to both turns."""


def read_answers(file: Path) -> Answers:
    """Read a file of either layout.

    Raises:
        UserError: It can't be read, is of neither layout, or holds a question twice.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    rows = jsonl.read(file)
    if not rows:
        raise UserError(f"{file} is empty.")
    if "choices" in rows[0]:
        return _from_fastchat(file, rows)
    if {"doc", "resps"} <= rows[0].keys():
        return _from_samples(file, rows)
    raise UserError(
        f"{file}: neither FastChat's model_answer (keys question_id, choices, model_id) nor lm_eval's samples "
        f"(doc, resps); found {', '.join(sorted(rows[0]))}."
    )


def _from_fastchat(file: Path, rows: list[dict[str, Any]]) -> Answers:
    texts, languages = {}, set()
    for number, row in enumerate(rows, start=1):
        try:
            identifier, _, language = str(row["question_id"]).partition("_")  # upstream writes 81_DE
            texts[int(identifier)] = tuple(row["choices"][0]["turns"])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise UserError(
                f"{file}, line {number}: not a model_answer row ({type(error).__name__}: {error})."
            ) from error
        languages.add(language.lower())
    model = str(rows[0].get("model_id", file.stem))
    return _checked(file, rows, Answers(model, _only(languages), _benchmark(texts), texts))


def _from_samples(file: Path, rows: list[dict[str, Any]]) -> Answers:
    texts = {row["doc"]["question_id"]: tuple(responses[0] for responses in row["resps"][:2]) for row in rows}
    languages = {row["doc"]["language"] for row in rows}
    model = file.absolute().parent.name.rpartition("__")[2]  # lm_eval's folder: ORG__MODEL, or a path with __ for /
    return _checked(file, rows, Answers(model, _only(languages), _benchmark(texts), texts))


def _benchmark(texts: Iterable[int]) -> str:
    """MT-Bench's ids begin at 81, the mini benchmark's at 1."""
    return "mini" if max(texts) < FIRST_ID else "mtbench_x"


def _only(languages: Iterable[str]) -> str | None:
    distinct = set(languages) - {""}
    return distinct.pop() if len(distinct) == 1 else None


def _checked(file: Path, rows: list[dict[str, Any]], answers: Answers) -> Answers:
    if len(answers.texts) != len(rows):
        raise UserError(f"{file} holds a question more than once; keep one answer per question.")
    return answers
