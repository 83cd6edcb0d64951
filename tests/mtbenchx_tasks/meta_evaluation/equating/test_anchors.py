"""Which answers both judges rated, and what is refused in words."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.formats.equating import read_equating, write_equating
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.meta_evaluation.equating.anchors import Anchors, EquatingRequest, gather
from mtbenchx_tasks.meta_evaluation.equating.fit import dates, fit
from mtbenchx_tasks.meta_evaluation.equating.matching import is_same
from mtbenchx_tasks.records import Conditions, Evidence, Rater, Rating
from tests.mtbenchx_tasks.meta_evaluation.equating.places import (
    ANCHORS,
    AUTUMN,
    BOTH,
    QUESTIONS,
    SPRING,
    judged,
    row,
    write,
)
from tests.mtbenchx_tasks.studies import rated
from tests.sources import needs_sources

WANTED = EquatingRequest("gpt-4", "new")


def anchors(*places: Path, wanted: EquatingRequest = WANTED) -> Anchors:
    return gather(read_study(places), wanted)


def test_anchors_are_what_both_rated(tmp_path: Path) -> None:
    found = anchors(judged(tmp_path, ANCHORS, BOTH))
    panel = found.panels["en"]
    assert set(panel.models) == set(ANCHORS)
    assert panel.new.shape == (12, 2 * len(QUESTIONS))
    assert len(set(panel.families)) == 6
    assert (found.old.name, found.new.judge) == ("gpt-4 (2024-04-01)", "new")


def test_the_line_is_found(tmp_path: Path) -> None:
    made = fit(anchors(judged(tmp_path, ANCHORS, BOTH)), WANTED)
    line = made.scales["en"].curves["score"].line
    assert float(line.slope) == pytest.approx(0.7, abs=0.05)
    assert float(line.level - line.slope * line.centre) == pytest.approx(2.0, abs=0.3)


def test_the_two_judges_may_lie_anywhere(tmp_path: Path) -> None:
    old = judged(tmp_path / "old", ANCHORS, {"gpt-4": (2.0, 0.7)})
    new = judged(tmp_path / "new", ANCHORS, {"new": (0.0, 1.0)})
    assert len(anchors(old, new).panels["en"].models) == 12


def test_an_old_judge_that_isnt_there_is_named_with_those_who_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"No anchor is rated by gpt-4-0613; the places hold ratings by gpt-4, new"):
        anchors(judged(tmp_path, ANCHORS, BOTH), wanted=EquatingRequest("gpt-4-0613", "new"))


def test_where_only_the_old_judge_rated_it_says_what_to_run(tmp_path: Path) -> None:
    judged(tmp_path, ANCHORS, {"gpt-4": (2.0, 0.7)})
    answers = tmp_path / "mt_bench_en" / "model_answer" / "llama-a.jsonl"
    write(answers, [{"question_id": 81, "model_id": "llama-a", "choices": [{"index": 0, "turns": ["a", "b"]}]}])
    with pytest.raises(UserError) as told:
        anchors(tmp_path)
    assert f"`mtbenchx judge {answers} --judge new --language en --out judged/`" in str(told.value)


def test_four_families_are_too_few(tmp_path: Path) -> None:
    few = {model: mean for model, mean in ANCHORS.items() if not model.startswith(("phi", "falcon"))}
    with pytest.raises(UserError, match=r"8 anchors of 4 families \(gemma, llama, mistral, qwen\); 5 are needed"):
        anchors(judged(tmp_path, few, BOTH))


def test_families_that_names_hide_can_be_told(tmp_path: Path) -> None:
    few = {model: mean for model, mean in ANCHORS.items() if not model.startswith(("phi", "falcon"))}
    told = {"llama-a": "vicuna"}
    panel = anchors(judged(tmp_path, few, BOTH), wanted=EquatingRequest("gpt-4", "new", families=told)).panels["en"]
    assert panel.families[panel.models.index("llama-a")] == "vicuna"


def test_a_family_of_a_model_that_is_no_anchor_is_refused(tmp_path: Path) -> None:
    place = judged(tmp_path, ANCHORS, BOTH)
    with pytest.raises(UserError, match="--families names 'llama-z', which is no anchor; the anchors are falcon-a"):
        anchors(place, wanted=replace(WANTED, families={"llama-z": "llama"}))


def test_a_judge_in_the_reverse_order_carries_no_scale(tmp_path: Path) -> None:
    place = judged(tmp_path, ANCHORS, {"gpt-4": (2.0, 0.7), "new": (10.0, -0.7)})
    with pytest.raises(UserError, match=r"doesn't put the anchors in en in gpt-4 \(2024-04-01\)'s order"):
        fit(anchors(place), WANTED)


def same(study: Study, which: Callable[[Rating], bool]) -> Study:
    """The new judge gives seven to what `which` names."""
    ratings = [replace(one, value=7.0) if one.rater.name == "new" and which(one) else one for one in study.ratings]
    return replace(study, ratings=tuple(ratings))


def test_the_same_rating_for_all_carries_no_scale_even_if_one_family_has_another(tmp_path: Path) -> None:
    study = read_study([judged(tmp_path, ANCHORS, BOTH)])
    for which in (lambda one: True, lambda one: "falcon" not in one.model.name):
        with pytest.raises(UserError, match="rates the anchors in en alike"):
            fit(gather(same(study, which), WANTED), WANTED)


def test_a_category_that_the_new_judge_rates_alike_has_no_curve(tmp_path: Path) -> None:
    study = read_study([judged(tmp_path, ANCHORS, BOTH)])
    made = fit(gather(same(study, lambda one: one.item.category == "math"), WANTED), WANTED)
    assert "math" not in made.scales["en"].curves
    assert {"score", "turn_1", "turn_2", "writing"} <= made.scales["en"].curves.keys()
    write_equating(tmp_path / "equating.json", made)
    assert read_equating(tmp_path / "equating.json").hash == made.hash


def test_an_old_judge_that_rates_all_alike_predicts_that(tmp_path: Path) -> None:
    study = read_study([judged(tmp_path, ANCHORS, BOTH)])
    ratings = tuple(replace(one, value=6.0) if one.rater.name == "gpt-4" else one for one in study.ratings)
    line = fit(gather(replace(study, ratings=ratings), WANTED), WANTED).scales["en"].curves["score"].line
    assert float(line.slope) == pytest.approx(0, abs=0.02)


def test_an_anchor_with_half_of_the_answers_is_left_out(tmp_path: Path) -> None:
    judged(tmp_path, ANCHORS, BOTH)
    rows = [row("olmo-a", judge, q, 1, 5.0) for judge in BOTH for q in QUESTIONS]
    for judge in BOTH:
        part = [one for one in rows if one["judge"][0] == judge]
        write(tmp_path / "more" / "mt_bench_en" / "model_judgment" / f"{judge}_single.jsonl", part)
    found = anchors(tmp_path)
    assert "olmo-a" not in found.panels["en"].models
    assert any("olmo-a: both judges rated 16 of 32 answers" in note for note in found.notes)


def under(study: Study, judge: str, models: str, **prompt: str) -> Study:
    """The same, but that a judge rated models whose names begin so under other prompts."""

    def other(one: Rating) -> Rating:
        is_meant = one.rater.name == judge and one.model.name.startswith(models)
        return replace(one, conditions=replace(one.conditions, prompt=prompt)) if is_meant else one

    return replace(study, ratings=tuple(map(other, study.ratings)))


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        ("new", "new rated the anchors under 2 different conditions"),
        ("gpt-4", "gpt-4 rated the anchors under different"),
    ],
)
def test_two_prompts_are_two_scales(tmp_path: Path, judge: str, told: str) -> None:
    study = read_study([judged(tmp_path, ANCHORS, BOTH)])
    mixed = under(under(study, judge, "", prompt_set="native"), judge, "llama", prompt_set="mtbench_x")
    with pytest.raises(UserError, match=told) as error:
        gather(mixed, WANTED)
    assert "prompt set native" in str(error.value)


def test_where_chooses_one_of_two_prompts(tmp_path: Path) -> None:
    study = read_study([judged(tmp_path, ANCHORS, BOTH)])
    again = under(study, "new", "", prompt_set="native")
    twice = replace(study, ratings=under(study, "new", "", prompt_set="mtbench_x").ratings + again.ratings)
    found = gather(twice, EquatingRequest("gpt-4", "new", where={"prompt_set": "native"}))
    assert found.new.told["prompt_set"] == "native"


def test_what_else_the_new_judge_rated_does_not_matter(tmp_path: Path) -> None:
    """Its ledger holds another model under other prompts, and where it was asked differs from anchor to anchor."""
    study = read_study([judged(tmp_path / "a", ANCHORS, BOTH)])
    more = read_study([judged(tmp_path / "b", {"mine": 6.0}, {"new": (0.0, 1.0)})])

    def elsewhere(one: Rating) -> Rating:
        return replace(one, conditions=replace(one.conditions, sent={"endpoint": f"https://{one.model.name}/v1"}))

    spread = replace(study, ratings=tuple(elsewhere(one) if one.rater.name == "new" else one for one in study.ratings))
    found = gather(spread.joined(under(more, "new", "", prompt_set="native")), WANTED)
    assert len(found.panels["en"].models) == 12


def test_two_judges_of_one_name_are_not_mixed(tmp_path: Path) -> None:
    """Half of the families were judged half a year later, by a judge who gives a point more: 2 points a year."""
    early = {model: mean for model, mean in ANCHORS.items() if model.startswith(("llama", "gemma", "phi"))}
    late = {model: mean for model, mean in ANCHORS.items() if model not in early}
    judged(tmp_path / "early", early, BOTH)
    judged(tmp_path / "late", late, {"gpt-4": (3.0, 0.7), "new": (0.0, 1.0)}, tstamp=AUTUMN)
    found = anchors(tmp_path)
    (term,) = dates(found).values()
    assert term.per_year == pytest.approx(2.0, abs=0.4)
    with pytest.raises(UserError, match=r"gpt-4 \(2024-04-01 to 2024-10-01\) is more than one judge"):
        fit(found, WANTED)


def test_two_dates_of_one_judge_are_mixed(tmp_path: Path) -> None:
    early = {model: mean for model, mean in ANCHORS.items() if model.startswith(("llama", "gemma", "phi"))}
    judged(tmp_path / "early", early, BOTH)
    judged(tmp_path / "late", {m: x for m, x in ANCHORS.items() if m not in early}, BOTH, seed=1, tstamp=AUTUMN)
    assert len(fit(anchors(tmp_path), WANTED).anchors) == 12


def test_the_time_can_be_bounded(tmp_path: Path) -> None:
    judged(tmp_path, ANCHORS, BOTH)
    with pytest.raises(UserError, match="between --since and --until"):
        anchors(tmp_path, wanted=EquatingRequest("gpt-4", "new", since=SPRING + 1))
    assert len(anchors(tmp_path, wanted=EquatingRequest("gpt-4", "new", until=AUTUMN)).panels["en"].models) == 12


def test_a_time_that_is_no_time_is_unknown(tmp_path: Path) -> None:
    found = anchors(judged(tmp_path, ANCHORS, BOTH, tstamp=1.0))
    assert found.old.name == "gpt-4"
    assert np.isnan(found.years["en"]).all()


def test_languages_without_enough_families_are_told(tmp_path: Path) -> None:
    judged(tmp_path, ANCHORS, BOTH)
    judged(tmp_path, {"llama-a": 4.0, "qwen-a": 5.0}, BOTH, language="de")
    found = anchors(tmp_path)
    assert list(found.panels) == ["en"]
    assert any(note.startswith("de: 2 anchors of 2 families") for note in found.notes)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ({"answer": "one"}, {"answer": "one\n"}, True),
        ({"answer": "one"}, {"answer": "two"}, False),
        ({"evidence": Evidence(prompt="[Start]\none\n[End]")}, {"answer": "one"}, True),
        ({"evidence": Evidence(prompt="[Start]\none\n[End]")}, {"answer": "two"}, False),
        ({}, {"answer": "one"}, None),
        ({"answer": "one"}, {}, None),
    ],
)
def test_what_a_judge_was_shown_tells_answers_apart(
    old: dict[str, str], new: dict[str, str], same: bool | None
) -> None:
    def made(**other: str) -> Rating:
        return rated("m", 81, 5.0, **other)

    assert is_same(made(**old), made(**new)) is same


def test_other_answers_under_the_same_name_are_no_anchors(tmp_path: Path) -> None:
    """The new judge rated what lies in model_answer, the old one what its prompts hold: of llama-a another answer."""
    judged(tmp_path / "old", ANCHORS, {"gpt-4": (2.0, 0.7)})
    judged(tmp_path / "new", ANCHORS, {"new": (0.0, 1.0)})
    for model in ANCHORS:
        turns = ["Quite another" if model == "llama-a" else f"Answer of {model}"] * 2
        rows = [{"question_id": q, "model_id": model, "choices": [{"index": 0, "turns": turns}]} for q in QUESTIONS]
        write(tmp_path / "new" / "mt_bench_en" / "model_answer" / f"{model}.jsonl", rows)
    old, new = read_study([tmp_path / "old"]), read_study([tmp_path / "new"])
    shown = replace(new, ratings=tuple(replace(one, answer=_text(one)) for one in new.ratings))
    found = gather(old.joined(shown), WANTED)
    assert "llama-a" not in found.panels["en"].models
    assert any("32 answers of llama-a" in note for note in found.notes)


def _text(rating: Rating) -> str:
    return "Quite another" if rating.model.name == "llama-a" else f"Answer of {rating.model.name}"


def test_a_model_is_known_by_its_answers_where_its_name_is_another(tmp_path: Path) -> None:
    old = read_study([judged(tmp_path / "old", ANCHORS, {"gpt-4": (2.0, 0.7)})])
    new = read_study([judged(tmp_path / "new", ANCHORS, {"new": (0.0, 1.0)})])

    def other_name(one: Rating) -> Rating:
        model = replace(one.model, name="a" if one.model.name == "llama-a" else one.model.name)
        return replace(one, model=model, answer=f"Answer of {one.model.name}")

    found = gather(old.joined(replace(new, ratings=tuple(map(other_name, new.ratings)))), WANTED)
    assert "llama-a" in found.panels["en"].models
    assert any("a of the new judge is llama-a of the old one" in note for note in found.notes)


@needs_sources
@pytest.mark.sources
def test_the_published_ratings_are_anchors(tmp_path: Path) -> None:
    """Five forks, 12 models, five families; a made-up judge that says 1 less."""
    place = Path(os.environ["MTBENCHX_SOURCES"]) / "mt_bench_gpt4"
    study = read_study([place])

    def again(one: Rating) -> Rating:
        value = None if one.value is None else max(1.0, one.value - 1)
        return replace(one, value=value, rater=Rater("new"), conditions=Conditions("new"))

    found = gather(study.joined(replace(study, ratings=tuple(map(again, study.ratings)))), WANTED)
    panel = found.panels["en"]
    assert panel.new.shape == (12, 160)
    assert sorted(set(panel.families)) == ["claude", "functionary", "gemini", "llama", "ultrachat"]
    assert found.old.name == "gpt-4 (2023-11-30 to 2024-10-09)"
    made = fit(found, WANTED)
    assert float(made.scales["en"].curves["score"].line.slope) == pytest.approx(1.0, abs=0.1)
