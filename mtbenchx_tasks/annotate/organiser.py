"""The organiser's page, behind a token: how the study goes, whether votes are kept, and who has which code.

It is in English, as the command line is. The token is never in an address; its cookie ends with the browser.
"""

import hmac
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse

from mtbenchx_tasks.annotate.access import RateLimit, Signer
from mtbenchx_tasks.annotate.codes import code_hash, new_code
from mtbenchx_tasks.annotate.people import block, invite, label, reissue
from mtbenchx_tasks.annotate.status import status, status_tables
from mtbenchx_tasks.annotate.website import Site, StopError
from mtbenchx_tasks.tables import cell

COOKIE, NAME = "organiser", "organiser"
TRIES_PER_MINUTE = 10.0
"""Wrong tokens, of all together."""
FORBIDDEN, TOO_FAST, BAD_REQUEST = 403, 429, 400
Field = Annotated[str, Form()]


def add_organiser(app: FastAPI, site: Site, token: str) -> None:
    """Add the page and its forms.

    Args:
        app: The app.
        site: What its handlers share.
        token: What opens the page.
    """
    # a token that is changed ends the cookies of the one before
    signer, tries = Signer(f"{site.secret} {token}"), RateLimit(TRIES_PER_MINUTE)

    @app.api_route("/organiser", methods=["GET", "HEAD"])
    def show(request: Request) -> Response:
        if signer.name(request.cookies.get(COOKIE, "")) != NAME:
            return site.page(request, "organiser.html", study=None)
        return _page(site, request, signer.token(request.cookies[COOKIE]))

    @app.post("/organiser")
    def enter(request: Request, token_given: Annotated[str, Form(alias="token")] = "") -> Response:
        if not hmac.compare_digest(token.encode(), token_given.encode("utf-8", "surrogatepass")):
            if not tries.allows("wrong tokens"):
                raise StopError(TOO_FAST, "fast")
            return site.page(request, "organiser.html", FORBIDDEN, study=None, problem="That is not the token.")
        return _with_cookie(site, request, signer.cookie(NAME))

    @app.post("/organiser/code")
    def change(request: Request, csrf: Field = "", act: Field = "", name: Field = "", text: Field = "") -> Response:
        _check(signer, request, csrf)
        if (code := _act(site, act, name, text)) is None:
            return _back(request)
        return _page(site, request, csrf, code)

    @app.post("/organiser/leave")
    def leave(request: Request, csrf: Field = "") -> Response:
        _check(signer, request, csrf)
        response = _back(request)
        response.delete_cookie(COOKIE, path=_path(request))
        return response


def _check(signer: Signer, request: Request, csrf: str) -> None:
    cookie = request.cookies.get(COOKIE, "")
    if signer.name(cookie) != NAME or not signer.is_token(cookie, csrf):
        raise StopError(FORBIDDEN, "refused")


def _with_cookie(site: Site, request: Request, cookie: str) -> Response:
    response = _back(request)
    secure = site.embedded or request.url.scheme == "https"
    where: Literal["none", "strict"] = "none" if site.embedded else "strict"
    response.set_cookie(COOKIE, cookie, path=_path(request), secure=secure, httponly=True, samesite=where)
    return response


def _act(site: Site, act: str, name: str, text: str) -> str | None:
    """Do what a form says; returns a new code, which is shown once."""
    store = site.voting.store
    if act == "label":
        label(store, name, text)
    elif act in ("block", "unblock"):
        block(store, name, act == "block")
    elif act == "reissue":
        return reissue(store, name)
    elif act == "invite":
        code = new_code()
        invite(store, [code_hash(code)], [text])
        return code
    else:
        raise StopError(BAD_REQUEST, "refused")
    return None


def _page(site: Site, request: Request, csrf: str, code: str | None = None) -> Response:
    voting = site.voting
    found = status(voting.store, voting.study, voting.policy.target)
    tables = [
        {"title": table.title, "columns": table.columns, "rows": [[cell(one) for one in row] for row in table.rows]}
        for table in status_tables(found, voting.policy.target)
    ]
    problem = site.keeper.problem if site.keeper else None
    values: dict[str, Any] = {"study": found, "tables": tables, "problem": problem, "code": code, "token": csrf}
    return site.page(request, "organiser.html", **values, kept=site.keeper is not None)


def _path(request: Request) -> str:
    return f"{request.scope.get('root_path', '')}/organiser"


def _back(request: Request) -> Response:
    return RedirectResponse(_path(request), 303)
