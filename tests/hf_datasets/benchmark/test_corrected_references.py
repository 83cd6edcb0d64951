"""The reference set `corrected`: each answer in words or numbers computed again, and the published one shown wrong."""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product
from math import isclose, pi
from pathlib import Path

import pytest

from hf_datasets.benchmark import questions as mtbench_x
from hf_datasets.benchmark.card import REPORTED
from hf_datasets.benchmark.configs import rows
from hf_datasets.benchmark.questions import LANGUAGES, questions, reference_set_hash
from hf_datasets.benchmark.references import KINDS, Correction, corrected, corrections, read_corrections, text_hash
from hf_datasets.shared import jsonl
from hf_datasets.shared.code_fences import without_code
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_id import detect_language
from tests.answers import asked, ours, published
from tests.sources import needs_sources

every_language = pytest.mark.parametrize("language", LANGUAGES)


def first_sentence(text: str) -> str:
    return re.split(r"[.;:] |\n", text)[0].rstrip(".")


def says(question_id: int, turn: int, words: dict[str, str]) -> None:
    """Our answer's first sentence says so in every language."""
    for language, expected in words.items():
        assert expected in first_sentence(ours(language, question_id, turn)), language
    assert list(words) == list(LANGUAGES)


def everywhere(*items: str) -> dict[str, str]:
    return dict(zip(LANGUAGES, items * (len(LANGUAGES) // len(items)), strict=True))


# the set -------------------------------------------------------------------------------------------------------------


@every_language
class TestSet:
    def test_every_language_has_the_same_turns(self, language: str) -> None:
        turns = [(item.question_id, item.turn) for item in corrections(language)]
        assert turns == sorted({(item.question_id, item.turn) for item in corrections("en")})
        assert {question_id for question_id, _ in turns} >= REPORTED

    def test_what_is_wrong_in_english_is_wrong_in_every_language(self, language: str) -> None:
        english = {(item.question_id, item.turn): item.kind for item in corrections("en")}
        for item in corrections(language):
            assert item.kind in KINDS, item.place
            expected = english[item.question_id, item.turn]
            assert expected in (item.kind, "parallel"), item.place
            assert (item.kind == "limited") == (item.question_id == 122), item.place  # too small a type, nothing else

    def test_texts_are_whole_and_in_their_language(self, language: str) -> None:
        for item in corrections(language):
            assert item.text == item.text.strip() != ""
            assert item.reason
            for text in filter(None, (item.text, item.corrected_question)):
                assert detect_language(text) == language, item.place
                if language == "fr":
                    assert not re.search(r"[^\u00a0][;!?»]|[^\u00a0]: ", re.sub("`.*?`", "", without_code(text)))

    def test_code_is_the_same_in_every_language(self, language: str) -> None:
        for item, english in zip(corrections(language), corrections("en"), strict=True):
            assert _bare_code(item.text) == _bare_code(english.text), item.place
            if item.corrected_question:
                assert _bare_code(item.corrected_question) == _bare_code(english.text), item.place

    @pytest.mark.sources
    @needs_sources
    def test_only_the_listed_turns_differ(self, language: str) -> None:
        listed = {(item.question_id, item.turn): item.text for item in corrections(language)}
        for before, after in zip(
            questions("mtbench_x", language), questions("mtbench_x", language, "corrected"), strict=True
        ):
            expected = [
                listed.get((before.question_id, turn), text) for turn, text in enumerate(before.reference, start=1)
            ]
            assert list(after.reference) == expected
        assert reference_set_hash("mtbench_x", language, "corrected") != reference_set_hash(
            "mtbench_x", language, "published"
        )

    @pytest.mark.sources
    @needs_sources
    def test_the_config_gives_both_turns_and_the_reasons(self, language: str) -> None:
        found = rows(f"references_corrected_{language}")
        assert [r["question_id"] for r in found] == sorted({item.question_id for item in corrections(language)})
        by_id = {question.question_id: question for question in questions("mtbench_x", language, "corrected")}
        assert all(tuple(row["reference"]) == by_id[row["question_id"]].reference for row in found)
        assert sum(len(row["corrected_turns"]) for row in found) == len(corrections(language))
        assert all(len(row["reasons"]) == len(row["corrected_turns"]) for row in found)


def _bare_code(text: str) -> list[str]:
    """Blocks of code without what a page says to its readers."""
    spoken = re.compile(r'^ *".*",$|(?<=lang=").*(?=")|(?<=<title>).*(?=</)|(?<=id="button">).*(?=</)', re.MULTILINE)
    return [spoken.sub("", code) for code in re.findall(r"```(.*?)```", text, flags=re.DOTALL)]


@pytest.mark.parametrize(
    ("benchmark", "language", "reference_set", "fault"),
    [
        ("mini", "en", "corrected", "mini benchmark has no references 'corrected'; set reference_set to 'published'"),
        ("mtbench_x", "en", "mine", "no reference set 'mine'; choose one of published, corrected"),
    ],
)
def test_a_set_that_is_not_there(benchmark: str, language: str, reference_set: str, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        questions(benchmark, language, reference_set)


def test_a_language_without_corrections_says_what_to_set() -> None:
    with pytest.raises(UserError, match=r"no corrected references in 'pt'; set reference_set to 'published'"):
        corrections("pt")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, r"edits.jsonl, line 3: stale, the published reference of question 5, turn 1 is now [0-9a-f]{12}\.\.\."),
        ({"turn": 3}, "line 3: question 5 has no reference for turn 3"),
        ({"question_id": 1}, "line 3: question 1 has no reference for turn 1"),  # writing
        ({"question_id": 999}, "line 3: question 999 has no reference"),
        ({"turn": "1"}, r"line 3: not a correction of a reference \(turn must be a whole number, not .1.\)"),
    ],
)
def test_a_correction_that_does_not_fit_names_its_line(tmp_path: Path, change: dict[str, object], fault: str) -> None:
    base = {"question_id": 5, "turn": 1, "sha256": text_hash("gone"), "kind": "wrong", "reason": "2", "text": "right"}
    right = {**base, "turn": 2, "sha256": text_hash(questions("mini", "en")[4].reference[1])}
    file = tmp_path / "edits.jsonl"
    jsonl.write(file, [right, base | change])
    file.write_text("\n" + file.read_text(encoding="utf-8"), encoding="utf-8")  # a blank line counts as a line
    with pytest.raises(UserError, match=fault):
        corrected(questions("mini", "en"), read_corrections(file))


def test_one_turn_is_corrected_once() -> None:
    question = questions("mini", "en")[4]
    item = Correction(5, 1, text_hash(question.reference[0]), "wrong", "not 2", "right", "edits.jsonl, line 1")
    assert corrected([question], [item])[0].reference == ("right", question.reference[1])
    with pytest.raises(UserError, match="line 1: question 5, turn 1 is corrected twice"):
        corrected([question], [item, item])


@pytest.mark.sources
@needs_sources
def test_a_stale_correction_stops_every_use(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_ = corrections("en")
    stale = replace(first, sha256="0" * 64)
    monkeypatch.setattr(mtbench_x.references, "corrections", lambda language: (stale,))
    with pytest.raises(UserError, match=r"references.en.jsonl, line 1: stale"):
        mtbench_x._corrected("mtbench_x", "en", "corrected")


# reasoning -----------------------------------------------------------------------------------------------------------


CLAIMS = {
    (101, 2): "you were previously the second to last person",
    (103, 1): "preventive care treatments, such as dialysis",
    (104, 1): "David has only one brother",
    (104, 2): "two brothers.",
    (105, 1): "The name of the secretary is Cheryl.",
    (107, 2): "A is four generations above Z",
    (109, 1): "facing north",
    (109, 2): "Suresh was facing north",
    (111, 1): "The area of the triangle is 0",
    (111, 2): "there is no circumscribed circle",
    (113, 2): "approximately 51.11%",
    (114, 1): "34/36",
    (114, 2): "94.4%",
    (120, 2): "x ≈ 1.65",
}
"""What the published answers claim, each refuted by the test of its question below."""


@pytest.mark.sources
@needs_sources
def test_the_published_answers_claim_what_is_refuted_here() -> None:
    assert [place for place, claim in CLAIMS.items() if claim not in published(*place)] == []
    in_words = {(c.question_id, c.turn) for c in corrections("en") if c.kind == "wrong" and c.question_id <= 120}
    assert set(CLAIMS) == in_words  # above 120: coding


class TestReasoning:
    def test_101_the_last_person_cannot_be_overtaken(self) -> None:
        # whoever overtakes was directly behind; after it the overtaken is behind me, before it he was not last
        for n in range(2, 7):
            assert all(me - 1 != n - 1 for me in range(1, n))
        says(101, 2, everywhere("cannot", "nicht", "ne peut pas", "non si può", "no se la puede"))

    def test_104_brothers(self) -> None:
        def brothers(per_sister: int) -> int:
            (found,) = [more for more in range(9) if 1 + more == per_sister]  # David and `more` boys
            return found

        assert (brothers(1), brothers(2)) == (0, 1)
        says(104, 1, everywhere("no brother", "keinen Bruder", "pas de frère", "non ha fratelli", "no tiene hermanos"))
        says(104, 2, everywhere("one brother", "einen Bruder", "un frère", "un fratello", "un hermano"))

    def test_105_parking(self) -> None:
        (found,) = parking()
        assert found == "Alice"
        says(105, 1, everywhere("Alice"))

    def test_106_prices(self) -> None:
        # orange, apple, banana: any prices of four
        prices = list(product(range(4), repeat=3))
        assert all(b > a and b > o for o, a, b in prices if o > a and o < b)
        says(106, 1, everywhere("True", "Wahr", "Vraie", "Vera", "Verdadera"))

    def test_103_and_110_are_in_words_only(self) -> None:
        # nothing to compute: no cure for somebody healthy, seven signs in every language
        ruled_out = everywhere("ruled out by", "ausgeschlossen", "est exclu", "è esclusa", "queda excluido")
        assert all(words in ours(language, 103, 1) for language, words in ruled_out.items())
        numbers = {language: re.findall(r"^\d", ours(language, 110, 2), re.MULTILINE) for language in LANGUAGES}
        assert numbers == {language: list("1234567") for language in LANGUAGES}

    def test_107_generations(self) -> None:
        # one generation from each parent to child; C is the child of D and of B, E of D and of X
        above = {"A": 0}
        links = [("A", "B"), ("B", "C"), ("D", "C"), ("D", "E"), ("X", "E"), ("X", "Y"), ("Y", "Z")]
        for parent, child in links:
            if parent in above:
                above[child] = above[parent] + 1
            else:
                above[parent] = above[child] - 1
        assert all(above[child] == above[parent] + 1 for parent, child in links)
        assert above["Z"] == 3
        three = ("three generations", "drei Generationen", "trois générations", "tre generazioni", "tres generaciones")
        says(107, 2, everywhere(*three))

    def test_109_shadow(self) -> None:
        winds = ["north", "east", "south", "west"]
        shadow = winds[(winds.index("east") + 2) % 4]
        (facing,) = [wind for i, wind in enumerate(winds) if winds[(i + 1) % 4] == shadow]
        assert (shadow, facing) == ("west", "south")
        says(109, 1, everywhere("west", "Westen", "ouest", "ovest", "oeste"))
        says(109, 2, everywhere("south", "Süden", "sud", "sud", "sur"))


def parking() -> set[str]:
    """Who parks in the secretary's space, over all arrangements that meet the conditions."""
    found = set()
    names, colours = ["Alice", "Bert", "Cheryl", "David", "Enid"], ["yellow", "green", "purple", "red", "blue"]
    for who, what in product(permutations(names), permutations(colours)):
        at = {name: who.index(name) for name in names} | {colour: what.index(colour) for colour in colours}
        if (
            (at["red"], at["purple"], at["yellow"], at["David"]) == (0, 4, 3, 4)
            and between(at["blue"], at["red"], at["green"])
            and abs(at["Alice"] - at["David"]) == 1
            and at["Enid"] == at["green"]
            and between(at["Bert"], at["Cheryl"], at["Enid"])
        ):
            found.add(who[3])
    return found


def between(place: int, one: int, other: int) -> bool:
    return min(one, other) < place < max(one, other)


# math ----------------------------------------------------------------------------------------------------------------


def decimals(number: float, digits: int) -> Iterator[str]:
    for language in LANGUAGES:
        yield f"{number:.{digits}f}".replace(".", "." if language == "en" else ",")


class TestMath:
    def test_111_triangle_and_circle(self) -> None:
        (ax, ay), (bx, by), (cx, cy) = (0, 0), (-1, 1), (3, 3)
        area = Fraction(abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)), 2)
        a2, b2, c2 = (bx - cx) ** 2 + (by - cy) ** 2, cx**2 + cy**2, bx**2 + by**2
        radius2 = Fraction(a2 * b2 * c2, 1) / (16 * area**2)  # R = abc / 4S
        assert (area, radius2) == (3, 5)
        says(111, 1, everywhere("3"))
        says(111, 2, everywhere(*(f"5π ≈ {number}" for number in decimals(5 * pi, 2))))

    def test_113_neither_though_green(self) -> None:
        # of 100 pupils 22 like both, 36 only blue, 23 only green, 19 neither: none of the 45 is among the 19
        groups = {(True, True): 22, (True, False): 58 - 22, (False, True): 45 - 22, (False, False): 19}
        assert sum(groups.values()) == 100
        green = [likes for likes in groups if likes[1]]
        assert [likes for likes in green if not any(likes)] == []
        says(113, 2, everywhere("0"))

    def test_114_two_dice(self) -> None:
        totals = [a + b for a, b in product(range(1, 7), repeat=2)]
        one = Fraction(sum(total >= 3 for total in totals), 36)
        two = Fraction(sum(total % 2 == 0 or total >= 3 for total in totals), 36)
        assert (one, two) == (Fraction(35, 36), 1)
        says(114, 1, everywhere(*(f"35/36 ≈ {number}" for number in decimals(35 / 36, 3))))
        says(114, 2, everywhere("1"))
        # German "mindestens eine 3" can also mean a die that shows 3; the answer names that reading
        other = sum((a + b) % 2 == 0 or 3 in (a, b) for a, b in product(range(1, 7), repeat=2))
        assert f"{other}/36 = {Fraction(other, 36)}" in ours("de", 114, 2)

    def test_112_two_halves_in_the_currency_of_the_question(self) -> None:
        first, second = 8000, 8000 // 2
        for language, sign in everywhere("$", "€", "dollars", "dollari", "dólares").items():
            for turn, total in ((1, first + second), (2, second // 2)):
                said = ours(language, 112, turn)
                assert f"= ${total}." in said or f"= {total} {sign}." in said, (language, turn)
                assert not re.search("[$€]|d[oó]l", said.replace(sign, ""))

    def test_115_a_bus(self) -> None:
        (start,) = [x for x in range(999) if x / 2 + 4 - 6 + 8 == 25]
        for language, sign in everywhere("$", "€", "dollars", "dollari", "dólares").items():
            assert f"x = {start}:" in ours(language, 115, 1).replace("\u00a0", "")
            riders = start + 4 + 8
            assert f"{start} + 4 + 8 = {riders} " in ours(language, 115, 2)
            assert ours(language, 115, 2).endswith((f"= ${2 * riders}.", f"= {2 * riders} {sign}.")), language

    def test_116_equal_unknowns(self) -> None:
        # (x - y)^2 = (x + y)^2 - 4xy = 16z^2 - 16z^2 = 0
        for x, y in product(range(-9, 10), repeat=2):
            z = Fraction(x + y, 4)
            if x * y == 4 * z**2:
                assert (x - y, z - x) == (0, Fraction(-y, 2))
                assert (x, y, z) == (2 * z, 2 * z, Fraction(y, 2))
        for language in LANGUAGES:
            assert "x - y = 0" in ours(language, 116, 1)
            assert "z - x = -y/2" in ours(language, 116, 2)

    @pytest.mark.sources
    @needs_sources
    def test_116_the_german_question_asks_for_two_unknowns(self) -> None:
        assert asked(116, 1, "de").endswith("löse x und y nach z auf")
        assert asked(116, 2, "de") == "Löse z und x nach y auf"
        assert ours("de", 116, 1).startswith("x = 2z und y = 2z")
        assert "z = y/2 und x = y" in ours("de", 116, 2)
        assert not re.search("z = y|x = y", published(116, 2, "de"))

    def test_119_books(self) -> None:
        copies, prices = (5, 3, 2), (20, 30, 45)
        total = sum(n * price for n, price in zip(copies, prices, strict=True))
        sold = sum(n * price * Fraction(125, 100) for n, price in zip(copies, prices, strict=True))
        assert sold == total * Fraction(125, 100)
        for language in LANGUAGES:
            assert re.search(rf"= \$?{total}( \$)?\.", ours(language, 119, 1)), language
            assert re.findall(rf"= \$?{sold}( \$)?\.", ours(language, 119, 2)), language

    def test_120_root(self) -> None:
        def f(x: complex) -> complex:
            return 4 * x**3 - 9 * x - 14

        assert f(2) == 0
        assert all(isclose(abs(f(complex(-1, sign * 3**0.5 / 2))), 0, abs_tol=1e-12) for sign in (1, -1))
        assert all((x - 2) * (4 * x**2 + 8 * x + 7) == f(x) for x in range(-9, 9))
        says(120, 2, everywhere("x = 2"))
        assert abs(f(1.65)) > 10
