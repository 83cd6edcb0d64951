"""Any MT-Bench-like set as a benchmark of its own: six layouts that people use, and sets of every other shape."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from hf_datasets.benchmark import languages
from hf_datasets.benchmark.built_folder import register_built
from hf_datasets.benchmark.judge_prompts import judge_prompts
from hf_datasets.benchmark.others.build import Options, Part, build_other
from hf_datasets.benchmark.questions import questions, revision
from hf_datasets.benchmark.task_files import refuse_code
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from tests.hf_datasets.benchmark.others import sets
from tests.hf_datasets.benchmark.others.sets import finance, japanese, komt, prompts, references, shisa, write


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    languages.forget()


def built(root: Path, *parts: Part, name: str = "some_bench", **options: Any) -> list[str]:
    """Build, make known what was built, and return the remarks."""
    folder, remarks = build_other(name, root / "built" / name, parts, Options(**options))
    refuse_code(folder)
    register_built(folder)
    return remarks


def asked(language: str = "ja", benchmark: str = "some_bench") -> tuple[Question, ...]:
    return questions(benchmark, language)


SETS: dict[str, tuple[str, Callable[[Path], Path], int]] = {
    "KoMT-Bench": ("ko", komt, 3),
    "Japanese MT-Bench": ("ja", japanese, 3),
    **{f"shisa {code}": (code, lambda root, code=code: shisa(root, code), 3) for code in ("zh", "fr", "de")},
    "pfmt-bench-fin-ja": ("ja", finance, 7),  # only writing is a category where MT-Bench's judges see none
}
"""Name -> language, who writes it, and how many references judges see."""


@pytest.mark.parametrize(("code", "made", "n_references"), SETS.values(), ids=SETS)
def test_a_community_set_builds_from_the_first_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, made: Callable[[Path], Path], n_references: int
) -> None:
    folder = made(tmp_path)
    monkeypatch.chdir(tmp_path)
    command = ["data", "build", "some-bench", "--questions", str(folder.relative_to(tmp_path)), "--language", code]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    register_built(tmp_path / "some-bench")
    found = asked(code)
    assert (len(found), sum(bool(one.reference) for one in found)) == (8, n_references)
    assert "reference answers are left out, since MT-Bench's judges see none" in done.stderr or code == "ko"
    import datasets

    rows = datasets.load_dataset(str(tmp_path / "some-bench"), code, split="test", cache_dir=str(tmp_path / "cache"))
    assert rows["turns"] == [list(one.turns) for one in found]
    assert set(rows["benchmark"]) == {"some_bench"}


def test_a_set_in_fastchats_folder_here_needs_no_file_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    japanese(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["data", "build", "japanese_mt_bench", "--language", "ja"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(tmp_path / "japanese_mt_bench")
    assert "judge prompts found: data/judge_ja_prompts.jsonl" in done.stderr.replace("\\", "/")


def test_its_own_prompts_are_a_set_of_its_name(tmp_path: Path) -> None:
    built(tmp_path, Part("ja", japanese(tmp_path)))
    assert set(judge_prompts("some_bench", "ja")) == {row["name"] for row in prompts("ja")}
    assert "評価：[[5]]" in judge_prompts("some_bench", "ja")["single-v1"].system_prompt


def test_several_languages_are_one_benchmark_and_each_has_its_revision(tmp_path: Path) -> None:
    parts = [Part(code, shisa(tmp_path, code)) for code in ("zh", "ja", "fr", "de")]
    built(tmp_path, *parts)
    assert [asked(part.language)[0].question_id for part in parts] == [81] * 4
    assert len({revision("some_bench", part.language) for part in parts}) == 4
    group = yaml.safe_load((tmp_path / "built/some_bench/tasks/_some_bench.yaml").read_text(encoding="utf-8"))
    assert group["task"] == [f"some_bench_{code}" for code in ("zh", "ja", "fr", "de")]
    assert questions("mini", "de"), "the package's German is as it was"


def any_set(root: Path, rows: list[dict[str, Any]]) -> Part:
    return Part("ja", write(root / "any" / "question.jsonl", rows))


def test_ids_are_anything_and_turns_are_as_many_as_there_are(tmp_path: Path) -> None:
    ids = ["q-1", 7, "8", "1.10", "1.1", "007b", 0, "12_JA"]
    rows = [{"question_id": one, "category": "c", "turns": ["問"] * n} for n, one in enumerate(ids, start=1)]
    built(tmp_path, any_set(tmp_path, rows))
    assert [(one.question_id, len(one.turns)) for one in asked()] == [
        *(("q-1", 1), (7, 2), (8, 3), ("1.10", 4), ("1.1", 5), ("007b", 6), (0, 7), (12, 8))
    ]
    group = yaml.safe_load((tmp_path / "built/some_bench/tasks/_some_bench.yaml").read_text(encoding="utf-8"))
    assert [one["metric"] for one in group["aggregate_metric_list"]][2:10] == [f"turn_{n}" for n in range(1, 9)]


def test_categories_are_anything_and_stand_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    names = ("法律", "writing", "ESGs", None, "法律")
    rows = [{"question_id": n, "category": name, "turns": ["問"]} for n, name in enumerate(names)]
    built(tmp_path, any_set(tmp_path, rows))
    assert [one.category for one in asked()] == ["法律", "writing", "ESGs", "general", "法律"]
    built(tmp_path, any_set(tmp_path, rows), categories=("ESGs", "法律"))
    assert [(one.category, one.question_id) for one in asked()] == [("ESGs", 2), ("法律", 0), ("法律", 4)]


def test_references_of_any_number_are_taken_and_surplus_ones_are_named(tmp_path: Path) -> None:
    rows = sets.questions("ja")
    file = write(tmp_path / "r.jsonl", [*references([3, 4]), *references([5], turns=3), *references([1, 99])])
    part = Part("ja", write(tmp_path / "any/question.jsonl", rows), file)
    remarks = built(tmp_path, part)
    assert {one.question_id: len(one.reference) for one in asked() if one.reference} == {3: 2, 4: 2, 5: 2}
    assert remarks == [
        "some_bench: 1 reference answers are to questions that the set doesn't have (questions 99).",
        "some_bench: 1 reference answers are left out, since MT-Bench's judges see none in these categories "
        "(--reference-categories names others) (questions 1).",
        "some_bench: 1 have more references than turns (questions 5).",
    ]
    built(tmp_path, part, reference_categories=("writing",))
    assert {one.question_id for one in asked() if one.reference} == {1}


def test_a_reference_to_some_turns_is_shown_in_those(tmp_path: Path) -> None:
    rows = sets.questions("ja")
    rows[3]["reference"] = ["42", " "]
    rows[2]["reference"] = ["", "東"]
    file = write(tmp_path / "any/question.jsonl", rows)
    remarks = built(tmp_path, Part("ja", file, file))
    assert {one.question_id: one.reference for one in asked() if one.reference} == {4: ("42",)}
    assert "2 have a reference answer to some turns only" in remarks[0]


QUESTION = {"question_id": 1, "category": "c", "turns": ["問", "二"]}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no questions"),
        ([{**QUESTION, "turns": []}], r"line 1: not a question \(turns must be a list that isn't empty"),
        ([{**QUESTION, "turns": "問"}], r"line 1: not a question \(turns must be a list, not '問'"),
        ([{**QUESTION, "turns": ["問", " "]}], r"line 1: .*turns\[1\] must be a text that isn't empty"),
        ([{**QUESTION, "category": "score"}], "line 1: .*category must not be called as a metric is, not 'score'"),
        ([{**QUESTION, "category": "turn_1"}], "line 1: .*category must not be called as a metric is"),
        ([{**QUESTION, "category": "math_stderr"}], "line 1: .*category must not be called as a metric is"),
        ([{**QUESTION, "category": "a,b"}], "line 1: .*category must hold no comma, at which .*, not 'a,b'"),
        ([{**QUESTION, "turns": ["問"] * 101}], "line 1: .*turns must be at most 100 turns"),
        ([{**QUESTION, "turns": ["\u200b"]}], r"line 1: .*turns\[0\] must be a text that isn't empty"),
        ([{**QUESTION, "other_language_turns": [3]}], "line 1: other_language_turns names turn 3 of 2; correct it"),
        ([{**QUESTION, "language": "x" * 900}], r"line 1: a question in 'x{59}\.\.\., not 'ja'"),
        ([{**QUESTION, "category": "a\nb"}], "line 1: .*category must be a name on one line"),
        ([QUESTION, {**QUESTION, "question_id": "1"}], "line 2: question 1 stands in .*line 1, too"),
        ([{**QUESTION, "question_id": "81_DE"}], "line 1: question_id '81_DE' tells the language 'de', not 'ja'"),
        ([{**QUESTION, "language": "de"}], "line 1: a question in 'de', not 'ja'"),
        ([{"question_id": 1, "category": "c"}], "line 1: not a question .the key turns is missing"),
        ([{**QUESTION, "question_id": None}], "line 1: .*question_id must be a whole number from 0 or a short text"),
    ],
)
def test_a_row_that_is_no_question_is_told_by_file_line_and_value(
    tmp_path: Path, rows: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(UserError, match=said) as refused:
        built(tmp_path, any_set(tmp_path, rows))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "built").exists()


def changed(name: str, **change: str) -> list[dict[str, Any]]:
    return [{**row, **change} if row["name"] == name else row for row in prompts("ja")]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (prompts("ja")[1:], "lacks the judge prompts single-v1; add them"),
        (changed("single-v1", prompt_template="{question}"), "line 1: judge prompt 'single-v1' lost a placeholder"),
        (changed("single-v1", prompt_template="{question} { {answer}"), "lost a placeholder"),
        (changed("single-v1", system_prompt="評価：[5]"), "line 1: judge prompt 'single-v1' lost its verdict format"),
        (changed("single-v1", prompt_template="{question}{answer:.9}"), "'single-v1' lost a placeholder"),
        (changed("single-v1", prompt_template="{question!r}{answer}"), "'single-v1' lost a placeholder"),
        (changed("single-v1", type="pairwise", system_prompt="[[A]] [[B]] [[C]]"), "lost its type 'single'"),
        ([*prompts("ja"), {**prompts("ja")[0], "system_prompt": "[[5]]"}], "line 9: .*'single-v1' stands .* before"),
        ([{"name": "single-v1"}], "line 1: not a row of a benchmark .the key type is missing"),
    ],
)
def test_prompts_that_cant_judge_are_refused(tmp_path: Path, rows: list[dict[str, Any]], said: str) -> None:
    write(tmp_path / "any/judge_prompts.jsonl", rows)
    with pytest.raises(UserError, match=said):
        built(tmp_path, any_set(tmp_path, sets.questions("ja")))


def test_prompts_without_pairs_or_without_an_example_are_noted(tmp_path: Path) -> None:
    rows = [
        {**row, "system_prompt": "Judge: [[5]]" if row["name"] == "single-v1" else "[[5]]"}
        for row in prompts("ja", both=False)
    ]
    write(tmp_path / "any/judge_prompts.jsonl", [*rows, {**rows[0], "name": "my-own"}])
    remarks = built(tmp_path, any_set(tmp_path, sets.questions("ja")))
    assert "the judge prompt 'my-own' is left out" in remarks[1]
    assert "the judge prompts pair-v2, pair-v2-multi-turn lack: compare with prompt_set 'native'" in remarks[2]
    assert "single-v1-multi-turn, single-math-v1, single-math-v1-multi-turn show no example" in remarks[3]


def test_three_turns_are_not_judged_by_prompts_that_know_two(tmp_path: Path) -> None:
    file = write(tmp_path / "any/judge_prompts.jsonl", prompts("ja"))
    part = any_set(tmp_path, [{"question_id": 1, "category": "c", "turns": ["問", "二", "三"]}])
    remarks = built(tmp_path, part)
    assert "1 have more than two turns, so" in remarks[1]
    with pytest.raises(UserError, match="judges two turns, and question 1 has more; leave --judge-prompts out"):
        built(tmp_path, Part("ja", part.questions, prompts=file))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mini", "--questions", "q", "--language", "ja"], "can't be called 'mini'"),
        (["../1", "--questions", "q", "--language", "ja"], "can't be called"),
        (["mtbench_x_de", "--questions", "q", "--language", "ja"], "can't be called"),  # a task of ours
        (["native_v1", "--questions", "q", "--language", "ja"], "can't be called"),  # a prompt set of ours
        (["con", "--questions", "q", "--language", "ja"], "no name of ours or of a device"),
        (["x" * 300, "--language", "ja"], "at most 60 letters"),
        (["x", "--questions", "x" * 300, "--language", "ja"], "can't be read (File name too long)"),
        (["x", "--questions", "q", "--language", "ja", "--out", "x" * 300], "Can't write"),
        (["x", "--questions", "q", "--language", "ja", "--judge-prompts", "q"], "q is a folder; name its file"),
        (["x", "--questions", "q"], "0 times --language and 1 sets"),
        (["x", "--questions", "q", "--language", "japanisch"], "'japanisch' is no code such as ja"),
        (["x", "--questions", "none.jsonl", "--language", "ja"], "There is no file none.jsonl of questions"),
        (["x", "--language", "ja"], "Name the set's questions by --questions"),
        (["x", "--questions", "q", "--language", "ja", "--references", "gone"], "There is no gone"),
        (["x"], "There is no dataset 'x'"),
        (["mtbench-x", "--questions", "q", "--language", "ja"], "mtbench-x is a dataset of ours"),
        (["x", "--questions", "q", "--language", "ja", "--categories", "z"], "has no category 'z'; it has writing, "),
    ],
)
def test_mistakes_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    write(tmp_path / "q" / "question.jsonl", sets.questions("ja"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["data", "build", *arguments])
    assert isinstance(done.exception, UserError), done.output
    assert said in str(done.exception)
    assert "\n" not in str(done.exception)


def test_the_same_files_give_the_same_bytes_and_another_text_another_revision(tmp_path: Path) -> None:
    rows = sets.questions("ja")
    built(tmp_path, any_set(tmp_path, rows))
    first, file = revision("some_bench", "ja"), next((tmp_path / "built/some_bench/data").iterdir())
    before = file.read_bytes()
    built(tmp_path, any_set(tmp_path, rows))
    assert (file.read_bytes(), revision("some_bench", "ja")) == (before, first)
    rows[0]["turns"][0] += "！"
    built(tmp_path, any_set(tmp_path, rows))
    assert revision("some_bench", "ja") != first
    assert json.loads(json.dumps(rows, ensure_ascii=False))[0]["turns"][0] == asked()[0].turns[0]


def test_what_looks_the_same_is_one_category_and_gaps_of_a_table_are_none(tmp_path: Path) -> None:
    named = ("\u00e9", "e\u0301 ", " \u00e9")
    rows = [{**QUESTION, "question_id": n, "category": name} for n, name in enumerate(named)]
    built(tmp_path, any_set(tmp_path, [{**row, "other_language_turns": None} for row in rows]))
    assert [(one.category, one.other_language_turns) for one in asked()] == [("\u00e9", ())] * 3


def test_what_a_system_leaves_beside_references_is_passed_over(tmp_path: Path) -> None:
    folder = japanese(tmp_path)
    (folder / "reference_answer/._gpt-4.jsonl").write_bytes(b"\0\5\x16\7")
    assert "reference answers found: " in built(tmp_path, Part("ja", folder))[0]
