"""Answers as HTML: nothing of them runs, and nothing of them is lost."""

import re
import time
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtbenchx_tasks.annotate.render import HTML_TAGS, MATH_TAGS, render
from tests.mtbenchx_tasks.annotate.attacks import ATTACKS, KEPT


class Elements(HTMLParser):
    """What a parser finds: tags with attributes, and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def check_harmless(html: str) -> None:
    found = Elements(html)
    assert found.tags <= HTML_TAGS | MATH_TAGS
    assert not found.attributes & {"href", "src", "style", "id", "name", "action", "formaction", "xlink:href", "srcset"}
    assert not [name for name in found.attributes if name.startswith("on")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_become_text(attack: str) -> None:
    check_harmless(render(attack).html)


@given(
    text=st.lists(st.sampled_from([*ATTACKS, "\n", "\n\n", "> ", "- ", "`", "$", "\\(", "\\)"]), max_size=6).map(
        "".join
    )
)
def test_mixed_attacks_become_text(text: str) -> None:
    check_harmless(render(text).html)


@given(text=st.text(max_size=300))
def test_any_text_renders_and_no_word_is_lost(text: str) -> None:
    rendered = render(text)
    check_harmless(rendered.html)
    if not rendered.blank and "$" not in text and "\\" not in text and "&" not in text:
        seen = Elements(rendered.html).text
        assert all(word in seen for word in re.findall(r"[A-Za-z]{3,}", text))


@pytest.mark.parametrize(("text", "kept"), KEPT)
def test_what_other_renderers_drop_is_seen(text: str, kept: tuple[str, ...]) -> None:
    seen = Elements(render(text).html).text
    assert all(part in seen for part in kept)


@pytest.mark.parametrize("text", ["\u200b", "---", "```\n```", "&nbsp;", "$\\,$", "***", "\ufeff"])
def test_text_of_which_nothing_is_seen_is_blank(text: str) -> None:
    assert render(text).blank


@pytest.mark.parametrize("text", ["$x$", "$$x$$", "a", "`a`", "120.", "<!-- -->", "[](http://a.example)", "."])
def test_text_of_which_something_is_seen_is_not(text: str) -> None:
    assert not render(text).blank


def test_an_empty_answer_is_empty_and_not_blank() -> None:
    assert (render(" \n").html, render("").blank) == ("", False)


@pytest.mark.parametrize(
    "text",
    [
        "so $x^2$ is",
        r"so \(x^2\) is",
        "$$x^2$$",
        "$$\nx^2\n$$",
        r"\[x^2\]",
        "text\n\\[\nx^2\n\\]\nmore",
        "* item\n\n  \\[\n  x^2\n  \\]",
        r"**Result:** \[ x^2 \] done",
        "\\[\na\n- x^2\n= c\n\\]",
    ],
)
def test_formulas_are_native_mathml(text: str) -> None:
    html = render(text).html
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert "\\" not in html


def test_a_formula_that_cannot_be_read_is_shown_as_it_was_written() -> None:
    assert '<code class="tex">a_b_c</code>' in render("$a_b_c$").html


def test_environments_get_no_numbers_of_their_own() -> None:
    assert "(1)" not in render("$$\\begin{align}a&=b\\end{align}$$").html


def test_code_is_coloured_and_its_language_named() -> None:
    html = render("```python title=x\nreturn 'a'\n```").html
    assert '<span class="k">return</span>' in html
    assert "python title=x" in unescape(html)


def test_images_and_links_are_words_and_addresses() -> None:
    html = render('![a cat](http://x.example/cat.png "Tom") and [here](http://y.example/z)').html
    assert '<span class="image">[a cat Tom] (http://x.example/cat.png)</span>' in html
    assert '<span class="link">here</span> (http://y.example/z)' in html


def test_headings_stand_below_the_pages_own() -> None:
    assert "<h3>Title</h3>" in render("# Title").html
    assert "<h1" not in render("# Title").html + render("#### Deep").html


def test_columns_keep_their_side_without_inline_style() -> None:
    assert '<td class="right">1</td>' in render("| a |\n|--:|\n| 1 |").html


@pytest.mark.parametrize(
    "text", ["Add export PATH=$HOME/bin:$PATH to it.", "It is $5-$10 or 5$-10$ each.", "pay $20 or 25$ now"]
)
def test_a_lone_dollar_is_seen(text: str) -> None:
    html = render(text).html
    assert "<math" not in html
    assert html.count("$") == text.count("$")


HEAVY = {
    "lines": "\n" * 20_000 + "word",
    "open formulas": "\\[ a\n" * 8_000,
    "open brackets": "\\(" * 60_000,
    "words glued by markup": " ".join(f"*w{number}*x" for number in range(12_000)),
    "a million characters": "**a** " * 170_000,
    "distinct words": " ".join(f"word{number}" for number in range(60_000)),
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_text_is_rendered_within_seconds(name: str) -> None:
    # 3.5 to 17 s of processor time before; 5 s leave room for a slow machine
    begun = time.thread_time()
    assert not render(HEAVY[name]).blank
    assert time.thread_time() - begun < 5


def test_words_below_many_quotes_are_shown() -> None:
    rendered = render("> " * 30 + "words")
    assert (rendered.blank, "words" in rendered.html) == (False, True)


def test_marks_below_many_quotes_are_shown() -> None:
    rendered = render("> " * 30 + "\u2192!")
    assert (rendered.blank, "\u2192!" in rendered.html) == (False, True)


def test_half_a_surrogate_pair_is_shown_as_a_replacement() -> None:
    assert "a\ufffdb" in render("a\ud83db").html
