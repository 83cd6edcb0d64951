"""Which prompt judges which turn of which question, and the exact messages that are sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hf_datasets.benchmark.judge_prompts import (
    BOTH_BAD,
    LATER_TURN,
    NATIVE,
    PUBLISHED,
    REPAIRED,
    for_turns,
    judge_prompts,
    later_turns_hash,
    named_prompt,
    of_turn,
    prompt_set_hash,
    verdict_lead_in,
)
from hf_datasets.endpoints.client import Message
from hf_datasets.records import JudgePrompt, Question, content_hash
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.injection import shown
from mtbenchx_tasks.judge.lengths import length_note
from mtbenchx_tasks.judge.verdict import WITH_BOTH_BAD


def prompt_name(question: Question, turn: int) -> str:
    """Return the name of the prompt that rates the answer to a turn (from 1): with the reference where there is one."""
    guided = len(question.reference) >= turn
    return of_turn("single-math-v1" if guided else "single-v1", turn)


@dataclass(frozen=True)
class SinglePrompts:
    """The single-answer prompts of one set in one language."""

    prompt_set: str
    """`mtbench_x`, `mtbench_x_v1_1`, `native`, or another benchmark's own."""
    language: str
    """Language of the prompts; the questions' unless English was asked for."""
    most_turns: int = 2
    """Of the questions that are judged."""

    @property
    def sha256(self) -> str:
        """Hash of the whole set, as it stands in results; of its prompts for later turns, too, if there are any."""
        return _hash(self.prompt_set, self.language, self.most_turns)

    def prompt(self, question: Question, turn: int) -> JudgePrompt:
        """Return the prompt that judges a turn (from 1): reference-guided where the turn has a reference.

        Raises:
            UserError: The set has none for it.
        """
        return _named(self.prompt_set, self.language, prompt_name(question, turn))

    def check(self, questions: Iterable[Question], *, begun: bool = False) -> None:
        """See that every turn of some questions can be judged.

        Args:
            questions: What is to be judged.
            begun: Whether verdicts are begun for the judge, for which each prompt must show an example of one.

        Raises:
            UserError: A prompt lacks, or its example.
        """
        for question in questions:
            for turn in range(1, len(question.turns) + 1):
                self.lead_in(question, turn) if begun else self.prompt(question, turn)

    def fitting(self, question: Question) -> Question:
        """Return a question without its reference where the set has no prompt that shows one."""
        known = judge_prompts(self.prompt_set, self.language)
        return question if prompt_name(question, 1) in known else replace(question, reference=())

    def messages(self, question: Question, answers: Sequence[str]) -> tuple[Message, ...]:
        """Return the messages that judge the last of the given answers, as FastChat builds them."""
        prompt, turn = self.prompt(question, len(answers)), len(answers)
        note = length_note(prompt, question, turn, {"": answers[-1]})
        answers = [shown(answer, self.prompt_set) for answer in answers]
        if turn == 1:
            material = {"question": question.turns[0], "answer": answers[0]}
        else:
            material = _numbered(question=question.turns[:turn], answer=answers)
        references = _numbered(ref_answer=question.reference[:turn])
        return (
            {"role": "system", "content": prompt.system_prompt},
            {"role": "user", "content": _filled(prompt, turn, {**material, **references}) + note},
        )

    def lead_in(self, question: Question, turn: int) -> str:
        """Return the words before the number in this prompt's example of a verdict, e.g. `Bewertung: [[`.

        Raises:
            UserError: The prompt shows no example.
        """
        prompt = self.prompt(question, turn)
        if not (found := verdict_lead_in(prompt)):
            raise UserError(
                f"The prompt {prompt.name!r} of {self.prompt_set!r} in {self.language!r} shows no example of a verdict "
                "such as `Rating: [[5]]`; set judge.rating to 'text', or prompt_set to 'native'."
            )
        return found


VOTES = (3, WITH_BOTH_BAD)
"""A, B and tie; or these and both bad."""


def pair_prompt_name(guided: bool, turn: int, votes: int = 3) -> str:
    """Return the name of a pairwise prompt.

    Args:
        guided: Whether the judge sees a reference answer.
        turn: From 1.
        votes: 3, or 4 with both bad.
    """
    name = "pair-math-v1" if guided else "pair-v2"
    return of_turn(name, turn) + (BOTH_BAD if votes == WITH_BOTH_BAD else "")


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
    most_turns: int = 2
    """Of the questions that are judged."""

    def __post_init__(self) -> None:
        if self.votes not in VOTES:
            raise UserError(f"A comparison has 3 votes, or 4 with both bad, not {self.votes}; set votes to 3 or 4.")
        if not self._has_votes() and self.votes < WITH_BOTH_BAD:
            raise UserError(
                f"The prompt set {self.prompt_set!r} has no prompts for pairs in {self.language!r}; set "
                f"judge.prompt_set to {NATIVE!r}."
            )
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
        """Hash of the whole set, as it stands in results; of its prompts for later turns, too, if there are any."""
        return _hash(self.prompt_set, self.language, self.most_turns)

    def prompt(self, question: Question, turn: int) -> JudgePrompt:
        """Return the prompt that compares a turn (from 1): reference-guided where the turn has a reference.

        Raises:
            UserError: The set has none for it.
        """
        name = pair_prompt_name(len(question.reference) >= turn, turn, self.votes)
        return _named(self.prompt_set, self.language, name)

    def fitting(self, question: Question) -> Question:
        """Return a question without its reference where the set has no prompt that shows one."""
        known = judge_prompts(self.prompt_set, self.language)
        return question if pair_prompt_name(True, 1, self.votes) in known else replace(question, reference=())

    def messages(
        self, question: Question, answers_a: Sequence[str], answers_b: Sequence[str], turn: int
    ) -> tuple[Message, ...]:
        """Return the messages that compare two models at a turn, as FastChat builds them.

        Args:
            question: What both were asked.
            answers_a: Answers of who is shown first, turn by turn.
            answers_b: Answers of who is shown second.
            turn: From 1; the judge reads the turns up to it.
        """
        prompt = self.prompt(question, turn)
        note = length_note(prompt, question, turn, {"_a": answers_a[turn - 1], "_b": answers_b[turn - 1]})
        answers_a, answers_b = ([shown(text, self.prompt_set) for text in texts] for texts in (answers_a, answers_b))
        if turn == 1:
            material = {"question": question.turns[0], "answer_a": answers_a[0], "answer_b": answers_b[0]}
        else:
            material = _numbered(question=question.turns[:turn], answer_a=answers_a[:turn], answer_b=answers_b[:turn])
        references = _numbered(ref_answer=question.reference[:turn])
        return (
            {"role": "system", "content": prompt.system_prompt},
            {"role": "user", "content": _filled(prompt, turn, {**material, **references}) + note},
        )


def _hash(prompt_set: str, language: str, most_turns: int) -> str:
    known = prompt_set_hash(prompt_set, language)
    return known if most_turns <= 2 else content_hash([known, later_turns_hash(prompt_set, language)])  # noqa: PLR2004


def _filled(prompt: JudgePrompt, turn: int, material: Mapping[str, str]) -> str:
    """Return the user message that judges a turn."""
    return for_turns(prompt.prompt_template, turn).format(**material)


def _numbered(**texts: Sequence[str]) -> dict[str, str]:
    """Return `question_1`, `question_2` ...: what templates call the texts of each turn."""
    return {f"{what}_{turn}": text for what, found in texts.items() for turn, text in enumerate(found, start=1)}


def _named(prompt_set: str, language: str, name: str) -> JudgePrompt:
    found = named_prompt(prompt_set, language, name)
    if found is not None:
        return found
    what = "no prompt for a third turn" if LATER_TURN in name else f"no prompt {name!r}"
    raise UserError(f"The prompt set {prompt_set!r} has {what} in {language!r}; set judge.prompt_set to {NATIVE!r}.")
