"""The facts of a run: what was recorded is read, nothing else, and no foreign code runs."""

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hf_datasets.shared.errors import UserError
from model_cards.card import render
from model_cards.collect import make_card
from model_cards.metadata import front_matter
from model_cards.run_dir import read_run
from model_cards.training_args import read_training_args
from tests.foreign import damaged_rows, damaged_text
from tests.model_cards.files import RECIPE, make_run, state, write


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("trap-was-run"),))  # type: ignore[return-value]


def save(value: object, file: Path) -> None:
    import torch

    torch.save(value, file)


def test_losses_come_from_the_newest_checkpoint(tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    write(run / "checkpoint-9" / "trainer_state.json", state((9.0,)))
    training = read_run(run)
    assert [(epoch.epoch, epoch.step, epoch.loss) for epoch in training.epochs] == [
        (1, 16, 1.9),
        (2, 32, 1.2),
        (3, 48, 1.3),
    ]
    assert training.best == training.epochs[1]
    assert (training.steps, training.architecture, training.adapter) == (48, "LlamaForCausalLM", False)
    assert training.versions == {"TRL": "1.16.0", "Transformers": "5.24.0"}


def test_the_trainers_own_record_goes_before_the_recipe(tmp_path: Path) -> None:
    from transformers import TrainingArguments

    run = make_run(tmp_path / "out")
    arguments = TrainingArguments(output_dir=str(run), num_train_epochs=3, use_cpu=True, eval_strategy="epoch", seed=7)
    save(arguments, run / "training_args.bin")
    training = read_run(run, write(tmp_path / "r.yaml", RECIPE), ["dataset_config=ENDEFRITES", "--seed=9"])
    assert training.settings["num_train_epochs"] == 3
    assert training.settings["eval_strategy"] == "epoch"
    assert training.settings["seed"] == 7
    assert training.settings["world_size"] == 1
    assert training.settings["dataset_config"] == "ENDEFRITES"
    assert training.settings["model_name_or_path"] == "ORG/base-7b"


class ByName:
    """How Python 3.11.2 pickles a member of an enum."""

    def __init__(self, enum: type, name: str) -> None:
        self.enum, self.name = enum, name

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.enum, self.name)


def test_enums_are_read_however_python_wrote_them(tmp_path: Path) -> None:
    from transformers import SchedulerType, TrainingArguments

    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    arguments.lr_scheduler_type = ByName(SchedulerType, "REDUCE_ON_PLATEAU")
    arguments.optim = ByName(Path, "home")  # nobody else's
    save(arguments, tmp_path / "training_args.bin")
    found = read_training_args(tmp_path / "training_args.bin")
    assert found["lr_scheduler_type"] == "reduce_lr_on_plateau"
    assert "optim" not in found


def test_reading_the_arguments_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(Trap(), tmp_path / "training_args.bin")
    with pytest.raises(UserError, match=r"training_args.bin can't be read .*not callable"):
        read_run(tmp_path)
    assert not (tmp_path / "trap-was-run").exists()


def test_what_is_no_trainer_s_arguments_is_told(tmp_path: Path) -> None:
    save({"seed": 1}, tmp_path / "training_args.bin")
    with pytest.raises(UserError, match=r"training_args.bin holds no training arguments of a trainer; move it away"):
        read_run(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\3\4half"])
def test_damaged_arguments_are_told_and_none_are_not_recorded(tmp_path: Path, content: bytes) -> None:
    assert read_training_args(tmp_path / "training_args.bin") == {}
    (tmp_path / "training_args.bin").write_bytes(content)
    with pytest.raises(UserError, match=r"training_args.bin can't be read .*; it may be half-written"):
        read_training_args(tmp_path / "training_args.bin")


def test_an_empty_folder_tells_nothing(tmp_path: Path) -> None:
    training = read_run(tmp_path)
    assert (training.epochs, training.best, training.steps, training.architecture) == ((), None, None, None)
    assert training.value("model_name_or_path") is None


def test_a_diverged_run_has_no_best_epoch(tmp_path: Path) -> None:
    write(tmp_path / "trainer_state.json", json.dumps(state((float("nan"), float("inf")))))
    assert read_run(tmp_path).best is None


def test_a_resumed_epoch_counts_once(tmp_path: Path) -> None:
    history = [{"epoch": 1.0, "step": 8, "eval_loss": 2.0}, {"epoch": 1.0, "step": 8, "eval_loss": 1.5}, {"loss": 1.0}]
    write(tmp_path / "trainer_state.json", {"log_history": history})
    assert [epoch.loss for epoch in read_run(tmp_path).epochs] == [1.5]


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no run folder"):
        read_run(tmp_path / "nowhere")
    with pytest.raises(UserError, match="--set needs KEY=VALUE"):
        read_run(tmp_path, overrides=["dataset_config"])
    with pytest.raises(UserError, match=r"r.yaml: not YAML"):
        read_run(tmp_path, write(tmp_path / "r.yaml", "a: [1"))
    with pytest.raises(UserError, match=r"r.yaml is no recipe"):
        read_run(tmp_path, write(tmp_path / "r.yaml", "- 1"))
    write(tmp_path / "trainer_state.json", '{"log_history": [{"eval')
    with pytest.raises(UserError, match=r"trainer_state.json is damaged"):
        read_run(tmp_path)


INPUTS = int(os.environ.get("MTBENCHX_FUZZ", "12"))
CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "_name_or_path": "base"}
ADAPTER = {"base_model_name_or_path": "ORG/base", "r": 16, "lora_alpha": 32, "target_modules": ["q_proj"]}


def test_a_damaged_run_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    sound = {"checkpoint-48/trainer_state.json": state(), "config.json": CONFIG, "adapter_config.json": ADAPTER}
    for seed in range(INPUTS):
        random = Random(f"run {seed}")
        for name, content in sound.items():
            (damaged,) = damaged_rows([content], random)
            text = json.dumps(damaged if random.random() < 0.5 else content).encode()
            (run / name).write_bytes(damaged_text(text, random) if random.random() < 0.1 else text)
        recipe = write(tmp_path / "r.yaml", RECIPE)
        recipe.write_bytes(damaged_text(RECIPE.encode(), random) if random.random() < 0.4 else RECIPE.encode())
        override = random.choice(("a=[", "a=&a *a", "a=" + "[" * 3000, "a=2026-99-99", "dataset_config=DE"))
        try:
            card = make_card(run, [], recipe=recipe, overrides=[override])
            render(card, front_matter(card))
        except UserError as error:
            assert "\n" not in str(error), seed  # noqa: PT017
