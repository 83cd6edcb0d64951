"""`mtbenchx data translate`, `marks` and `compare-translations` as a user types them."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hf_datasets.records import Message, Sample
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from tests.doubles.deepl_api import DeepLApi
from tests.sources import needs_sources

QUESTION = {"question_id": "81_EN", "category": "coding", "turns": ["Fix `f(x)` please.", "And now explain it."]}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["data", *map(str, arguments)], catch_exceptions=False)


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def question(tmp_path: Path) -> Path:
    return write(tmp_path / "question.jsonl", QUESTION)


@pytest.fixture
def base(tmp_path: Path) -> list[object]:
    return ["--to", "pt", "--ledger", tmp_path / "ledger.sqlite"]


def test_a_dry_run_sends_nothing_and_needs_no_key(
    question: Path, base: list[object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DEEPL_AUTH_KEY", raising=False)
    done = run("translate", question, *base, "--dry-run")
    assert done.exit_code == 0
    # outside of tags: "Fix `f(x)` please." is 18 characters, "And now explain it." 19
    assert "to translate: 2 fragments, 37 characters, 2 requests" in done.output
    assert "price: about 0.00 EUR at 20.00 EUR per million characters" in done.output
    assert not (tmp_path / "ledger.sqlite").exists()


def test_a_dry_run_with_a_key_tells_the_quota_and_what_the_ledger_holds(
    deepl: DeepLApi, question: Path, base: list[object], tmp_path: Path
) -> None:
    run("translate", question, *base, "--out", tmp_path / "out")
    deepl.limit = 100
    done = run("translate", question, *base, "--dry-run")
    assert "holds 2 of them" in done.output
    assert "to translate: 0 fragments, 0 characters, 0 requests" in done.output
    assert "quota: 63 of 100 characters are left in this period: enough" in done.output
    assert len(deepl.requests) == 2


def test_fastchats_questions_keep_their_layout(
    deepl: DeepLApi, question: Path, base: list[object], tmp_path: Path
) -> None:
    done = run("translate", question, *base, "--out", tmp_path / "out")
    # upper-case English is English still: one of two texts has enough words to tell
    assert done.exit_code == 3
    assert "to look at (flags in the review file): language 1, of 2 texts" in done.stderr
    assert "name another by --to" in done.stderr
    (row,) = read(tmp_path / "out" / "question.pt.jsonl")
    assert row == {**QUESTION, "question_id": "81_PT", "turns": ["FIX `f(x)` PLEASE.", "AND NOW EXPLAIN IT."]}
    report = json.loads((tmp_path / "out" / "question.pt.report.json").read_text(encoding="utf-8"))
    assert (report["engine"], report["target"], report["formality"]) == ("deepl", "PT-PT", "prefer_more")
    assert (report["texts"], report["failed"], report["edited"]) == (2, [], 0)


def test_reference_answers_and_judge_prompts(deepl: DeepLApi, base: list[object], tmp_path: Path) -> None:
    answer = write(tmp_path / "gpt-4.jsonl", {"question_id": "81_EN", "choices": [{"index": 0, "turns": ["one", "2"]}]})
    prompt = write(
        tmp_path / "judge_prompts.jsonl",
        {"name": "single-v1", "type": "single", "system_prompt": "Be fair.", "description": "d", "category": "general",
         "prompt_template": "[Question]\n{question}\n\n<|The Start|>\n{answer}\nRating: [[5]]",
         "output_format": "[[rating]]"},
    )  # fmt: skip
    assert run("translate", answer, prompt, *base, "--out", tmp_path / "out").exit_code in (0, 3)
    assert read(tmp_path / "out" / "gpt-4.pt.jsonl")[0]["choices"] == [{"index": 0, "turns": ["ONE", "2"]}]
    (row,) = read(tmp_path / "out" / "judge_prompts.pt.jsonl")
    assert row["system_prompt"] == "BE FAIR."
    assert row["prompt_template"] == "[Question]\n{question}\n\n<|The Start|>\n{answer}\nRATING: [[5]]"
    assert (row["name"], row["description"]) == ("single-v1", "d")


def test_instruction_data(deepl: DeepLApi, base: list[object], tmp_path: Path) -> None:
    messages = (
        Message("user", "say hi"),
        Message("assistant", "hi"),
        Message("user", "more"),
        Message("assistant", "x"),
    )
    source = write(tmp_path / "lima.jsonl", Sample("lima-1", "en", "s", "other", "", messages).to_row())
    assert run("translate", source, *base, "--out", tmp_path / "pt.jsonl").exit_code == 0
    (row,) = read(tmp_path / "pt.jsonl")
    assert row["language"] == "pt"
    assert [message["content"] for message in row["messages"]] == ["SAY HI", "HI", "MORE", "X"]
    assert {request.get("context") for request in deepl.requests} == {None, "say hi", "hi", "more"}


def test_other_layouts_of_instruction_data(deepl: DeepLApi, base: list[object], tmp_path: Path) -> None:
    source = write(tmp_path / "en.json", {"instruction": "do it", "input": "", "id": "alpaca-1", "output": "done"})
    assert run("translate", source, *base, "--out", tmp_path / "pt.jsonl").exit_code == 0
    assert [message["content"] for message in read(tmp_path / "pt.jsonl")[0]["messages"]] == ["DO IT", "DONE"]


def test_a_used_up_quota_keeps_what_is_there_and_exits_3(
    deepl: DeepLApi, question: Path, base: list[object], tmp_path: Path
) -> None:
    deepl.most_translations = 1
    done = run("translate", question, *base, "--out", tmp_path / "out")
    assert done.exit_code == 3
    assert "used up (456)" in done.stderr
    assert "1 of 2 texts are translated and kept in" in done.stderr
    assert not (tmp_path / "out").exists()
    deepl.most_translations = None
    assert "to look at" in run("translate", question, *base, "--out", tmp_path / "out").stderr
    assert len(deepl.translated) == 2


def test_nothing_done_at_all_is_an_error(deepl: DeepLApi, question: Path, base: list[object]) -> None:
    deepl.most_translations = 0
    with pytest.raises(UserError, match=r"used up \(456\)"):
        run("translate", question, *base)


def test_a_row_without_a_translation_is_left_out_and_named(deepl: DeepLApi, base: list[object], tmp_path: Path) -> None:
    source = write(tmp_path / "q.jsonl", QUESTION, {**QUESTION, "question_id": "82_EN", "turns": ["bad one", "fine"]})
    deepl.speak = lambda text, target: "" if "bad" in text else text.upper()
    done = run("translate", source, *base, "--out", tmp_path / "out")
    assert done.exit_code == 3
    assert "not translated: 82 turns[0]: the translation is empty" in done.stderr
    assert [row["question_id"] for row in read(tmp_path / "out" / "q.pt.jsonl")] == ["81_PT"]


def edit(**values: str) -> dict[str, str]:
    return {"id": "81", "field": "turns[1]", "source_sha256": sha(QUESTION["turns"][1]), "text": "Explique.", **values}


def test_post_edits_are_applied_and_counted(
    deepl: DeepLApi, question: Path, base: list[object], tmp_path: Path
) -> None:
    edits = write(tmp_path / "e.jsonl", edit(), edit(language="nl", text="Leg uit."))
    assert run("translate", question, *base, "--edits", edits, "--out", tmp_path / "out").exit_code == 0
    assert read(tmp_path / "out" / "question.pt.jsonl")[0]["turns"][1] == "Explique."
    report = json.loads((tmp_path / "out" / "question.pt.report.json").read_text(encoding="utf-8"))
    assert report["edited"] == 1


def test_lines_of_the_review_file_are_edits(
    deepl: DeepLApi, question: Path, base: list[object], tmp_path: Path
) -> None:
    run("translate", question, *base, "--out", tmp_path / "out")
    first, second = read(tmp_path / "out" / "question.pt.review.jsonl")
    edits = write(tmp_path / "e.jsonl", first, {**second, "text": "Explique."})
    run("translate", question, *base, "--edits", edits, "--out", tmp_path / "out")
    assert read(tmp_path / "out" / "question.pt.jsonl")[0]["turns"][1] == "Explique."
    assert [row["edited"] for row in read(tmp_path / "out" / "question.pt.review.jsonl")] == [False, True]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([edit(), edit(source_sha256="0" * 64)], r"e.jsonl, line 2: this edit is stale"),
        ([edit(id="99")], r"e.jsonl, line 1: there is no text turns\[1\] of '99' to correct"),
        ([edit(field="turns[7]")], r"e.jsonl, line 1: there is no text turns\[7\] of '81'"),
        ([edit(), edit()], r"e.jsonl, line 2: .*e.jsonl, line 1 corrects turns\[1\] of '81' too"),
        ([{"id": "81"}], r"e.jsonl, line 1: not a post-edit \(the key field is missing\)"),
        ([edit(text="")], r"e.jsonl, line 1: not a post-edit \(text must be a text that isn't empty"),
    ],
)
def test_a_wrong_edit_is_named_before_anything_is_sent(
    deepl: DeepLApi, question: Path, tmp_path: Path, lines: list[dict[str, str]], message: str
) -> None:
    edits = write(tmp_path / "e.jsonl", *lines)
    with pytest.raises(UserError, match=message):
        run("translate", question, "--to", "pt", "--edits", edits)
    assert deepl.requests == []


def test_half_a_line_is_named(deepl: DeepLApi, question: Path, base: list[object], tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text(json.dumps(edit()) + '\n\n{"id": "81", ', encoding="utf-8")
    with pytest.raises(UserError, match=r"e.jsonl, line 3: not JSON"):
        run("translate", question, *base, "--edits", tmp_path / "e.jsonl")


def test_marks_are_proposed_confirmed_and_get_outcomes(
    deepl: DeepLApi, question: Path, base: list[object], tmp_path: Path
) -> None:
    file = tmp_path / "m.jsonl"
    assert "1 of 1 rows are marked, 1 marks are new" in run("marks", question, "--out", file).output
    (mark,) = read(file)
    assert (mark["id"], mark["mark"], mark["state"]) == ("81", "code", "proposed")
    write(file, {**mark, "state": "confirmed"}, {**mark, "mark": "culture_bound", "state": "rejected"})
    assert "0 marks are new" in run("marks", question, "--out", file).output
    deepl.speak = lambda text, target: text.upper() if "Fix" in text else "x"
    run("translate", question, *base, "--marks", file, "--out", tmp_path / "out")
    confirmed, rejected = read(file)
    assert confirmed["outcomes"]["pt"] == {"outcome": "ok", "reason": "", "state": "proposed"}
    assert (confirmed["state"], rejected["outcomes"]) == ("confirmed", {})
    report = json.loads((tmp_path / "out" / "question.pt.report.json").read_text(encoding="utf-8"))
    assert report["marks"] == {
        "rows": 1,
        "by_mark": {"code": {"confirmed": 1}, "culture_bound": {"rejected": 1}},
        "outcomes": {"code": {"ok": 1}},
    }


def test_an_erroneous_outcome_has_its_reason_and_a_persons_word_stays(
    deepl: DeepLApi, base: list[object], tmp_path: Path
) -> None:
    source = write(tmp_path / "q.jsonl", {**QUESTION, "turns": ["Add 12 to `a` now.", "Fine."]})
    file = tmp_path / "m.jsonl"
    run("marks", source, "--out", file)
    deepl.speak = lambda text, target: text.replace("12", "13")
    run("translate", source, *base, "--marks", file, "--out", tmp_path / "out")
    (mark,) = read(file)
    assert mark["outcomes"]["pt"]["outcome"] == "erroneous"
    assert "turns[0] number_changed: lost 12, new 13" in mark["outcomes"]["pt"]["reason"]
    decided = {"outcome": "ok", "reason": "13 is right", "state": "confirmed"}
    write(file, {**mark, "outcomes": {"pt": decided}})
    run("translate", source, *base, "--marks", file, "--out", tmp_path / "out")
    assert read(file)[0]["outcomes"]["pt"] == decided


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "99"}, "line 1: there is no row '99' in the data"),
        ({"source_sha256": "0" * 64}, "line 1: this mark is stale"),
        (
            {"mark": "odd"},
            r"line 1: not a review mark \(mark must be one of mixed_language, code, .*, not 'odd'",
        ),
        ({"state": "maybe"}, r"line 1: not a review mark \(state must be one of proposed, confirmed, rejected"),
        ({"outcomes": {"pt": {"outcome": "good"}}}, "line 1: 'outcomes' must map a language to an outcome"),
    ],
)
def test_a_wrong_mark_is_named(question: Path, tmp_path: Path, change: dict[str, Any], message: str) -> None:
    file = tmp_path / "m.jsonl"
    run("marks", question, "--out", file)
    write(file, {**read(file)[0], **change})
    with pytest.raises(UserError, match=message):
        run("marks", question, "--out", file)


def test_rules_that_propose(tmp_path: Path) -> None:
    english = "The quick brown fox jumps over the lazy dog and then goes home to have a long rest in the evening."
    german = "Der schnelle braune Fuchs springt über den faulen Hund und geht danach nach Hause, um lange zu ruhen."
    said = {"a": (english, german), "b": (german, german), "c": ("Write a limerick.", english), "d": (english, english)}
    rows = [
        {"id": name, "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]}
        for name, (asked, answer) in said.items()
    ]
    file = tmp_path / "m.jsonl"
    run("marks", write(tmp_path / "x.jsonl", *rows), "--out", file)
    assert {(mark["id"], mark["mark"]) for mark in read(file)} >= {
        ("a", "mixed_language"),
        ("b", "non_english"),
        ("c", "culture_bound"),
    }
    assert "d" not in {mark["id"] for mark in read(file)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.jsonl"], "There is no file none.jsonl"),
        (["mini_xx"], "no config of that name; configs are native_en, all, en"),
        (["mini_de"], "holds no text in 'en' but in de; name one by --from"),
        (["mini_en", "--engine", "babelfish"], "There is no engine 'babelfish'"),
        (["mini_en", "--formality", "rude"], "--formality must be one of"),
        (["mini_en", "native_en", "--out", "x.jsonl"], "x.jsonl is one file, but 2 documents"),
    ],
)
def test_wrong_requests(deepl: DeepLApi, base: list[object], arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        run("translate", *arguments, *base)


def test_an_unknown_layout_names_its_keys(base: list[object], tmp_path: Path) -> None:
    source = write(tmp_path / "x.jsonl", {"foo": 1, "bar": 2})
    with pytest.raises(UserError, match="unknown layout with the keys foo, bar"):
        run("translate", source, *base, "--dry-run")


def test_two_rows_of_one_id_are_refused(base: list[object], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rows 1 and 2 both have the id '81'"):
        run("translate", write(tmp_path / "x.jsonl", QUESTION, QUESTION), *base, "--dry-run")


def test_the_source_is_never_replaced(deepl: DeepLApi, question: Path, base: list[object]) -> None:
    with pytest.raises(UserError, match="would replace its source"):
        run("translate", question, *base, "--out", question)


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    a = write(
        tmp_path / "a.jsonl",
        {**QUESTION, "question_id": "81_PT", "turns": ["Corrija `g(x)`.", "E agora explique isso."]},
    )
    b = write(
        tmp_path / "b.jsonl",
        {**QUESTION, "question_id": "81_PT", "turns": ["Corrija `f(x)`.", "E agora explique isso."]},
    )
    return a, b


def test_two_files_side_by_side(sides: tuple[Path, Path], question: Path, tmp_path: Path) -> None:
    labels = write(tmp_path / "l.jsonl", {"id": "81", "field": "turns[0]", "side": "A", "label": "anglicism"})
    out = tmp_path / "o.csv"
    done = run(
        "compare-translations", *sides, "--source", question, "--edited", sides[1], "--labels", labels, "--out", out
    )
    assert done.exit_code == 0
    assert "2 texts in both, 1 of them the same" in done.output
    assert "B 100.00" in done.output
    assert "labels: anglicism A 1, B 0" in done.output
    assert "placeholder_lost A 1, B 0" in done.output
    with out.open(encoding="utf-8", newline="") as file:
        first, _ = csv.DictReader(file)
    assert (first["a"], first["chrf_b"], first["labels_a"]) == ("Corrija `g(x)`.", "100.0", "anglicism")


def test_engines_are_compared_through_the_ledger(
    deepl: DeepLApi, sides: tuple[Path, Path], question: Path, base: list[object], tmp_path: Path
) -> None:
    out = tmp_path / "o.jsonl"
    arguments = ("compare-translations", "engine:deepl", sides[1], "--source", question, *base, "--out", out)
    assert run(*arguments).exit_code == 0
    assert run(*arguments).exit_code == 0
    assert [row["a"] for row in read(out)] == ["FIX `f(x)` PLEASE.", "AND NOW EXPLAIN IT."]
    assert len(deepl.translated) == 2


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"id": "99", "side": "A", "label": "x"}, "l.jsonl, line 1: no compared text is '99'"),
        ({"id": "81", "side": "C", "label": "x"}, r"l.jsonl, line 1: not a label \(side must be one of A, B, not 'C'"),
    ],
)
def test_a_wrong_label_is_named(sides: tuple[Path, Path], tmp_path: Path, label: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        run("compare-translations", *sides, "--labels", write(tmp_path / "l.jsonl", label))


@needs_sources
@pytest.mark.sources
def test_the_published_corrections_are_a_real_case() -> None:
    """German: 31 questions were corrected; the engine had translated code in 17 texts, people left it in 8."""
    from hf_datasets.sources import fetch

    original, corrected = (
        fetch("mtbench_x", f"data/mt_bench_DE/{name}.jsonl") for name in ("question_original", "question")
    )
    done = run("compare-translations", original, corrected, "--edited", corrected, "--source", "en", "--limit", "0")
    assert "238 texts in both, 188 of them the same" in done.output
    assert "code_changed A 17, B 8" in done.output
    assert "(50): A 94.69, B 100.00" in done.output
