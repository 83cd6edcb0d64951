"""The mini instruction set is parallel, well-formed, in the right language, right, and no copy of a benchmark."""

import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pytest

import hf_datasets
from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.records import ROLES
from hf_datasets.shared import jsonl
from hf_datasets.shared.language_id import detect_language
from tests.sources import needs_sources

IDS = [f"mini-{number}" for number in range(1, 41)]
COMMENT = re.compile(r"#.*")
FENCE = re.compile(r"```(\w+)\n(.*?)\n```", re.DOTALL)
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]*\$", re.DOTALL)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@cache
def samples(language: str) -> dict[str, list[dict[str, str]]]:
    file = Path(hf_datasets.__file__).parent / "instruct" / "mini_set" / f"instructions.{language}.jsonl"
    return {row["id"]: row["messages"] for row in jsonl.read(file)}


def said(language: str, number: int, role: str = "assistant") -> list[str]:
    return [message["content"] for message in samples(language)[f"mini-{number}"] if message["role"] == role]


def texts(language: str) -> Iterator[tuple[str, str, str]]:
    for identifier, messages in samples(language).items():
        for message in messages:
            yield identifier, message["role"], message["content"]


def code(language: str, number: int) -> list[str]:
    return [block for text in said(language, number) for _, block in FENCE.findall(text)]


def written(number: Fraction, language: str, digits: int = 0) -> str:
    """The number as the language writes it."""
    text = f"{float(number):.{digits}f}"
    return text if language == "en" else text.replace(".", ",")


def has(text: str, *numbers: str) -> bool:
    """Whether each number stands in the text as a whole."""
    return all(re.search(rf"(?<![\d.,]){re.escape(number)}(?![.,]?\d)", text) for number in numbers)


@every_language
class TestForm:
    def test_forty_samples_with_the_ids_and_roles_of_english(self, language: str) -> None:
        assert list(samples(language)) == IDS
        roles = {identifier: [m["role"] for m in messages] for identifier, messages in samples(language).items()}
        assert roles == {identifier: [m["role"] for m in messages] for identifier, messages in samples("en").items()}

    def test_users_and_assistant_alternate_after_an_optional_system_message(self, language: str) -> None:
        for messages in samples(language).values():
            roles = [message["role"] for message in messages]
            assert set(roles) <= set(ROLES)
            turns = roles[1:] if roles[0] == "system" else roles
            assert turns == ["user", "assistant"] * (len(turns) // 2)
            assert turns

    def test_four_dialogues_one_with_a_system_message(self, language: str) -> None:
        longer = [identifier for identifier, messages in samples(language).items() if len(messages) >= 4]
        assert longer == ["mini-5", "mini-15", "mini-21", "mini-37"]
        assert [m["role"] for m in samples(language)["mini-5"]].count("system") == 1

    def test_no_text_is_empty_padded_or_in_another_language(self, language: str) -> None:
        for identifier, role, text in texts(language):
            assert text == text.strip() != "", (identifier, role)
            assert detect_language(text) == language, (identifier, role)

    def test_answers_are_of_40_to_180_words(self, language: str) -> None:
        # the answers of mini-5 are shorter: its system message allows three sentences
        for identifier, role, text in texts(language):
            if role == "assistant" and identifier != "mini-5":
                assert 40 <= len(text.split()) <= 180, identifier

    def test_typography_is_the_languages_outside_code(self, language: str) -> None:
        for identifier, _, text in texts(language):
            prose = re.sub(r"`[^`]*`", "x", FORMULA.sub("x", FENCE.sub("x", text)))
            assert not re.search("['\"\t]|  ", prose), identifier
            if language == "fr":
                assert not re.search(r"(?<!\u00a0)[;!?»]| :|«(?!\u00a0)", prose), identifier

    def test_code_and_formulas_are_those_of_english_but_for_comments(self, language: str) -> None:
        for (identifier, role, mine), (*_, english) in zip(texts(language), texts("en"), strict=True):
            blocks, expected = FENCE.findall(mine), FENCE.findall(english)
            bare = [(lang, COMMENT.sub("#", block)) for lang, block in blocks]
            assert bare == [(lang, COMMENT.sub("#", block)) for lang, block in expected], (identifier, role)
            assert sorted(FORMULA.findall(mine)) == sorted(FORMULA.findall(english)), (identifier, role)

    def test_comments_are_translated(self, language: str) -> None:
        comments = [COMMENT.findall(block) for number in (17, 19) for block in code(language, number)]
        assert [len(found) for found in comments] == [1, 1]
        if language != "en":
            assert comments != [COMMENT.findall(block) for number in (17, 19) for block in code("en", number)]

    def test_lists_table_and_bold_are_in_the_same_places(self, language: str) -> None:
        marks = re.compile(r"^(?:- |\d\. |\|)|\*\*", re.MULTILINE)
        for (identifier, _, mine), (*_, english) in zip(texts(language), texts("en"), strict=True):
            assert marks.findall(mine) == marks.findall(english), identifier


def shingles(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i : i + 3]) for i in range(len(words) - 2)} or {" ".join(words)}


def likeness(one: str, other: str) -> float:
    """Jaccard similarity of the three-word shingles, 0 to 1."""
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


@every_language
class TestNoCopies:
    def test_no_request_resembles_another(self, language: str) -> None:
        requests = [text for _, role, text in texts(language) if role == "user"]
        assert [pair for pair in combinations(requests, 2) if likeness(*pair) > 0.2] == []

    def test_no_request_resembles_a_question_of_the_mini_benchmark(self, language: str) -> None:
        self._compare("mini", language)

    @pytest.mark.sources
    @needs_sources
    def test_no_request_resembles_a_question_of_mtbench_x(self, language: str) -> None:
        self._compare("mtbench_x", language)

    def _compare(self, benchmark: str, language: str) -> None:
        asked = [turn for question in questions(benchmark, language) for turn in question.turns]
        requests = [text for _, role, text in texts(language) if role == "user"]
        assert [(r, q) for r in requests for q in asked if likeness(r, q) > 0.2] == []


def test_likeness_tells_a_copy_from_a_neighbour() -> None:
    assert likeness("How does ice float on water?", "How does ice float on the water?") > 0.2
    assert likeness("How does ice float on water?", "How does a boat float on the sea?") == 0


@every_language
class TestFacts:
    def test_library_loan(self, language: str) -> None:
        # four weeks after the 3rd: the 31st of a month with 31 days
        assert (date(2026, 1, 3) + timedelta(weeks=4)).day == 31
        assert has(said(language, 5)[1], "28", "31")

    def test_cooks(self, language: str) -> None:
        found = [
            (cooks, dishes)
            for cooks in permutations(["Nora", "Paul", "Ida"])  # on Friday, Saturday, Sunday
            for dishes in permutations(["curry", "soup", "risotto"])
            if cooks[2] == "Nora"
            and cooks.index("Paul") == dishes.index("curry") + 1
            and dishes[cooks.index("Paul")] != "risotto"
        ]
        assert found == [(("Ida", "Paul", "Nora"), ("curry", "soup", "risotto"))]
        curry = "curri" if language == "es" else "curry"
        result = said(language, 8)[0].split("\n\n")[-1].lower()
        soup = {"en": "soup", "de": "suppe", "fr": "soupe", "it": "zuppa", "es": "sopa"}[language]
        places = [result.index(word) for word in ("ida", curry, "paul", soup, "nora", "risotto")]
        assert places == sorted(places)

    def test_journey(self, language: str) -> None:
        train = 9 * 60 + 40 + 2 * 60 + 35
        stop = train + 12
        bus = next(minute for minute in range(12 * 60 + 5, 24 * 60, 20) if minute >= stop)
        end = bus + 35
        times = [f"{minute // 60}:{minute % 60:02d}" for minute in (train, stop, bus, end)]
        assert times == ["12:15", "12:27", "12:45", "13:20"]
        answer = said(language, 9)[0].replace("\u00a0h\u00a0", ":")
        assert has(answer, *times)
        assert has(answer, *(str(n) for n in (*divmod(end - (9 * 60 + 40), 60), bus - stop)))

    def test_two_weighings_find_the_light_coin(self, language: str) -> None:
        def find(light: int) -> int:
            group = 0 if light < 3 else 1 if light < 6 else 2  # A rises, B rises, balance
            return 3 * group + light % 3  # first rises, second rises, balance

        assert [find(light) for light in range(9)] == list(range(9))
        assert re.search("3 [×·] 3 = 9", said(language, 11)[0])

    def test_pancakes(self, language: str) -> None:
        six, five = Fraction(6, 4), Fraction(5, 4)
        answer = said(language, 12)[0]
        assert has(answer, written(six, language, 1), written(five, language, 2))
        assert has(answer, *(written(n, language) for n in (300 * six, 600 * six, 4 * six, 300 * five, 600 * five)))

    def test_sum_of_odd_numbers(self, language: str) -> None:
        assert all(sum(range(1, 2 * n, 2)) == n**2 for n in range(50))
        assert sum(range(1, 40, 2)) == 400
        assert said(language, 13)[0].split("\n\n")[-1].count("$20^2 = 400$") == 1

    def test_jacket(self, language: str) -> None:
        price = 80 * Fraction(75, 100) * Fraction(90, 100)
        saved = 1 - price / 80
        answer = said(language, 14)[0]
        assert has(answer, written(price, language), written(100 * saved, language, 1), written(saved, language, 3))
        assert has(answer, written(80 * Fraction(65, 100), language))

    def test_average_speed(self, language: str) -> None:
        mean = 120 / (Fraction(60, 40) + Fraction(60, 24))
        back = Fraction(60) / (Fraction(120, 32) - Fraction(60, 40))
        one, two = said(language, 15)
        assert has(one.split(". ")[0].replace("\u00a0", " "), written(mean, language))
        assert has(two, written(back, language, 1), written(Fraction(120, 32), language, 2))
        assert 2.5 < back - 24 < 3  # "a little under 3 more"

    def test_two_red_balls(self, language: str) -> None:
        draws = list(permutations("rrrrbbbbbb", 2))
        chance = Fraction(draws.count(("r", "r")), len(draws))
        answer = said(language, 16)[0]
        assert f"{chance.numerator}/{chance.denominator}" in answer
        assert has(answer, written(100 * chance, language, 1), written(chance, language, 3), "16")

    def test_table_is_sorted_by_price(self, language: str) -> None:
        rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+)\s", said(language, 22)[0], flags=re.MULTILINE)
        assert rows == [("Birke", "6", "45"), ("Linden", "12", "80"), ("Ahorn", "30", "150")]
        request = said(language, 22, "user")[0]
        assert all(has(request.replace("\u00a0", " "), *row[1:]) for row in rows)

    def test_rosetta_stone_in_a_hundred_words(self, language: str) -> None:
        answer = said(language, 33)[0]
        assert len(answer.split()) <= 100
        assert has(answer, "196", "1799", "1802", "1822")


@every_language
class TestCode:
    def test_leap_years(self, language: str) -> None:
        is_leap_year = run(code(language, 17)[0])["is_leap_year"]
        assert [y for y in (1900, 2000, 2023, 2024, 2100, 2400) if is_leap_year(y)] == [2000, 2024, 2400]

    def test_default_list(self, language: str) -> None:
        ((_, bug),) = FENCE.findall(said(language, 19, "user")[0])
        for source, second in ((bug, ["a", "b"]), (code(language, 19)[0], ["b"])):
            add_item: Callable[[str], list[str]] = run(source)["add_item"]
            add_item("a")
            assert add_item("b") == second

    def test_query(self, language: str) -> None:
        # three orders of 50: 150; 120; exactly 100 stays out; 99 stays out
        orders = [("a", 50), ("b", 120), ("a", 50), ("c", 100), ("a", 50), ("d", 99)]
        with sqlite3.connect(":memory:") as base:
            base.execute("CREATE TABLE orders (customer TEXT, amount INTEGER)")
            base.executemany("INSERT INTO orders VALUES (?, ?)", orders)
            assert base.execute(code(language, 18)[0]).fetchall() == [("a", 150), ("b", 120)]
        base.close()

    def test_find(self, language: str, tmp_path: Path) -> None:
        for name, size in (("small", 1), ("sub/large", 101 * 2**20)):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            with (tmp_path / name).open("wb") as file:
                file.truncate(size)  # sparse: takes no room
        found = subprocess.run(["bash", "-c", code(language, 20)[0]], cwd=tmp_path, capture_output=True, check=True)
        assert found.stdout.decode().split()[-1] == "./sub/large"
        assert b"small" not in found.stdout

    def test_record(self, language: str) -> None:
        request = said(language, 24, "user")[0].replace("\u00a0", " ")
        (record,) = jsonl.parse([code(language, 24)[0].replace("\n", "")], "mini-24")
        assert list(record) == ["name", "phone", "email", "available_from"]
        assert all(record[key] in request for key in ("name", "phone", "email"))
        assert record["available_from"] == "2026-09-01"


def run(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace
