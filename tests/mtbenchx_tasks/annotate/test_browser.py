"""The app in a real Chromium: mouse, keys, phone, attacks, contrast, and not one request to anybody else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mtbenchx_tasks.annotate.assignment import Policy
from mtbenchx_tasks.annotate.website import Site
from tests.mtbenchx_tasks.annotate.attacks import ATTACKS, KEPT
from tests.mtbenchx_tasks.annotate.running import CODE, ONE, make_site, make_study, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="needs Debian's package chromium"),
    pytest.mark.slow,
]
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--in-process-gpu"),
)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
RICH = (
    "## Result\n\nSome *words*, **more**, ~~less~~, `code` and a [link](http://x.example), $x^2$ and\n\n"
    "$$\\frac{a}{b}$$\n\n> quoted\n\n| a | b |\n|--|--:|\n| 1 | 2 |\n\n"
    "```python\n# comment\nclass A(int):\n    x = 'text'  # why\n"
    "    @property\n    def f(self):\n        return None or 42\n```\n"
)
CONTRAST = """() => {
  const rgb = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    found.push([(a + .05) / (b + .05), e.className + ' ' + walk.currentNode.data.trim().slice(0, 20)]);
  }
  return found;
}"""
UNNAMED = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), progress, details > summary')]
  .filter(e => !(e.innerText || '').trim() && !e.getAttribute('aria-label') && !(e.labels && e.labels.length))
  .map(e => e.outerHTML)"""
SHIFT = """() => new Promise(done => { let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => { sum += e.value; }))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 200); })"""
CUT = """() => [...document.querySelectorAll('.choices button')]
  .filter(b => b.scrollWidth > b.clientWidth || b.scrollHeight > b.clientHeight).map(b => b.innerText)"""

HARM = """() => {
  const buttons = [...document.querySelectorAll('.choices button')];
  const covered = button => { const box = button.getBoundingClientRect();
    return !button.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); };
  const foreign = '.text :is(script, style, img, svg, iframe, form, input, a, button)';
  return {ran: window.__xss ?? null, elements: document.querySelectorAll(foreign).length, choices: buttons.length,
    covered: buttons.filter(covered).map(button => button.innerText),
    wide: document.documentElement.scrollWidth > innerWidth}; }"""
TOPS = """selectors => selectors.map(selector => { const found = document.querySelector(selector);
  return found && found.checkVisibility({visibilityProperty: true}) ? found.getBoundingClientRect().top : null; })"""
JUMP = """() => { document.querySelector('#a .jump').click();
  return document.querySelector('#b').getBoundingClientRect().top; }"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def page(chromium: Any, site: Site, size: dict[str, int] = DESKTOP, **how: Any) -> Iterator[Any]:
    """Somebody who joined; fails if anybody but the app was asked for anything, or anything ran."""
    phone = {"is_mobile": True, "has_touch": True} if size == PHONE else {}
    with serving(site) as url:
        context = chromium.new_context(viewport=size, **phone, **how)
        shown = context.new_page()
        asked: list[str] = []
        complaints: list[str] = []
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("dialog", lambda dialog: complaints.append(dialog.message))
        shown.goto(url)
        shown.locator("#code").fill(CODE)
        click(shown, shown.locator("main button"))
        click(shown, shown.locator("main button").first)
        click(shown, shown.locator("main .button"))
        yield shown
        assert not [address for address in asked if not address.startswith(url)]
        assert not complaints
        context.close()


def rich(model: str, question_id: int, turn: int) -> str:
    return f"{RICH}\n{question_id}, turn {turn}, " + ("short" if model == ONE else "longer " * 150)


def attack(model: str, question_id: int, turn: int) -> str:
    """Spread all attacks over the 64 answers of a study."""
    number = 4 * question_id + 2 * turn + (model == ONE)
    return f"{ATTACKS[number % len(ATTACKS)]}\n\n{KEPT[number % len(KEPT)][0]}\n\nend"


def look(shown: Any) -> None:
    """Scroll to the end of both answers, as whoever reads them does."""
    shown.wait_for_load_state()
    while not shown.locator("#vote[data-keys=on]").count():  # on a busy machine an end is noticed late
        for end in shown.locator(".answer > .end").all():
            end.evaluate("end => end.scrollIntoView({block: 'center'})")
            shown.wait_for_timeout(60)


def click(shown: Any, button: Any) -> None:
    """Click what leads to another page and wait for that page: a click returns while the old one may still be shown."""
    with shown.expect_navigation():
        button.click()


def choose(shown: Any, choice: str) -> None:
    """Choose without the mouse, where a test looks at many pages: a real click asks the page a dozen times before."""
    with shown.expect_navigation():
        shown.evaluate("choice => document.querySelector(`.choices .${choice}`).click()", choice)


def unfold(shown: Any, summary: Any, selector: str, number: int) -> None:
    """Click a fold, and wait until so many are open: the other side's opens a moment later."""
    from playwright.sync_api import expect

    summary.click()
    expect(shown.locator(selector)).to_have_count(number)


def press(shown: Any, key: str) -> None:
    look(shown)
    with shown.expect_navigation():
        shown.keyboard.press(key)


def choices(site: Site) -> list[str]:
    return [row["choice"] for row in site.voting.store.rows("SELECT choice FROM vote ORDER BY rowid")]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_vote_by_mouse_and_by_key(chromium: Any, tmp_path: Path, size: dict[str, int]) -> None:
    site = make_site(tmp_path, make_study(answer=rich))
    with page(chromium, site, size) as shown:
        for label in ("A is better", "B is better", "Tie", "Both bad", "Skip"):
            click(shown, shown.get_by_role("button", name=label))
        for key in "12345":
            press(shown, key)
        click(shown, shown.get_by_role("button", name="Undo last vote"))
        look(shown)
        for key in ("6", "0", "a", "Control+1", "Enter"):
            shown.keyboard.press(key)
        assert choices(site) == ["left", "right", "tie", "both_bad", "skip", "left", "right", "tie", "both_bad"]
        wide, window, bar = shown.evaluate(
            "[document.documentElement.scrollWidth, innerWidth, document.querySelector('.bar').offsetHeight]"
        )
        assert wide <= window
        assert bar < 0.1 * size["height"]


def test_a_double_click_is_one_vote(chromium: Any, tmp_path: Path) -> None:
    site = make_site(tmp_path)
    with page(chromium, site) as shown:
        with shown.expect_navigation():
            shown.get_by_role("button", name="A is better").dblclick()
        shown.wait_for_timeout(300)
        assert choices(site) == ["left"]
        assert "Turn 2 of 2" in shown.inner_text("body")


def test_all_works_without_javascript(chromium: Any, tmp_path: Path) -> None:
    site = make_site(tmp_path)
    with page(chromium, site, java_script_enabled=False) as shown:
        click(shown, shown.get_by_role("button", name="Both bad"))
        click(shown, shown.get_by_role("button", name="Undo last vote"))
        click(shown, shown.get_by_role("button", name="Tie"))
        assert choices(site) == ["tie"]


@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "es"])
def test_no_label_is_cut_on_a_phone_and_the_header_is_one_line_on_a_desktop(
    chromium: Any, tmp_path: Path, language: str
) -> None:
    site = make_site(tmp_path, make_study(language), ui=language)
    with page(chromium, site, PHONE) as shown:
        assert shown.evaluate(CUT) == []
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shown.set_viewport_size(DESKTOP)
        click(shown, shown.locator(".choices button").first)
        assert shown.evaluate(CUT) == []
        assert shown.evaluate("document.querySelector('.top').offsetHeight") < 70


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_attacks_do_nothing_and_cover_nothing(chromium: Any, tmp_path: Path, size: dict[str, int]) -> None:
    site = make_site(tmp_path, make_study(answer=attack), policy=Policy("random"))
    with page(chromium, site, size) as shown:
        home = shown.url
        for _ in range(len(site.voting.items) * 2):
            assert shown.evaluate(HARM) == {"ran": None, "elements": 0, "choices": 5, "covered": [], "wide": False}
            assert shown.url == home
            choose(shown, "tie")
        assert "Thank you!" in shown.inner_text("main")


def test_what_other_renderers_lose_is_seen(chromium: Any, tmp_path: Path) -> None:
    def kept(_model: str, question_id: int, _turn: int) -> str:
        return KEPT[question_id % len(KEPT)][0]

    site = make_site(tmp_path, make_study(answer=kept, number=len(KEPT)), policy=Policy("random"))
    seen = ""
    with page(chromium, site) as shown:
        while shown.locator(".now").count():
            seen += shown.inner_text(".now")
            choose(shown, "tie")
    assert [part for _, parts in KEPT for part in parts if part not in seen] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_names_and_stillness(chromium: Any, tmp_path: Path, scheme: str) -> None:
    site = make_site(tmp_path, make_study(answer=rich), sparse_ties=True)
    with page(chromium, site, color_scheme=scheme) as shown:
        for _ in range(3):
            ratios = shown.evaluate(CONTRAST)
            assert len(ratios) > 30
            assert [(ratio, what) for ratio, what in ratios if ratio < 4.5] == []
            assert shown.evaluate(UNNAMED) == []
            assert shown.evaluate(SHIFT) == 0
            assert shown.locator("h1").count() == 1
            press(shown, "1")
        click(shown, shown.get_by_role("link", name="Withdraw"))
        assert [(ratio, what) for ratio, what in shown.evaluate(CONTRAST) if ratio < 4.5] == []


# the first screen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "language"), [(DESKTOP, "en"), (PHONE, "de")], ids=["desktop", "phone"])
def test_the_first_screen_shows_what_is_to_be_judged(
    chromium: Any, tmp_path: Path, language: str, size: dict[str, int]
) -> None:
    """On a desktop question and both answers begin on it, on a phone question, answer A and the way to B; all pages."""
    site = make_site(tmp_path, make_study(language, answer=rich), policy=Policy("random"), ui=language)
    with page(chromium, site, size) as shown:
        for _ in range(2 * len(site.voting.items)):
            tops = shown.evaluate(TOPS, [".bar", ".question .asked", "#a > .text", "#b > .text", "#a .jump"])
            bar, asked, first, second, jump = tops
            assert asked < bar / 3
            assert first < bar - 60
            if size == DESKTOP:
                assert second < bar - 60
            else:
                assert jump < bar
                assert 0 <= shown.evaluate(JUMP) < bar - 150
            assert shown.evaluate("document.querySelectorAll('details[open]').length") == 0
            choose(shown, "tie")


def test_keys_wait_until_both_answers_were_seen_to_their_ends(chromium: Any, tmp_path: Path) -> None:
    site = make_site(tmp_path, make_study(answer=rich))
    with page(chromium, site) as shown:
        shown.wait_for_timeout(600)
        for key in "12345":
            shown.keyboard.press(key)
        assert "once both answers were in view" in shown.inner_text(".keys")
        shown.locator("#a > .end").evaluate("end => end.scrollIntoView({block: 'center'})")
        press(shown, "2")
        assert choices(site) == ["right"]
        shown.wait_for_timeout(600)
        with shown.expect_navigation():
            shown.keyboard.press("u")  # takes back, though nothing of the next page was seen
        assert choices(site) == []
        look(shown)
        shown.locator(".keys").click()
        shown.keyboard.press("1")
        assert (shown.inner_text(".keys"), choices(site)) == ("Keys: off", [])
        shown.reload()
        assert shown.inner_text(".keys") == "Keys: off"


def test_folds_stay_as_they_were_left_and_both_sides_open_together(chromium: Any, tmp_path: Path) -> None:
    site = make_site(tmp_path, make_study(answer=rich))
    with page(chromium, site) as shown:
        unfold(shown, shown.get_by_text("What to look for"), ".criteria[open]", 1)
        click(shown, shown.locator(".choices .tie"))
        assert shown.locator(".criteria[open]").count() == 1
        unfold(shown, shown.get_by_text("What A answered in turn 1"), "details[data-fold=earlier][open]", 3)
        unfold(shown, shown.get_by_text("What to look for"), ".criteria[open]", 0)
        click(shown, shown.locator(".choices .tie"))
        assert shown.locator("details[open]").count() == 0  # turn 1 has nothing earlier
        click(shown, shown.locator(".choices .tie"))
        assert shown.locator("details[data-fold=earlier][open]").count() == 3


def test_turn_2_shows_what_the_same_side_said_in_turn_1(chromium: Any, tmp_path: Path) -> None:
    site = make_site(tmp_path)
    with page(chromium, site) as shown:
        for _ in range(3):
            click(shown, shown.locator(".choices .tie"))
            if not shown.locator("#b details[open]").count():  # the second time it is open as it was left
                unfold(shown, shown.get_by_text("What B answered in turn 1"), ":is(#a, #b) details[open]", 2)
            for side in ("#a", "#b"):
                words = shown.inner_text(side)
                whose = "first" if "first" in words else "second"
                assert words.count(f"{whose} answer to") == 2
                assert ", turn 1" in words
                assert ", turn 2" in words
            click(shown, shown.locator(".choices .tie"))


def test_a_formula_wider_than_its_card_scrolls(chromium: Any, tmp_path: Path) -> None:
    terms = " + ".join(f"a_{{{number}}}" for number in range(60))

    def wide(_model: str, _question: int, _turn: int) -> str:
        return f"So ${terms} = 1234567$ in all.\n\n- and ${terms} = 7654321$ too"

    site = make_site(tmp_path, make_study(answer=wide))
    with page(chromium, site, PHONE) as shown:
        box = shown.locator("#a > .text")
        assert box.evaluate("box => box.scrollWidth > box.clientWidth")
        assert box.get_attribute("tabindex") == "0"
        box.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
        right = box.evaluate("box => box.getBoundingClientRect().right")
        ends = box.locator("math").evaluate_all("all => all.map(math => math.getBoundingClientRect().right)")
        assert len(ends) == 2
        assert max(ends) <= right + 1
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")


# everybody ------------------------------------------------------------------------------------------------------------


def findings(shown: Any) -> list[str]:
    """What axe-core calls serious or critical, with the first place of each."""
    if not os.environ.get("CI"):
        pytest.importorskip("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(shown).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(
    ("size", "scheme", "language"),
    [
        (DESKTOP, "light", "en"),
        (DESKTOP, "dark", "de"),
        (PHONE, "light", "de"),
        (PHONE, "dark", "en"),
        ({"width": 640, "height": 450}, "light", "de"),
    ],
)
def test_axe_finds_nothing_serious_on_any_page(
    chromium: Any, tmp_path: Path, size: dict[str, int], scheme: str, language: str
) -> None:
    """A window of 640 x 450 is what a zoom of 200 % leaves of 1280 x 900."""
    site = make_site(tmp_path, make_study(language, answer=rich), policy=Policy(per_annotator=1), ui=language)
    with serving(site) as url:
        context = chromium.new_context(viewport=size, color_scheme=scheme)
        shown = context.new_page()
        shown.goto(url)
        found = {"join": findings(shown)}
        shown.locator("#code").fill(CODE)
        click(shown, shown.locator("main button"))
        found["consent"] = findings(shown)
        click(shown, shown.locator("main button").first)
        found["guide"] = findings(shown)
        click(shown, shown.locator("main .button"))
        for number in range(2):
            shown.locator("summary").last.click()
            shown.locator("details[open]").first.wait_for()
            found[f"vote {number}"] = findings(shown)
            assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
            click(shown, shown.locator(".choices .right"))
        found["thanks"] = findings(shown)
        shown.goto(f"{url}/withdraw")
        found["withdraw"] = findings(shown)
        context.close()
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_serious_on_the_organisers_page(
    chromium: Any, tmp_path: Path, size: dict[str, int], scheme: str
) -> None:
    site = make_site(tmp_path, make_study(number=3), codes=2, organiser="a token of sixteen or more")
    with serving(site) as url:
        context = chromium.new_context(viewport=size, color_scheme=scheme)
        shown = context.new_page()
        shown.goto(f"{url}/organiser")
        assert findings(shown) == []
        shown.locator("#token").fill("a token of sixteen or more")
        click(shown, shown.locator("main button"))
        shown.locator("tbody input[name=text]").first.fill("Anna")
        click(shown, shown.get_by_role("button", name="Save the note: expert_1"))
        assert "Anna" in shown.inner_text("main")
        click(shown, shown.get_by_role("button", name="New code: expert_1"))
        assert "The new code, shown only here" in shown.inner_text("main")
        assert findings(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shown.screenshot(path=tmp_path / "organiser.png", full_page=True)
        context.close()


@pytest.mark.parametrize(("language", "agree"), [("en", "I have read this"), ("de", "Ich habe das gelesen")])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_walk_through_by_keyboard_alone(
    chromium: Any, tmp_path: Path, language: str, agree: str, script: bool
) -> None:
    site = make_site(tmp_path, make_study(language), policy=Policy(per_annotator=1), ui=language)
    with serving(site) as url:
        context = chromium.new_context(viewport=DESKTOP, java_script_enabled=script)
        shown = context.new_page()
        views = []
        shown.on("framenavigated", lambda frame: views.append(frame.url))
        shown.goto(url)
        tab_to(shown, "#code")
        shown.keyboard.type(CODE.lower())
        shown.keyboard.press("Enter")
        tab_to(shown, f"button:has-text('{agree}')")
        shown.keyboard.press("Enter")
        tab_to(shown, "main a.button")
        shown.keyboard.press("Enter")
        for turn in (1, 2):
            tab_to(shown, ".choices .left")
            assert len(views) == 3 + turn  # code, consent, how it works, the first question
            shown.keyboard.press("Space")
        shown.wait_for_selector(".card h2:has-text('Thank you!'), .card h2:has-text('Vielen Dank!')")
        context.close()
    assert choices(site) == ["left", "left"]


def tab_to(shown: Any, selector: str) -> None:
    """Press Tab until an element has the focus."""
    shown.wait_for_selector(selector)
    for _ in range(40):
        shown.keyboard.press("Tab")
        if shown.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} can't be reached by keyboard")


@pytest.mark.parametrize("language", ["en", "de"])
def test_whoever_declines_leaves_nothing_and_may_come_back(chromium: Any, tmp_path: Path, language: str) -> None:
    site = make_site(tmp_path, make_study(language), ui=language)
    with serving(site) as url:
        context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
        shown = context.new_page()
        shown.goto(url)
        shown.locator("#code").fill(CODE)
        click(shown, shown.locator("main button"))
        click(shown, shown.locator("main button", has_text=site.texts["decline"]))
        assert site.texts["declined_text"] in shown.inner_text("main")
        assert context.cookies() == []
        assert site.voting.store.rows("SELECT consent_at FROM annotator")[0][0] is None
        assert site.voting.store.rows("SELECT * FROM session") == []
        shown.goto(url)
        assert shown.locator("#code").count() == 1
        context.close()
