"""`compare --until-decided`: clear pairs cost a part of the questions, and every game is asked in both orders, once."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.benchmark.questions import questions
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.pairwise.adaptive import PairEnd, question_order, until_decided
from mtbenchx_tasks.pairwise.run import prepare
from mtbenchx_tasks.pairwise.terminal import print_ends
from mtbenchx_tasks.records import Preference
from tests.doubles.openai_api import Api, error, is_probe
from tests.mini import QUESTIONS as N

WORDS = {"best": "excellent", "good": "fine", "twin": "fair"}


def answers(model: str) -> Answers:
    texts = {question.question_id: (f"{WORDS[model]} 1", f"{WORDS[model]} 2") for question in questions("mini", "en")}
    return Answers(model, language=None, benchmark="mini", texts=texts)


def excellent_wins(request: dict[str, Any]) -> str:
    """The excellent answer wins whatever its place; of two others the first shown."""
    text = request["messages"][-1]["content"]
    if "excellent" not in text:
        return "[[A]]"
    others = [text.find(word) for word in ("fine", "fair") if word in text]
    return "[[A]]" if text.find("excellent") < min(others, default=10**9) else "[[B]]"


@pytest.fixture
def settings(api: Api, tmp_path: Path) -> JudgeSettings:
    api.answer = excellent_wins
    return JudgeSettings(model="gpt-4", base_url=api.url, ledger=str(tmp_path / "ledger.sqlite"), concurrency=4)


def decided(settings: JudgeSettings, *models: str) -> tuple[list[Preference], dict[tuple[str, str], PairEnd]]:
    found, ends = until_decided(*prepare([answers(model) for model in models], "en", settings))
    return found, {end.models: end for end in ends}


def test_a_clear_pair_is_asked_a_quarter_and_equals_no_more_than_they_must(
    settings: JudgeSettings, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    found, ends = decided(settings, "best", "good", "twin")
    clear, equal = ends["best", "good"], ends["good", "twin"]
    assert (clear.standing.end, clear.asked, clear.of) == ("better", N // 4, N)
    assert clear.standing.preference == 1
    # Of equals the first shown wins: each question is 1/2, which is no difference at all and known to be none
    assert (equal.standing.end, equal.asked) == ("equivalent", N // 4)
    assert len(found) == 3 * (N // 4) * 2  # pairs x questions x turns
    asked = Counter(str(request["messages"]) for request in api.requests if not is_probe(request))
    assert set(asked.values()) == {1}
    print_ends(list(ends.values()))
    shown = " ".join(capsys.readouterr().out.split())
    assert f"{3 * (N // 4)} of {3 * N} questions were asked" in shown
    assert "equal within" in shown


def test_the_same_again_asks_nothing_and_ends_the_same(settings: JudgeSettings, api: Api) -> None:
    _, before = decided(settings, "best", "good")
    api.requests.clear()
    _, after = decided(settings, "best", "good")
    assert api.requests == []
    assert after == before


def test_where_every_game_fails_all_is_asked_and_nothing_is_claimed(settings: JudgeSettings, api: Api) -> None:
    api.answer = lambda request: "[[A]]" if is_probe(request) else error(400, "no")
    _, ends = decided(settings, "good", "twin")
    standing = ends["good", "twin"].standing
    assert (standing.end, standing.questions, standing.interval) == ("open", 0, None)


@given(st.dictionaries(st.integers(1, 200), st.sampled_from("abcd"), min_size=4, max_size=80))
def test_every_part_has_the_categories_in_equal_shares(categories: dict[int, str]) -> None:
    order = question_order(categories)
    assert sorted(order) == sorted(categories)
    for until in range(len(order) + 1):
        counts = Counter(categories[question] for question in order[:until])
        for name, size in Counter(categories.values()).items():
            assert abs(counts[name] - size * until / len(order)) < 2 + len(set(categories.values()))
    assert order == question_order(dict(reversed(categories.items())))
