"""What people judge: questions, two or more models' answers to them, and the pairs that are shown.

A study is a value: it is kept whole in the database, so that votes can be exported without the files it came from, and
its digest keeps votes on one study from being mixed with another's.
"""

import functools
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from hf_datasets.records import Question, QuestionId, answers_needed, content_hash, id_order, plain_id, storable
from hf_datasets.shared.errors import UserError

log = logging.getLogger(__name__)
TURNS = 2
"""Of MT-Bench's questions."""
FEWEST_MODELS = 2
SHORTEST_NAME = 3
"""Letters of a model's name from which on it is looked for in answers."""


class Matchup(NamedTuple):
    """What one person judges, turn by turn: one question and one pair of models."""

    question_id: QuestionId
    """Id of the question."""
    pair: int
    """Index into AnnotationStudy.pairs."""


@dataclass(frozen=True)
class AnnotationStudy:
    """Everything that doesn't change while people vote."""

    benchmark: str
    """`mtbench_x`, `mini`, or the name of a built one."""
    language: str
    """Language of the questions."""
    questions: tuple[Question, ...]
    """Those that are answered, by ascending id."""
    answers: Mapping[str, Mapping[QuestionId, tuple[str, ...]]]
    """Model -> question id -> the answers, turn by turn."""
    pairs: tuple[tuple[str, str], ...]
    """Which models are compared; the sides they are shown on are drawn for each annotator and turn."""

    @functools.cached_property
    def by_id(self) -> dict[QuestionId, Question]:
        """The questions by their ids."""
        return {question.question_id: question for question in self.questions}

    def last_turn(self, question_id: QuestionId) -> int:
        """Return how many turns a question has."""
        return len(self.by_id[question_id].turns)

    @property
    def lengths(self) -> set[int]:
        """The numbers of turns that questions have."""
        return {len(question.turns) for question in self.questions}

    @property
    def items(self) -> list[Matchup]:
        """Every question with every pair."""
        return [Matchup(question.question_id, pair) for question in self.questions for pair in range(len(self.pairs))]

    @functools.cached_property
    def digest(self) -> str:
        """Hash of the content."""
        return content_hash(self.to_row())

    def to_row(self) -> dict[str, Any]:
        """Return what is stored, as JSON knows it."""
        return {
            "benchmark": self.benchmark,
            "language": self.language,
            "questions": [_row(question) for question in self.questions],
            "answers": {
                model: {str(identifier): list(given[identifier]) for identifier in sorted(given, key=id_order)}
                for model, given in self.answers.items()
            },
            "pairs": [list(pair) for pair in self.pairs],
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "AnnotationStudy":
        """Read what `to_row` returned."""
        return cls(
            benchmark=row["benchmark"],
            language=row["language"],
            questions=tuple(Question.from_row(question) for question in row["questions"]),
            answers={
                model: {plain_id(identifier): tuple(turns) for identifier, turns in given.items()}
                for model, given in row["answers"].items()
            },
            pairs=tuple((one, other) for one, other in row["pairs"]),
        )


def _row(question: Question) -> dict[str, Any]:
    """Return a question as studies store it; which turns are limited no page shows, and older studies don't know."""
    row = question.to_row()
    del row["limited_turns"]
    return row


def study_of_files(
    files: Sequence[Path],
    language: str | None = None,
    benchmark: str | None = None,
    baseline: str | None = None,
    *,
    reference_set: str = "published",
    question_set: str = "published",
) -> AnnotationStudy:
    """Make a study of answer files.

    Args:
        files: FastChat's model_answer or lm_eval's samples, one model each, two or more.
        language: Language of the questions; None: as the files tell it.
        benchmark: `mtbench_x`, `mini` or the name of a built one; None: as the files tell it.
        baseline: Compare this model with each other one; None: all pairs.
        reference_set: Which reference answers are shown: `published` or `corrected`.
        question_set: Which questions were asked and are shown, likewise.

    Raises:
        UserError: A file can't be read, or the files don't belong together.
    """
    from hf_datasets.benchmark.questions import questions
    from mtbenchx_tasks.formats.answers import check_question_set, first_of, read_answers
    from mtbenchx_tasks.formats.benchmark import Told

    read = [read_answers(file, Told(language, benchmark)) for file in files]
    spoken = language or _one("language", [one.language for one in read], files)
    name = benchmark or _one("benchmark", [one.benchmark for one in read], files)
    asked = questions(name, spoken, reference_set, question_set)
    for one in read:
        check_question_set(one, spoken, question_set)
        if one.further:
            log.warning("People see one answer each: %s.", first_of(one))
    if len({one.model for one in read}) < len(read):
        raise UserError("Two files hold answers of one model; give each model one file and each file its own name.")
    for file, one in zip(files, read, strict=True):
        if one.language not in (None, spoken):
            raise UserError(f"{file} holds answers in {one.language!r}, but the study's language is {spoken!r}.")
    _check_answers(files, [one.texts for one in read], {question.question_id: question for question in asked})
    answers = {
        one.model: {identifier: tuple(map(storable, turns)) for identifier, turns in one.texts.items()} for one in read
    }
    answered = tuple(question for question in asked if question.question_id in read[0].texts)
    return AnnotationStudy(benchmark or read[0].benchmark, spoken, answered, answers, _pairs(list(answers), baseline))


def _one(what: str, values: Sequence[str | None], files: Sequence[Path]) -> str:
    distinct = sorted({value for value in values if value})
    if len(distinct) == 1:
        return distinct[0]
    problem = f"tell several: {', '.join(distinct)}" if distinct else "don't tell it"
    raise UserError(f"Which {what}? {', '.join(map(str, files))} {problem}; name it by --{what}.")


def _pairs(models: list[str], baseline: str | None) -> tuple[tuple[str, str], ...]:
    if len(models) < FEWEST_MODELS:
        raise UserError("A study compares two models or more; give two files of answers.")
    if baseline is None:
        return tuple(combinations(models, 2))
    if baseline not in models:
        raise UserError(f"The baseline {baseline!r} is none of the models {', '.join(models)}.")
    return tuple((baseline, model) for model in models if model != baseline)


def _check_answers(
    files: Sequence[Path], texts: Sequence[Mapping[QuestionId, tuple[str, ...]]], known: Mapping[QuestionId, Question]
) -> None:
    """Every model answered the same questions of the benchmark, in as many texts as turns."""
    first = texts[0]
    for file, given in zip(files, texts, strict=True):
        if unknown := sorted(given.keys() - known.keys(), key=id_order):
            raise UserError(f"{file} answers question {unknown[0]}, which the benchmark doesn't have.")
        if differing := sorted(given.keys() ^ first.keys(), key=id_order):
            raise UserError(f"{file} and {files[0]} don't answer the same questions: {differing[0]} is in one of them.")
        for identifier, turns in given.items():
            if len(turns) != len(known[identifier].turns) or not all(isinstance(turn, str) for turn in turns):
                raise UserError(f"{file}: question {identifier} has not {answers_needed(known[identifier])}, of text.")


def self_naming(study: AnnotationStudy) -> list[tuple[str, QuestionId, int]]:
    """Return where an answer holds the name of a model of the study: (model named, question id, turn).

    Such an answer is shown as it is, but whoever knows the models knows whose it may be.
    """
    places = []
    for name in study.answers:
        last = name.rstrip("/").rpartition("/")[2]
        if len(last) < SHORTEST_NAME:
            continue
        pattern = re.compile(rf"(?<!\w){re.escape(last)}(?!\w)", re.IGNORECASE)
        for given in study.answers.values():
            for identifier, turns in given.items():
                places += [(name, identifier, turn) for turn, text in enumerate(turns, 1) if pattern.search(text)]
    return sorted(set(places), key=lambda place: (place[0], id_order(place[1]), place[2]))


def other_language(study: AnnotationStudy) -> list[str]:
    """Return a sentence for each model whose answers are mostly in another language than the study's.

    Questions that ask for another language are left out.
    """
    from hf_datasets.shared.language_id import detect_language

    sentences = []
    for model, given in study.answers.items():
        told = [
            language
            for identifier, turns in given.items()
            for turn, text in enumerate(turns, 1)
            if turn not in study.by_id[identifier].other_language_turns and (language := detect_language(text))
        ]
        (most, count), *_ = [*Counter(told).most_common(1), (study.language, 0)]
        if most != study.language and 2 * count > len(told):
            sentences.append(
                f"{count} of {len(told)} answers of {model} look like {most!r}, but the questions shown are "
                f"{study.language!r}: is --language right?"
            )
    return sentences
