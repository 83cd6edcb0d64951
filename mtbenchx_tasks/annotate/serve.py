"""`mtbenchx annotate serve`: from answer files and a database to a running app."""

import datetime
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.assignment import Policy
from mtbenchx_tasks.annotate.codes import cookie_secret, organiser_token
from mtbenchx_tasks.annotate.pages import Pages
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.study import AnnotationStudy, self_naming, study_of_files
from mtbenchx_tasks.annotate.texts import ConsentFacts, consent_text, languages
from mtbenchx_tasks.annotate.voting import Voting
from mtbenchx_tasks.annotate.website import Keeper, Site

LOCAL = ("127.0.0.1", "::1", "localhost")
"""Hosts that only this machine reaches."""


@dataclass(frozen=True)
class AppOptions:
    """How a study is shown; it may differ from one start to the next."""

    policy: Policy = Policy()  # noqa: RUF009  (frozen)
    """How items are dealt."""
    ui: str | None = None
    """Language of the app's own texts; None: the questions', or English."""
    sparse_ties: bool = False
    """Ask people to use ties sparingly."""
    contact: str | None = None
    """Who runs the study: whom people ask, and tell that they withdraw."""
    consent: str | None = None
    """A consent text (Markdown) to use instead of ours."""
    reserved_minutes: float = 30.0
    """Minutes an assignment waits for its vote."""
    votes_per_minute: float = 120.0
    """Forms that one annotator may send, as many at once too."""
    embedded: bool = False
    """Shown inside a page of huggingface.co, where the votes lie, too."""
    kept_until: str | None = None
    """The day by which everything is deleted, for the consent text."""


def open_study(db: Path, files: Sequence[Path], **choices: Any) -> tuple[Store, AnnotationStudy]:
    """Open a study's database; answer files are needed the first time.

    Args:
        db: The database.
        files: Answer files, or none to go on with what the database holds.
        choices: `language`, `benchmark`, `baseline`, `reference_set` and `question_set` of `study_of_files`.

    Raises:
        UserError: There is no study yet and no files, or the database holds votes on other answers.
    """
    study = study_of_files(files, **choices) if files else None
    if study is None and not db.is_file():
        raise UserError(f"There is no database {db} yet; name two files of answers by --answers.")
    store = Store(db)
    if study is not None:
        store.set_study(study)
    study = store.study()
    if study is None:
        raise UserError(f"{db} holds no study yet; name two files of answers by --answers.")
    return store, study


def make_site(store: Store, study: AnnotationStudy, options: AppOptions, keeper: Keeper | None = None) -> Site:
    """Render a study and tell what a study lead should know of it (on stderr).

    Args:
        store: The study's database.
        study: What people judge.
        options: How it is shown.
        keeper: What keeps the votes elsewhere, too.

    Raises:
        UserError: The options don't fit, or no item can be shown.
    """
    ui = options.ui or (study.language if study.language in languages() else "en")
    pages = Pages(study, _progress)
    for line in warnings(store, study, pages):
        print(line, file=sys.stderr)
    if not pages.items:
        raise UserError("No question can be shown: in each, an answer would look empty.")
    voting = Voting(
        store,
        study,
        pages.items,
        options.policy,
        sparse_ties=options.sparse_ties,
        reserved=60 * options.reserved_minutes,
    )
    return Site(
        voting,
        pages,
        cookie_secret(store.path),
        ui,
        options.consent or consent_text(ui, _facts(options, len(pages.items), study.lengths)),
        sparse_ties=options.sparse_ties,
        embedded=options.embedded,
        votes_per_minute=options.votes_per_minute,
        keeper=keeper,
        organiser=organiser_token(),
    )


def _facts(options: AppOptions, items: int, turns: set[int]) -> ConsentFacts:
    questions = min(items, options.policy.per_annotator or items)
    return ConsentFacts(questions, turns, options.contact, options.kept_until, options.embedded)


def check_consent(options: AppOptions, host: str | None = None) -> None:
    """See that people are told who runs a study that is for others than those at this machine.

    Args:
        options: How the study is shown.
        host: Address that the app listens on; None: a Space.

    Raises:
        UserError: They aren't, or the day of `kept_until` is none.
    """
    if host not in LOCAL and not (options.contact or options.consent):
        raise UserError(
            "People must know who runs the study: name yourself and an address by --contact, or give your own text by "
            "--consent."
        )
    try:
        options.kept_until and datetime.date.fromisoformat(options.kept_until)
    except ValueError as error:
        raise UserError(f"--kept-until {options.kept_until!r} is no day; write it as 2027-12-31.") from error


def warnings(store: Store, study: AnnotationStudy, pages: Pages) -> list[str]:
    """Return what a study lead should know before people vote, one sentence a line."""
    lines = [
        f"Not shown: question {identifier}, because turn {turn} of {model} has text of which nothing can be seen."
        for model, identifier, turn in pages.blank
    ]
    named: dict[str, list[str]] = {}
    for model, identifier, turn in self_naming(study):
        named.setdefault(model, []).append(f"{identifier} (turn {turn})")
    lines += [
        f"An answer holds the name {model!r}, which may tell people whose it is: question {', '.join(places)}."
        for model, places in named.items()
    ]
    if not store.active_annotators():
        lines.append(f"Nobody is invited yet: mtbenchx annotate invite 12 --db {store.path}")
    return lines


def _progress(questions: list[Any]) -> Iterable[Any]:
    from rich.console import Console
    from rich.progress import track

    return track(questions, "Rendering", console=Console(stderr=True), transient=True)
