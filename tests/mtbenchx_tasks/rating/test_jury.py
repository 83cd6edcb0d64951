"""Several judges and several runs: each one's numbers, their mean per answer, their agreement, and the tables."""

import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.benchmark.questions import questions
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.budget import Budget
from mtbenchx_tasks.judge.engines.factory import budgeted
from mtbenchx_tasks.judge.prices import Price
from mtbenchx_tasks.judge.settings import JudgeSettings, parse_judges
from mtbenchx_tasks.rating.jury import Jury, JuryRule, jury, print_jury
from mtbenchx_tasks.rating.saved_answers import judge_files
from mtbenchx_tasks.rating.scored import Scored
from mtbenchx_tasks.rating.terminal import print_metrics
from mtbenchx_tasks.records import Conditions, Item, Model, Rater, Rating
from mtbenchx_tasks.stats.agreement import AnswerId
from tests.doubles.openai_api import Api, is_probe

Turn = Sequence[float | None]
"""A turn's ratings, one a run."""


def scored(judge: str, *ratings: tuple[Turn, Turn], language: str = "en", model: str = "m") -> Scored:
    """What a judge said of the first questions of the mini benchmark."""
    runs = max(len(turn) for turns in ratings for turn in turns)
    asked = questions("mini", language)[: len(ratings)]
    found = [
        Rating(
            Item("mini", language, question.question_id, turn, question.category),
            Model(model),
            Rater(judge),
            Conditions(judge),
            value or None,
            "" if value else "no verdict in the judge's text",
            run=run,
        )
        for question, turns in zip(asked, ratings, strict=True)
        for turn, values in enumerate(turns, start=1)
        for run, value in enumerate(values)
    ]
    return Scored(judge, model, language, runs, tuple(asked), tuple(found))


def test_a_runs_score_is_of_its_verdicts_only() -> None:
    # run 0: 4, 6 and 8, 6 -> 6; run 1: 6, 8 and 8, none -> 22 / 3; mean 6.667, SD of (6, 7.333) = 1.333 / sqrt(2)
    row = scored("a", ([4, 6], [6, 8]), ([8, 8], [6, None]))
    over = row.over_runs("score")
    assert [run["score"] for run in row.per_run] == pytest.approx([6, 22 / 3])
    assert (over.mean, over.sd) == (pytest.approx(20 / 3), pytest.approx(4 / 3 / 2**0.5))
    assert row.metrics["score"] == pytest.approx((5 + 7 + 8 + 6) / 4)  # the task's: runs are averaged per answer first


def test_a_run_without_a_rating_is_no_number() -> None:
    over = scored("a", ([4, None], [6, None])).over_runs("score")
    assert (over.mean, over.sd, over.n, over.missing) == (5, None, 1, 1)


def test_an_empty_answer_is_unscored_in_every_run() -> None:
    row = scored("a", ([4, 6], [None]))
    assert [run["unscored"] for run in row.per_run] == [0.5, 0.5]


def test_the_jurys_rating_is_the_mean_of_its_judges() -> None:
    # answer by answer: (4 + 8) / 2, (6 + mean(7, 9)) / 2
    found = jury([scored("a", ([4], [6])), scored("b", ([8, 8], [7, 9]))])
    (mean,) = found.mean
    assert [rating.value for rating in mean.ratings[:2]] == [6, 7]
    assert (mean.judge, mean.metrics["score"]) == ("jury", 6.5)


def test_an_answer_that_one_judge_did_not_rate_has_no_rating_of_the_jury() -> None:
    (mean,) = jury([scored("lenient", ([9], [9])), scored("strict", ([3], [None]))]).mean
    assert mean.rating_of == {AnswerId("m", "en", 1, 1): 6, AnswerId("m", "en", 1, 2): None}
    assert (mean.metrics["unscored"], mean.reasons) == (0.5, {"a judge gave no rating": 1})


def test_every_pair_of_judges_is_compared_per_language_and_over_all() -> None:
    results = [
        scored(judge, ([level], [level + 1]), language=language)
        for language in ("en", "de")
        for judge, level in (("a", 4), ("b", 5), ("c", 8))
    ]
    found = jury(results).agreements
    assert [(agreed.judges, agreed.language) for agreed in found[:4]] == [
        (("a", "b"), "en"),
        (("a", "b"), "de"),
        (("a", "b"), "all"),
        (("a", "c"), "en"),
    ]
    assert (found[0].found.n, found[0].found.shift, found[2].found.n) == (2, 1, 4)


# from files --------------------------------------------------------------------------------------------------------


def answers(folder: Path, model: str = "m", count: int = 3) -> Path:
    rows = [
        {"question_id": i, "model_id": model, "choices": [{"turns": [f"{model} says {i}", "Also"]}]}
        for i in range(1, count + 1)
    ]
    file = folder / "mini_en" / f"{model}.jsonl"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def judges(api: Api, folder: Path, *models: str, **options: Any) -> list[JudgeSettings]:
    return parse_judges(models or ["gpt-4"], base_url=api.url, ledger=str(folder / "ledger.sqlite"), **options)


def test_judges_are_asked_each_and_told_apart(api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: "[[4]]" if request["model"] == "one" else "[[8]]"
    found = jury(judge_files([answers(tmp_path)], judges(api, tmp_path, "one", "two"), "en"))
    assert [(row.judge, row.metrics["score"]) for row in (*found.judges, *found.mean)] == [
        ("one", 4),
        ("two", 8),
        ("jury", 6),
    ]
    assert found.agreements[0].found.shift == 4


def test_every_judge_and_file_is_in_flight_before_any_is_waited_for(api: Api, tmp_path: Path) -> None:
    meet = threading.Barrier(4, timeout=20)  # passes only if 2 files x 2 judges are in flight together

    def answer(request: dict[str, Any]) -> str:
        if "Also" not in str(request):
            meet.wait()
        return "[[7]]"

    files = [answers(tmp_path, model, count=1) for model in ("a", "b")]
    api.answer = lambda request: "[[7]]" if is_probe(request) else answer(request)
    results = judge_files(files, judges(api, tmp_path, "one", "two"), "en")
    assert [(row.model, row.judge) for row in results] == [("a", "one"), ("a", "two"), ("b", "one"), ("b", "two")]


def test_a_finished_ledger_is_not_even_greeted(api: Api, tmp_path: Path) -> None:
    file, judge = answers(tmp_path), judges(api, tmp_path, runs=2)
    first = judge_files([file], judge, "en")
    asked = len(api.requests)
    assert judge_files([file], judge, "en") == first
    assert len(api.requests) == asked
    assert len(api.judgments) == 12  # 3 questions x 2 turns x 2 runs


def test_a_bad_file_is_found_before_anything_is_asked(api: Api, tmp_path: Path) -> None:
    bad = answers(tmp_path, "bad")
    bad.write_text('{"question_id": 1, "model_id": "b", "choices": [{"turns": ["only one"]}]}\n', encoding="utf-8")
    with pytest.raises(UserError, match="needs two answers"):
        judge_files([answers(tmp_path), bad], judges(api, tmp_path), "en")
    assert api.requests == []


def test_one_model_twice_is_refused(api: Api, tmp_path: Path) -> None:
    file = answers(tmp_path)
    with pytest.raises(UserError, match="both hold 'm' in 'en'; give one of them"):
        judge_files([file, file], judges(api, tmp_path), "en")


def test_one_judge_twice_is_refused() -> None:
    with pytest.raises(UserError, match="'gpt-4' is named twice"):
        parse_judges(["gpt-4", '{"model": "gpt-4", "temperature": 1}'])


def test_options_hold_for_every_judge() -> None:
    found = parse_judges(["one", '{"model": "two", "runs": 2}'], runs=3, prompt_language=None)
    assert [(judge.model, judge.runs, judge.prompt_language) for judge in found] == [
        ("one", 3, "same"),
        ("two", 3, "same"),
    ]


def test_judges_share_one_limit_on_cost(api: Api, tmp_path: Path) -> None:
    # each judgment: 11 tokens read, 7 written at $1,000 a million = $0.018; set aside: bytes + 20 written, over $1
    budget, prices = Budget(10), {"": Price.flat(1000, 1000)}
    files, both = [answers(tmp_path)], judges(api, tmp_path, "one", "two", max_tokens=20)
    results = judge_files(files, both, "en", budgeted(budget, prices))
    assert sum(row.failed for row in results) == 0
    assert budget.spent == pytest.approx((12 + 2 * 2) * 0.018)  # each judge's probe costs two
    nothing_left = judge_files(files, judges(api, tmp_path, "three"), "en", budgeted(Budget(0.1), prices))
    assert nothing_left[0].reasons == {"not asked: --max-cost 0.10 is reached": 6}
    assert nothing_left[0].failed == 6


def test_a_limit_needs_to_know_the_price(tmp_path: Path) -> None:
    elsewhere = parse_judges(["ours"], base_url="https://judge.example/v1", ledger=str(tmp_path / "ledger.sqlite"))
    with pytest.raises(UserError, match="name it by --price IN,OUT"):
        judge_files([answers(tmp_path)], elsewhere, "en", budgeted(Budget(1)))


# tables ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def fits(text: str) -> bool:
    return max(map(len, text.splitlines())) <= 80 and "…" not in text


def big_jury() -> Jury:
    models = ("a-model-with-a-rather-long-name-7b-instruct", "small")
    return jury(
        [scored(f"judge-{i}", ([4 + i], [9]), ([7], [None]), model=model) for model in models for i in range(3)]
    )


@pytest.mark.usefixtures("narrow")
def test_a_jury_reads_well_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_jury(big_jury())
    said = capsys.readouterr().out
    assert fits(said)
    assert said.count("category_mean") > 1  # cut into tables that fit
    assert "Without a rating (small, en, judge-0): 1 x no verdict in the judge's text" in said
    assert re.search(r"\+1\.00|\+0\.33", said)


@pytest.mark.usefixtures("narrow")
def test_one_run_says_what_its_interval_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics([scored("a", ([4], [6]), ([8], [6]))])
    said = " ".join(capsys.readouterr().out.split())
    assert "6.00 ± 1.00" in said  # question means 5 and 7: SD sqrt(2), over sqrt(2)
    assert "over questions only; how much the judge varies from run to run was not measured" in said


@pytest.mark.usefixtures("narrow")
def test_several_runs_show_mean_and_deviation(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics([scored("a", ([4, 5, 6], [4, 5, 6]), ([4, 5, 6], [8, 9, 10]))])
    said = " ".join(capsys.readouterr().out.split())
    assert "score │ 6.00 ± 1.00" in said  # runs 5, 6, 7
    assert "score (questions) │ 6.00 ± 1.00" in said  # question means 5 and 7: SD sqrt(2), over sqrt(2)
    assert "mean ± standard deviation over 3 runs of the judge" in said
    assert "not measured" not in said


def test_a_median_and_a_quorum() -> None:
    """Answers of three judges: 2, 8, 9 and 4, none, 6; the mean of all, the median, and the median of two or more."""
    rows = [scored("a", ([2], [4])), scored("b", ([8], [None])), scored("c", ([9], [6]))]
    by_rule = {rule: jury(rows, rule).mean[0] for rule in (JuryRule(), JuryRule("median"), JuryRule("median", 2))}
    values = [[rating.value for rating in row.ratings] for row in by_rule.values()]
    assert values == [[pytest.approx(19 / 3), None], [8, None], [8, 5]]
    few = jury(rows, JuryRule("mean", 3)).mean[0].ratings[1]
    assert (few.value, few.reason) == (None, "fewer judges than the quorum gave a rating")


def test_the_rule_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [scored(judge, ([8], [6])) for judge in "ab"]
    print_jury(jury(rows, JuryRule("median", 1)))
    assert "jury: the median where 1 judge or more rated; judges differ in level" in " ".join(
        capsys.readouterr().out.split()
    )
