"""How tables are written: everything escaped, nothing missing becomes zero, n beside every mean."""

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtbenchx_tasks.latex import latex_text, to_latex
from mtbenchx_tasks.records import PEOPLE, Conditions, Decision, Preference, Rater
from mtbenchx_tasks.report.groups import grouped
from mtbenchx_tasks.report.html import prose, table_html
from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.report.tables.pairs import bias_table, duels
from mtbenchx_tasks.report.tables.scores import category_table, missing_table, turn_table
from mtbenchx_tasks.tables import CONTROL, Cell, Table, number, p_text, p_words, quantity, to_csv
from tests.mtbenchx_tasks.stats.test_pair_rates import outcome
from tests.mtbenchx_tasks.studies import rated, section

HOSTILE = '<script>alert(1)</script> & "q" \\input{x} $x_1$ 100% #{}~^'


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def table(text: str) -> Table:
    return Table("t", text, ("A", text), (("row", Cell(text, text, flag=text)), (text,)), text, (text,))


MARKS = st.text(st.characters() | st.sampled_from("`<>&\"'"))
"""Texts with many of the characters that mean something to HTML, or to `prose`."""


@given(MARKS)
def test_no_text_becomes_markup(text: str) -> None:
    parser = Tags()
    parser.feed(str(table_html(replace(table(text), caption="", notes=()))))
    assert parser.tags <= {"p", "div", "table", "thead", "tbody", "tr", "th", "td", "small", "span"}


@given(MARKS)
def test_what_stands_between_backticks_in_a_sentence_is_code_and_nothing_else_is_markup(text: str) -> None:
    parser = Tags()
    parser.feed(str(prose(text)))
    assert parser.tags == ({"code"} if re.search("`[^`\n]+`", text) else set())
    assert parser.text.replace("`", "") == CONTROL.sub("�", text).replace("`", "")


def test_hostile_text_is_shown_as_it_is() -> None:
    parser = Tags()
    parser.feed(str(table_html(table(HOSTILE))))
    assert HOSTILE in parser.text


@given(st.text())
def test_no_text_becomes_a_command_of_latex(text: str) -> None:
    shown = latex_text(text)
    allowed = re.sub(r"\\(text\w+\{\}|ldots\{\}|[&%$#_{}])|\$\\(pm|geq|leq|times|Delta|dagger)\$|\$-\$", "", shown)
    assert not set(allowed) & set("\\{}$&%#_~^")


def test_latex_has_booktabs_and_the_rows() -> None:
    shown = to_latex(Table("t", "T", ("Model", "Avg."), (("Group",), ("m_1", Cell("4.50", "8/9", strong=True)))))
    assert r"\toprule" in shown
    assert r"m\_1 & \textbf{4.50} {\tiny 8/9} \\" in shown
    assert r"\multicolumn{2}{l}{\textit{Group}} \\" in shown


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\tx"])
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(Table("t", "T", ("a",), ((text,),))))))
    assert rows[1][0] == "'" + text


def test_numbers_of_a_csv_stay_numbers_and_missing_ones_empty() -> None:
    shown = to_csv(Table("t", "T", ("a",), (), records=({"x": -0.5, "y": None, "z": float("nan"), "n": "-0.5"},)))
    assert shown == "x,y,z,n\n-0.5,,,-0.5\n"


@pytest.mark.parametrize(("value", "shown"), [(None, ""), (float("nan"), ""), (-0.001, "0.00"), (4.005, "4.00")])
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_a_category_table_has_n_beside_each_mean_and_an_average_for_each_group() -> None:
    found = section({"x-DE": [2.0, None], "x-EN": [4.0, 6.0], "base": [None, None]})
    rows = category_table(found, grouped(found.models), "de").rows
    shown = {str(row[0] if isinstance(row[0], str) else row[0].text): row for row in rows}
    assert shown["DE"][1] == Cell("2.00", "1/2, 2 of 10 questions")
    assert shown["base"][1] == Cell("", "0/2, 2 of 10 questions")  # never zero
    # Average of the family: (2 + 5) / 2.
    assert shown["Average of x"][1] == Cell("3.50", "2/2", strong=True)


def test_a_group_with_a_missing_cell_has_no_average() -> None:
    found = section({"x-DE": [2.0], "x-EN": [None]})
    average = category_table(found, grouped(found.models), "de").rows[-1]
    assert average[1] == Cell("", "1/2", strong=True)


def test_an_average_over_fewer_categories_says_so() -> None:
    found = section({"m": [5] * 11, "n": [5] * 10})  # ten of writing, one of roleplay
    shown = category_table(found, grouped(["m", "n"]), "de")
    assert shown.notes == (
        "m: its average is over 2 of 8 categories, no match for others'.",
        "n: its average is over 1 of 8 categories, no match for others'.",
    )
    assert shown.rows[0][-1] == Cell("5.00", "11/11, 11 of 80 questions, 2 of 8 categories", strong=True)
    assert shown.records[-1]["questions"] == 10
    assert shown.records[-1]["of_questions"] == 80
    assert turn_table(found, grouped(["m"]), 1).columns == ("Model", "German")  # one language needs no mean of it


def test_missing_questions_are_those_of_the_benchmark_not_of_the_other_models() -> None:
    found = section({"a": [1.0, 2.0], "b": [3.0, None]})  # 81 and 82, turn 1
    rest = "no question of roleplay, reasoning, math, coding, extraction, stem, humanities"
    lacking = ("only 2 of 80 questions", rest, "no answer to turn 2 of 2 questions")
    rows = missing_table(found, grouped(found.models)).rows
    assert rows == tuple((model, "German", what) for model in ("a", "b") for what in lacking)
    (row, _) = turn_table(found, grouped(found.models), 2).rows
    assert row[1] == Cell("")


def test_a_whole_result_lacks_nothing() -> None:
    both = [rated("m", 81 + n, 5.0, turn) for n in range(80) for turn in (1, 2)]
    (found,) = sections(both)
    assert missing_table(found, grouped(found.models)).rows == (("Nothing", "any", "every model has all 80 questions"),)
    assert category_table(found, grouped(found.models), "de").rows[0][-1] == Cell("5.00", "160/160", strong=True)


def test_what_a_benchmark_of_others_has_is_not_known() -> None:
    about = {"conditions": Conditions("gpt-4", {"benchmark": "ours"})}
    found = section({"a": [1.0, 2.0], "b": [3.0]}, **about)
    assert missing_table(found, grouped(found.models)).rows == (("b", "German", "1 answers where others have 2"),)
    assert category_table(found, grouped(found.models), "de").rows[0][-1] == Cell("1.50", "2/2", strong=True)


def test_positional_bias_before_and_after_substitution() -> None:
    # Two runs of two items: in run 0 one of two is inconsistent (50 %), and run 1 is consistent there.
    runs = [outcome("12", 81), outcome("22", 82), outcome("22", 81, run=1), outcome("11", 82, run=1)]
    shown = bias_table(duels(runs))
    assert shown is not None
    whole = shown.rows[1]
    # Two of question 81 and two of 82; 81's mean is 1/2, 82's 0: B = 2 (1/16 + 1/16) / 1 = 1/4, W = 2 * 1/4 / 2 = 1/4,
    # r = 0, so 4 outcomes are worth 4, but of two items: Wilson of 1/4 on 2, z^2 = 3.8415, centre (0.5 + 1.9207) /
    # 5.8415 = 0.4144, half sqrt(3.8415 (2 * 3/16 + 0.9604)) / 5.8415 = 0.3878.
    assert (whole[0], whole[2], whole[3]) == ("All", Cell("1/4", "95 % 2.7 to 80.2"), "1")
    assert (whole[1], whole[-2:]) == (Cell("25.0", "± 35.4", strong=True), ("0.0", "+50.0"))  # of 50 and 0 %


def test_a_pair_is_one_whoever_is_named_first_and_judges_stay_apart() -> None:
    gpt, other = (Conditions("gpt-4", {"benchmark": "mtbench_x"}, rule={"votes": votes}) for votes in ("3", "4"))
    won = replace(outcome("22"), conditions=gpt)
    swapped = replace(won, games=won.games[::-1], conditions=other)  # B was shown first, and wins again
    vote = Preference(
        won.item, won.models, Rater("expert_1", "person"), Decision.WIN, "B", Conditions(PEOPLE, {"benchmark": "mini"})
    )
    assert (won.names, swapped.names) == (("A", "B"), ("B", "A"))
    (duel,) = duels([won, swapped, vote])
    assert duel.models == ("A", "B")
    assert list(duel.by_judge) == ["People", "gpt-4, votes 3", "gpt-4, votes 4"]
    assert {one.winner for outcomes in duel.by_judge.values() for one in outcomes} == {"B"}


def test_long_texts_become_paragraphs_over_pages_in_latex() -> None:
    text = "first line_1\n" + "x" * 200
    shown = to_latex(Table("t", "T", ("Model", "Answer"), (("m", text),)))
    assert r"\begin{longtable}{lp{0.70\linewidth}}" in shown
    assert r"m & first line\_1 \newline xxx" in shown


def test_a_p_value_below_what_machines_hold_is_no_zero() -> None:
    assert [p_text(p) for p in (0.0123, 3e-7, 0.0)] == ["0.012", "3e-07", "< 1e-300"]
    assert [p_words(p, 3) for p in (0.0123, 1.0, 1e-301)] == ["p = 0.0123", "p = 1", "p < 1e-300"]


def test_one_of_a_thing_is_singular() -> None:
    assert [quantity(n, "battle") for n in (0, 1, 1200)] == ["0 battles", "1 battle", "1,200 battles"]
