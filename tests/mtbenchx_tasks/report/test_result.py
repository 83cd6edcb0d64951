"""What a report opens with: the ranked models, what of the order is more than chance, and what to do next."""

from mtbenchx_tasks.formats.content import Cost
from mtbenchx_tasks.report.groups import grouped
from mtbenchx_tasks.report.sections import Section, sections
from mtbenchx_tasks.report.tables.result import places, result_table, what_next
from mtbenchx_tasks.stats.cells import Resampler
from mtbenchx_tasks.stats.paired_tests import paired
from mtbenchx_tasks.tables import Table, cell
from tests.mtbenchx_tasks.studies import rated, section


def table(found: Section) -> Table:
    return result_table(found, grouped(found.models), Resampler(found, draws=400))


def texts(shown: Table) -> list[list[str]]:
    return [[cell(value).text for value in row] for row in shown.rows]


def test_the_best_stands_first_and_what_chance_explains_shares_ranks() -> None:
    # Of twenty questions `good` has 8 or 9 alternately, `twin` the same in the other order, `bad` 2 or 3
    levels = {"bad": (2.0, 3.0), "good": (8.0, 9.0), "twin": (9.0, 8.0)}
    found = section({name: [levels[name][n % 2] for n in range(20)] for name in levels})
    rows = texts(table(found))
    assert {row[0]: row[1] for row in rows} == {"good": "1-2", "twin": "1-2", "bad": "3"}
    assert [row[2] for row in rows] == ["8.50", "8.50", "2.50"]
    assert rows[0][4:] == ["20/20", "20 of 80"]


def test_few_questions_have_no_ranks() -> None:
    found = section({"a": [5.0] * 4, "b": [9.0] * 4})
    assert [row[:3] for row in texts(table(found))] == [["b", "", "9.00"], ["a", "", "5.00"]]


def test_over_languages_a_model_that_lacks_one_has_no_place() -> None:
    ratings = [rated("both", q, 6.0, language=code) for q in range(81, 93) for code in ("de", "en")]
    ratings += [rated("german", q, 9.0 - q % 2) for q in range(81, 93)]
    (found,) = sections(ratings)
    shown = table(found)
    assert shown.columns[4:6] == ("English", "German")
    assert [row[:3] for row in texts(shown)] == [["both", "", "6.00"], ["german", "", ""]]
    assert [place.average for place in places(found, grouped(found.models), Resampler(found, draws=50))] == [6, None]


def test_an_unscored_answer_is_in_no_average_and_is_seen() -> None:
    found = section({"a": [4.0, None, 6.0]})
    ((_, _, average, _, scored, _),) = texts(table(found))
    assert (average, scored) == ("5.00", "2/3")


def test_what_to_do_next_names_the_open_pair_the_runs_and_the_money() -> None:
    found = section({"a": [5.0, 6.0, 7.0, 4.0], "b": [6.0, 5.0, 6.0, 5.0]})
    tested = paired(["a", "b"], Resampler(found, draws=50))
    cost = Cost("gpt-4", "https://x", 12, {"done": 12}, 1, 1, 0.5, "list")
    first, second, third = what_next(found, tested, {"a": "Model A", "b": "Model B"}, [cost])
    assert first.startswith("German: 1 of 1 pairs of models can't be told apart. The largest such difference, Model A")
    assert "runs 3" in second
    assert third == "Judging: 12 paid judgments, 0.50 dollars."
