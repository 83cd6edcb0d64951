"""What the app's handlers share: the votes, the pages, the texts, and how a page or a problem is shown."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import jinja2
from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from mtbenchx_tasks.annotate import access
from mtbenchx_tasks.annotate.pages import Pages
from mtbenchx_tasks.annotate.texts import ConsentFacts, consent_text, consent_version, texts
from mtbenchx_tasks.annotate.voting import Voting

HERE = Path(__file__).parent


class StopError(Exception):
    """A request that ends here, with this status and text."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status, self.what = status, what


class Keeper(Protocol):
    """Keeps the votes elsewhere, too: commits.py."""

    @property
    def problem(self) -> str | None:
        """What whoever runs the study should know, in a sentence; None: all is well."""

    def follow_withdrawal(self) -> bool:
        """Drop what is kept elsewhere of people who withdrew; tells whether that is done already."""


@dataclass
class Site:
    """Everything that the handlers share."""

    voting: Voting
    """The votes."""
    pages: Pages
    """What is shown."""
    secret: str = field(repr=False)
    """Signs the cookies."""
    ui: str = "en"
    """Language of the app's own texts."""
    consent: str = ""
    """What people agree to (Markdown); empty: the app's own text."""
    sparse_ties: bool = False
    """Whether people are asked to use ties sparingly."""
    embedded: bool = False
    """Shown in a frame of huggingface.co: its cookies must be allowed there."""
    votes_per_minute: float = access.VOTES_PER_MINUTE
    """Forms that one annotator may send."""
    keeper: Keeper | None = None
    """What keeps the votes elsewhere, too."""
    organiser: str | None = field(default=None, repr=False)
    """The token that opens the organiser's page; None: there is none."""

    def __post_init__(self) -> None:
        self.texts = texts(self.ui)
        self.consent = self.consent or consent_text(
            self.ui, ConsentFacts(len(self.voting.items), self.voting.study.lengths)
        )
        self.version = consent_version(self.consent)
        self.forms = access.RateLimit(self.votes_per_minute)
        self.joins = access.RateLimit(self.votes_per_minute)
        self.views = access.RateLimit(self.votes_per_minute * access.VIEWS_PER_VOTE)
        self.signer = access.Signer(self.secret)
        self.templates = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True)
        self.templates.trim_blocks = self.templates.lstrip_blocks = True

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """Render a template; what every page needs is added."""
        root = str(request.scope.get("root_path", ""))
        language = self.voting.study.language
        shared: dict[str, Any] = {
            "t": self.texts,
            "ui": self.ui,
            "root": root,
            "static": f"{root}/static",
            "language": language,
        }
        shared |= {"translated": language != "en", "sparse": self.sparse_ties}
        return HTMLResponse(self.templates.get_template(template).render({**shared, **values}), status)

    def problem(self, request: Request, status: int, what: str, **values: Any) -> Response:
        """Tell what went wrong, in the study's language."""
        shown = {
            "heading": self.texts["error_title"],
            "text": self.texts[f"error_{what}"],
            "link": self.texts["next"],
        }
        return self.page(request, "message.html", status, **shown, **values)

    def progress(self, name: str) -> dict[str, Any]:
        """Return which question an annotator is at, of how many, and whether that is an estimate."""
        voting, number = self.voting, self.voting.finished(name) + 1
        policy, items = voting.policy, len(voting.items)
        if policy.per_annotator is not None or policy.order == "random":
            return {"number": number, "total": max(number, min(policy.per_annotator or items, items)), "about": False}
        share = math.ceil(items * policy.target / max(1, voting.store.active_annotators()))
        return {"number": number, "total": max(number, min(share, items)), "about": True}
