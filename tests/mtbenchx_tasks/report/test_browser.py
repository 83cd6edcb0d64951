"""The report in a real browser: on a phone, a tablet and a desk, in daylight and at night, and on paper.

Needs playwright and Debian's chromium; else these tests are skipped. Screenshots lie in the test's tmp folder.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report import make_study
from mtbenchx_tasks.report.make import make_report

pytestmark = pytest.mark.slow
SCREENS = {390: 844, 768: 1024, 1280: 800}
"""Width and height in CSS pixels: a phone, a tablet, a desk."""
PAPER = 718
"""A4 is 794 CSS pixels wide; 1 cm of margin on both sides."""
OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"
WIDE = "document.documentElement.scrollWidth"
RESULT = """() => {
  const table = document.querySelector('table'), box = table.closest('.box').getBoundingClientRect();
  const last = table.querySelector('tbody tr:last-child').getBoundingClientRect();
  const average = table.querySelector('thead th:nth-child(3)').getBoundingClientRect();
  return { rows: table.querySelectorAll('tbody tr').length, bottom: last.bottom, inside: average.right <= box.right };
}"""
HIDDEN_DRAWINGS = """() => [...document.querySelectorAll('figure svg')].filter(svg => {
  const box = svg.closest('.box');
  const scrolls = getComputedStyle(box).overflowX === 'auto' && box.scrollWidth >= svg.getBoundingClientRect().width;
  return !scrolls || svg.getBoundingClientRect().height < 50;
}).length"""
FAINT = """() => {
  const light = (channel) => channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  const luminance = (colour) => {
    const [red, green, blue] = colour.match(/[0-9.]+/g).map(value => light(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('h1, h2, p, td, th, li, a, summary, figcaption, small, .flag')].filter(one => {
    const ink = luminance(getComputedStyle(one).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 4.5;
  }).map(one => one.outerHTML.slice(0, 80));
}"""
CUT_OFF = """(width) => [...document.querySelectorAll('table, figure svg, .card, p, li')].filter(one =>
  one.getBoundingClientRect().right > width + 0.5
).map(one => one.outerHTML.slice(0, 80))"""
CLIPPED = """() => [...document.querySelectorAll('.box, .text')].filter(one => {
  const style = getComputedStyle(one);
  return style.overflowX !== 'visible' || style.overflowY !== 'visible' || style.maxHeight !== 'none';
}).length"""
LOOSE = """() => [...document.querySelectorAll('h2, h3, .title, thead, tr.group')].filter(one =>
  getComputedStyle(one).breakAfter !== 'avoid'
).length + [...document.querySelectorAll('tr, figure, thead')].filter(one =>
  getComputedStyle(one).breakInside !== 'avoid'
).length"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small made-up study: ratings, a judged pair, people's votes, figures, answers."""
    folder = tmp_path_factory.mktemp("study")
    make_study(folder / "results", models=3, languages=2, runs=2, questions=16)
    make_report([folder / "results"], folder / "report", questions="81")
    return folder / "report"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    chromium = Path("/usr/bin/chromium")
    if not chromium.is_file():
        pytest.skip("no chromium")
    with api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", SCREENS)
def test_every_screen_shows_the_ranked_table_first_and_scrolls_no_page_sideways(
    report: Path, browser: Any, tmp_path: Path, width: int, colours: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": SCREENS[width]}, color_scheme=colours)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((report / "index.html").as_uri())
    page.screenshot(path=tmp_path / f"first-{width}-{colours}.png")
    result = page.evaluate(RESULT)
    assert (result["rows"], result["inside"]) == (3, True)  # three models, their average without scrolling
    assert result["bottom"] <= SCREENS[width]
    page.evaluate(OPEN)
    assert page.evaluate(WIDE) == width
    assert page.evaluate(HIDDEN_DRAWINGS) == 0
    assert page.evaluate(FAINT) == []
    page.screenshot(path=tmp_path / f"whole-{width}-{colours}.png", full_page=True)
    assert len(asked) == 1  # the page itself
    for other in (report / "answers" / "index.html", next((report / "answers").glob("[0-9]*.html"))):
        page.goto(other.as_uri())
        page.evaluate(OPEN)
        assert page.evaluate(WIDE) == width, other.name
        assert page.evaluate(FAINT) == [], other.name
    page.close()


def test_paper_cuts_nothing_off_and_keeps_headings_with_their_tables(
    report: Path, browser: Any, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": PAPER, "height": 1000}, color_scheme="dark")
    page.goto((report / "index.html").as_uri())
    page.emulate_media(media="print")
    page.screenshot(path=tmp_path / "print.png", full_page=True)
    page.pdf(path=tmp_path / "print.pdf", format="A4", margin=dict.fromkeys(("left", "right", "top", "bottom"), "1cm"))
    assert page.evaluate(WIDE) == PAPER
    assert page.evaluate(CUT_OFF, PAPER) == []
    assert page.evaluate(CLIPPED) == 0
    assert page.evaluate(LOOSE) == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"  # no night on paper
    assert not page.locator("nav").is_visible()
    page.close()
