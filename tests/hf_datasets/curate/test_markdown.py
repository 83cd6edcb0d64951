"""HTML to Markdown: code, lists, quotes, tables and formulas stay; links and pictures go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.curate.markdown import TooDeepError, to_markdown

CASES = {
    "paragraphs": ("<p>one</p>\n\n<p>two</p>\n", "one\n\ntwo"),
    "bare text": ("just text", "just text"),
    "emphasis": ("<p><em>a</em> <b>b </b>c <del>d</del></p>", "*a* **b** c ~~d~~"),
    "empty emphasis": ("<p>a<b> </b>b<i></i></p>", "a b"),
    "link": ('<p>see <a href="http://x.y">this <code>f</code></a>.</p>', "see this `f`."),
    "picture": ('<p>a <img src="x" alt="alt"> b</p><p><a href="x"><img src="y"></a></p>', "a b"),
    "break": ("<p>one<br>\ntwo<br/>three</p>", "one  \ntwo  \nthree"),
    "soft break": ("<p>one\n  two</p>", "one\ntwo"),
    "heading": ("<h2>On <em>x</em></h2><p>y</p>", "## On *x*\n\ny"),
    "rule": ("<p>a</p><hr><p>b</p>", "a\n\n---\n\nb"),
    "quote": ("<blockquote><p>a</p><p>b</p></blockquote><p>c</p>", "> a\n>\n> b\n\nc"),
    "nested quote": ("<blockquote><blockquote>a</blockquote></blockquote>", "> > a"),
    "inline code": ("<p><code>&lt;name&gt;</code></p>", "`<name>`"),
    "code with ticks": ("<p><code>a`b</code> <code>`x`</code></p>", "``a`b`` `` `x` ``"),
    "code keeps marks": ("<p><code>a_b * c  d</code></p>", "`a_b * c  d`"),
    "block": ("<pre><code>if a &lt; b:\n    f()\n\n  # &amp;\n</code></pre>", "```\nif a < b:\n    f()\n\n  # &\n```"),
    "block with class": ('<pre class="lang-py prettyprint-override"><code>x\n</code></pre>', "```py\nx\n```"),
    "block with inner class": ('<pre><code class="language-c++">x</code></pre>', "```c++\nx\n```"),
    "block of no language": ('<pre class="lang-none prettyprint-override"><code>x</code></pre>', "```\nx\n```"),
    "language in a comment": ("<!-- language: lang-sql -->\n\n<pre><code>x</code></pre>", "```sql\nx\n```"),
    "block with a fence": ("<pre><code>```\nx\n```\n</code></pre>", "````\n```\nx\n```\n````"),
    "list": ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "- a\n- b"),
    "numbers": ('<ol start="9"><li>a</li><li>b</li></ol>', "9. a\n10. b"),
    "nested list": ("<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul>", "- a\n  1. b\n  2. c\n- d"),
    "loose list": ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b"),
    "code in a list": (
        "<ol><li><p>a</p><pre><code>x\n y</code></pre></li></ol>",
        "1. a\n\n   ```\n   x\n    y\n   ```",
    ),
    "table": (
        '<div class="s-table-container"><table><thead><tr><th>a</th><th>b|c</th></tr></thead>'
        "<tbody><tr><td>1</td><td><code>x</code></td></tr><tr><td>2</td></tr></tbody></table></div>",
        "| a | b\\|c |\n| --- | --- |\n| 1 | `x` |\n| 2 |  |",
    ),
    "formula": (
        "<p>$a_1 * b_2 < \\frac{1}{2}$ and $$\nx \\\\ y\n$$</p>",
        "$a_1 * b_2 < \\frac{1}{2}$ and $$\nx \\\\ y\n$$",
    ),
    "formula in a span": ('<p><span class="math-container">$x_i^*$</span></p>', "$x_i^*$"),
    "powers": ("<p>2<sup>3</sup> H<sub>2</sub>O</p>", "2<sup>3</sup> H<sub>2</sub>O"),
    "keys": ("<p><kbd>Ctrl</kbd>+<kbd>C</kbd></p>", "Ctrl+C"),
    "unescaped type in code": ("<p><code>vector<String> v</code></p>", "`vector<String> v`"),
    "unescaped tag in prose": ("<p>put <YOUR-NAME> here, a<b</p>", "put <YOUR-NAME> here, a<b"),
    "unescaped in a block": ("<pre><code>List<Map<K,V>> x</code></pre>", "```\nList<Map<K,V>> x\n```"),
    "comment": ("<p>a<!-- gone -->b</p>", "ab"),
    "link around blocks": ('<a href="x"><p>a</p><p>b</p></a>', "a\n\nb"),
    "stray end": ("<p>a</p></div><p>b</p>", "a\n\nb"),
    "entities": ("<p>&quot;a&quot; &hellip; &#8220;b&#8221;</p>", '"a" … “b”'),
    "snippet": (
        '<div class="snippet"><pre class="snippet-code-js lang-js"><code>x</code></pre></div>',
        "```js\nx\n```",
    ),
    "spoiler": ('<blockquote class="spoiler"><p>a</p></blockquote>', "> a"),
    "definition list": ("<dl><dt>a</dt><dd>b</dd></dl>", "a\n\nb"),
    "nothing": ("", ""),
    "only a picture": ('<p><img src="x"></p>', ""),
}


@pytest.mark.parametrize(("html", "markdown"), CASES.values(), ids=CASES)
def test_conversion(html: str, markdown: str) -> None:
    assert to_markdown(html) == markdown


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_code_is_kept_to_the_letter(code: str) -> None:
    escaped = code.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    found = to_markdown(f"<pre><code>{escaped}x\n</code></pre>")
    assert found.split("\n", 1)[1].rsplit("\n", 1)[0] == f"{code}x"


TAGS = [f"<{end}{tag}>" for tag in ("p", "ul", "li", "b", "pre", "code", "table", "td") for end in ("", "/")]


@given(st.lists(st.sampled_from([*TAGS, *"a<&`"])))
def test_any_mix_of_tags_is_converted(parts: list[str]) -> None:
    found = to_markdown("".join(parts))
    assert found.count("a") == parts.count("a")


def test_absurd_nesting_is_refused() -> None:
    with pytest.raises(TooDeepError):
        to_markdown("<blockquote>" * 300 + "a")
    with pytest.raises(TooDeepError):
        to_markdown("<p>" + "<b><i>" * 100 + "a")
