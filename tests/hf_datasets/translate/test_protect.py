"""What must survive an engine, shown with one that changes every letter it gets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.protect.code_lines import split_blocks
from hf_datasets.translate.protect.comments import CODE, code_parts
from hf_datasets.translate.protect.placeholders import (
    DamagedError,
    Kept,
    Prose,
    Protection,
    TooLongError,
    protect,
    restore,
    segments,
)
from hf_datasets.translate.protect.spans import find_spans
from tests.sources import needs_sources

SIGNS = "` ``` $ $$ \\( \\) < > & &amp; </x> [[A]] <|a|> {x} {{ }} %s <b> a_b www.a.de é { } ' <html> </html> ~~~ \""
PIECES = ["\n", "\n\n", "\r\n", " ", "    ", "\x00", "\ud800", '<x i="0"/>', "word ", "x = 1", "# c", "```python\n"]
TRICKY = st.lists(st.sampled_from([*SIGNS.split(" "), *PIECES, "def f(x):\n    return x\n"]), max_size=30).map("".join)


def shouted(text: str, how: Protection | None = None) -> str:
    """Translate with an engine that turns everything it gets into capitals, tags included."""
    return said(protect(text, how), lambda markup: markup.upper())


def said(pieces: tuple[Kept | Prose, ...], speak: object) -> str:
    return "".join(
        piece.text if isinstance(piece, Kept) else restore(piece, speak(piece.markup))  # type: ignore[operator]
        for piece in pieces
    )


@given(st.text() | TRICKY)
def test_an_engine_that_changes_nothing_changes_nothing(text: str) -> None:
    assert said(protect(text), lambda markup: markup) == text


@given(st.text() | TRICKY)
def test_without_placeholders_too(text: str) -> None:
    whole = "".join(
        piece.text if isinstance(piece, Kept) else said(segments(piece), lambda markup: markup)
        for piece in protect(text)
    )
    assert whole == text


@pytest.mark.parametrize(
    "kept",
    [
        "`print(x)`",
        "``a ` b``",
        "$x^2 + y$",
        "$$\\int_0^1 f$$",
        "\\(a_1\\)",
        "\\[\nE = mc^2\n\\]",
        "$$\nx + y\n$$",
        "\\begin{align*}\na &= b\\\\\n\\end{align*}",
        "https://example.org/a_b?c=d&e=f",
        "www.example.org",
        "someone@example.org",
        "{question}",
        "{ref_answer_1}",
        "{0}",
        "{}",
        "{{name}}",
        "${home}",
        "%s",
        "%(name)s",
        "%d",
        "<b>",
        "</b>",
        '<a href="x.html" target=_blank>',
        "<br/>",
        "&nbsp;",
        "<!-- a note -->",
        "[[A]]",
        "[[5]]",
        "[[rating]]",
        "<|The Start of Assistant A's Answer|>",
        "snake_case",
        "__init__",
        "numpy.zeros(3)",
        "f(x)",
        "findMedian",
        "std::vector",
        "mc^2",
        "\\frac{1}{2}",
        "/usr/local/bin",
        "C:\\Windows\\System32",
    ],
)
def test_it_survives_in_a_sentence(kept: str) -> None:
    assert shouted(f"keep {kept} and the rest, please") == f"KEEP {kept} AND THE REST, PLEASE"


@pytest.mark.parametrize(
    "text",
    [
        "it costs $5 and not $6 today",
        "the first costs $20 each and the other 25$ in all",
        "a 25% markup and 100% sure",
        "if x < 3 or y > 4 then stop",
        "the book(s) and the teacher(s) of R&D",
        'he said "no" & left; it\'s over',
    ],
)
def test_prose_that_only_looks_like_something_is_translated(text: str) -> None:
    assert shouted(text) == text.upper()


def test_an_address_ends_before_the_full_stop() -> None:
    assert shouted("see https://a.org/b. then (https://a.org/c) go") == "SEE https://a.org/b. THEN (https://a.org/c) GO"


def test_in_fenced_code_only_comments_are_translated() -> None:
    text = "look:\n\n```python\ndef f(a):  # add one\n    # to a\n    return a + 1\n```\n\ndone"
    assert shouted(text) == ("LOOK:\n\n```python\ndef f(a):  # ADD ONE\n    # TO A\n    return a + 1\n```\n\nDONE")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("```cpp\n#include <a.h>\n/* one\n * two */\nint x; // three\n```",
         "```cpp\n#include <a.h>\n/* ONE\n * TWO */\nint x; // THREE\n```"),
        ("```html\n<p>text</p> <!-- note -->\n```", "```html\n<p>text</p> <!-- NOTE -->\n```"),
        ("```sql\nSELECT a -- all\nFROM b;\n```", "```sql\nSELECT a -- ALL\nFROM b;\n```"),
        ("```\nint f() {\n  return 1; // one\n}\n```", "```\nint f() {\n  return 1; // ONE\n}\n```"),
        ("~~~sh\n#!/bin/sh\nls # list\n~~~", "~~~sh\n#!/bin/sh\nls # LIST\n~~~"),
        ("```python\n# x = old(1)\ny = 2\n```", "```python\n# x = old(1)\ny = 2\n```"),
        ("```text\nnothing here is a comment\n```", "```text\nnothing here is a comment\n```"),
        ("```unheard-of\na = 1 # note\n```", "```unheard-of\na = 1 # NOTE\n```"),
    ],
)  # fmt: skip
def test_comments_are_found_by_language(code: str, expected: str) -> None:
    assert shouted(code) == expected


def test_strings_are_translated_on_request_only() -> None:
    code = '```python\nprint("hello my friend", "utf-8")\n```'
    assert shouted(code) == code
    assert shouted(code, Protection(strings=True)) == '```python\nprint("HELLO MY FRIEND", "utf-8")\n```'


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    if x:\n        return x\n    return None\n",
        "#include <iostream>\n\nint main() {\n    return 0;\n}\n",
        "import os\nimport re\n",
        "<!DOCTYPE html>\n<html>\n<body><p>some words</p></body>\n</html>\n",
        "for (int i = 0; i < n; i++) {\n    sum += a[i];\n}\n",
        "SELECT name FROM people\nWHERE age > 3\nORDER BY name;\n",
        '{\n  "name": "a b",\n  "size": 3\n}\n',
        ">>> sum([1, 2])\n3\n",
        "const f = (a) => a + 1;\nconsole.log(f(1));\n",
        "git clone https://a.org/b.git\ncd b\npip install -e .\n",
        'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hi")\n}\n',
        "#!/bin/bash\ntar czf a.tgz .\n",
    ],
)
def test_code_without_a_fence_is_seen(code: str) -> None:
    assert (
        shouted(f"this is mine\n\n{code}\nwhat is wrong with it?") == f"THIS IS MINE\n\n{code}\nWHAT IS WRONG WITH IT?"
    )


INDENTED = [
    "    for (int i = 0; i < n; i++) { total += i; } // the sum",
    "    git reset --hard HEAD~1",
    "\tpip install --upgrade mtbench-x",
    "    x <- c(1, 2, 3)  # a vector",
    "    total = price * 1.19",
    "    if (ready) { start(); }",
]


@pytest.mark.parametrize("line", INDENTED)
@pytest.mark.parametrize("around", ["Run this:\n\n{}\n\nThen go on.", "{}", "Run this:\n\n{}"])
def test_one_indented_line_is_code_where_it_stands_alone(line: str, around: str) -> None:
    (code,) = [block.text.rstrip("\n") for block in split_blocks(around.format(line)) if block.code]
    assert code == line


@pytest.mark.parametrize(
    "text",
    [
        "Dear all,\n\n    thank you for coming - see you (soon).\n\nYours",
        "    Yours sincerely",
        "A poem:\n\n    The rain in spring;\n\nand on.",
        "So:\n\n    - a list that is indented\n\nand on.",
        "It is\n    git reset --hard HEAD~1\nwhat you want.",  # in the middle of a paragraph nobody knows
        "Formula:\n\n    x = \\frac{a}{b}\n\nand on.",
    ],
)
def test_an_indented_line_of_words_is_none(text: str) -> None:
    assert not [block for block in split_blocks(text) if block.code]


def test_two_lines_of_r_are_code() -> None:
    code = "x <- c(1,2,3)\nmean(x)\n"
    assert [block.text for block in split_blocks(code) if block.code] == [code]


def test_a_fence_may_open_behind_a_sentence() -> None:
    assert shouted("like this:```html\n<p>a</p>\n```\ndone") == "LIKE THIS:```html\n<p>a</p>\n```\nDONE"


def test_odd_texts_cost_no_time() -> None:
    """What took seconds to minutes once; the limit of a test tells."""
    for text in ("." * 5000, " a_b" * 2000, "_" * 9000, "(" * 20_000, "a.b." * 10_000, "\n#" * 5000, "<!--" * 3000):
        assert protect(f"wait {text}")


@pytest.mark.parametrize(
    "prose",
    [
        "# a title\n\nsome words (with brackets)\n\n* one thing\n* another thing",
        "for example:\n\n1. first, we go\n2. then, we stop;\n3. at last, we sing",
        "if you have time:\ncall me;\nreturn to the shop",
        "- import goods from abroad\n- class struggle\n    - with a sub-point of many words",
    ],
)
def test_prose_with_structure_is_no_code(prose: str) -> None:
    assert shouted(prose) == prose.upper()


def test_judge_prompts_keep_their_frames() -> None:
    text = "[Question]\n{question}\n\n[The Start of the Answer]\n{answer}\n[The End of the Answer]\nrate it: [[5]]"
    expected = text.replace("rate it", "RATE IT")
    assert shouted(text, Protection(delimiters=True)) == expected


def prose(text: str) -> Prose:
    (piece,) = protect(text)
    assert isinstance(piece, Prose)
    return piece


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("take and go", "'{a}' is lost"),
        ('take <x i="0">{a}</x> and <x i="0">{a}</x> go', "'{a}' is doubled"),
        ('take <x i="0">{a} and go', "'{a}' is lost"),
        ('take <x i="0">{a}</x> and <x i="7"/> go', "a placeholder is broken"),
        ('take <x i="0">{a}</x> and </x> go', "a placeholder is broken"),
    ],
)
def test_a_damaged_placeholder_is_refused(answer: str, why: str) -> None:
    with pytest.raises(DamagedError, match=re.escape(why)):
        restore(prose("take {a} and go"), answer)


def test_an_empty_translation_is_refused() -> None:
    with pytest.raises(DamagedError, match="empty"):
        restore(prose("some words"), " ")


def test_a_comment_can_not_be_ended_by_its_translation() -> None:
    pieces = protect("```c\n/* a note */\nint x;\n```")
    (comment,) = [piece for piece in pieces if isinstance(piece, Prose)]
    assert restore(comment, "two\nlines") == "two lines"
    with pytest.raises(DamagedError, match="end its comment"):
        restore(comment, "a */ b")


def test_the_order_of_placeholders_may_change() -> None:
    assert (
        restore(prose("from {a} to {b} we go"), 'we go to <x i="1"/> from <X I = "0">{A}</X>')
        == "we go to {b} from {a}"
    )


def test_the_markup_is_xml() -> None:
    from xml.etree import ElementTree

    text = "a < b & c > d `x<y` \x00 <b>bold</b> &amp; R&D"
    root = ElementTree.fromstring(f"<t>{prose(text).markup}</t>")
    assert [child.get("i") for child in root] == [str(number) for number in range(len(prose(text).spans))]


def test_numbers_alone_are_never_sent() -> None:
    assert all(isinstance(piece, Kept) for piece in protect("12,000 + 3 = 12,003\n\n`code`"))


def test_a_long_text_is_cut_at_paragraphs() -> None:
    paragraph = "some words in a row. " * 40
    pieces = protect("\n\n".join([paragraph.strip()] * 10), Protection(most_bytes=2000))
    sent = [piece for piece in pieces if isinstance(piece, Prose)]
    assert len(sent) == 5  # two paragraphs of 839 characters fit into 2,000 bytes
    with pytest.raises(TooLongError, match="A paragraph of 8,399 characters"):
        protect((paragraph * 10).strip(), Protection(most_bytes=2000))


def code_of(text: str) -> list[str]:
    """Code by another way than the product's where a fence tells it; comments taken out."""
    blocks = re.findall(r"```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    blocks += [("html", found) for found in re.findall(r"<!DOCTYPE html>.*?</html>", text, re.DOTALL)]
    return ["".join(part for kind, part in code_parts(code, language) if kind == CODE) for language, code in blocks]


@needs_sources
@pytest.mark.sources
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_of_mt_bench_x_keeps_its_code(language: str) -> None:
    with_code = 0
    for question in questions("mtbench_x", language):
        for text in (*question.turns, *question.reference, *question.question_reference):
            loud = shouted(text)
            assert code_of(loud) == code_of(text)
            assert loud.count("`") == text.count("`")
            for block in split_blocks(text):  # those without a fence too
                parts = code_parts(block.text, block.language) if block.code else ()
                assert all(part in loud for kind, part in parts if kind == CODE)
            with_code += bool(code_of(text))
    assert with_code > 20


def test_pygments_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from hf_datasets.translate.protect import comments as code

    code._named.cache_clear()
    monkeypatch.setitem(sys.modules, "pygments.lexers", None)
    with pytest.raises(UserError, match=re.escape("pip install 'mtbench-x[translate]'")):
        list(code_parts("x = 1", "python"))
    code._named.cache_clear()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('Explain the <x i="0">`widget` function.</x>', "'`widget`' became '`widget` function.'"),
        ('call <x i="0">`widget`\'</x> now', "'`widget`' became \"`widget`'\""),
        ('<x i="0">the two words</x> now', "'`widget`' became 'the two words'"),
    ],
)
def test_words_that_an_engine_moved_into_an_element_are_not_lost(answer: str, said: str) -> None:
    prose = Prose('Explain the <x i="0">`widget`</x> function.', ("`widget`",))
    with pytest.raises(DamagedError, match=re.escape(said)):
        restore(prose, answer)


def test_what_an_engine_made_of_a_placeholder_itself_is_put_back() -> None:
    prose = Prose('Explain <x i="0">snake_case</x>, <x i="1"/>', ("snake_case", "f(x)"))
    assert restore(prose, 'Explica <x i="1"/>, <x i="0"> SNAKE_CASE </x>') == "Explica f(x), snake_case"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Costs are $5-$10 or 5$-10$ each.", []),
        ("pay $20 or 25$ now", []),
        ("put $A/x:$B there", []),
        ("the $n$-th, the $n$th and $2^k$.", ["$n$", "$n$", "$2^k$"]),
        ("so $a+b$, or $5 mod 3$", ["$a+b$", "$5 mod 3$"]),
    ],
)
def test_a_lone_dollar_is_no_formula(text: str, kept: list[str]) -> None:
    assert [text[start:end] for start, end in find_spans(text)] == kept
