"""A sixth language with no code change: translated, built, run by the stock harness, judged."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hf_datasets.benchmark import languages as added
from hf_datasets.benchmark.build import flagged
from hf_datasets.benchmark.built_folder import register_built
from hf_datasets.benchmark.card import added_section
from hf_datasets.benchmark.questions import questions
from hf_datasets.benchmark.translated_folder import read_translation
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.sources import fetch
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.report.sections import sections
from tests.doubles.deepl_api import KEY, DeepLApi, serve_deepl
from tests.doubles.hub import Hub
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate, metric
from tests.mini import ANSWERS, FIRST_UNKNOWN, QUESTIONS, REFERENCES
from tests.sources import needs_sources

TASK = "mtbench_x_mini_pt"


def pseudo(text: str, target: str) -> str:
    """Not Portuguese, but never English: every word gets an ending, every newline stays."""
    del target
    return "".join(f"{word}ão" if word.isalpha() else word for word in _words(text))


def _words(text: str) -> list[str]:
    words, word = [], ""
    for sign in text:
        if sign.isalpha():
            word += sign
        else:
            words += [word, sign] if word else [sign]
            word = ""
    return [*words, word] if word else words


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("translated")
    with serve_deepl(DeepLApi(speak=pseudo)) as deepl, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPL_AUTH_KEY", KEY)
        patch.setenv("DEEPL_SERVER_URL", deepl.url)
        run("translate", "mini_en", "native_en", "--to", "pt", "--out", folder / "pt", "--ledger", folder / "l.sqlite")
    return folder / "pt"


@pytest.fixture(scope="module")
def built(translated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "mtbench-x"
    run("build", "mtbench-x", "--translation", translated, "--out", folder)
    return folder


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    added.forget()


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["data", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def test_a_translation_is_read_with_its_counts(translated: Path) -> None:
    found = read_translation(translated)
    assert found.language == "pt"
    assert [len(asked) for asked in found.questions.values()] == [QUESTIONS]
    assert list(found.prompts) == ["native"]
    assert found.reports[0]["texts"] == ANSWERS + REFERENCES + 12 * 3
    question = found.questions["mini"][0]
    assert question.turns == question.source_turns != questions("mini", "en")[0].turns


@needs_sources
@pytest.mark.sources
def test_the_stock_harness_runs_and_judges_it(built: Path, api: Api, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(built, tmp_path / "elsewhere"))
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "judge.sqlite")}
    results = evaluate(Model(), TASK, judge, moved / "tasks", limit=2)
    assert metric(results, TASK, "score") == 7
    asked = [request["messages"][-1]["content"] for request in api.judgments]
    # 2 questions x 2 turns; the prompt's frame is kept, its words are translated, its question is the built row's
    assert len(asked) == 4
    assert all("<|Start of the" in text and "writingão" not in text for text in asked)
    assert any(register_built(moved)[0].questions["mini"][0].turns[0] in text for text in asked)
    assert "impartialão" in api.judgments[0]["messages"][0]["content"]
    config = results["configs"][TASK]["metadata"]["benchmark"]
    assert (config["language"], config["revision"]) == ("pt", register_built(moved)[0].revision("mini"))


OLD_CLASSES = """from pathlib import Path
from mtbenchx_tasks import task

class MTBenchXMini(task.MTBenchXMini):
    FOLDER = Path(__file__).resolve().parents[1]
"""
"""`tasks/built.py`, as version 0.3.0 wrote it."""


@needs_sources
@pytest.mark.sources
def test_a_folder_that_an_older_version_built_still_runs_but_is_not_passed_on(
    built: Path, api: Api, tmp_path: Path
) -> None:
    old = Path(shutil.copytree(built, tmp_path / "old"))
    (old / "tasks" / "built.py").write_text(OLD_CLASSES, encoding="utf-8")
    task = "task: mtbench_x_mini_pt\nclass: !function built.MTBenchXMini\nlanguage: 'pt'\n"
    (old / "tasks" / f"{TASK}.yaml").write_text(task, encoding="utf-8")
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "judge.sqlite")}
    assert metric(evaluate(Model(), TASK, judge, old / "tasks", limit=1), TASK, "score") == 7
    with pytest.raises(UserError, match=r"built.py is code, which `lm_eval --include_path` may run"):
        run("check", old)


@needs_sources
@pytest.mark.sources
def test_a_task_file_taken_out_of_its_folder_reads_it_where_it_was_built(built: Path, api: Api, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    file = Path(shutil.copy(built / "tasks" / f"{TASK}.yaml", tmp_path / "mine"))
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "judge.sqlite")}
    assert metric(evaluate(Model(), TASK, judge, tmp_path / "mine", limit=1), TASK, "score") == 7
    file.write_text(file.read_text(encoding="utf-8").replace(str(built), str(tmp_path / "gone")), encoding="utf-8")
    with pytest.raises(UserError, match=r"no built benchmark at .*/gone, which the task files name as dataset_path"):
        evaluate(Model(), TASK, judge, tmp_path / "mine", limit=1)


@needs_sources
@pytest.mark.sources
def test_tasks_of_a_pushed_benchmark_read_it_from_the_hub(built: Path, api: Api, hub: Hub, tmp_path: Path) -> None:
    """Only the task files are here; later pushes don't change what they name."""
    from huggingface_hub import constants

    run("push", built, "--repo-id", "ORG/mtbench-x")
    repo = hub.repos["dataset", "ORG/mtbench-x"]
    assert set(repo.files) >= {f"tasks/{TASK}.yaml", "tasks/_mtbench_x_mini.yaml", "eval.yaml"}
    assert not [path for path in repo.files if path.endswith(".py")]
    assert str(built) not in str(repo.files[f"tasks/{TASK}.yaml"])
    tasks = tmp_path / "download" / "tasks"
    tasks.mkdir(parents=True)
    for path, content in repo.files.items():
        if path.startswith("tasks/"):
            (tasks / Path(path).name).write_bytes(content)
    repo.add("Emptied by somebody", **{"README.md": None})
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "judge.sqlite")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub_cache"))
        results = evaluate(Model(), TASK, judge, tasks, limit=2)
    assert metric(results, TASK, "score") == 7
    assert results["configs"][TASK]["metadata"]["benchmark"]["revision"] == register_built(built)[0].revision("mini")


@needs_sources
@pytest.mark.sources
def test_every_language_of_the_built_folder_is_a_task(built: Path) -> None:
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(built / "tasks"), include_defaults=False)
    languages = ("en", "de", "fr", "it", "es")
    assert set(manager.all_tasks) == {
        *("mtbench_x", "mtbench_x_mini", TASK),
        *(f"mtbench_x_{language}" for language in languages),
        *(f"mtbench_x_mini_{language}" for language in languages),
    }


@needs_sources
@pytest.mark.sources
def test_the_added_configs_load(built: Path, tmp_path: Path) -> None:
    import datasets

    rows = datasets.load_dataset(str(built), "mini_pt", split="test", cache_dir=str(tmp_path))
    assert rows["language"] == ["pt"] * QUESTIONS
    prompts = datasets.load_dataset(str(built), "judge_prompts_pt", split="test", cache_dir=str(tmp_path))
    assert set(prompts["prompt_set"]) == {"native"}
    card = (built / "README.md").read_text(encoding="utf-8")
    assert f"{QUESTIONS} questions of `mini`" in card
    assert f"{ANSWERS + REFERENCES + 12 * 3} texts, 0 of them edited by people" in card


@needs_sources
@pytest.mark.sources
def test_saved_answers_are_judged_in_it(built: Path, api: Api, tmp_path: Path) -> None:
    answers = tmp_path / "m.jsonl"
    rows = [
        {"question_id": number, "model_id": "m", "choices": [{"index": 0, "turns": ["Sim.", "Não."]}]}
        for number in range(1, FIRST_UNKNOWN)
    ]
    answers.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    judge = json.dumps({"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "judge.sqlite")})
    done = CliRunner().invoke(
        app,
        ["judge", str(answers), "--judge", judge, "--language", "pt", "--benchmark", "mini", "--data", str(built)],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    assert len(api.judgments) == ANSWERS


def test_without_the_built_folder_the_language_is_unknown() -> None:
    with pytest.raises(UserError, match="has no language 'pt'"):
        questions("mini", "pt")


def damaged(translated: Path, folder: Path, name: str, change: Any) -> Path:
    shutil.copytree(translated, folder)
    rows = [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    text = "".join(json.dumps(row) + "\n" for row in change(rows))
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_missing_question_is_refused(translated: Path, tmp_path: Path) -> None:
    folder = damaged(translated, tmp_path / "x", "mini_pt.jsonl", lambda rows: rows[1:])
    with pytest.raises(UserError, match="damaged: the question ids are not the expected ones"):
        read_translation(folder)


def test_questions_that_others_number_from_1_are_not_the_mini_benchmark(tmp_path: Path) -> None:
    """As in Vicuna's and the Japanese MT-Bench: FastChat's layout, ids from 1."""
    rows = [
        {"question_id": number, "category": category, "turns": ["a", "b"], "language": "ja"}
        for number, category in enumerate(["writing"] * 10 + ["roleplay"] * 6, start=1)
    ]
    (tmp_path / "question.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(UserError, match="holds questions with ids below 81 that aren't the mini benchmark's"):
        read_translation(tmp_path)


def test_a_prompt_that_lost_its_verdict_is_refused(translated: Path, tmp_path: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "system_prompt": row["system_prompt"].replace("[[5]]", "[5]")} for row in rows]

    with pytest.raises(UserError, match="'single-v1' of 'native' in 'pt' lost its verdict format"):
        read_translation(damaged(translated, tmp_path / "x", "native_pt.jsonl", change))


@pytest.mark.parametrize(
    "said",
    [
        "../../../../escaped",
        "pwn\nprocess_docs: !function this.d\nq: 1",
        "a/b",
        "all",
        7,
        ["pt"],
        "pt; rm -rf",
        "p" * 999,
    ],
)
def test_a_language_that_is_no_code_is_refused_and_nothing_is_written(
    translated: Path, tmp_path: Path, said: object
) -> None:
    folder = damaged(
        translated, tmp_path / "in" / "x", "mini_pt.jsonl", lambda rows: [{**row, "language": said} for row in rows]
    )
    with pytest.raises(UserError, match=r"names the language .*, which is no code such as pt, zh or pt-BR"):
        run("build", "mtbench-x", "--translation", folder, "--out", tmp_path / "in" / "out")
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_build_warns_of_a_translation_that_rules_find_odd(translated: Path, tmp_path: Path) -> None:
    assert flagged([translated]) == []
    folder = Path(shutil.copytree(translated, tmp_path / "odd"))
    report = folder / "mini_pt.report.json"
    told = json.loads(report.read_text(encoding="utf-8"))
    report.write_text(json.dumps({**told, "flags": {"language": 21, "untranslated": 4, "code_changed": 0}}))
    (remark,) = flagged([folder])
    texts = ANSWERS + REFERENCES + 12 * 3
    assert remark.startswith(
        f"{folder}: rules find some of this translation odd (language 21, untranslated 4, of {texts} texts)"
    )


def test_post_edits_stand_in_the_rows_and_in_the_card(translated: Path, tmp_path: Path) -> None:
    lines = [
        json.loads(line) for line in (translated / "mini_pt.review.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    edits = tmp_path / "edits.jsonl"
    edits.write_text(json.dumps({**lines[0], "text": "Escreva um aviso."}) + "\n", encoding="utf-8")
    ledger = translated.parent / "l.sqlite"  # holds everything: no engine is asked
    run(
        "translate", "mini_en", "--to", "pt", "--out", tmp_path / "pt", "--ledger", ledger, "--edits", edits, code=3
    )  # four words for a whole paragraph: rules flag it
    found = read_translation(tmp_path / "pt")
    first = found.questions["mini"][0]
    assert first.turns[0] == "Escreva um aviso."
    assert first.source_turns[0] == lines[0]["text"]
    assert first.corrected_fields == ("turns",)
    assert "1 questions were corrected by people" in added_section([found])
    assert "1 of them edited by people" in added_section([found])


@needs_sources
@pytest.mark.sources
def test_someone_elses_translation_in_fastchats_layout(api: Api, tmp_path: Path) -> None:
    """Upstream's German files, relabelled: questions, reference answers, judge prompts as FastChat lays them out."""
    folder = tmp_path / "nl"
    folder.mkdir()
    for name in ("question.jsonl", "reference_answer/gpt-4.jsonl", "judge_prompts.jsonl"):
        text = fetch("mtbench_x", f"data/mt_bench_DE/{name}").read_text(encoding="utf-8")
        (folder / Path(name).name).write_text(text.replace("_DE", "_NL"), encoding="utf-8")
    run("build", "mtbench-x", "--translation", folder, "--out", tmp_path / "mtbench-x")
    (found,) = register_built(tmp_path / "mtbench-x")
    german, dutch = questions("mtbench_x", "de"), found.questions["mtbench_x"]
    assert [(q.turns, q.reference, q.question_reference) for q in dutch] == [
        (q.turns, q.reference, q.question_reference) for q in german
    ]
    # question 95 asks for English wherever we know it to
    assert {q.question_id for q in dutch if q.other_language_turns} == {95}
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "judge.sqlite")}
    results = evaluate(Model(), "mtbench_x_nl", judge, tmp_path / "mtbench-x" / "tasks", limit=1)
    assert metric(results, "mtbench_x_nl", "score") == 7
    assert any("Bewertung" in judgment["messages"][1]["content"] for judgment in api.judgments)  # in any order
    assert "Nothing is recorded" in (tmp_path / "mtbench-x" / "README.md").read_text(encoding="utf-8")


@needs_sources
@pytest.mark.sources
def test_a_language_in_fastchats_own_layout_stands_in_one_table_with_the_five(api: Api, tmp_path: Path) -> None:
    """As such sets are published: no row tells the language, and gpt-4 answered every question."""
    folder = tmp_path / "ja_mt_bench"
    for name in ("question.jsonl", "reference_answer/gpt-4.jsonl"):
        rows = jsonl.read(fetch("mtbench_x", f"data/mt_bench_DE/{name}"))
        rows = [{**row, "question_id": int(str(row["question_id"]).partition("_")[0])} for row in rows]
        have = {row["question_id"] for row in rows}
        if name != "question.jsonl":
            rows += [{**rows[0], "question_id": number} for number in range(81, 161) if number not in have]
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        jsonl.write(folder / name, rows)
    with pytest.raises(UserError, match="must hold one language, not none; name it by --language"):
        read_translation(folder)
    said = run("build", "mtbench-x", "--translation", folder, "--language", "ja", "--out", tmp_path / "mtbench-x")
    assert "50 reference answers are left out, since MT-Bench's judges see none to these questions" in said
    ledger = tmp_path / "judge.sqlite"
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(ledger), "prompt_language": "en"}
    codes = ("en", "de", "fr", "it", "es", "ja")
    results = evaluate(Model(), [f"mtbench_x_{code}" for code in codes], judge, tmp_path / "mtbench-x/tasks", limit=1)
    assert metric(results, "mtbench_x_ja", "score") == 7
    (section,) = sections(read_study([ledger]).ratings)
    assert section.languages == codes
