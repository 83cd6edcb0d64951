"""Judges whose faults are known sit the exam: each is found by kind, and the honest one is found nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hf_datasets.ledger.store import Ledger, open_ledger
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.meta_evaluation.exam.ask import PUBLIC, ExamPart, Form, fresh_form
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.meta_evaluation.exam.run import examine, exams_in, plan_exam, write_exam
from mtbenchx_tasks.meta_evaluation.exam.score import ALL, Exam
from mtbenchx_tasks.meta_evaluation.exam.table import biases, exam_tables, sentences, verdict_line
from tests.doubles.sitter import Opinion, Sitter, engine_for, oracle

PART = ExamPart(("de", "en", "it"), ("cut_off", "null"))
SNAPSHOT = "sitter-2026-11-28"


@pytest.fixture
def settings(tmp_path: Path) -> JudgeSettings:
    return JudgeSettings(model="sitter", base_url="http://127.0.0.1:9/v1", ledger=str(tmp_path / "ledger.sqlite"))


def ledger_of(settings: JudgeSettings) -> Ledger:
    return open_ledger(Path(str(settings.ledger)))


def sit(settings: JudgeSettings, opinion: Opinion, part: ExamPart = PART) -> Exam:
    sitter = Sitter(ledger_of(settings), opinion).learn(settings, part)
    return examine(settings, part, engine_for(sitter)).exam


def named(exam: Exam) -> set[tuple[str, str, str, str]]:
    return {(one.test, one.mode, one.kind, one.language) for one in biases(exam)}


def but(kind: str, wrong: str, of: Callable[[ExamItem], bool] = lambda item: True) -> Opinion:
    """An oracle but for one kind."""
    return lambda item: wrong if item.kind == kind and of(item) else oracle(item)  # type: ignore[return-value]


def nulls(lure: str | None = None) -> int:
    """How many null pairs the exam has in PART's languages; readers may have left some out."""
    items = replace(PART, kinds=("null",)).items(Form())
    return sum(lure in (None, item.lure) for item in items)


def test_an_oracle_has_everything_right_and_nothing_is_found(settings: JudgeSettings) -> None:
    exam = sit(settings, oracle)
    assert {rate.right for rate in exam.rates} == {1.0}
    assert {rate.flips for rate in exam.rates} == {0.0, None}
    assert biases(exam) == []
    assert {one.ties for one in exam.null_pairs} == {1.0}
    assert {one.words for one in exam.thresholds} == {"finds even the subtlest dose"}
    assert "100.0 % right of 60 pairs by ratings, 100.0 % right of 60 pairs by comparisons" in verdict_line(exam)
    assert {one.p for one in exam.paired} == {1.0}


def test_always_first_flips_everywhere_and_is_found_by_position(settings: JudgeSettings) -> None:
    exam = sit(settings, lambda item: "first")
    assert {rate.flips for rate in exam.rates if rate.mode == "pairwise"} == {1.0}
    assert {rate.right for rate in exam.rates if rate.mode == "pairwise"} == {0.0}
    first = next(one for one in exam.null_pairs if one.lure == ALL)
    assert (first.share, first.decided) == (1.0, 2 * nulls())  # in both orders
    assert ("first", "pairwise", "null", ALL) in named(exam)
    assert not any(test == "longer" for test, *_ in named(exam))
    # Each order by itself guesses: half right, so no dose is found.
    assert {one.words for one in exam.thresholds} == {"doesn't find even the most glaring dose"}


def test_who_prefers_the_longer_is_found_on_null_pairs_alone(settings: JudgeSettings) -> None:
    exam = sit(settings, but("null", "faulty", lambda item: item.lure == "longer"))
    assert named(exam) == {("longer", "single", "null", ALL), ("longer", "pairwise", "null", ALL)}
    longer = next(one for one in exam.null_pairs if (one.lure, one.mode) == ("longer", "pairwise"))
    assert (longer.share, longer.decided) == (1.0, 2 * nulls("longer"))  # in both orders
    assert {rate.right for rate in exam.rates} == {1.0}


def test_who_is_blind_to_the_language_is_found_by_kind(settings: JudgeSettings) -> None:
    exam = sit(settings, but("wrong_language", "tie"), replace(PART, kinds=("cut_off", "wrong_language")))
    assert named(exam) == {("kind", mode, "wrong_language", ALL) for mode in ("single", "pairwise")}
    assert "misses the wrong language by comparisons: 60 of 60" in verdict_line(exam)
    assert [rate.right for rate in exam.rates if rate.place == ("single", "wrong_language", *[ALL] * 4)] == [0.5]


def test_who_believes_what_answers_say_to_it_is_found_by_kind(settings: JudgeSettings) -> None:
    exam = sit(settings, but("talks_to_judge", "faulty"), replace(PART, kinds=("cut_off", "talks_to_judge")))
    assert named(exam) == {("kind", mode, "talks_to_judge", ALL) for mode in ("single", "pairwise")}
    assert "misses answers that talk to the judge" in verdict_line(exam)


def test_who_falls_for_a_lure_is_seen_in_its_rate(settings: JudgeSettings) -> None:
    exam = sit(settings, but("cut_off", "faulty", lambda item: bool(item.lure)), ExamPart(("en",), ("cut_off",)))
    rates = {one.lure: one.right for one in exam.rates if one.mode == "pairwise" and one.kind == ALL}
    assert rates.pop("none") == 1.0
    assert {right for lure, right in rates.items() if lure != ALL} == {0.0}
    (table,) = [table for table in exam_tables(exam) if table.name == "exam-sitter-lures"]
    assert table.columns[:2] == ("by", "none")


def test_a_slip_in_one_language_is_told_against_the_others(settings: JudgeSettings) -> None:
    wrong = but("cut_off", "faulty", lambda item: item.item.language == "it")
    exam = sit(settings, wrong, replace(PART, kinds=("cut_off",)))
    tests = {(test, kind, language) for test, _, kind, language in named(exam)}
    assert tests == {("kind_in_language", "cut_off", "it"), ("language", ALL, "it")}
    said = "misses answers that are cut off more often in Italian than in the other languages by comparisons"
    assert any(line.startswith(f"{said}: 20 of 20 against 0 of 40") for line in sentences(exam))
    assert not any(line.startswith("Rates, not verdicts") for line in sentences(exam))
    pair = next(one for one in exam.paired if (one.kind, one.one, one.other) == ("cut_off", "en", "it"))
    assert (pair.only_one, pair.only_other, pair.difference) == (20, 0, 1.0)
    assert pair.p == pytest.approx(2 / 2**20)


def test_a_rate_that_is_no_verdict_is_told_as_one(settings: JudgeSettings) -> None:
    few = {"cut_off-01", "cut_off-05", "cut_off-09", "cut_off-13", "cut_off-17"}
    wrong = but("cut_off", "faulty", lambda item: item.item.language == "it" and item.template in few)
    exam = sit(settings, wrong, ExamPart(("en", "it"), ("cut_off",), ("pairwise",)))
    assert biases(exam) == []  # five items of two languages: 1/2^5 of each of four tests is more than 5 % together
    assert "Rates, not verdicts: misses answers that are cut off in Italian by comparisons: 5 of 20." in sentences(exam)


def test_a_dose_that_is_not_seen_has_a_threshold(settings: JudgeSettings) -> None:
    exam = sit(settings, but("cut_off", "first", lambda item: item.dose == 3), ExamPart(("en",), ("cut_off",)))
    (at,) = [one.dose for one in exam.thresholds if (one.kind, one.mode) == ("cut_off", "pairwise")]
    assert at is not None
    assert 2 < at < 3


def test_what_the_ledger_holds_is_not_asked_again(settings: JudgeSettings) -> None:
    part = ExamPart(("de",), ("cut_off",))
    first = sit(settings, oracle, part)
    again = Sitter(ledger_of(settings), lambda item: "faulty").learn(settings, part)
    done = examine(settings, part, engine_for(again))
    assert again.asked == []
    assert done.exam == first
    engines = plan_exam(settings, part).engines
    assert {mode for _, _, mode in engines} == {"single", "pairwise"}
    assert [len(engine.missing) for engine in engines.values()] == [0, 0]


def test_a_part_is_scored_alone_and_a_ledger_whole(settings: JudgeSettings, tmp_path: Path) -> None:
    sit(settings, oracle, replace(PART, modes=("pairwise",)))
    small = ExamPart(("de", "it"), ("cut_off",), ("pairwise",))
    exam = sit(settings, oracle, small)
    assert (exam.languages, exam.kinds) == (("de", "it"), ("cut_off",))
    other = open_ledger(tmp_path / "other.sqlite")
    other.merge(Path(str(settings.ledger)))
    (whole,) = exams_in(other)
    assert len(whole.languages) == 3
    assert exams_in(other, "another") == []


def test_without_a_result_is_in_no_number(settings: JudgeSettings) -> None:
    exam = sit(
        settings, but("cut_off", "silent", lambda item: item.item.language == "de"), replace(PART, kinds=("cut_off",))
    )
    rate = exam.rate("pairwise", "cut_off")
    assert rate is not None
    assert (rate.n, rate.unscored, rate.right) == (40, 20, 1.0)
    assert exam.rate("pairwise", "cut_off", "de") is None
    assert sum(exam.unscored.values()) == 40
    assert biases(exam) == []
    assert any("40 pairs without a result" in line for line in sentences(exam))


def test_a_fresh_form_shows_what_is_known_by_heart(settings: JudgeSettings) -> None:
    part = ExamPart(("en",), ("cut_off", "null"), ("pairwise",))
    fresh = fresh_form([SNAPSHOT])
    knows = Sitter(ledger_of(settings), lambda item: oracle(item) if item.form == "public" else "faulty")
    exam = examine(settings, part, engine_for(knows.learn(settings, part, (PUBLIC, fresh))), fresh=True).exam
    assert set(exam.forms) == {"fresh", "public"}
    (pair,) = [one for one in exam.paired if one.what == "forms"]
    assert (pair.n, pair.difference, pair.p) == (20, 1.0, pytest.approx(2 / 2**20))


def test_the_seed_is_the_snapshot_s_and_the_release_s(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fresh_form(["a", "b"]) == fresh_form(["b", "a"])
    assert fresh_form(["a"]) != fresh_form(["b"])
    before = fresh_form(["a"])
    monkeypatch.setattr("mtbenchx_tasks.meta_evaluation.exam.ask.__version__", "99")
    assert fresh_form(["a"]) != before


def test_prompts_in_both_languages_are_compared(settings: JudgeSettings) -> None:
    part = ExamPart(("en", "de"), ("cut_off",), ("pairwise",))
    sitter = Sitter(ledger_of(settings), oracle).learn(settings, part)
    sitter.opinion = lambda item: "faulty"
    sitter.learn(replace(settings, prompt_language="en"), ExamPart(("de",), ("cut_off",), ("pairwise",)))
    exam = examine(settings, part, engine_for(sitter), both_prompts=True).exam
    (pair,) = [one for one in exam.paired if one.what == "prompts"]
    assert (pair.one, pair.other, pair.n, pair.difference) == ("same", "en", 20, 1.0)
    assert len(sitter.asked) == 20 * 2 * 3  # English items, and German ones under two prompts


def test_runs_have_a_spread(settings: JudgeSettings) -> None:
    part = ExamPart(("de",), ("cut_off",), ("pairwise",))
    exam = sit(replace(settings, runs=2), oracle, part)
    assert exam.runs == 2
    assert exam.over_runs["pairwise"] == {"mean": 1.0, "sd": 0.0, "runs": 2}
    assert "Over 2 runs 100.0 ± 0.0 % right by comparisons (standard deviation)." in sentences(exam)


def test_items_of_another_release_are_counted_and_not_scored(settings: JudgeSettings) -> None:
    sit(settings, oracle, ExamPart(("de",), ("cut_off",), ("pairwise",)))
    with ledger_of(settings).writing() as db:
        db.execute("UPDATE exam SET revision = 'of another' WHERE template = 'cut_off-01'")
    (exam,) = exams_in(ledger_of(settings))
    rate = exam.rate("pairwise")
    assert rate is not None
    assert (rate.n, exam.other_releases) == (19, 2)


def test_files_hold_every_number(settings: JudgeSettings, tmp_path: Path) -> None:
    exam = sit(settings, but("cut_off", "faulty"), ExamPart(("de", "en"), ("cut_off", "null")))
    written = write_exam(tmp_path / "out", exam)
    read = json.loads(written[0].read_text("utf-8"))
    assert written[0].name == "exam-sitter.json"
    assert len(read["rates"]) == len(exam.rates)
    assert read["findings"][0]["found"]
    assert "exact" not in read["findings"][0]
    assert read["parameters"] == {"temperature": 0.0, "max_tokens": 2048}
    assert {table.name for table in exam_tables(exam)} >= {"exam-sitter-single", "exam-sitter-doses"}


def test_expected_ratings_sit_by_ratings_alone(settings: JudgeSettings) -> None:
    expected = replace(settings, rating="expected", continuation="off")
    with pytest.raises(UserError, match="to compare, set it to 'text'"):
        plan_exam(expected, ExamPart(("de",)))
    (engine,) = plan_exam(expected, ExamPart(("de",), ("cut_off",), ("single",))).engines.values()
    assert len(engine.missing) > 0


def test_unknown_names_are_told() -> None:
    with pytest.raises(UserError, match="no language xx"):
        ExamPart(("xx",)).items(Form())


def test_null_pairs_alone_have_a_verdict(settings: JudgeSettings) -> None:
    part = ExamPart(("en",), ("null",), ("pairwise",))
    exam = sit(settings, lambda item: "first", part)
    count = len(part.items(Form()))
    assert verdict_line(exam).startswith(
        f"Exam of sitter (en; prompts native): {count} null pairs; prefers the answer shown first of two"
    )
