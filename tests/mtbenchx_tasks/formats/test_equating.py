"""equating.json, written and read; a file that was changed is no equating."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hf_datasets.records import content_hash
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.equating import Equating, read_equating, write_equating
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.meta_evaluation.equating.anchors import EquatingRequest, gather
from mtbenchx_tasks.meta_evaluation.equating.fit import fit
from mtbenchx_tasks.stats.equating.panel import Column
from mtbenchx_tasks.stats.equating.scale import RatedModel, predict
from tests.mtbenchx_tasks.meta_evaluation.equating.places import ANCHORS, BOTH, QUESTIONS, judged


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Equating:
    wanted = EquatingRequest("gpt-4", "new")
    return fit(gather(read_study([judged(tmp_path_factory.mktemp("places"), ANCHORS, BOTH)]), wanted), wanted)


@pytest.fixture
def file(made: Equating, tmp_path: Path) -> Path:
    write_equating(tmp_path / "equating.json", made)
    return tmp_path / "equating.json"


def test_what_is_read_is_what_was_written(made: Equating, file: Path) -> None:
    found = read_equating(file)
    assert found.hash == made.hash
    assert (found.old, found.new, found.anchors) == (made.old, made.new, found.anchors)
    assert found.panels["en"].columns == made.panels["en"].columns
    assert np.allclose(found.panels["en"].old, made.panels["en"].old, equal_nan=True)


def test_the_file_predicts_what_the_fit_did(made: Equating, file: Path) -> None:
    model = RatedModel({Column(q, turn, "writing"): 5.0 + q % 2 for q in QUESTIONS for turn in (1, 2)})
    before, after = (predict(one.scales["en"], model)[0].estimate for one in (made, read_equating(file)))
    assert before is not None
    assert after is not None
    assert (after.value, after.low, after.high) == pytest.approx((before.value, before.low, before.high), abs=1e-6)


def test_a_changed_file_is_refused(file: Path) -> None:
    text = file.read_text("utf-8").replace('"judge": "gpt-4"', '"judge": "gpt-5"')
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="was changed after it was written"):
        read_equating(file)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{}", "its schema is None"),
        ('{"schema": "mtbench-x/equating/9"}', "its schema is 'mtbench-x/equating/9'"),
        ("[1]", "expected a JSON object"),
        ("{", "half-written"),
        ('{"schema": "mtbench-x/equating/1"}', "was changed after"),
    ],
)
def test_another_file_is_refused_by_name(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=told) as error:
        read_equating(file)
    assert str(file) in str(error.value)


def drop(*path: str) -> Callable[[Any], None]:
    """Take a key away."""

    def change(loaded: Any) -> None:
        for key in path[:-1]:
            loaded = loaded[key]
        del loaded[path[-1]]

    return change


def put(value: Any, *path: str) -> Callable[[Any], None]:
    """Put a value in the place of another."""

    def change(loaded: Any) -> None:
        for key in path[:-1]:
            loaded = loaded[key]
        loaded[path[-1]] = value

    return change


def one_family(loaded: Any) -> None:
    loaded["panels"]["en"]["families"] = ["llama"] * 12


def nothing_rated(loaded: Any) -> None:
    panel = loaded["panels"]["en"]
    panel["new"][0] = [None] * len(panel["columns"])


CURVE = ("scales", "en", "curves", "score")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda loaded: loaded["panels"]["en"]["new"][0].pop(), "each as long as the columns"),
        (lambda loaded: loaded["panels"]["en"]["models"].pop(), "a family and two rows of ratings a model"),
        (lambda loaded: loaded["panels"]["en"]["families"].pop(), "a family and two rows of ratings a model"),
        (one_family, "models of 5 families"),
        (nothing_rated, "that both judges rated"),
        (put([[99.0]], "panels", "en", "new"), r"new\[0\]\[0\] must be a rating from 1 to 10, or null, not 99"),
        (put({}, "panels"), "ratings .panels. of each language that has a scale"),
        (put({}, "scales"), "scales must be an object that isn't empty"),
        (drop(*CURVE), "must have a curve 'score'"),
        (drop("scales", "en", "answers", "score"), "of each curve its answers and questions"),
        (put(1e308, *CURVE, "line", "slope"), "slope must be a number from -1,000,000 to 1,000,000"),
        (put(-1.0, *CURVE, "line", "family_variance"), "family_variance must not be negative"),
        (put("isotonic", *CURVE, "shape"), "as many points, new and old, as the shape isotonic has"),
        (put("ordinal", *CURVE, "shape"), "as many points, new and old, as the shape ordinal has"),
    ],
)
def test_what_does_not_fit_is_refused_whatever_the_hash(file: Path, change: Callable[[Any], Any], told: str) -> None:
    loaded = json.loads(file.read_text("utf-8"))
    change(loaded)
    del loaded["hash"]
    file.write_text(json.dumps({**loaded, "hash": content_hash(loaded)}), encoding="utf-8")
    with pytest.raises(UserError, match=told):
        read_equating(file)


def test_a_file_that_isnt_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        read_equating(tmp_path / "equating.json")


def test_the_hash_depends_on_every_rating(file: Path) -> None:
    loaded = json.loads(file.read_text("utf-8"))
    loaded["panels"]["en"]["old"][0][0] += 0.5
    file.write_text(json.dumps(loaded), encoding="utf-8")
    with pytest.raises(UserError, match="was changed"):
        read_equating(file)
