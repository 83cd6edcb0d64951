"""The texts that people voted on: from the rows of their votes, or from files of answers beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.benchmark.languages import find
from hf_datasets.benchmark.questions import questions
from hf_datasets.records import Question, QuestionId
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import checked
from mtbenchx_tasks.formats.answers import read_models
from mtbenchx_tasks.formats.benchmark import NOTHING, OURS, Told
from mtbenchx_tasks.formats.vote_rows import GamesRow, VoteMessage, VoteRow, kind_of, numbered_rows, place_of
from mtbenchx_tasks.formats.votes import read_votes
from mtbenchx_tasks.records import Item, Preference

Place = tuple[Item, frozenset[str]]
"""An item, and the names of both models."""


@dataclass(frozen=True)
class VotedPair:
    """Two models' answers to one question, up to the turn that was voted on."""

    item: Item
    question: Question
    answers: Mapping[str, tuple[str, ...]]
    """Model's name -> its answers, turn by turn; of two models."""

    @property
    def fault(self) -> str:
        """Why no judge can compare them; "" if one can."""
        turn = self.item.turn or 0
        if not all(text.strip() for text in self.question.turns[:turn]) or len(self.question.turns) < turn:
            return "lack the question's text"
        if any(len(said) < turn for said in self.answers.values()):
            return "lack an answer to a turn"
        if not all(text.strip() for said in self.answers.values() for text in said):
            return "have an empty answer"
        return ""


def place_of_vote(vote: Preference) -> Place:
    """Return which pair a vote is on."""
    return vote.item, frozenset(model.name for model in vote.models)


def pairs_in_votes(file: Path, told: Told = NOTHING) -> dict[Place, VotedPair]:
    """Return the pairs whose texts stand in the rows of a file of votes, as in lmsys/mt_bench_human_judgments.

    Raises:
        UserError: As `read_votes`.
    """
    votes = read_votes(file, language=told.language, benchmark=told.benchmark)
    rows = [
        checked(kind_of(row), row, f"{file}, {place_of(file)} {number}", "a vote")
        for number, row in numbered_rows(file)
    ]
    found: dict[Place, VotedPair] = {}
    for vote, row in zip(votes, rows, strict=True):
        if not isinstance(row, GamesRow) and row.conversation_a and row.conversation_b and vote.item.turn:
            found.setdefault(place_of_vote(vote), _of_row(vote.item, row))
    return found


def _of_row(item: Item, row: VoteRow) -> VotedPair:
    turn = item.turn or 0
    asked = _said(row.conversation_a, "user")[:turn]
    answers = {
        row.one: _said(row.conversation_a, "assistant")[:turn],
        row.other: _said(row.conversation_b, "assistant")[:turn],
    }
    return VotedPair(item, _question(item, asked), answers)


def _said(messages: Sequence[VoteMessage], role: str) -> tuple[str, ...]:
    return tuple(message.content for message in messages if message.role == role)


def _question(item: Item, asked: tuple[str, ...]) -> Question:
    """Return the benchmark's question, which has its references; else what was asked."""
    language = item.language or "en"
    if item.benchmark in OURS or find(item.benchmark, language):
        known = {question.question_id: question for question in questions(item.benchmark, language)}
        if item.question_id in known:
            return known[item.question_id]
    return Question(0, item.language, item.category, asked)


def pairs_in_answers(places: Iterable[Place], files: Sequence[Path], told: Told = NOTHING) -> dict[Place, VotedPair]:
    """Return the pairs whose texts stand in files of answers.

    Args:
        places: The pairs that were voted on.
        files: FastChat's model_answer or lm_eval's samples, or folders of them.
        told: What files don't tell.

    Raises:
        UserError: A file can't be read, or the questions of the votes are of no benchmark of ours.
    """
    texts: dict[tuple[str, str, QuestionId], tuple[str, ...]] = {}
    for file in _files(files):
        for given in read_models(file, told):
            language = given.language or told.language or ""
            texts |= {(given.model, language, number): said for number, said in given.texts.items()}
    found = {}
    for item, models in places:
        said = {model: _answers(texts, item, model) for model in sorted(models)}
        if item.turn and all(len(one) >= item.turn for one in said.values()):
            question = _question(item, ())
            if not question.turns:
                raise UserError(
                    f"The votes are on question {item.question_id} of {item.benchmark or 'a benchmark not told'}, "
                    f"whose text isn't known; name the benchmark by --benchmark, or give votes with conversations."
                )
            found[item, models] = VotedPair(item, question, {model: one[: item.turn] for model, one in said.items()})
    return found


def _answers(texts: Mapping[tuple[str, str, QuestionId], tuple[str, ...]], item: Item, model: str) -> tuple[str, ...]:
    return texts.get((model, item.language, item.question_id)) or texts.get((model, "", item.question_id)) or ()


def _files(places: Sequence[Path]) -> list[Path]:
    found = [file for place in places for file in (sorted(place.rglob("*.jsonl")) if place.is_dir() else [place])]
    if places and not found:
        raise UserError(f"There is no .jsonl file of answers in {', '.join(map(str, places))}.")
    return found
