"""Somebody's set from FastChat's layout to a table: lm_eval, judge, compare, the Hub, report; ids tell nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hf_datasets.benchmark import languages
from hf_datasets.benchmark.others.build import Part, build_other
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.report.sections import sections
from tests.doubles.hub import Hub
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate, metric, of_task
from tests.hf_datasets.benchmark.others import sets

NAME, TASK = "fin_ja", "fin_ja_ja"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    languages.forget()


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder, _ = build_other(NAME, tmp_path / NAME, [Part("ja", sets.finance(tmp_path / "theirs"))])
    return folder


def settings(api: Api, tmp_path: Path, **more: object) -> dict[str, Any]:
    return {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "judge.sqlite"), **more}


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def answers(path: Path, model: str, ids: list[object], turns: int = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "question_id": one,
            "model_id": model,
            "choices": [{"index": 0, "turns": [f"{model}の答え{n}" for n in range(turns)]}],
        }
        for one in ids
    ]
    jsonl.write(path, rows)
    return path


IDS: list[object] = [f"fin-{category}-1" for category in sets.FINANCE]


def test_the_stock_harness_runs_and_judges_it(built: Path, api: Api, tmp_path: Path) -> None:
    results = evaluate(Model(), TASK, settings(api, tmp_path), built / "tasks")
    assert metric(results, TASK, "score") == 7
    assert metric(results, TASK, "ESGs") == 7
    assert metric(results, TASK, "unscored") == 0
    assert len(api.judgments) == 8 * 2
    # seven questions have references, which its own prompts show before everything else
    texts = [request["messages"][-1]["content"] for request in api.judgments]
    assert sum(text.startswith("reference fin-") for text in texts) == 7 * 2
    assert all(request["messages"][0]["content"] == "Judge. 評価：[[5]]" for request in api.judgments)
    metadata = results["configs"][TASK]["metadata"]
    assert {name: metadata["benchmark"][name] for name in ("name", "language")} == {"name": NAME, "language": "ja"}
    assert (metadata["judge"]["prompt_set"], metadata["judge"]["prompt_language"]) == (NAME, "same")


def test_a_set_without_prompts_is_judged_by_ours_in_english_and_says_so(api: Api, tmp_path: Path) -> None:
    rows = sets.questions("ja", categories=("法律", "税"))
    folder, _ = build_other("law", tmp_path / "law", [Part("ja", sets.write(tmp_path / "q/question.jsonl", rows))])
    results = evaluate(Model(), "law", settings(api, tmp_path), folder / "tasks")
    assert of_task(results["results"], "law_ja")["法律,gpt-4"] == 7
    assert results["results"]["law"]["score,gpt-4"] == 7
    assert api.judgments[0]["messages"][0]["content"].startswith("You are an impartial judge")
    judge = of_task(results["configs"], "law_ja")["metadata"]["judge"]
    assert (judge["prompt_set"], judge["prompt_language"]) == ("native", "en")


def long_set(tmp_path: Path) -> Path:
    """Three questions of one, two and three turns, the last with references to all of them."""
    turns = {n: [f"問{n}.{turn}" for turn in range(1, n + 1)] for n in (1, 2, 3)}
    rows = [{"question_id": f"q{n}", "category": "税", "turns": texts} for n, texts in turns.items()]
    file = sets.write(tmp_path / "long/question.jsonl", rows)
    given = sets.write(tmp_path / "r.jsonl", sets.references(["q3"], turns=3))
    return build_other("long", tmp_path / "built/long", [Part("ja", file, given)])[0]


def test_each_question_has_its_own_number_of_turns(api: Api, tmp_path: Path) -> None:
    """A wave a turn, over all tasks: every model is called three times, whatever the questions' lengths."""
    folder, model = long_set(tmp_path), Model()
    results = evaluate(model, "long_ja", settings(api, tmp_path), folder / "tasks", log_samples=True)
    assert [len(wave) for wave in model.waves] == [3, 2, 1]
    assert len(api.judgments) == 1 + 2 + 3
    assert [metric(results, "long_ja", f"turn_{turn}") for turn in (1, 2, 3)] == [7, 7, 7]
    assert "turn_4,gpt-4" not in results["results"]["long_ja"]
    last = [str(one["messages"]) for one in api.judgments if "問3.3" in str(one["messages"])]
    assert len(last) == 1
    assert all(text in last[0] for text in ("問3.1", "問3.2", "reference q3.1", "reference q3.3", "the last question"))
    assert results["configs"]["long_ja"]["metadata"]["benchmark"]["turns"] == [1, 2, 3]


def test_three_turns_from_saved_answers_to_the_report(api: Api, tmp_path: Path) -> None:
    folder = long_set(tmp_path)
    files = []
    for model in ("one", "other"):
        files.append(tmp_path / f"{model}.jsonl")
        rows = [
            {"question_id": f"q{n}", "model_id": model, "choices": [{"turns": [f"{model} {n}.{t}" for t in range(n)]}]}
            for n in (1, 2, 3)
        ]
        jsonl.write(files[-1], rows)
    told = ("--judge", json.dumps(settings(api, tmp_path)), "--data", folder, "--benchmark", "long")
    said = run("judge", *files, *told, "--out", tmp_path / "out")
    assert "turn_3" in said
    api.answer = lambda _: "[[A]]"
    assert "turn 3" in run("compare", *files, *told)
    study = read_study([tmp_path / "out", tmp_path / "judge.sqlite"])
    assert {(one.item.question_id, one.item.turn) for one in study.ratings} == {
        *(("q1", 1), ("q2", 1), ("q2", 2), ("q3", 1), ("q3", 2), ("q3", 3))
    }
    assert {one.item.turn for one in study.preferences} == {1, 2, 3}
    run("report", tmp_path / "out", "--out", tmp_path / "report", "--no-figures")
    page = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    assert "Average score per language, turn 3" in page
    assert "no answer to turn" not in page


def test_saved_answers_are_judged_compared_and_reported(built: Path, api: Api, tmp_path: Path) -> None:
    """The folder of answers tells the benchmark, the benchmark its only language."""
    folder = tmp_path / "theirs/data/fin_ja/model_answer"
    files = [answers(folder / f"{model}.jsonl", model, IDS) for model in ("one", "other")]
    judge = json.dumps(settings(api, tmp_path))
    out = tmp_path / "out"
    said = run("judge", *files, "--judge", judge, "--data", built, "--out", out)
    assert "ESGs" in said
    assert "8 of 8" in said
    assert len(api.judgments) == 2 * 8 * 2
    api.answer = lambda _: "[[A]]"
    said = run("compare", *files, "--judge", judge, "--data", built, "--out", tmp_path / "pairs")
    assert "inconsistent" in said
    study = read_study([out, tmp_path / "judge.sqlite"])
    assert {rating.item.benchmark for rating in study.ratings} == {NAME}
    assert {rating.item.question_id for rating in study.ratings} == set(IDS)
    assert len(study.preferences) == 8 * 2
    run("report", out, "--out", tmp_path / "report", "--no-figures", "--questions", "fin-math-1")
    page = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    assert "Knowledge" in page
    assert "fin-math-1" in page


def test_a_ledger_alone_tells_no_category_of_a_benchmark_that_is_not_here(
    built: Path, api: Api, tmp_path: Path
) -> None:
    file = answers(tmp_path / "a.jsonl", "m", IDS)
    run("judge", file, "--judge", json.dumps(settings(api, tmp_path)), "--data", built, "--benchmark", NAME)
    assert {rating.item.category for rating in read_study([tmp_path / "judge.sqlite"]).ratings} == set(sets.FINANCE)
    languages.forget()
    assert {one.item.category for one in read_study([tmp_path / "judge.sqlite"]).ratings} == {"no category told"}


def test_ids_of_mt_bench_are_no_mt_bench_in_another_benchmark(api: Api, tmp_path: Path) -> None:
    """Ids 81 to 88, one a category: by MT-Bench's tens all would be writing."""
    folder, _ = build_other("shisa", tmp_path / "shisa", [Part("zh", sets.shisa(tmp_path, "zh"))])
    file = answers(tmp_path / "shisa_answers.jsonl", "m", list(range(81, 89)))
    run("judge", file, "--judge", json.dumps(settings(api, tmp_path)), "--data", folder, "--benchmark", "shisa")
    ratings = read_study([tmp_path / "judge.sqlite"]).ratings
    assert {rating.item.question_id: rating.item.category for rating in ratings} == dict(
        enumerate(sets.EIGHT, start=81)
    )


def test_files_of_two_benchmarks_lie_apart_and_tell_whose_they_are(api: Api, tmp_path: Path) -> None:
    """MT-Bench's ids in `mt_bench_zh` would be read as MT-Bench's."""
    folder, _ = build_other("shisa", tmp_path / "shisa", [Part("zh-Hant", sets.shisa(tmp_path, "zh"))])
    files = [answers(tmp_path / f"{model}.jsonl", model, list(range(81, 89))) for model in ("one", "other")]
    judge = json.dumps(settings(api, tmp_path))
    told = ("--judge", judge, "--data", folder, "--benchmark", "shisa", "--language", "zh-Hant")
    run("judge", *files, *told)
    api.answer = lambda _: "[[A]]"
    run("compare", *files, *told, "--out", tmp_path / "pairs")
    out = tmp_path / "export"
    run("ledger", "export", "--out", out, "--ledger", tmp_path / "judge.sqlite")
    assert [path.name for path in out.iterdir()] == ["shisa_zh-hant"]
    for place in (out, tmp_path / "pairs"):
        study = read_study([place])
        items = [one.item for one in (*study.ratings, *study.preferences)]
        assert {(item.benchmark, item.language) for item in items} == {("shisa", "zh-hant")}


def test_six_languages_of_one_benchmark_stand_in_one_table(api: Api, tmp_path: Path) -> None:
    codes = ("ja", "zh", "ar", "hi", "de", "en")
    parts = [
        Part(code, sets.write(tmp_path / code / "question.jsonl", sets.questions(code, categories=("writing", "math"))))
        for code in codes
    ]
    folder, _ = build_other("six", tmp_path / "six", parts)
    files = [answers(tmp_path / f"{code}.jsonl", "m", [1, 2]) for code in codes]
    for code, file in zip(codes, files, strict=True):
        judge = json.dumps(settings(api, tmp_path, prompt_language="en"))
        given = ("--language", code, "--benchmark", "six", "--data", folder, "--out", tmp_path / "out")
        run("judge", file, "--judge", judge, *given)
    (section,) = sections(read_study([tmp_path / "out"]).ratings)
    assert set(section.languages) == set(codes)


def test_from_the_hub_and_by_include_path(built: Path, api: Api, hub: Hub, tmp_path: Path) -> None:
    from huggingface_hub import constants

    run("data", "push", built, "--repo-id", "ORG/fin_ja")
    repo = hub.repos["dataset", "ORG/fin_ja"]
    tasks = tmp_path / "download" / "tasks"
    tasks.mkdir(parents=True)
    for path, content in repo.files.items():
        if path.startswith("tasks/"):
            (tasks / Path(path).name).write_bytes(content)
    assert {file.name for file in tasks.iterdir()} == {"fin_ja_ja.yaml", "_fin_ja.yaml"}
    assert str(built) not in (tasks / "fin_ja_ja.yaml").read_text(encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub_cache"))
        results = evaluate(Model(), NAME, settings(api, tmp_path), tasks, limit=2)
    assert metric(results, TASK, "score") == 7


def test_answers_that_dont_fit_are_refused(built: Path, api: Api, tmp_path: Path) -> None:
    judge = json.dumps(settings(api, tmp_path))
    common = ("--judge", judge, "--data", built, "--benchmark", NAME)
    for ids, turns, said in (
        (["fin-none-1"], 2, "fin_ja has no question fin-none-1; its ids are fin-ESGs-1, fin-ethics-1, fin-idea-1 ..."),
        (IDS, 3, "Question fin-writing-1 needs two answers, one per turn, not 3"),
    ):
        file = answers(tmp_path / "a.jsonl", "m", ids, turns)
        done = CliRunner().invoke(app, ["judge", str(file), *map(str, common)])
        assert isinstance(done.exception, UserError), done.output
        assert said in str(done.exception)
    assert not api.judgments


def test_a_rubric_of_ones_own_judges_the_mini_benchmark(api: Api, tmp_path: Path) -> None:
    """Its prompts come with any question; `--data` and `prompt_set` name them, the questions stay ours."""
    question = sets.write(tmp_path / "rubric/question.jsonl", sets.questions("de")[:1])
    own = sets.write(tmp_path / "rubric/judge_prompts.jsonl", sets.prompts("de"))
    folder, _ = build_other("politeness", tmp_path / "politeness", [Part("de", question, prompts=own)])
    judge = json.dumps(settings(api, tmp_path, prompt_set="politeness"))
    saved = answers(tmp_path / "m.jsonl", "m", [1, 2])
    told = ("--benchmark", "mini", "--language", "de", "--data", folder, "--judge", judge)
    run("judge", saved, *told, "--out", tmp_path / "out")
    assert {one["messages"][0]["content"] for one in api.judgments} == {"Judge. Bewertung:[[5]]"}
    assert len(api.judgments) == 4
    (rating, *_) = read_study([tmp_path / "out"]).ratings
    assert (rating.conditions.benchmark, rating.conditions.prompt["prompt_set"]) == ("mini", "politeness")
