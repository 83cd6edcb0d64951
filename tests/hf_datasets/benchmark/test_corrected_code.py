"""The reference set `corrected`: the code of its answers (121 to 125), run, and the published code refuted."""

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from hf_datasets.benchmark.questions import LANGUAGES
from tests.answers import asked, block, load, ours, published, published_wrong

every_language = pytest.mark.parametrize("language", LANGUAGES)
every_translation = pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
needs_compiler = pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")


# 121, 123: wrong in translation only; ours in every language ----------------------------------------------------------


@every_language
@pytest.mark.parametrize("turn", [1, 2])
def test_121_five_most_frequent_words(language: str, turn: int, tmp_path: Path) -> None:
    texts = {"a.txt": "The cat, the dog", "sub/b.txt": "dog the ÉTÉ été cat bird the fish", "c.md": "no no no no no"}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    script = tmp_path / "words.py"
    script.write_text(block(ours(language, 121, turn)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(script), str(tmp_path)], capture_output=True, check=True, timeout=60
    )
    # the: 2 + 2; then cat, dog and été twice each in the order of their first occurrence; bird before fish
    assert done.stdout.decode().split("\n")[:-1] == ["the 4", "cat 2", "dog 2", "été 2", "bird 1"]


@published_wrong
@every_translation
@pytest.mark.parametrize(("question_id", "turn"), [(121, 1), (121, 2), (127, 1), (129, 1)])
def test_translated_python_does_not_parse_while_english_does(language: str, question_id: int, turn: int) -> None:
    ast.parse(block(published(question_id, turn)))
    with pytest.raises(SyntaxError):
        ast.parse(block(published(question_id, turn, language)))


@every_language
def test_123_a_click_shows_one_of_four_jokes(language: str) -> None:
    page = ours(language, 123, 1)
    jokes = re.findall(r'^ *"(.*)",$', page, flags=re.MULTILINE)
    assert len(set(jokes)) == 4
    assert not any('"' in joke for joke in jokes)
    assert page.count('id="button"') == page.count('getElementById("button").addEventListener("click"') == 1
    assert page.count('<p id="jokeDisplay"></p>') == page.count('getElementById("jokeDisplay").textContent') == 1
    if node := shutil.which("node"):
        (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
        stub = (
            "const nodes = {button: {addEventListener: (event, run) => { nodes.button.run = run; }}, jokeDisplay: {}};"
            "const document = {getElementById: (id) => nodes[id]};"
        )
        shown = "nodes.button.run(); console.log(nodes.jokeDisplay.textContent);"
        done = subprocess.run([node, "-e", stub + script + shown], capture_output=True, check=True, timeout=60)
        assert done.stdout.decode().strip() in jokes


@every_language
def test_123_the_rule_colours_the_joke(language: str) -> None:
    assert re.search(r"#jokeDisplay \{\s+color: red;\s+\}", block(ours(language, 123, 2)))


@published_wrong
def test_123_the_translated_pages_do_not_work() -> None:
    for language in ("fr", "it", "es"):  # a full stop between the last text and the end of the list
        assert re.search(r'"\.\s+\]', published(123, 1, language))
        assert re.search(r'"\.\s+\]', published(123, 2, language))
    assert "Farbe: rot;" in published(123, 2, "de")
    assert "Schriftgröße: 20px;" in published(123, 1, "de")
    assert not re.search(r'"\.\s+\]', published(123, 1, "en") + published(123, 1, "de"))


# 122: C++ ------------------------------------------------------------------------------------------------------------


@cache
def compiled(code: str, folder: Path) -> Path:
    (folder / "answer.cpp").write_text(code, encoding="utf-8")
    subprocess.run(["g++", "-O1", "-o", "answer", "answer.cpp"], cwd=folder, check=True, capture_output=True)
    return folder / "answer"


def run(program: Path, n: int) -> str:
    done = subprocess.run([str(program)], input=str(n), capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.split(":")[-1].strip() if done.returncode == 0 else "refused"


def sequence(first: list[int], last: int) -> int:
    terms = list(first)
    while len(terms) <= last:
        terms.append(sum(terms[-len(first) :]))
    return terms[last]


@needs_compiler
@pytest.mark.parametrize("turn", [1, 2])
def test_122_sequences(turn: int, tmp_path: Path) -> None:
    (code,) = {block(ours(language, 122, turn)) for language in LANGUAGES}
    program = compiled(code, tmp_path)
    first, offset, limit = ([0, 1], 0, 92) if turn == 1 else ([0, -1, -1], 1, 72)
    for n in (offset, 1, 2, 3, 4, 5, 10, 46, 47, limit - 1, limit):
        assert run(program, n) == str(sequence(first, n - offset)), n
    assert {run(program, n) for n in (offset - 1, -5, limit + 1, 10_000)} == {"refused"}


@published_wrong
@needs_compiler
def test_122_published_overflows(tmp_path: Path) -> None:
    program = compiled(block(published(122, 2)), tmp_path)
    assert run(program, 38) == str(sequence([0, -1, -1], 37))
    assert run(program, 39) != str(sequence([0, -1, -1], 38))  # below -2**31
    assert "int fibonacci(int n)" in published(122, 1)
    assert sequence([0, 1], 46) < 2**31 <= sequence([0, 1], 47)


# 124: a function to be read ------------------------------------------------------------------------------------------


def longest_common(one: str, other: str) -> int:
    if not one or not other:
        return 0
    if one[-1] == other[-1]:
        return longest_common(one[:-1], other[:-1]) + 1
    return max(longest_common(one[:-1], other), longest_common(one, other[:-1]))


@published_wrong
@every_language
def test_124_the_second_function_fails_until_repaired(language: str) -> None:
    source = block(asked(124, 2))
    broken = load(f"```\n{source}```", "longest_common_subsequence")
    with pytest.raises(TypeError):
        broken("ab", "b")
    assert broken("", "ab") is None
    line = block(ours(language, 124, 2)).strip()
    repaired = load(f"```\n{re.sub(r'dp = .*', line, source)}```", "longest_common_subsequence")
    words = ["".join(letters) for n in range(4) for letters in product("ab", repeat=n)]
    assert all(repaired(a, b) == longest_common(a, b) for a in words for b in words)
    assert "`None + 1`" in ours(language, 124, 2)
    assert "This function is also correct." in published(124, 2)


@published_wrong
def test_124_what_translation_did_to_the_questions_code() -> None:
    for turn, broken in ((1, ["es"]), (2, ["de", "it", "es"])):
        for language in LANGUAGES:
            code = block(asked(124, turn, language))
            if language in broken:
                with pytest.raises(SyntaxError):
                    ast.parse(code)
                assert "`else`" in ours(language, 124, turn)
                assert "`else`" not in ours(language, 124, turn, "corrected")
            else:
                ast.parse(code)
    ast.parse(re.sub(r"else$", "else:", block(asked(124, 1, "es")), flags=re.MULTILINE))  # then it is right


# 125: trees ----------------------------------------------------------------------------------------------------------


@every_language
@pytest.mark.parametrize("turn", [1, 2])
def test_125_the_highest_common_ancestor_is_the_root(language: str, turn: int) -> None:
    find = load(ours(language, 125, turn), "highest_common_ancestor")
    node = find.__globals__["Node"]
    leaves = [node(1), node(1)]  # equal values are two nodes
    inner = node(2, *leaves) if turn == 1 else node(2, leaves)
    root = node(3, inner) if turn == 1 else node(3, [inner, node(4), node(5)])
    assert find(root, *leaves) is find(root, inner, leaves[0]) is find(root, root, inner) is root
    assert find(root, leaves[0], node(1)) is None
    assert find(inner, root, leaves[0]) is None
    assert find(None, leaves[0], leaves[1]) is None  # an empty tree


@published_wrong
@pytest.mark.parametrize("turn", [1, 2])
def test_125_published_finds_the_lowest(turn: int) -> None:
    find = load(published(125, turn), "find_hca")
    node = find.__globals__["TreeNode"]
    leaves = [node(1), node(2)]
    inner = node(3, *leaves) if turn == 1 else node(3, leaves)
    root = node(4, inner, node(5)) if turn == 1 else node(4, [inner, node(5)])
    assert find(root, *leaves) is inner
