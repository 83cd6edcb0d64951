"""Predicted scores: beside the native ones, marked, and told in words where there is none."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mtbenchx_tasks.formats.equating import Equating
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.meta_evaluation.equating.anchors import EquatingRequest, gather
from mtbenchx_tasks.meta_evaluation.equating.fit import fit
from mtbenchx_tasks.rating.predicted import Placed, fits, place
from mtbenchx_tasks.rating.predicted_tables import predicted_tables, score_tables
from mtbenchx_tasks.records import Conditions, Rater, Rating
from mtbenchx_tasks.tables import Table, cell, to_csv
from tests.mtbenchx_tasks.meta_evaluation.equating.places import ANCHORS, BOTH, judged

NEW = {"new": (0.0, 1.0)}
MODELS = {"qwen-x": 6.5, "qwen-y": 6.0, "weak": 2.0}


@pytest.fixture(scope="module")
def equating(tmp_path_factory: pytest.TempPathFactory) -> Equating:
    wanted = EquatingRequest("gpt-4", "new")
    return fit(gather(read_study([judged(tmp_path_factory.mktemp("anchors"), ANCHORS, BOTH)]), wanted), wanted)


@pytest.fixture
def ratings(tmp_path: Path) -> tuple[Rating, ...]:
    return read_study([judged(tmp_path, MODELS, NEW, seed=5)]).ratings


def shown(table: Table) -> dict[str, list[str]]:
    return {cell(row[0]).text: [cell(value).text for value in row[1:]] for row in table.rows}


def notes(placed: Placed) -> str:
    return "\n".join(placed.notes)


def test_the_native_score_stands_beside_the_predicted_one(equating: Equating, ratings: tuple[Rating, ...]) -> None:
    """The old judge says 2 + 0.7 of the new one's: 6.5 is about 6.55."""
    scores, *_ = score_tables(place(equating, ratings))
    language, native, predicted, interval, wider, mark = shown(scores)["qwen-x"]
    assert (language, mark) == ("en", "")
    assert float(native) == pytest.approx(6.5, abs=0.2)
    assert predicted.startswith("~")
    assert float(predicted[1:]) == pytest.approx(6.55, abs=0.3)
    assert " to " in interval
    assert " to " in wider
    assert equating.short_hash in scores.caption


def test_what_is_beyond_the_anchors_is_said_with_the_way_out(equating: Equating, ratings: tuple[Rating, ...]) -> None:
    placed = place(equating, ratings)
    scores, *_ = score_tables(placed)
    assert shown(scores)["weak"][2:] == ["", "", "", "no number"]
    assert re.search(r"weak in en: no number, for 2\.\d\d is below all anchors", notes(placed))
    assert "github.com/Modalities/MT-Bench-X" in notes(placed)


def test_siblings_have_a_difference(equating: Equating, ratings: tuple[Rating, ...]) -> None:
    (told,) = place(equating, ratings).siblings
    assert {told.one, told.other} == {"qwen-x", "qwen-y"}
    assert told.estimate.scale == equating.hash
    _, differences = score_tables(place(equating, ratings))
    assert "qwen-x − qwen-y" in shown(differences) or "qwen-y − qwen-x" in shown(differences)


def test_a_language_without_anchors_has_no_number(equating: Equating, tmp_path: Path) -> None:
    ratings = read_study([judged(tmp_path, {"qwen-x": 6.0}, NEW, language="de")]).ratings
    placed = place(equating, ratings)
    assert score_tables(placed) == []
    assert "qwen-x in de: no number, for the anchors are in en" in notes(placed)
    assumed = place(equating, ratings, assume_english=True)
    scores, *_ = score_tables(assumed)
    assert shown(scores)["qwen-x"][-1] == "transported"
    assert "nothing shows that it holds in de" in notes(assumed)


@pytest.mark.parametrize(
    ("anchors", "mine", "fitting"),
    [
        ({"prompt_set": "mtbench_x"}, {"prompt_set": "native"}, False),
        ({"prompt_set": "mtbench_x"}, {"prompt_set": "mtbench_x"}, True),
        ({"prompt_set": "mtbench_x"}, {}, True),
        ({"prompt_language": "same"}, {"prompt_language": "en"}, True),
        ({"revision": "a", "endpoint": "https://a/v1"}, {"revision": "b", "endpoint": "https://b/v1"}, True),
        ({"prompt_sha256": "a"}, {"prompt_sha256": "b"}, True),
    ],
)
def test_only_ratings_given_as_the_anchors_were_have_a_number(
    equating: Equating, ratings: tuple[Rating, ...], anchors: dict[str, str], mine: dict[str, str], fitting: bool
) -> None:
    other = replace(equating, new=Conditions("new", prompt=anchors))
    rating = replace(ratings[0], conditions=Conditions("new", prompt=mine))
    assert fits(other, rating) is fitting


def test_ratings_under_other_conditions_are_named(equating: Equating, ratings: tuple[Rating, ...]) -> None:
    other = replace(equating, new=Conditions("new", prompt={"prompt_set": "mtbench_x"}))
    mine = tuple(replace(one, conditions=Conditions("new", prompt={"prompt_set": "native"})) for one in ratings)
    placed = place(other, mine)
    assert placed.rows == ()
    assert "qwen-x, qwen-y, weak: rated under other conditions than the anchors, no number" in notes(placed)
    assert "prompt set native" in notes(placed)


def test_another_judges_ratings_have_no_number(equating: Equating, ratings: tuple[Rating, ...]) -> None:
    placed = place(equating, [replace(one, rater=Rater("third")) for one in ratings])
    assert placed.rows == ()
    assert "No rating is by new" in notes(placed)


def test_another_version_of_the_judge_is_told(equating: Equating, ratings: tuple[Rating, ...]) -> None:
    dated = replace(equating, snapshots=("new-2026-01",))
    placed = place(dated, [replace(one, rater=Rater("new", snapshot="new-2026-09")) for one in ratings])
    assert "another version than that which rated the anchors: new-2026-09, not new-2026-01" in notes(placed)


def test_a_judge_of_the_models_own_family_is_told(tmp_path: Path) -> None:
    """The judge is a gpt, the model too, and no anchor is."""
    wanted = EquatingRequest("old", "gpt-new")
    places = judged(tmp_path / "anchors", ANCHORS, {"old": (2.0, 0.7), "gpt-new": (0.0, 1.0)})
    made = fit(gather(read_study([places]), wanted), wanted)
    mine = read_study([judged(tmp_path / "mine", {"gpt-mini": 6.0, "qwen-x": 6.0}, {"gpt-new": (0.0, 1.0)})]).ratings
    told = notes(place(made, mine))
    assert "gpt-mini in en: the model and the judge gpt-new are of one family (gpt), and no anchor is" in told
    assert "qwen-x in en: the model and the judge" not in told


def test_mostly_tens_are_a_lower_bound(equating: Equating, ratings: tuple[Rating, ...]) -> None:
    mine = [
        replace(one, value=10.0 if place % 4 else 7.0)
        for place, one in enumerate(one for one in ratings if one.model.name == "qwen-x")
    ]
    scores, *_ = score_tables(place(equating, mine))
    assert shown(scores)["qwen-x"][2].startswith("at least ")


def test_the_csv_has_every_number_and_the_whole_hash(equating: Equating, ratings: tuple[Rating, ...]) -> None:
    scores, *rest = predicted_tables(place(equating, ratings))
    lines = to_csv(scores).splitlines()
    assert lines[0].split(",")[:7] == ["model", "language", "of", "judge", "native", "old_judge", "predicted"]
    assert all(line.endswith(equating.hash) for line in lines[1:])
    assert len(lines) == 1 + 3 * 11  # score, two turns and eight categories of three models
    assert rest[-1].name == "predicted-parts"
