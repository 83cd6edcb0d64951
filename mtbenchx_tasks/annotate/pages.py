"""What stands on the pages of a study, rendered once, before anyone looks.

So no answer shows by its latency whose it is, and one that would look empty is found before it is judged.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from hf_datasets.records import Question, QuestionId
from mtbenchx_tasks.annotate.render import RenderedText, render
from mtbenchx_tasks.annotate.study import AnnotationStudy, Matchup
from mtbenchx_tasks.annotate.voting import Assignment

Track = Callable[[list[Any]], Iterable[Any]]
"""Goes through a list and shows how far it is."""


@dataclass(frozen=True)
class ShownTurn:
    """One turn as it is shown."""

    number: int
    """From 1."""
    question: Markup
    """What was asked."""
    reference: Markup
    """The reference answer; empty where there is none."""
    left: Markup
    """Answer A; empty if the model said nothing."""
    right: Markup
    """Answer B."""


class Pages:
    """A study's texts as HTML."""

    def __init__(self, study: AnnotationStudy, track: Track = iter) -> None:
        """Render everything.

        Args:
            study: What people judge.
            track: Shows the progress.
        """
        self.study = study
        self._questions: dict[QuestionId, list[RenderedText]] = {}
        self._references: dict[QuestionId, list[RenderedText]] = {}
        self._answers: dict[tuple[str, QuestionId], list[RenderedText]] = {}
        for question in track(list(study.questions)):
            identifier = question.question_id
            self._questions[identifier] = [render(turn) for turn in question.turns]
            self._references[identifier] = [render(turn) for turn in self._padded(question)]
            for model, given in study.answers.items():
                self._answers[model, identifier] = [render(turn) for turn in given[identifier]]

    @staticmethod
    def _padded(question: Question) -> list[str]:
        """Return a reference a turn, "" where there is none."""
        return [*question.reference, *[""] * (len(question.turns) - len(question.reference))]

    @property
    def blank(self) -> list[tuple[str, QuestionId, int]]:
        """Answers with text of which nothing can be seen: (model, question id, turn)."""
        return sorted(
            (model, identifier, turn)
            for (model, identifier), turns in self._answers.items()
            for turn, rendered in enumerate(turns, start=1)
            if rendered.blank
        )

    @property
    def items(self) -> list[Matchup]:
        """What may be shown: both models' answers to every turn can be seen."""
        blank = {(model, identifier) for model, identifier, _ in self.blank}
        return [
            item
            for item in self.study.items
            if not any((model, item.question_id) in blank for model in self.study.pairs[item.pair])
        ]

    def turns(self, assignment: Assignment) -> list[ShownTurn]:
        """Return the turns up to the one that is judged, all of them on its sides."""
        identifier = assignment.item.question_id
        one, other = self.study.pairs[assignment.item.pair]
        right = other if assignment.left == one else one
        return [
            ShownTurn(
                number=turn,
                question=_markup(self._questions[identifier][turn - 1]),
                reference=_markup(self._references[identifier][turn - 1]),
                left=_markup(self._answers[assignment.left, identifier][turn - 1]),
                right=_markup(self._answers[right, identifier][turn - 1]),
            )
            for turn in range(1, assignment.turn + 1)
        ]


def _markup(rendered: RenderedText) -> Markup:
    return Markup(rendered.html)
