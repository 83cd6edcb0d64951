"""A small study and its app, for tests: in process, or on a port of loopback for real clients."""

import functools
import json
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.testclient import TestClient

from hf_datasets.benchmark.questions import questions
from mtbenchx_tasks.annotate.app import create_app
from mtbenchx_tasks.annotate.assignment import Policy
from mtbenchx_tasks.annotate.codes import code_hash
from mtbenchx_tasks.annotate.pages import Pages
from mtbenchx_tasks.annotate.people import invite
from mtbenchx_tasks.annotate.server import Connection
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.study import AnnotationStudy
from mtbenchx_tasks.annotate.voting import Voting
from mtbenchx_tasks.annotate.website import Site
from tests.repeat import TIMES

ONE, OTHER = "org/alpha-7b", "org/beta-7b"
CODE = "AAAA-BBBB-CCCC-DDDD"
Answer = Callable[[str, int, int], str]


def plain(model: str, question_id: int, turn: int) -> str:
    """An answer that tells a test whose it is, in words that name no model."""
    return f"{'first' if model == ONE else 'second'} answer to {question_id}, turn {turn}"


@functools.cache
def make_study(
    language: str = "en", answer: Answer = plain, number: int = 16, models: tuple[str, ...] = (ONE, OTHER)
) -> AnnotationStudy:
    asked = questions("mini", language)[:number]
    answers = {
        model: {q.question_id: (answer(model, q.question_id, 1), answer(model, q.question_id, 2)) for q in asked}
        for model in models
    }
    pairs = tuple((one, other) for index, one in enumerate(models) for other in models[index + 1 :])
    return AnnotationStudy("mini", language, asked, answers, pairs)


def answer_file(file: Path, model: str, answer: Answer = plain, number: int = 16, language: str = "en") -> Path:
    """Write a study's answers as FastChat's model_answer."""
    rows = [
        {
            "question_id": question.question_id,
            "model_id": model,
            "choices": [{"index": 0, "turns": [answer(model, question.question_id, turn) for turn in (1, 2)]}],
        }
        for question in questions("mini", language)[:number]
    ]
    file = file.parent / f"mini_{language}" / file.name  # the folder tells the benchmark
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


RENDERED: dict[str, Pages] = {}
"""Rendering takes longer than most tests."""


def make_site(
    folder: Path, study: AnnotationStudy | None = None, *, codes: int = 1, policy: Policy | None = None, **how: Any
) -> Site:
    """A site with annotators whose codes are CODE, CODE1, CODE2, ...; `how` goes to Voting, Site and Store."""
    study = study or make_study()
    store = Store(folder / "votes.sqlite", **{key: how.pop(key) for key in ("clock", "busy", "recorder") if key in how})
    store.rows("PRAGMA synchronous=OFF")  # these tests cut no power
    store.set_study(study)
    if not store.active_annotators():
        invite(store, [code_hash(code(number)) for number in range(codes)])
    if study.digest not in RENDERED:
        RENDERED[study.digest] = Pages(study)
    pages = RENDERED[study.digest]
    reserved = {key: how.pop(key) for key in ("reserved",) if key in how}
    voting = Voting(store, study, pages.items, policy, sparse_ties=how.get("sparse_ties", False), **reserved)
    if TIMES not in os.environ:  # who gets what is drawn by the system, but in tests that run once
        voting._rng = random.Random(7)
    return Site(voting, pages, "a secret of the test's own", **how)


def code(number: int) -> str:
    return CODE + (str(number) if number else "")


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serve on a free port; gives the url."""
    quiet: dict[str, Any] = {"log_level": "error", "access_log": False}
    config = uvicorn.Config(create_app(site), host="127.0.0.1", port=0, http=Connection, ws="none", **quiet)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class Person:
    """A browser without JavaScript: follows redirects, keeps cookies, sends the forms of the page it sees."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.page = ""

    def see(self, path: str = "/") -> str:
        self.page = self.client.get(path).text
        return self.page

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no field {name} in {self.page}"
        return found[1]

    def join(self, code: str = CODE) -> "Person":
        self.page = self.client.post("/join", data={"code": code}).text
        form = {"csrf": self.field("csrf"), "version": self.field("version")}
        self.client.post("/consent", data=form)
        self.see()
        return self

    def form(self, choice: str = "left") -> dict[str, str]:
        return {"csrf": self.field("csrf"), "assignment": self.field("assignment"), "choice": choice}

    def vote(self, choice: str = "left") -> httpx.Response:
        done = self.client.post("/vote", data=self.form(choice))
        self.page = done.text
        return done

    def undo(self) -> httpx.Response:
        done = self.client.post("/undo", data={"csrf": self.field("csrf"), "undo": self.field("undo")})
        self.page = done.text
        return done

    @property
    def turn(self) -> int:
        found = re.search(r"Rate only turn (\d)", self.page)
        assert found, self.page
        return int(found[1])

    @property
    def finished(self) -> bool:
        return "Thank you!" in self.page


@contextmanager
def person(site: Site) -> Iterator[Person]:
    """A person before the app, in this process."""
    with TestClient(create_app(site), raise_server_exceptions=False) as client:
        yield Person(client)
