"""The same answers under several prompts: what changes, by how much, and whether that is noise."""

import json
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.factory import live_engine
from mtbenchx_tasks.judge.settings import parse_judges
from mtbenchx_tasks.rating.prompt_comparison import (
    ALL_MODELS,
    compare_variants,
    language_variants,
    print_comparison,
    prompt_variants,
)
from mtbenchx_tasks.rating.saved_answers import plan_files
from tests.doubles.openai_api import Api
from tests.sources import needs_sources


def answers(folder: Path, model: str = "m", first: int = 1, suffix: str = "") -> Path:
    rows = [
        {"question_id": f"{i}{suffix}", "model_id": model, "choices": [{"turns": [f"{model}-{i}-says", "Auch"]}]}
        for i in range(first, first + 4)
    ]
    file = folder / ("mini_de" if first == 1 else "mt_bench_de") / f"{model}.jsonl"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> Any:
    return parse_judges(["gpt-4"], base_url=api.url, ledger=str(tmp_path / "ledger.sqlite"))[0]


def is_english(request: dict[str, Any]) -> bool:
    return "You are an impartial judge" in str(request)


def test_english_prompts_against_the_questions_language(api: Api, judge: Any, tmp_path: Path) -> None:
    # in German 6 everywhere; in English 7, and 9 for question 2: shifts 1 1 3 3 1 1 1 1 -> mean 1.5
    def answer(request: dict[str, Any]) -> str:
        return "[[6]]" if not is_english(request) else "[[9]]" if "m-2-says" in str(request) else "[[7]]"

    api.answer = answer
    (found,) = compare_variants([answers(tmp_path)], language_variants(judge), "de").compared
    assert (found.prompts, found.scores, found.identical) == (("same", "en"), (6, 7.5), False)
    assert (found.found.n, found.found.shift) == (8, 1.5)
    assert found.found.interval is not None
    assert 1 <= found.found.interval.low < 1.5 < found.found.interval.high <= 3


def test_english_answers_have_the_same_prompts_in_both(api: Api, judge: Any, tmp_path: Path) -> None:
    (found,) = compare_variants([answers(tmp_path)], language_variants(judge), "en").compared
    assert (found.identical, found.found.shift) == (True, 0)
    assert len(api.judgments) == 8  # paid once


def test_an_answer_without_a_rating_under_one_prompt_is_in_no_shift(api: Api, judge: Any, tmp_path: Path) -> None:
    api.answer = lambda request: "none" if is_english(request) and "m-3-says" in str(request) else "[[5]]"
    comparison = compare_variants([answers(tmp_path)], language_variants(judge), "de")
    (found,) = comparison.compared
    assert (found.found.n, found.found.missing, found.found.shift) == (6, 2, 0)
    assert [rows[0].metrics["unscored"] for rows in comparison.scored] == [0, 0.25]


def test_models_of_one_language_are_pooled_too(api: Api, judge: Any, tmp_path: Path) -> None:
    files = [answers(tmp_path, model) for model in ("one", "two")]
    found = compare_variants(files, language_variants(judge), "de").compared
    assert [(item.model, item.found.n) for item in found] == [("one", 8), ("two", 8), (ALL_MODELS, 16)]


def test_all_prompts_share_one_bound_on_requests_in_flight(judge: Any) -> None:
    assert len({id(live_engine(settings)) for _, settings in language_variants(judge)}) == 1


def test_without_a_key_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="OPENAI_API_KEY"):
        compare_variants([answers(tmp_path)], language_variants(parse_judges(["hosted"])[0]), "de")


@pytest.mark.parametrize("sets", [["native"], ["native", "native"], []])
def test_it_takes_two_prompt_sets(judge: Any, tmp_path: Path, sets: list[str]) -> None:
    with pytest.raises(UserError, match="two different ones"):
        prompt_variants(judge, sets)


def test_an_unknown_prompt_set_is_refused(judge: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"judge\.prompt_set must be one of .*native.* not 'mine'"):
        prompt_variants(judge, ["native", "mine"])


@needs_sources
@pytest.mark.sources
def test_the_repair_of_the_published_prompts(api: Api, judge: Any, tmp_path: Path) -> None:
    files = [answers(tmp_path, language, 81, f"_{language.upper()}") for language in ("de", "en")]
    comparison = compare_variants(files, prompt_variants(judge, ["mtbench_x", "mtbench_x_v1_1", "native"]))
    found = {(item.language, item.prompts[1]): item.identical for item in comparison.compared}
    assert found["en", "mtbench_x_v1_1"]  # FastChat's own English needed no repair
    assert not found["de", "native"]
    assert {len(rows) for rows in comparison.scored} == {2}


def test_it_can_be_planned(judge: Any, tmp_path: Path) -> None:
    variants = [settings for _, settings in language_variants(judge)]
    assert [cell.missing for cell in plan_files([answers(tmp_path)], variants, "de").cells] == [16]
    assert [cell.missing for cell in plan_files([answers(tmp_path)], variants, "en").cells] == [8]  # the very same


def test_it_reads_well_in_80_columns(
    api: Api, judge: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    api.answer = lambda request: "[[7]]" if is_english(request) else "[[6]]"
    files = [answers(tmp_path, model) for model in ("a-model-with-a-rather-long-name-7b-instruct", "two")]
    print_comparison(compare_variants(files, language_variants(judge), "de"))
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert "…" not in said
    assert "+1.00 [+1.00, +1.00]" in said
    assert "6.00 > 7.00" in said
    assert "over questions only; how much the judge varies from run to run was not measured" in " ".join(said.split())
