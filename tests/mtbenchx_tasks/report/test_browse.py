"""Every question, answer and judgment, opened from the report: pages, filters, search; nothing foreign runs."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.records import Rating
from mtbenchx_tasks.report.browse import browse_pages
from mtbenchx_tasks.report.make import make_report
from tests.mtbenchx_tasks.studies import rated, samples, single, singles

HOSTILE = '<script>window.__xss=1</script>" onmouseover="window.__xss=1'


def study() -> Study:
    ratings = [
        rated("a", 81, 9.0, answer="A's answer"), rated("b", 81, 4.0, answer="B's answer"), rated("a", 81, 8.0, turn=2),
        rated("b", 81, None, turn=2), rated("a", 101, 5.0), rated("a", 81, 2.0, language="fr"),
    ]  # fmt: skip
    return Study(tuple(ratings), questions={("mtbench_x", "de", 81): ("Erste Frage?", "Zweite?")})


def rows(page: str) -> list[tuple[set[str], str]]:
    """Classes and text of each line of the list."""
    found = re.findall(r'<tr class="([^"]*)">(.*?)</tr>', page, flags=re.DOTALL)
    return [(set(classes.split()), " ".join(re.sub(r"<[^>]*>", " ", inside).split())) for classes, inside in found]


def test_the_list_has_a_line_for_each_turn_with_what_it_can_be_filtered_by() -> None:
    first, second, third, fourth = rows(browse_pages(study(), {})["answers/index.html"])
    assert first[1] == "81 writing de turn 1 Erste Frage? 9.00 4.00"
    assert first[0] == {"category-writing", "language-de", "turn-turn-1", "verdict-apart"}  # 9 and 4
    assert second[0] >= {"turn-turn-2", "verdict-unscored"}
    assert second[1] == "81 writing de turn 2 Zweite? 8.00 not scored"
    assert third[0] >= {"language-fr", "verdict-low"}
    assert fourth[0] == {"category-reasoning", "language-de", "turn-turn-1"}


def test_each_question_has_a_page_with_all_languages_and_its_neighbours() -> None:
    pages = browse_pages(study(), {})
    assert set(pages) == {"answers/index.html", "answers/1-81.html", "answers/2-101.html"}
    first = pages["answers/1-81.html"]
    assert "A&#39;s answer" in first
    assert "B&#39;s answer" in first
    assert "Question 81, writing, French" in first
    assert 'rel="next" href="2-101.html"' in first
    assert "Previous" not in first
    assert "<script" not in first


def test_a_filter_stands_only_where_there_is_something_to_choose() -> None:
    page = browse_pages(Study((rated("a", 81, 5.0),)), {})["answers/index.html"]
    assert "<fieldset>" not in page
    legends = re.findall(r"<legend>(\w+)", browse_pages(study(), {})["answers/index.html"])
    assert legends == ["Category", "Language", "Turn", "Verdict"]


def test_text_ids_name_files_that_every_system_takes() -> None:
    pages = browse_pages(Study((rated("a", 81, 5.0), *(renamed(name) for name in ("../x", "CON", "a/b")))), {})
    names = [name.partition("/")[2] for name in pages]
    assert all(re.fullmatch(r"index\.html|\d+-[\w.-]+\.html", name) for name in names), names
    assert len(names) == 5


def renamed(name: str) -> Rating:
    rating = rated("a", 81, 5.0)
    return replace(rating, item=replace(rating.item, question_id=name))


def test_the_report_links_to_it_and_takes_it_away_again(tmp_path: Path) -> None:
    samples(tmp_path / "a", "m", {81: 5.0, 91: 6.0})
    make_report([tmp_path / "a"], tmp_path / "out", figures=False)
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'href="answers/index.html"' in page
    make_report([tmp_path / "a"], tmp_path / "out", figures=False, answers=False)
    assert not list((tmp_path / "out" / "answers").glob("*"))


@pytest.mark.slow
def test_filters_work_without_script_and_nothing_foreign_runs(tmp_path: Path) -> None:
    api = pytest.importorskip("playwright.sync_api")
    chromium = Path("/usr/bin/chromium")
    if not chromium.is_file():
        pytest.skip("no chromium")
    files = [single(HOSTILE, number, 5, judgment=f"{HOSTILE} [[5]]") for number in (81, 101)]
    make_report([singles(tmp_path / "s.jsonl", files)], tmp_path / "out", figures=False, told=Told("en", "mtbench_x"))
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"])
        for script in (True, False):
            context = browser.new_context(java_script_enabled=script)
            page = context.new_page()
            page.goto((tmp_path / "out" / "answers" / "index.html").as_uri())
            lines = page.locator("tbody tr")
            assert lines.filter(visible=True).count() == 2
            page.get_by_label("reasoning").check()
            assert lines.filter(visible=True).count() == 1
            assert page.locator("#search").is_visible() == script
            if script:
                assert page.evaluate("window.__xss") is None
                page.get_by_label("any").first.check()
                page.get_by_label("Search questions").fill("101")
                assert lines.filter(visible=True).count() == 1
            context.close()
        browser.close()
