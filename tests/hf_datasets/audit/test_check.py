"""The lint finds what was broken on purpose, and nothing in what is whole."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.audit.facts import placeholders
from hf_datasets.shared.code_fences import bare_code, fenced_code
from tests.hf_datasets.command import run
from tests.sources import needs_sources

PROSE = {
    "en": "The committee decided yesterday that the old bridge number {n} will be rebuilt before the winter.",
    "de": "Der Ausschuss hat gestern beschlossen, dass die alte Brücke Nummer {n} vor dem Winter neu gebaut wird.",
}
CODE = {
    "en": "```python\n# add both numbers\ndef add(a, b):\n    return a + b\n```",
    "de": "```python\n# beide Zahlen addieren\ndef add(a, b):\n    return a + b\n```",
}
Rows = dict[str, list[dict[str, Any]]]


def sample(language: str, number: int) -> dict[str, Any]:
    words = " ".join(f"{chr(97 + number)}{word}" for word in ("river", "stone", "arch", "pier", "road", "toll", "gate"))
    said = [
        ("user", f"{PROSE[language].replace('{n}', str(number))} {words}"),
        ("assistant", f"{PROSE[language].replace('{n}', str(number))} See https://x.org/{number}.\n\n{CODE[language]}"),
    ]
    messages = [{"role": role, "content": text} for role, text in said]
    return {"id": f"a-{number}", "language": language, "messages": messages}


def check(folder: Path, damage: Callable[[Rows], None]) -> tuple[int, list[tuple[str, str, str]]]:
    numbers = {"train": range(6), "validation": range(6, 8)}
    rows: Rows = {f"{split}_{x}": [sample(x, one) for one in numbers[split]] for x in PROSE for split in numbers}
    damage(rows)
    for name, some in rows.items():
        text = "".join(json.dumps(row) + "\n" for row in some)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    ran = run("check", folder, "--json", "--limit", 0)
    found = json.loads(ran.out)
    return ran.code, [(one["kind"], one["language"], one["id"]) for one in found["findings"]]


def content(row: dict[str, Any], message: int, text: str) -> None:
    row["messages"][message]["content"] = text


def swap(row: dict[str, Any], old: str, new: str) -> None:
    content(row, 1, row["messages"][1]["content"].replace(old, new))


def test_whole_data_have_no_findings(tmp_path: Path) -> None:
    assert check(tmp_path, lambda rows: None) == (0, [])


DAMAGES: dict[str, tuple[Callable[[Rows], None], list[tuple[str, str, str]]]] = {
    "id missing": (lambda rows: rows["train_de"].pop(2) and None, [("id missing", "de", "a-2")]),
    "id twice": (
        lambda rows: rows["train_de"].append(sample("de", 3)),
        [("id twice", "de", "a-3")],
    ),
    "duplicate": (
        lambda rows: [rows[f"train_{x}"].append({**sample(x, 3), "id": "b"}) for x in PROSE] and None,
        [("duplicate", "en", "b"), ("duplicate", "de", "b")],
    ),
    "empty": (
        lambda rows: [content(rows[f"train_{x}"][1], 1, " ") for x in PROSE] and None,
        [("empty", "en", "a-1"), ("empty", "de", "a-1")],
    ),
    "roles": (
        lambda rows: [rows[f"train_{x}"][1]["messages"].reverse() for x in PROSE] and None,
        [("roles", "en", "a-1"), ("roles", "de", "a-1")],
    ),
    "turns": (
        lambda rows: rows["train_de"][0].update(messages=sample("de", 0)["messages"] + sample("de", 9)["messages"]),
        [("turns", "de", "a-0"), ("placeholders", "de", "a-0"), ("code", "de", "a-0")],
    ),
    "language": (
        lambda rows: content(rows["train_de"][4], 0, PROSE["en"].replace("{n}", "4")),
        [("language", "de", "a-4")],
    ),
    "placeholder": (
        lambda rows: swap(rows["train_de"][0], "x.org", "y.org"),
        [("placeholders", "de", "a-0")],
    ),
    "code": (
        lambda rows: swap(rows["train_de"][0], "return", "zurück"),
        [("code", "de", "a-0")],
    ),
    "leak": (
        lambda rows: [rows[f"validation_{x}"].append({**sample(x, 0), "id": "c"}) for x in PROSE] and None,
        [("leak", "en", "c"), ("leak", "de", "c")],
    ),
}


@pytest.mark.parametrize(("damage", "expected"), DAMAGES.values(), ids=DAMAGES)
def test_a_damage_is_found_and_nothing_else(
    tmp_path: Path, damage: Callable[[Rows], None], expected: list[tuple[str, str, str]]
) -> None:
    code, found = check(tmp_path, damage)
    assert (code, sorted(found)) == (3, sorted(expected))


def test_prompts_of_the_benchmark_leak(tmp_path: Path) -> None:
    from hf_datasets.benchmark.questions import questions

    question = questions("mini", "de")[0]
    row = {
        "messages": [{"role": "user", "content": "\n".join(question.turns)}, {"role": "assistant", "content": "Ja."}]
    }
    file = tmp_path / "data.de.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    ran = run("check", file)
    assert ran.code == 3
    assert f"benchmark leak: data.de.jsonl train de row-0: 1.00 like {question.question_id} in mini" in ran.out


def test_what_cannot_be_checked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hf_datasets.benchmark import questions as mtbench_x

    mtbench_x._packaged.cache_clear()
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path))
    file = tmp_path / "data.en.jsonl"
    file.write_text(json.dumps(sample("en", 1)) + "\n", encoding="utf-8")
    ran = run("check", file)
    mtbench_x._packaged.cache_clear()
    assert ran.code == 0
    assert "not checked: leakage against mtbench_x (" in ran.out


def test_findings_are_counted_and_limited(tmp_path: Path) -> None:
    rows = [{**sample("en", number), "id": "same"} for number in range(5)]
    file = tmp_path / "data.en.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ran = run("check", file, "--limit", 1)
    assert "... and 3 more (--limit 0 lists all)" in ran.out
    assert "       4  id twice: an id stands twice in one language of a split" in ran.out
    assert "5 samples, 4 findings" in ran.out


def test_a_built_mini_set_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("build", "lima-x", "--configs", "mini").code == 0
    ran = run("check", "lima-x")
    assert (ran.code, "0 findings" in ran.out) == (0, True)


@needs_sources
def test_the_published_benchmark_has_its_known_faults(tmp_path: Path) -> None:
    assert run("build", "mtbench-x", "--out", tmp_path / "mtbench-x").code == 0
    found = json.loads(run("check", tmp_path / "mtbench-x", "--json", "--limit", 0).out)
    assert set(found["counts"]) == {"language", "placeholders", "code"}
    faults = {(one["kind"], one["language"], one["id"]): one["reason"] for one in found["findings"]}
    assert ("language", "fr", "124") not in faults  # left in English, and marked
    assert ("language", "it", "139") not in faults
    assert ("language", "en", "136") not in faults


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Say {name}, {{x}} and [[A]].", ["{name}", "{{x}}", "[[A]]"]),
        ("See https://a.org/b?c=1, or mail a.b@c.org.", ["https://a.org/b?c=1", "a.b@c.org"]),
        ("Dear [NAME], <CITY> has 50% so %s and %(n)d", ["[NAME]", "<CITY>", "%s", "%(n)d"]),
        ("[a] 5 % {1} <b> 100%", []),
        ("a\n```\n{code}\n```\nb {x}", ["{x}"]),
    ],
)
def test_placeholders(text: str, found: list[str]) -> None:
    assert placeholders(text) == found


@pytest.mark.parametrize(
    ("language", "code", "bare"),
    [
        ("python", '# a\ndef f():\n    """doc"""\n    return "# b"  # c\n', 'def f():\n    return "# b"'),
        ("c", "/* a\n b */ int x; // c\n#include <x>", " int x;\n#include <x>"),
        ("sql", "SELECT 1 -- a", "SELECT 1"),
        ("", "x = 1;  # a\ny = 2; // b", "x = 1;\ny = 2;"),
        ("nolang", "a <!-- b --> c", "a  c"),
        ("python", 'raise E(f"no such file: {x!r}")', 'raise E(f"{x!r}")'),
        ("json", '[{"Zahl": 4, "Ding": "Hut"}]', "[{: 4, : }]"),
    ],
)
def test_code_without_comments(language: str, code: str, bare: str) -> None:
    assert bare_code(code, language) == bare


def test_fences_with_prose_are_no_code() -> None:
    text = "```\nDear all, come at ten.\n```\n```text\nx = 1;\n```\n~~~\nif (a) {\n~~~\n```js\nx\n```"
    assert list(fenced_code(text)) == [("", "if (a) {\n"), ("js", "x\n")]
