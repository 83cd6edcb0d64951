"""The web app: pages that work without JavaScript, votes that are stored before anyone is thanked.

Handlers are plain functions (they run in threads); who asks is read from the signed cookie and never from a form.
"""

import logging
import sqlite3
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from markupsafe import Markup
from starlette.exceptions import HTTPException

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate import access
from mtbenchx_tasks.annotate.codes import code_hash
from mtbenchx_tasks.annotate.organiser import add_organiser
from mtbenchx_tasks.annotate.render import render
from mtbenchx_tasks.annotate.store import Annotator
from mtbenchx_tasks.annotate.voting import CHOICES, ExpiredError, VoteRefusedError
from mtbenchx_tasks.annotate.website import HERE, Site, StopError

log = logging.getLogger(__name__)
Field = Annotated[str, Form()]
BAD_REQUEST, FORBIDDEN, GONE, TOO_FAST, UNAVAILABLE = 400, 403, 410, 429, 503


@dataclass(frozen=True)
class Session:
    """One request of somebody who is logged in."""

    annotator: Annotator
    """Who asks."""
    cookie: str
    """Their cookie."""


def create_app(site: Site) -> access.Guard:
    """Return the ASGI app."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    _errors(app, site)
    _joining(app, site)
    _voting(app, site)
    _leaving(app, site)
    if site.organiser:
        add_organiser(app, site, site.organiser)
    return access.Guard(app, access.headers(site.embedded))


def _errors(app: FastAPI, site: Site) -> None:
    @app.exception_handler(StopError)
    def stopped(request: Request, error: StopError) -> Response:
        if error.what == "session":
            values = {"problem": site.texts["error_session"]}
            return site.page(request, "join.html", error.status, **values)
        response = site.problem(request, error.status, error.what)
        if error.status in (TOO_FAST, UNAVAILABLE):
            response.headers["Retry-After"] = "30" if error.status == UNAVAILABLE else "5"
        return response

    @app.exception_handler(sqlite3.Error)
    @app.exception_handler(OSError)
    def unavailable(request: Request, error: Exception) -> Response:
        """The disk is full or the database locked: whatever was asked wasn't stored."""
        log.error("503 for %s %s: %s", request.method, request.url.path, error)
        return stopped(request, StopError(UNAVAILABLE, "unavailable"))

    @app.exception_handler(UserError)
    def told(_request: Request, error: UserError) -> Response:
        return PlainTextResponse(f"{error}\n", BAD_REQUEST)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, _error: Exception) -> Response:
        return site.problem(request, BAD_REQUEST, "refused")

    @app.exception_handler(HTTPException)
    def missing(request: Request, error: HTTPException) -> Response:
        response = site.problem(request, error.status_code, "missing")
        response.headers.update(error.headers or {})
        return response


def _session(site: Site, request: Request, *, csrf: str | None = None) -> Session:
    """Return who asks.

    Raises:
        StopError: Nobody we know, too often, or (with `csrf`, a form's token) by a form that isn't ours.
    """
    cookie = request.cookies.get(access.COOKIE, "")
    name = site.signer.name(cookie)
    annotator = site.voting.store.annotator(name) if name else None
    if annotator is None or site.voting.store.has_left(access.session_of(cookie)):
        raise StopError(FORBIDDEN, "session")
    if not (site.views if csrf is None else site.forms).allows(annotator.id):
        raise StopError(TOO_FAST, "fast")
    if csrf is not None and not site.signer.is_token(cookie, csrf):
        raise StopError(FORBIDDEN, "refused")
    return Session(annotator, cookie)


def _to(request: Request, path: str = "/") -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}{path}", 303)


def _without_cookie(request: Request, response: Response) -> Response:
    response.delete_cookie(access.COOKIE, path=request.scope.get("root_path", "") or "/")
    return response


def _joining(app: FastAPI, site: Site) -> None:
    """Invitation and consent."""

    @app.post("/join")
    def join(request: Request, code: Field = "") -> Response:
        hashed = code_hash(code)
        if not site.joins.allows(hashed):
            raise StopError(TOO_FAST, "fast")
        name = site.voting.store.invited(hashed)
        if name is None:  # of all together, for behind a proxy they have one address; right codes are let in anyway
            if not site.joins.allows("wrong codes"):
                raise StopError(TOO_FAST, "fast")
            return site.page(request, "join.html", FORBIDDEN, problem=site.texts["error_code"])
        response = _to(request)
        secure = site.embedded or request.url.scheme == "https"
        response.set_cookie(
            access.COOKIE,
            site.signer.cookie(name),
            max_age=access.COOKIE_SECONDS,
            path=request.scope.get("root_path", "") or "/",
            secure=secure,
            httponly=True,
            samesite="none" if site.embedded else "lax",
        )
        return response

    @app.post("/consent")
    def consent(request: Request, csrf: Field = "", version: Field = "") -> Response:
        session = _session(site, request, csrf=csrf)
        if version != site.version:
            raise StopError(BAD_REQUEST, "refused")
        if session.annotator.consent != site.version:
            site.voting.store.consent(session.annotator.id, version, site.consent, site.ui)
        return _to(request, "/guide")

    @app.post("/decline")
    def decline(request: Request, csrf: Field = "") -> Response:
        """Forget who asked; nothing is stored."""
        _session(site, request, csrf=csrf)
        message = {"heading": site.texts["declined_title"], "text": site.texts["declined_text"]}
        return _without_cookie(request, site.page(request, "message.html", **message))

    @app.api_route("/guide", methods=["GET", "HEAD"])
    def guide(request: Request) -> Response:
        session = _session(site, request)
        csrf, begun = site.signer.token(session.cookie), site.voting.last_vote(session.annotator.id)
        return site.page(request, "guide.html", name=session.annotator.id, csrf=csrf, begun=begun)


def _voting(app: FastAPI, site: Site) -> None:
    """The page itself."""

    @app.api_route("/", methods=["GET", "HEAD"])
    def home(request: Request) -> Response:
        if access.COOKIE not in request.cookies:
            return site.page(request, "join.html")
        session = _session(site, request)
        name, csrf = session.annotator.id, site.signer.token(session.cookie)
        if session.annotator.consent != site.version:
            text = Markup(render(site.consent).html)
            return site.page(request, "consent.html", name=name, csrf=csrf, consent=text, version=site.version)
        return _question(site, request, name, csrf)

    @app.post("/vote")
    def vote(request: Request, csrf: Field = "", assignment: Field = "", choice: Field = "") -> Response:
        session = _session(site, request, csrf=csrf)
        if session.annotator.consent != site.version:
            raise StopError(FORBIDDEN, "refused")
        if choice not in CHOICES:
            raise StopError(BAD_REQUEST, "refused")
        try:
            site.voting.vote(session.annotator.id, assignment, choice)
        except ExpiredError as error:
            raise StopError(GONE, "expired") from error
        except VoteRefusedError as error:
            raise StopError(FORBIDDEN, "refused") from error
        return _to(request)

    @app.post("/undo")
    def undo(request: Request, csrf: Field = "", undo: Field = "") -> Response:
        session = _session(site, request, csrf=csrf)
        site.voting.undo(session.annotator.id, undo)
        return _to(request)


def _question(site: Site, request: Request, name: str, csrf: str) -> Response:
    """Show what an annotator judges now, or that there is nothing left."""
    voting = site.voting
    assignment, last = voting.assign(name), voting.last_vote(name)
    shared: dict[str, Any] = {"name": name, "csrf": csrf, "last": last}
    if assignment is None:
        message = {"heading": site.texts["done_title"], "text": site.texts["done_text"]}
        return site.page(request, "message.html", **shared, **message)
    return site.page(
        request,
        "vote.html",
        **shared,
        assignment=assignment.id,
        turns=site.pages.turns(assignment),
        last_turn=site.voting.study.last_turn(assignment.item.question_id),
        **site.progress(name),
        choices=CHOICES,
    )


def _leaving(app: FastAPI, site: Site) -> None:
    """Log out, withdraw, and whether the app is well."""

    @app.post("/leave")
    def leave(request: Request, csrf: Field = "") -> Response:
        session = _session(site, request, csrf=csrf)
        site.voting.store.leave(session.annotator.id, access.session_of(session.cookie))
        return _without_cookie(request, _to(request))

    @app.api_route("/withdraw", methods=["GET", "HEAD"])
    def ask(request: Request) -> Response:
        session = _session(site, request)
        csrf = site.signer.token(session.cookie)
        return site.page(request, "withdraw.html", name=session.annotator.id, csrf=csrf)

    @app.post("/withdraw")
    def withdraw(request: Request, csrf: Field = "") -> Response:
        session = _session(site, request, csrf=csrf)
        site.voting.store.withdraw(session.annotator.id)
        done = site.keeper is None or site.keeper.follow_withdrawal()
        told = [site.texts["withdrawn_text" if done else "withdrawn_later"]]
        told += [site.texts["history_space"]] if site.keeper else []
        message = {"heading": site.texts["withdraw_title"], "text": " ".join(told)}
        return _without_cookie(request, site.page(request, "message.html", **message))

    @app.api_route("/health", methods=["GET", "HEAD"])
    def health() -> Response:
        site.voting.store.rows("SELECT 1")
        problem = site.keeper and site.keeper.problem
        return PlainTextResponse(f"{problem or 'ok'}\n", UNAVAILABLE if problem else 200)
