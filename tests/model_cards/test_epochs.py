"""Which number of epochs the losses speak for, and when they can be compared."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from model_cards.epochs import epoch_lines, kind_of_mean
from model_cards.run_dir import Training, read_run
from mtbenchx_tasks.cli import app


def run(folder: Path, *losses: float, planned: int | None = None, rates: bool = True, **settings: Any) -> Training:
    """What a training of 16 steps an epoch leaves: a learning rate that falls from 1e-5 to 0, and losses."""
    whole = planned or 16 * len(losses)
    history: list[dict[str, Any]] = []
    for number, loss in enumerate(losses, start=1):
        step = 16 * number
        if rates:
            history.append({"epoch": float(number), "step": step, "learning_rate": 1e-5 * (1 - (step - 1) / whole)})
        history.append({"epoch": float(number), "step": step, "eval_loss": loss})
    folder.mkdir()
    state = {"global_step": 16 * len(losses), "max_steps": whole, "log_history": history}
    (folder / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    return read_run(folder, None, [f"{name}={value}" for name, value in settings.items()])


def told(*runs: Training) -> str:
    return "\n".join(epoch_lines(runs))


def test_the_lowest_epoch_is_named_and_that_stopping_there_is_another_schedule(tmp_path: Path) -> None:
    text = told(run(tmp_path / "out", 1.9, 1.2, 1.3, lr_scheduler_type="linear"))
    assert "     2      32  1.2000  lowest" in text
    assert "Epoch 2 has the lowest validation loss (1.2000); epoch 3, the last, has 1.3000." in text
    assert "seven for Lima-X and three for Bactrian-X" in text
    # logged at step 32 of 48: 1e-5 x (1 - 31 / 48) = 3.5e-6; the highest logged, at step 16: 1e-5 x (1 - 15 / 48)
    assert "another schedule than a run of 2 epochs" in text
    assert "stood at 3.5e-06 of 6.9e-06" in text
    assert "train again with --num_train_epochs 2, and compare: mtbenchx recipes epochs out OTHER" in text


def test_the_last_epoch_needs_no_other_schedule(tmp_path: Path) -> None:
    text = told(run(tmp_path / "out", 1.9, 1.2))
    assert "Epoch 2, the last, has the lowest validation loss (1.2000)." in text
    assert "another schedule" not in text


def test_under_a_constant_rate_an_earlier_epoch_is_a_run_of_its_own(tmp_path: Path) -> None:
    text = told(run(tmp_path / "out", 1.2, 1.9, lr_scheduler_type="constant"))
    assert "constant, so that epoch 1 is as in a run that ends there" in text


def test_a_run_that_isnt_done_says_so(tmp_path: Path) -> None:
    assert "has done 32 of 112 steps" in told(run(tmp_path / "out", 1.9, 1.2, planned=112))


def test_a_loss_that_is_no_number_is_never_the_lowest(tmp_path: Path) -> None:
    text = told(run(tmp_path / "out", float("nan"), 1.2, float("nan")))
    assert "     2      32  1.2000  lowest" in text
    assert "epoch 3, the last, has not a number" in text
    assert "the run diverged" in told(run(tmp_path / "lost", float("nan")))


def test_runs_of_different_lengths_are_compared_by_their_ends(tmp_path: Path) -> None:
    three = run(tmp_path / "three", 1.9, 1.5, 1.3, per_device_eval_batch_size=1)
    five = run(tmp_path / "five", 1.9, 1.4, 1.1, 1.2, 1.25, per_device_eval_batch_size=1)
    text = told(three, five)
    assert "five       5  1.2500  lowest" in text
    assert "five has the lowest validation loss at its end." in text


def test_means_of_different_kinds_are_never_compared(tmp_path: Path) -> None:
    rows = run(tmp_path / "rows", 1.2, per_device_eval_batch_size=1)
    batches = run(tmp_path / "batches", 1.1, per_device_eval_batch_size=4)
    with pytest.raises(
        UserError, match=r"means of different kinds.*rows: .*mean over rows.*batches: .*batches of 4 rows"
    ):
        told(rows, batches)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, "not recorded"),
        ({"per_device_eval_batch_size": 1}, "the same for any number of GPUs"),
        ({"per_device_eval_batch_size": 4, "world_size": 2}, "batches of 4 rows on 2 processes"),
        ({"per_device_eval_batch_size": 1, "packing": "true"}, "packs of rows"),
        ({"per_device_eval_batch_size": 1, "packing": "true", "eval_packing": "false"}, "mean over rows"),
    ],
)
def test_what_the_loss_is_a_mean_of(tmp_path: Path, settings: dict[str, Any], kind: str) -> None:
    assert kind in kind_of_mean(run(tmp_path / "out", 1.2, **settings))


def test_the_command(tmp_path: Path) -> None:
    run(tmp_path / "out", 1.2, 1.9)
    done = CliRunner().invoke(app, ["recipes", "epochs", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert "Epoch 1 has the lowest validation loss" in done.stdout
    assert "than a run of 1 epoch:" in done.stdout


def test_a_run_without_losses_says_how_to_get_them(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="out holds no validation loss; train with --eval_strategy epoch"):
        list(epoch_lines([read_run(tmp_path / "out")]))
