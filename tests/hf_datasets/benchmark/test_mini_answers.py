"""Check the reference answers of the mini benchmark by computing them again."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
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


DAYS = {
    "en": ("Monday", "Tuesday"),
    "de": ("Montag", "Dienstag"),
    "fr": ("lundi", "mardi"),
    "it": ("lunedì", "martedì"),
    "es": ("lunes", "martes"),
}


def test_days_off(lang: str) -> None:
    def off(work: int, free: int, day: int) -> bool:
        return day % (work + free) >= work

    # Ben is off on 3, 6, 9, ...; Carla on 4, 5, 9, 10, 14, 15; day 1 is a Monday, so day 15 is one and 9 a Tuesday
    both = [day for day in range(1, 16) if off(2, 1, day - 1) and off(3, 2, day - 1)]
    assert [(day, (day - 1) % 7) for day in both] == [(9, 1), (15, 0)]
    one, two = (text.split(". ")[0] for text in references(lang, 19))
    assert re.search(rf"\b9\b.*{DAYS[lang][1]}.*\b15\b.*{DAYS[lang][0]}", one)
    # from 16 on Carla is off first: 16, 17, 21, 22, 26, 27; Ben on 18, 21, ...
    shifted = {day: (off(2, 1, day - 1), (day - 16) % 5 < 2) for day in range(16, 31)}
    both_off = [day for day, free in shifted.items() if all(free)]
    both_work = [day for day, free in shifted.items() if not any(free)]
    assert (both_off, both_work[0]) == ([21, 27], 19)
    assert re.findall(r"\d+", two) == ["21", "27", "19"]


def test_folded_sheet(lang: str) -> None:
    # the crease is the part of the perpendicular bisector of A(0, 0) C(16, 12) within the sheet: 16x + 12y = 200
    e, f = (Fraction(200, 16), Fraction(0)), (Fraction(200 - 12 * 12, 16), Fraction(12))
    squared = (e[0] - f[0]) ** 2 + (e[1] - f[1]) ** 2
    assert squared == 15**2
    # D(0, 12) lands on its mirror image across that line
    step = Fraction(200 - 16 * 0 - 12 * 12, 16**2 + 12**2)
    mirrored = (2 * step * 16, 12 + 2 * step * 12)
    outline = [e, (Fraction(16), Fraction(0)), (Fraction(16), Fraction(12)), mirrored, f]
    area = abs(sum(x * v - u * y for (x, y), (u, v) in zip(outline, outline[1:] + outline[:1], strict=True))) / 2
    assert area == 117
    one, two = references(lang, 20)
    assert has_number(one.split(". ")[0], 15, lang)
    assert has_number(two.split(". ")[0], area, lang)
    assert has_number(one, e[0], lang, digits=1)
    assert has_number(two, (16 - f[0]) * 12 / 2, lang)


def test_museum(lang: str) -> None:
    one, two = references(lang, 21)
    space: dict[str, Any] = {}
    for text in (one, two):
        exec(code_of(text, "python"), space)
    reachable, no_return = space["reachable"], space["no_return"]
    example = {"A": {"B", "C"}, "C": {"A"}}
    assert (reachable(example, "A"), no_return(example, "A")) == ({"A", "B", "C"}, {"B"})
    assert example == {"A": {"B", "C"}, "C": {"A"}}
    assert (reachable({}, "A"), no_return({}, "A")) == ({"A"}, set())
    rooms = "abc"
    arrows = [(one, other) for one in rooms for other in rooms]
    for drawn in product([False, True], repeat=len(arrows)):  # every map of three rooms, by transitive closure
        doors = {one: {b for (a, b), there in zip(arrows, drawn, strict=True) if there and a == one} for one in rooms}
        ways = {(one, one) for one in rooms} | {(one, other) for one in rooms for other in doors[one]}
        for middle, start, end in product(rooms, repeat=3):
            if (start, middle) in ways and (middle, end) in ways:
                ways.add((start, end))
        assert reachable(doors, "a") == {room for room in rooms if ("a", room) in ways}
        assert no_return(doors, "a") == {room for room in rooms if ("a", room) in ways and (room, "a") not in ways}


def code_of(text: str, kind: str) -> str:
    (code,) = re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL)
    return str(code)


def asked(lang: str, question_id: int) -> list[str]:
    path = Path(hf_datasets.__file__).parent / "benchmark" / "mini" / f"questions.{lang}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (row,) = [row for row in rows if row["question_id"] == question_id]
    return [str(text) for text in row["turns"]]


def test_orders(lang: str) -> None:
    header, *one = code_of(references(lang, 11)[0], "csv").splitlines()
    assert f"`{header}`" in asked(lang, 11)[0]
    again, *two = code_of(references(lang, 11)[1], "csv").splitlines()
    assert again == header
    yes, no = one[0].split(";")[-1], one[1].split(";")[-1]
    # ordered on the 3rd, two days later, on the 6th (cancelled) and on the 9th
    assert [line.split(";")[1::2] for line in one] == [
        ["03.03.", "40", yes],
        ["05.03.", "12", no],
        ["09.03.", "15", no],
    ]
    assert [line.split(";")[4] for line in one] == ["52", "18", "21"]
    assert [line.split(";")[1::2] for line in two] == [
        ["03.03.", "40", yes], ["05.03.", "12", yes], ["06.03.", "25", no], ["09.03.", "15", no],
    ]  # fmt: skip
    assert {one[0], one[2]} < set(two)
    owed = [int(line.split(";")[4]) for line in two if line.endswith(no)]
    sentence = references(lang, 11)[1].rpartition("```")[2]
    assert [int(number) for number in re.findall(r"\d+", sentence)] == [*owed, sum(owed)] == [60, 21, 81]
    for text in {cell for line in two for cell in line.split(";")[2:3]}:
        assert text in asked(lang, 11)[0]


def test_minutes(lang: str) -> None:
    one, two = (
        [line.split(" – ") for line in text.splitlines() if line.startswith("- ")] for text in references(lang, 12)
    )
    days = [[int(re.sub(r"\D", "", when)) for _, _, when in found] for found in (one, two)]
    # the hall is booked, the music has nobody; the projector is back; what is due after the 10th moves by two days
    assert days[0] == [4, 8, 12, 15]
    assert days[1] == [day + 2 * (day > 10) for day in days[0] if day != 8]
    assert ["Weber" in who for who, _, _ in one] == [True, False, True, False]
    assert ["Costa" in who for who, _, _ in one] == [False, True, False, True]
    assert [who.endswith("Lindt") for who, _, _ in two] == [True, True, False]
    assert [what for _, what, _ in two] == [what for _, what, _ in one if what != one[1][1]]


def test_lost_property(lang: str) -> None:
    one, two = (json.loads(code_of(text, "json")) for text in references(lang, 22))
    keys = re.findall(r"`(\w+)`", " ".join(asked(lang, 22)))
    assert [list(row) for row in one] == [keys[:4]] * 2
    assert [list(row) for row in two] == [keys] * 3
    assert [list(row.values())[::3] for row in one] == [[42, "05-03"], [43, "04-30"]]
    assert [row[keys[0]] for row in two] == [42, 44, 45]
    for row in two:
        found = date.fromisoformat(f"2026-{row[keys[3]]}")
        assert row[keys[4]] == f"{found + timedelta(days=28):%m-%d}"
    assert [row[keys[3]] for row in two] == ["05-03", "05-05", "05-06"]
    log = " ".join(asked(lang, 22)).casefold()
    assert all(row[key].split()[-1].casefold() in log for row in (*one, *two) for key in keys[1:3])
