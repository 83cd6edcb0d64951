"""Which prompt judges which turn of which question, and the exact messages that are sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hf_datasets.benchmark.judge_prompts import judge_prompts, prompt_set_hash
from hf_datasets.endpoints.client import Message
from hf_datasets.records import JudgePrompt, Question
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.injection import shown

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
            {"role": "user", "content": prompt.prompt_template.format(**material, **references)},
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
