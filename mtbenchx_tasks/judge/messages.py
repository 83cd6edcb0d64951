"""Which prompt judges which turn of which question, and the exact messages that are sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hf_datasets.benchmark.judge_prompts import BOTH_BAD, NATIVE, PUBLISHED, REPAIRED, judge_prompts, prompt_set_hash
from hf_datasets.endpoints.client import Message
from hf_datasets.records import JudgePrompt, Question
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.injection import shown
from mtbenchx_tasks.judge.lengths import length_note
from mtbenchx_tasks.judge.verdict import WITH_BOTH_BAD

_EXAMPLE = re.compile(r"([^\W\d_]+\s?:\s\[\[)\d+\]\]")
"""A prompt's own example of a verdict, e.g. `Bewertung: [[5]]`."""


def prompt_name(question: Question, turn: int) -> str:
    """Return the name of the single-answer prompt that judges a turn (1 or 2) of a question."""
    return ("single-math-v1" if question.reference else "single-v1") + ("-multi-turn" if turn > 1 else "")


@dataclass(frozen=True)
class SinglePrompts:
    """The single-answer prompts of one set in one language."""

    prompt_set: str
    """One of hf_datasets.benchmark.judge_prompts.PROMPT_SETS."""
    language: str
    """Language of the prompts; the questions' unless English was asked for."""

    @property
    def sha256(self) -> str:
        """Hash of the whole set, as it stands in results."""
        return prompt_set_hash(self.prompt_set, self.language)

    def prompt(self, question: Question, turn: int) -> JudgePrompt:
        """Return the prompt that judges a turn (1 or 2): reference-guided where the question has a reference."""
        return judge_prompts(self.prompt_set, self.language)[prompt_name(question, turn)]

    def messages(self, question: Question, answers: Sequence[str]) -> tuple[Message, ...]:
        """Return the messages that judge the last of the given answers (one or two), as FastChat builds them."""
        prompt = self.prompt(question, len(answers))
        note = length_note(prompt, question, len(answers), {"": answers[-1]})
        answers = [shown(answer, self.prompt_set) for answer in answers]
        references = {
            f"ref_answer_{turn}": text for turn, text in enumerate(question.reference[: len(answers)], start=1)
        }
        if len(answers) == 1:
            material = {"question": question.turns[0], "answer": answers[0]}
        else:
            material = {
                f"{what}_{turn}": text
                for what, texts in (("question", question.turns), ("answer", answers))
                for turn, text in enumerate(texts, start=1)
            }
        return (
            {"role": "system", "content": prompt.system_prompt},
            {"role": "user", "content": prompt.prompt_template.format(**material, **references) + note},
        )

    def lead_in(self, question: Question, turn: int) -> str:
        """Return the words before the number in this prompt's example of a verdict, e.g. `Bewertung: [[`.

        Raises:
            UserError: The prompt shows no example.
        """
        prompt = self.prompt(question, turn)
        found = _EXAMPLE.findall(prompt.system_prompt + "\n" + prompt.prompt_template)
        if not found:
            raise UserError(
                f"The prompt {prompt.name!r} of {self.prompt_set!r} in {self.language!r} shows no example verdict."
            )
        return str(found[-1])


VOTES = (3, WITH_BOTH_BAD)
"""A, B and tie; or these and both bad."""


def pair_prompt_name(guided: bool, turn: int, votes: int = 3) -> str:
    """Return the name of a pairwise prompt.

    Args:
        guided: Whether the judge sees a reference answer.
        turn: 1 or 2.
        votes: 3, or 4 with both bad.
    """
    name = "pair-math-v1" if guided else "pair-v2"
    return name + ("-multi-turn" if turn > 1 else "") + (BOTH_BAD if votes == WITH_BOTH_BAD else "")


@dataclass(frozen=True)
class PairPrompts:
    """The pairwise prompts of one set in one language, with three votes or four.

    Raises:
        UserError: There is no such set, not in that language, or without that number of votes.
    """

    prompt_set: str
    """One of hf_datasets.benchmark.judge_prompts.PROMPT_SETS."""
    language: str
    """Language of the prompts; the questions' unless English was asked for."""
    votes: int
    """3, or 4 with both bad."""

    def __post_init__(self) -> None:
        if self.votes not in VOTES:
            raise UserError(f"A comparison has 3 votes, or 4 with both bad, not {self.votes}; set votes to 3 or 4.")
        if not self._has_votes():
            raise UserError(
                f"The prompt set {self.prompt_set!r} has no fourth vote (both bad) in {self.language!r}; "
                f"set prompt_set to {NATIVE!r} (every language) or {REPAIRED!r} (German only), or votes to 3."
            )

    def _has_votes(self) -> bool:
        """Upstream never published a fourth vote that can be read, so its files needn't be opened to refuse it."""
        if self.votes == WITH_BOTH_BAD and self.prompt_set == PUBLISHED:
            return False
        return pair_prompt_name(False, 1, self.votes) in judge_prompts(self.prompt_set, self.language)

    @property
    def sha256(self) -> str:
        """Hash of the whole set, as it stands in results."""
        return prompt_set_hash(self.prompt_set, self.language)

    def prompt(self, question: Question, turn: int) -> JudgePrompt:
        """Return the prompt that compares a turn (1 or 2): reference-guided where the question has a reference."""
        name = pair_prompt_name(bool(question.reference), turn, self.votes)
        return judge_prompts(self.prompt_set, self.language)[name]

    def messages(
        self, question: Question, answers_a: Sequence[str], answers_b: Sequence[str], turn: int
    ) -> tuple[Message, ...]:
        """Return the messages that compare two models at a turn, as FastChat builds them.

        Args:
            question: What both were asked.
            answers_a: Answers to both turns of who is shown first.
            answers_b: Answers of who is shown second.
            turn: 1 or 2; with 2 the judge reads both turns.
        """
        prompt = self.prompt(question, turn)
        note = length_note(prompt, question, turn, {"_a": answers_a[turn - 1], "_b": answers_b[turn - 1]})
        answers_a, answers_b = ([shown(text, self.prompt_set) for text in texts] for texts in (answers_a, answers_b))
        if turn == 1:
            material = {"question": question.turns[0], "answer_a": answers_a[0], "answer_b": answers_b[0]}
        else:
            material = {
                f"{what}_{number}": text
                for what, texts in (("question", question.turns), ("answer_a", answers_a), ("answer_b", answers_b))
                for number, text in enumerate(texts[:turn], start=1)
            }
        references = {f"ref_answer_{number}": text for number, text in enumerate(question.reference[:turn], start=1)}
        return (
            {"role": "system", "content": prompt.system_prompt},
            {"role": "user", "content": prompt.prompt_template.format(**material, **references) + note},
        )
