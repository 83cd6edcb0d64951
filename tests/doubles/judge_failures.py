"""Judges that are of no use: models that are gone, wrong keys, empty accounts, bodies that are too much."""

import gzip
from functools import cache

from tests.doubles.judge_replies import Body, refused, said
from tests.doubles.openai_api import Reply


def gone(body: Body, verdict: str) -> Reply:
    more = "https://platform.openai.com/docs/deprecations"
    words = f"The model `{body['model']}` has been deprecated, learn more here: {more}"
    return refused(words, None, "model_not_found", 404)


def unknown_model(body: Body, verdict: str) -> Reply:
    words = f"The model `{body['model']}` does not exist or you do not have access to it."
    return refused(words, None, "model_not_found", 404)


def page(body: Body, verdict: str) -> Reply:
    return Reply(b"<html><body>404 page not found</body></html>", 404, {"Content-Type": "text/html"})


def quota(body: Body, verdict: str) -> Reply:
    words = "You exceeded your current quota, please check your plan and billing details."
    return refused(words, None, "insufficient_quota", 429, "insufficient_quota")


def wrong_key(body: Body, verdict: str) -> Reply:
    return refused("Incorrect API key provided: sk-no.", None, "invalid_api_key", 401)


def declines(body: Body, verdict: str) -> Reply:
    return said(body, None, message={"refusal": "I'm sorry, but I can't help with that."})


def huge(body: Body, verdict: str) -> Reply:
    return said(body, "a" * 20_000_000)


def bomb(body: Body, verdict: str) -> Reply:
    """40 MB of blanks in 40 kB."""
    return Reply(_blanks(), headers={"Content-Encoding": "gzip"})


@cache
def _blanks() -> bytes:
    return gzip.compress(b" " * 40_000_000)
