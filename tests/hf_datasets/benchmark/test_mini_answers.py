"""Check the reference answers of the mini benchmark by computing them again."""

import json
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest

import hf_datasets

LANGUAGES = ["en", "de", "fr", "it", "es"]
THOUSANDS = {"en": ",", "de": ".", "fr": "\u00a0", "it": ".", "es": ""}
COMPASS = {
    "en": {"N": "north", "E": "east", "S": "south", "W": "west"},
    "de": {"N": "nördlich", "E": "östlich", "S": "südlich", "W": "westlich"},
    "fr": {"N": "au nord", "E": "à l’est", "S": "au sud", "W": "à l’ouest"},
    "it": {"N": "a nord", "E": "a est", "S": "a sud", "W": "a ovest"},
    "es": {"N": "al norte", "E": "al este", "S": "al sur", "W": "al oeste"},
}
FACING = {
    "en": {"N": "facing north", "E": "facing east"},
    "de": {"N": "blickt nach Norden", "E": "blickt nach Osten"},
    "fr": {"N": "tourné vers le nord", "E": "tourné vers l’est"},
    "it": {"N": "rivolto a nord", "E": "rivolto a est"},
    "es": {"N": "mirando al norte", "E": "mirando al este"},
}
THIRD = {
    "en": "{} speaks third",
    "de": "an dritter Stelle spricht also {}",
    "fr": "{} qui parle en troisième",
    "it": "al terzo posto parla quindi {}",
    "es": "en tercer lugar habla {}",
}

pytestmark = pytest.mark.parametrize("lang", LANGUAGES)


def references(lang: str, question_id: int) -> list[str]:
    path = Path(hf_datasets.__file__).parent / "benchmark" / "mini" / f"questions.{lang}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (row,) = [row for row in rows if row["question_id"] == question_id]
    assert len(row["reference"]) == 2
    return [str(text) for text in row["reference"]]


def has_number(text: str, number: Fraction | int, lang: str, digits: int = 0) -> bool:
    """Whether the number stands in the text as a whole, written as the language writes it."""
    written = f"{float(number):,.{digits}f}".replace(",", "_")
    if lang != "en":
        written = written.replace(".", ",")
    written = written.replace("_", THOUSANDS[lang])
    return re.search(rf"(?<![\d.,]){re.escape(written)}(?![.,]?\d)", text) is not None


def load(text: str, name: str) -> Callable[..., Any]:
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    function: Callable[..., Any] = namespace[name]
    return function


def test_order_of_talks(lang: str) -> None:
    def orders(not_first: str) -> list[tuple[str, ...]]:
        return [
            order
            for order in permutations(["Anna", "Bruno", "Clara", "David", "Elena"])
            if order.index("Clara") == order.index("Bruno") + 1
            and abs(order.index("David") - order.index("Elena")) == 2
            and order.index("Elena") < order.index("Anna")
            and order[0] != not_first
        ]

    # D and E at 1+3 or 3+5: E A D B C or B C E A D; "Elena not first" leaves one, "Bruno not first" the other
    one, two = references(lang, 5)
    (first,), (second,) = orders("Elena"), orders("Bruno")
    assert ", ".join(first) in one
    assert ", ".join(second) in two
    assert THIRD[lang].format(second[2]) in two


def test_robot(lang: str) -> None:
    def run(x: int, y: int, heading: int, program: str) -> tuple[int, int, int]:
        for step in program:
            if step in "LR":
                heading = (heading + (1 if step == "R" else -1)) % 4
            else:
                x += int(step) * (0, 1, 0, -1)[heading]
                y += int(step) * (1, 0, -1, 0)[heading]
        return x, y, heading

    # 3N 2E 5S 4E = 6E 2S; then from there 3E 2N 5W 4N = 2W 6N, together 4E 4N
    program = "3R2R5L4"
    end_one = run(0, 0, 0, program)
    end_two = run(*end_one, program.translate(str.maketrans("LR", "RL")))
    for text, (x, y, heading) in zip(references(lang, 6), (end_one, end_two), strict=True):
        answer = text.split(". ")[0]  # the result stands in the first sentence
        for distance, name in ((x, "E" if x > 0 else "W"), (y, "N" if y > 0 else "S")):
            assert re.search(rf"\b{abs(distance)} \w+ {COMPASS[lang][name]}\b", answer)
        assert FACING[lang]["NESW"[heading]] in answer


def test_theatre(lang: str) -> None:
    # all at full price: 320 * 18 = 5760, 840 too much, 840 / 7 = 120 reduced
    (reduced,) = [n for n in range(321) if 11 * n + 18 * (320 - n) == 4920]
    one, two = references(lang, 7)
    assert has_number(one.split(". ")[0], reduced, lang)
    assert has_number(one, 320 * 18, lang)
    # 120 * 2.20 = 264 more, 264 / 200 = 1.32 less for each full ticket, 18 - 1.32 = 16.68
    full = (4920 - reduced * 11 * Fraction(120, 100)) / (320 - reduced)
    assert (full * 100).denominator == 1  # exact to the cent
    assert has_number(re.split(r"\. ", two)[0], full, lang, digits=2)


def test_padlock(lang: str) -> None:
    # 45 pairs of digits, 2**4 - 2 = 14 patterns each: 630; 6 of the 14 have each digit twice: 270, 6/14 = 3/7
    codes = [code for code in product(range(10), repeat=4) if len(set(code)) == 2]
    twice = [code for code in codes if code.count(code[0]) == 2]
    chance = Fraction(len(twice), len(codes))
    one, two = (text.split(". ")[0] for text in references(lang, 8))
    assert has_number(one, len(codes), lang)
    assert has_number(two, len(twice), lang)
    assert f"{chance.numerator}/{chance.denominator}" in two


def test_ranges(lang: str) -> None:
    one, two = references(lang, 9)
    compress, expand = load(one, "compress_ranges"), load(two, "expand_ranges")
    assert compress([8, 1, 3, 2, 5, 7, 3]) == "1-3,5,7-8"
    assert compress([]) == ""
    assert compress([0]) == "0"
    assert compress([11, 9, 10, 0]) == "0,9-11"
    assert expand("1-3,5,7-8") == [1, 2, 3, 5, 7, 8]
    assert expand("") == expand("  ") == []
    assert expand(" 7 - 8 , 2,1-2 ") == [1, 2, 7, 8]
    assert expand("4-4") == [4]
    for bits in product([False, True], repeat=7):
        numbers = [n for n, bit in enumerate(bits) if bit]
        assert expand(compress(numbers[::-1] + numbers)) == numbers
    for wrong in ("5-3", "1,9-8", "1-", "1-2-3"):
        with pytest.raises(ValueError, match=r"\S"):
            expand(wrong)


def test_moving_average(lang: str) -> None:
    one, two = (load(text, "moving_average") for text in references(lang, 10))
    assert one([2, 4, 6, 8], 2) == two([2, 4, 6, 8], 2) == [3.0, 5.0, 7.0]
    values = [5, -1, 0.5, 12, 7, 7]
    for size in range(1, len(values) + 1):
        expected = [sum(values[end - size : end]) / size for end in range(size, len(values) + 1)]
        assert one(values, size) == pytest.approx(expected)
        assert two(values, size) == pytest.approx(expected)
    for wrong in (-1, 0, len(values) + 1):
        with pytest.raises(ValueError, match=r"\S"):
            two(values, wrong)
    with pytest.raises(ValueError, match=r"\S"):
        two([], 1)
