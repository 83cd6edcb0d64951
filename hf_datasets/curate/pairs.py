"""Threads to pairs of a question and an answer: accepted, or voted up often enough; the best of each question."""

from dataclasses import dataclass
from itertools import chain

from hf_datasets.curate.posts import Post, Thread
from hf_datasets.curate.sites import short_name


@dataclass(frozen=True)
class Rejection:
    """A post or a pair that is left out, and why."""

    id: str
    """As in `AnsweredQuestion.id`, shorter where there is no answer or no question."""
    reason: str
    """What is counted, a few words."""
    detail: str = ""
    """What makes it so: the phrase, the length, the duplicate's id ..."""


@dataclass(frozen=True)
class AnsweredQuestion:
    """A question and one answer to it."""

    question: Post
    answer: Post

    @property
    def id(self) -> str:
        """Site, question, answer: `coffee-12-15`."""
        return f"{short_name(self.question.host)}-{self.question.id}-{self.answer.id}"


def select(thread: Thread, min_score: int, per_question: int) -> tuple[list[AnsweredQuestion], list[Rejection]]:
    """Choose a question's answers; every other answer has a reason. AnswerCount plays no part.

    Args:
        thread: A question and its answers.
        min_score: Least score of an answer that isn't the accepted one.
        per_question: How many answers to take, by score; of equal ones the accepted, then the older.
    """
    question = thread.question
    pairs = [AnsweredQuestion(question, answer) for answer in thread.answers]
    if not pairs:
        return [], [Rejection(f"{short_name(question.host)}-{question.id}", "question without answer")]
    eligible = [pair for pair in pairs if pair.answer.score >= min_score or pair.answer.id == question.accepted]
    eligible.sort(key=lambda pair: (-pair.answer.score, pair.answer.id != question.accepted, pair.answer.id))
    low = [
        Rejection(pair.id, "low score", f"{pair.answer.score} < {min_score}") for pair in pairs if pair not in eligible
    ]
    more = [Rejection(pair.id, "not the best answer", f"better: {eligible[0].id}") for pair in eligible[per_question:]]
    return eligible[:per_question], list(chain(low, more))


def orphaned(host: str, answer: int, question: int) -> Rejection:
    """Reject an answer whose question isn't in the dump."""
    return Rejection(f"{short_name(host)}-{question}-{answer}", "answer without question", f"no question {question}")
