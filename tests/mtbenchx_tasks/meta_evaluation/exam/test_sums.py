"""Results computed a second time, from the numbers in the question and by other means than the exam's."""

import contextlib
import io
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtbenchx_tasks.meta_evaluation.exam import texts
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.meta_evaluation.exam.items import exam_items
from mtbenchx_tasks.meta_evaluation.exam.sums import SUMS

LANGUAGES = ("de", "en", "es", "fr", "it")


def numbers(text: str) -> list[int]:
    """Every whole number, with or without a sign between thousands."""
    return [int(re.sub(r"\D", "", found)) for found in re.findall(r"\d{1,3}(?:[.,\u00a0]\d{3})+|\d+", text)]


def printed(item: ExamItem) -> str:
    """What the program in the question really prints."""
    (code,) = re.findall(r"```python\n(.*?)```", item.turns[0], re.DOTALL)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue().strip()


def shop(item: ExamItem) -> int:
    n, p, m, q, d = numbers(item.turns[0])
    basket = [p] * n + [q] * m
    cents = sum(basket) * (100 - d)
    assert cents % 100 == 0
    return cents // 100


def journey(item: ExamItem) -> int:
    """Minute by minute."""
    d1, v1, d2, v2 = numbers(item.turns[0])
    minutes = d1 * 60 // v1 + d2 * 60 // v2
    assert (d1 + d2) * 60 % minutes == 0
    return (d1 + d2) * 60 // minutes


def tiles(item: ExamItem) -> int:
    """Slab by slab."""
    length, width, *_, k = numbers(item.turns[0])
    slabs = len(list(itertools.product(range(0, length * 100, 50), range(0, width * 100, 50))))
    return len(range(0, slabs, k))


def queue(item: ExamItem) -> int:
    a, b, c, d = numbers(item.turns[0])
    people = ["before"] * a + ["she"] + ["behind"] * b
    people = people[c:] + ["new"] * d
    assert numbers(item.better[0])[-1] == people.index("she") + 1
    return len(people)


def chess(item: ExamItem) -> int:
    n, k = numbers(item.turns[0])
    return len(range(0, len(list(itertools.combinations(range(n), 2))), k))


RESULT = {"shop": shop, "journey": journey, "tiles": tiles, "queue": queue, "chess": chess}


def result(name: str, answer: str) -> str:
    """What an answer gives as its result: what stands behind the last `=`, of the queue the one before."""
    if name in ("loop", "letters"):
        last = [line for line in answer.splitlines() if re.search(r"\d|`", line)][-1]
        return re.findall(r"`(\w+)`|(\d[\d.,\u00a0]*\d)\D*$", last)[-1][name == "loop"]
    equal = re.findall(r"= ([\d.,\u00a0]*\d)", answer)
    return str(numbers(answer)[-1] if name == "tiles" else numbers(equal[-2 if name == "queue" else -1])[0])


@settings(max_examples=6, deadline=None)
@given(seed=st.text(min_size=1, max_size=20))
def test_the_better_result_is_right_and_the_faulty_one_wrong(seed: str) -> None:
    for item in exam_items(kinds=["wrong_result"], form="fresh", seed=seed):
        name = SUMS[(int(item.template[-2:]) - 1) % len(SUMS)][0]
        right = str(RESULT[name](item)) if name in RESULT else printed(item)
        assert result(name, item.better[0]) == right
        assert result(name, item.faulty[0]) != right
        assert not item.reference or right in item.reference[0].replace(",", "").replace(".", "")


@settings(max_examples=6, deadline=None)
@given(seed=st.text(min_size=1, max_size=20))
def test_a_right_answer_has_no_wrong_equation_and_a_faulty_one_at_most_the_slip(seed: str) -> None:
    for item in exam_items(["en"], ["wrong_result"], "fresh", seed):
        assert all(holds(*pair) for pair in equations(item.better[0]))
        assert sum(not holds(*pair) for pair in equations(item.faulty[0])) <= 1


def equations(answer: str) -> list[tuple[str, int]]:
    found = re.findall(r"([\d(][\d ()+−×÷]*[+−×÷][\d ()+−×÷]*?) = ([\d,]+)", answer)
    return [(left, int(right.replace(",", ""))) for left, right in found]


def holds(left: str, right: int) -> bool:
    value: object = eval(left.replace("×", "*").replace("÷", "/").replace("−", "-"))
    return value == right


def test_half_the_items_of_each_language_come_with_a_reference() -> None:
    for language in LANGUAGES:
        items = exam_items([language], ["wrong_result"])
        assert sum(bool(item.reference) for item in items) == 10
        assert {len(item.reference) for item in items} == {0, 1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_sums_with_the_same_gaps_in_each_sentence(language: str) -> None:
    def gaps(code: str) -> object:
        sums = texts.read(code, "sums")
        return {
            name: [
                sorted(re.findall(r"\{(\w+)\}", part))
                for part in (text["question"], text["before"], *text["answer"], text["after"], text["reference"])
            ]
            for name, text in sums.items()
        }

    assert gaps(language) == gaps("en")
