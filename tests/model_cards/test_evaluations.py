"""Results files for a card: what is read, what is kept apart, what is refused."""

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.benchmark.questions import questions
from hf_datasets.shared.errors import UserError
from model_cards import tables
from model_cards.groups import read_groups
from tests.doubles.model import Model
from tests.doubles.openai_api import Api, is_probe
from tests.harness import evaluate
from tests.mini import ANSWERS, REFERENCES
from tests.model_cards.files import results, write


def test_the_harness_own_files_are_read(api: Api, tmp_path: Path) -> None:
    """Through lm_eval's own tracker, samples included; the judge refuses where it is shown a reference answer."""
    from lm_eval.loggers import EvaluationTracker

    references = [text for x in ("de", "it") for question in questions("mini", x) for text in question.reference]

    def answer(request: dict[str, Any]) -> str:
        asked = request["messages"][-1]["content"]
        refused = not is_probe(request) and any(reference in asked for reference in references)
        return "I won't say." if refused else "[[6]]"

    api.answer = answer
    found = evaluate(
        Model(lambda prompt: "Una risposta."),
        ["mtbench_x_mini_it", "mtbench_x_mini_de"],
        {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "l.sqlite")},
    )
    tracker = EvaluationTracker(output_path=str(tmp_path / "out"))
    tracker.general_config_tracker.log_experiment_args("hf", "pretrained=ORG/chat", None, "", False)
    samples = found.pop("samples")
    tracker.save_results_aggregated(results=found, samples=samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task, rows)
    (group,) = read_groups([tmp_path / "out"])
    (result,) = (result for result in group.results if result.language == "it")
    assert (result.language, result.judge, result.metrics["score"]) == ("it", "gpt-4", 6)
    assert result.setup["judge"]["snapshots"] == ["gpt-4-0613"]
    # the judge refuses the answers with a reference
    assert (result.scored, result.answers) == (ANSWERS - REFERENCES, ANSWERS)
    assert (result.counts["math"], result.counts["writing"]) == ((0, ANSWERS // 8), (ANSWERS // 8, ANSWERS // 8))
    assert result.metrics["math"] is None


def test_a_group_of_lm_eval_05_gives_the_same_results(tmp_path: Path) -> None:
    """There a group's tasks are called `mtbench_x::mtbench_x_de` in every table of the file."""
    found = results("de")
    renamed = {
        key: {f"mtbench_x::{task}": told for task, told in table.items()} if "mtbench_x_de" in table else table
        for key, table in ((key, value if isinstance(value, dict) else {}) for key, value in found.items())
    }
    (group,) = read_groups([write(tmp_path / "results_de.json", {**found, **{k: v for k, v in renamed.items() if v}})])
    (result,) = group.results
    (plain,) = read_groups([write(tmp_path / "results_plain.json", found)])[0].results
    assert (result.task, result.metrics, result.questions) == ("mtbench_x_de", plain.metrics, plain.questions)


def test_languages_of_one_setup_stand_together_across_files(tmp_path: Path) -> None:
    files = [write(tmp_path / f"results_{x}.json", results(x)) for x in ("de", "fr")]
    (group,) = read_groups(files)
    assert [result.language for result in group.results] == ["de", "fr"]
    assert group.mean("score") == 7.5


@pytest.mark.parametrize(
    "other",
    [
        {"model": "gpt-4o"},
        {"snapshots": ["gpt-4-0314"]},
        {"prompt_set": "native"},
        {"reference_set": "corrected"},
        {"question_set": "corrected"},
        {"parser": "fastchat"},
        {"runs": 3},
        {"base_url": "https://elsewhere.example/v1"},
    ],
)
def test_what_cannot_be_compared_is_kept_apart(tmp_path: Path, other: dict[str, Any]) -> None:
    files = [write(tmp_path / "a.json", results("de")), write(tmp_path / "b.json", results("de", judge=other))]
    assert len(read_groups(files)) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"concurrency": 1},
        {"ledger": "/b"},
        {"prompt_set_sha256": "f", "reference_set_sha256": "e"},
        {"question_set": "published", "question_set_sha256": "d"},
        {"base_url": "http://localhost:1/v1"},
    ],
)
def test_what_says_only_where_a_judge_ran_is_no_difference(tmp_path: Path, other: dict[str, Any]) -> None:
    files = [write(tmp_path / "a.json", results("de")), write(tmp_path / "b.json", results("fr", judge=other))]
    assert len(read_groups(files)) == 1


def test_a_score_that_is_no_number_stays_missing(tmp_path: Path) -> None:
    (group,) = read_groups([write(tmp_path / "a.json", results("de", "fr", score=math.nan, unscored=1.0))])
    assert group.results[0].metrics["score"] is None
    assert group.results[0].scored == 0
    assert group.mean("score") is None


def test_scored_answers_follow_from_the_unscored_share(tmp_path: Path) -> None:
    (group,) = read_groups([write(tmp_path / "a.json", results("de", unscored=0.0125))])
    # 80 questions x 2 turns, 1.25 % of 160 = 2
    assert (group.results[0].scored, group.results[0].answers) == (158, 160)


def test_the_same_twice_is_refused(tmp_path: Path) -> None:
    files = [write(tmp_path / name, results("de")) for name in ("a.json", "b.json")]
    with pytest.raises(UserError, match=r"a.json and .*b.json both hold mtbench_x_de; give one of them"):
        read_groups(files)


def test_results_of_two_models_are_refused(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{x}.json", results(x, model=f"ORG/{x}")) for x in ("de", "fr")]
    with pytest.raises(UserError, match=r"is of the model 'ORG/de' and .* of 'ORG/fr'; a card is of one model"):
        read_groups(files)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"results": {"mtb', "not JSON .* it may be half-written"),
        ("[]", "expected a JSON object, found list"),
        ('{"a": 1}', "is no results file of lm_eval"),
        (
            {"results": {"mmlu": {}}, "configs": {"mmlu": {"metadata": {"version": 1}}}},
            "no result of an mtbench_x task; its tasks are mmlu",
        ),
        (results("de") | {"results": {"mtbench_x_de": {"bypass,none": 999}}}, "mtbench_x_de wasn't judged"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_groups([write(tmp_path / "results_x.json", content)])


def test_missing_files_and_empty_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere.json can't be read"):
        read_groups([tmp_path / "nowhere.json"])
    with pytest.raises(UserError, match=r"no results_\*.json in"):
        read_groups([tmp_path])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    return {**value, path[0]: replaced(value[path[0]], path[1:], new)} if path else new


@given(st.sampled_from(list(places(results("de")))), st.sampled_from([None, [], {}, "x", 1, True, -1.5, [1], {"a": 1}]))
def test_any_other_layout_is_read_or_named(path: tuple[Any, ...], new: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results_x.json"
        file.write_text(json.dumps(replaced(results("de"), path, new)))
        try:
            groups = read_groups([file])
        except UserError:
            groups = []  # named; any other error fails the test
        assert all(tables.group(group, None) for group in groups)
