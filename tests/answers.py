"""Reference answers of MT-Bench-X, ours and the published ones, and the code in them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any
from unittest import mock

import pytest

from hf_datasets.benchmark.questions import questions
from hf_datasets.benchmark.references import corrections
from tests.sources import needs_sources


def ours(language: str, question_id: int, turn: int, question_set: str = "published") -> str:
    """Our answer, without any source at hand."""
    (found,) = [c for c in corrections(language) if (c.question_id, c.turn) == (question_id, turn)]
    return (found.corrected_question if question_set == "corrected" else "") or found.text


def published(question_id: int, turn: int, language: str = "en") -> str:
    (found,) = [q.reference[turn - 1] for q in questions("mtbench_x", language) if q.question_id == question_id]
    return found


def asked(question_id: int, turn: int, language: str = "en", question_set: str = "published") -> str:
    found = questions("mtbench_x", language, question_set=question_set)
    return next(question.turns[turn - 1] for question in found if question.question_id == question_id)


def block(text: str) -> str:
    """The first block of code (translation took a backtick from some fences)."""
    found = re.search(r"``+\w*\n(.*?)``", text, flags=re.DOTALL)
    assert found is not None
    return found[1]


def load(text: str, name: str) -> Callable[..., Any]:
    """Run the first block of code and return one of its names; what it prints is lost."""
    namespace: dict[str, Any] = {"__name__": "answer"}
    with printed():
        exec(block(text), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


@contextmanager
def printed() -> Iterator[StringIO]:
    """Catch what is printed."""
    with mock.patch("sys.stdout", new_callable=StringIO) as out:
        yield out


def published_wrong(test: Callable[..., None]) -> Callable[..., None]:
    """The test shows a fault of the published answer."""
    return pytest.mark.sources(needs_sources(test))
