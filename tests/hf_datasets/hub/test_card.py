"""Names of others in cards are shown, never obeyed."""

import pytest
from markdown_it import MarkdownIt

from hf_datasets.hub.card import code, plain, table

HOSTILE = (
    "[x](javascript:alert(1))",
    "![](http://elsewhere/x.png)",
    "a`b <img src=x onerror=alert(1)> `c",
    "```\n# heading\n```",
    "a | b",
    "<!-- -->",
    "**bold** _it_",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_in_prose_and_in_a_table(name: str) -> None:
    markdown = MarkdownIt("commonmark").enable("table")
    for shown in (plain(name), code(name)):
        html = markdown.render(f"By {shown}, on.\n\n{table(('a', 'b'), [(shown, 1)])}\n")
        assert html.count("<p>") == 1
        assert html.count("<td>") == 2
        assert not [tag for tag in ("<a", "<img", "<h1", "<strong", "<em", "<pre", "<!--") if tag in html]


def test_plain_names_stay_as_they_are() -> None:
    assert plain("gpt-4.1 2026") == "gpt-4.1 2026"
    assert code("openai:gpt-4") == "`openai:gpt-4`"
