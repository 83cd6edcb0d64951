"""What may stand in one table: a revision belongs to a language, a release to the package's languages."""

from collections.abc import Sequence

from mtbenchx_tasks.records import Conditions, Item, Model, Rater, Rating
from mtbenchx_tasks.report.groups import grouped
from mtbenchx_tasks.report.sections import Section, sections
from mtbenchx_tasks.report.tables.gains import gains
from mtbenchx_tasks.report.tables.scores import missing_table
from mtbenchx_tasks.stats.cells import Resampler, average_of

UPSTREAM = "f8972dc70595"


def rating(language: str, revision: str, benchmark: str = "mtbench_x", asked: int | str = 81, turn: int = 1) -> Rating:
    under = Conditions("gpt-4", {"benchmark": benchmark, "revision": revision, "questions_sha256": language})
    item = Item(benchmark, language, asked, turn, "writing" if benchmark == "mtbench_x" else "esg")
    return Rating(item, Model("m"), Rater("gpt-4"), under, 7.0)


def split(ratings: Sequence[Rating]) -> list[tuple[str, ...]]:
    return [section.languages for section in sections(ratings)]


def test_six_and_more_languages_stand_in_one_table() -> None:
    """Each added language's revision is the hash of its own rows."""
    five = [rating(language, UPSTREAM) for language in ("en", "de", "fr", "it", "es")]
    added = [rating("ja", "887277840a59"), rating("ar", "1f0e7a5c33d1"), rating("zh", "0d5b9a0e6c42")]
    assert split([*five, *added]) == [("en", "de", "fr", "it", "es", "ar", "ja", "zh")]


def test_two_releases_of_the_package_are_two_tables() -> None:
    assert split([rating("de", UPSTREAM), rating("en", "000000000000"), rating("ja", "887277840a59")]) == [
        ("de",),
        ("en",),
        ("ja",),
    ]


def test_one_language_in_two_revisions_is_two_tables() -> None:
    assert split([rating("ja", "887277840a59"), rating("ja", "1f0e7a5c33d1")]) == [("ja",), ("ja",)]


def test_each_language_of_another_benchmark_has_its_own_revision() -> None:
    """German is the package's language, but not of this benchmark."""
    assert split([rating("de", "aaaaaaaaaaaa", "shisa"), rating("ja", "bbbbbbbbbbbb", "shisa")]) == [("de", "ja")]


def of_one(benchmark: str, asked: Sequence[tuple[int | str, int]]) -> Section:
    items = [(question, turn) for question, turns in asked for turn in range(1, turns + 1)]
    (section,) = sections([rating("ja", "a", benchmark, *item) for item in items])
    return section


def test_a_question_has_as_many_turns_as_anybody_answered_and_categories_of_its_own() -> None:
    section = of_one("finance", [("q-1", 1), ("q-2", 3), (7, 2)])
    assert section.turns == (1, 2, 3)
    assert section.categories == ("esg",)
    rows = missing_table(section, grouped(section.models)).rows
    assert rows[0][0] == "Nothing", "a question of one turn lacks no second"
    assert average_of(section.cell("m", "ja", 3)).value == 7


def test_gains_are_shown_in_every_turn() -> None:
    base = of_one("finance", [("q-1", 3), ("q-2", 3)]).answers
    named = [
        Rating(one.item, Model(name), Rater("gpt-4"), one.conditions, one.value)
        for name in ("x-DE", "x-ENDE")
        for answer in base
        for one in answer.ratings
    ]
    (section,) = sections(named)
    found = gains(section, grouped(section.models), Resampler(section, draws=20))
    assert [gain.turn for gain in found] == [None, 1, 2, 3]
