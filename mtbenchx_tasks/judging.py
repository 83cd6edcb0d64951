"""Judging saved answers: every file is handed to the judge before the first verdict is waited for."""

import json
from collections.abc import Sequence
from pathlib import Path

from hf_datasets.errors import UserError
from mtbenchx_tasks.answers import Answers, read_answers
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.scoring import start


def judge_files(files: Sequence[Path], judge: str, language: str | None) -> list[tuple[str, str, dict[str, float]]]:
    """Return (model, language, metrics) of each file.

    Args:
        files: lm_eval samples or FastChat's model_answer.
        judge: A model name, or the JSON of an object of settings.
        language: Language of the questions, where a file doesn't tell it.

    Raises:
        UserError: A file can't be read or tells no language; see also scoring.start.
    """
    settings = JudgeSettings.parse(_settings(judge))
    read = [read_answers(file) for file in files]
    languages = [_language(file, answers, language) for file, answers in zip(files, read, strict=True)]
    under_way = [
        start(answers.texts, spoken, settings, answers.benchmark, answers.model)
        for answers, spoken in zip(read, languages, strict=True)
    ]
    return [
        (answers.model, spoken, scoring.metrics())
        for answers, spoken, scoring in zip(read, languages, under_way, strict=True)
    ]


def _settings(judge: str) -> object:
    if not judge.lstrip().startswith("{"):
        return judge
    try:
        return json.loads(judge)
    except json.JSONDecodeError as error:
        raise UserError(f"--judge is not JSON ({error.msg} at column {error.colno}).") from error


def _language(file: Path, answers: Answers, asked: str | None) -> str:
    if asked and answers.language and asked != answers.language:
        raise UserError(f"{file} holds answers in {answers.language!r}, not {asked!r}; leave --language out.")
    spoken = asked or answers.language
    if spoken is None:
        raise UserError(f"{file} doesn't tell its language; name it by --language.")
    return spoken
