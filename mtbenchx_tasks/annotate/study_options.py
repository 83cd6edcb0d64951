"""The options that `annotate serve` and `annotate space` share: which study, and how it is shown."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from mtbenchx_tasks.judge.options import Benchmark, Data, Language, know_languages

if TYPE_CHECKING:
    from mtbenchx_tasks.annotate.serve import AppOptions


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """What a user says on the command line; each field is an option."""

    more: Annotated[list[Path] | None, typer.Argument(help="Further answer files.", show_default=False)] = None
    answers: Annotated[
        list[Path] | None,
        typer.Option("--answers", help="FastChat's model_answer or lm_eval's samples, one file a model."),
    ] = None
    language: Language = None
    benchmark: Benchmark = None
    data: Data = None
    baseline: Annotated[str | None, typer.Option(help="Compare this model with each other; default: all pairs.")] = None
    references: Annotated[
        Literal["published", "corrected"], typer.Option("--reference-set", help="Which reference answers are shown.")
    ] = "published"
    questions: Annotated[
        Literal["published", "corrected"],
        typer.Option("--question-set", help="Which questions the models were asked."),
    ] = "published"
    order: Annotated[
        Literal["fill", "random"],
        typer.Option(
            "--assign", help="fill: each item up to the target, balanced over categories; random: the paper's."
        ),
    ] = "fill"
    target: Annotated[int, typer.Option(min=1, help="Raters an item gets (fill).")] = 3
    per_annotator: Annotated[
        int | None, typer.Option(min=1, help="Questions for each annotator; default: no limit.")
    ] = None
    ui: Annotated[str | None, typer.Option(help="Language of the app: en de fr it es; default: the questions'.")] = None
    sparse_ties: Annotated[
        bool, typer.Option("--sparse-ties", help="Ask people to use ties sparingly; recorded with each vote.")
    ] = False
    contact: Annotated[
        str | None,
        typer.Option(help="Who runs the study, with an address, for the consent text; needed beyond this machine."),
    ] = None
    kept_until: Annotated[
        str | None, typer.Option(help="Day by which you delete everything, for the consent text, e.g. 2027-12-31.")
    ] = None
    consent: Annotated[Path | None, typer.Option(help="Your own consent text (Markdown) instead of ours.")] = None
    reserved_minutes: Annotated[
        float, typer.Option(min=0.1, help="Minutes after which an open question goes to others.")
    ] = 30.0
    votes_per_minute: Annotated[float, typer.Option(min=1, help="Votes that one person may send in a minute.")] = 120.0

    @property
    def files(self) -> list[Path]:
        """All answer files."""
        return [*(self.answers or []), *(self.more or [])]

    @property
    def choices(self) -> dict[str, Any]:
        """What `study_of_files` takes besides the files."""
        chosen = {name: getattr(self, name) for name in ("language", "benchmark", "baseline")}
        return {**chosen, "reference_set": self.references, "question_set": self.questions}

    def app(self, *, embedded: bool = False) -> "AppOptions":
        """Return how the study is shown.

        Raises:
            UserError: The consent text can't be read.
        """
        from mtbenchx_tasks.annotate.assignment import Policy
        from mtbenchx_tasks.annotate.serve import AppOptions
        from mtbenchx_tasks.annotate.texts import read_consent

        return AppOptions(
            policy=Policy(self.order, self.target, self.per_annotator),
            ui=self.ui,
            sparse_ties=self.sparse_ties,
            contact=self.contact,
            consent=None if self.consent is None else read_consent(self.consent),
            reserved_minutes=self.reserved_minutes,
            votes_per_minute=self.votes_per_minute,
            embedded=embedded,
            kept_until=self.kept_until,
        )


def with_study_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command have every field of StudyOptions as an option of its own; it gets them as `study`."""
    names = [field.name for field in fields(StudyOptions)]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        study = StudyOptions(**{name: values.pop(name) for name in names})
        know_languages(study.data)
        command(**values, study=study)

    own = [one for one in inspect.signature(command).parameters.values() if one.name != "study"]
    hints = get_type_hints(StudyOptions, include_extras=True)
    shared = [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name])
        for one in fields(StudyOptions)
    ]
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own] + shared
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run
