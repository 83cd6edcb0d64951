"""`mtbenchx judges`: presets and others with prices and ends; what an endpoint has."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.judge.presets import CHECKED, LIVING, PRESETS
from tests.doubles.judges import Judges, serve_judges


def judges(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["judges", *arguments], catch_exceptions=False)


def line(result: Result, name: str) -> str:
    (found,) = [one for one in result.stdout.splitlines() if name in one.split()]
    return " ".join(found.split())


def test_the_list_asks_nobody_and_names_everybody() -> None:
    result = judges()
    assert line(result, "hosted:") == "hosted: gpt-5.4-mini-2026-03-17 $0.75 / 0.075 / 4.5"
    assert line(result, "paper:") == "paper: gpt-4-0613 $30 / 30 / 60 ended 2026-10-23"
    assert line(result, "open:") == "open: google/gemma-4-31B-it"  # whoever serves it has the price
    for judge in LIVING:
        assert judge.model in result.stdout
        assert judge.base_url in result.stdout
    for preset in PRESETS.values():
        assert preset.note in result.stdout
    assert str(CHECKED) in result.stdout
    assert "price unknown" not in result.stdout


@pytest.mark.parametrize("option", [("--all",), ("--api-key-env", "KEY")])
def test_options_of_an_endpoint_need_one(option: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match=f"{option[0]} would have no effect without --base-url"):
        judges(*option)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Judges]:
    monkeypatch.setenv("JUDGE_KEY", "sk-of-the-test")
    with serve_judges() as running:
        yield running


def test_an_endpoint_tells_its_models_and_their_ends(endpoint: Judges) -> None:
    result = judges("--base-url", endpoint.url, "--api-key-env", "JUDGE_KEY")
    assert f"{endpoint.url} has 3 models, 2 of them known as judges:" in result.stdout
    assert line(result, "gpt-4.1") == "gpt-4.1 costs nothing ends 2027-01-14"
    assert line(result, "gpt-6-luna") == "gpt-6-luna costs nothing"  # this machine's
    assert result.stdout.index("google/gemma-4-31B-it") < result.stdout.index("gpt-4.1")  # known as judges: first
    assert "sk-of-the-test" not in result.stdout
