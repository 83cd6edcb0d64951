"""A command of lm_eval for each checkpoint, that runs as it is printed."""

import shlex
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.harness.linking import tasks_path
from mtbenchx_tasks.training.checkpoints import evaluation_lines
from tests.mtbenchx_tasks.training.trl_runs import curve, environment


def test_adapters_are_asked_beside_their_base_in_their_own_format(lora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lora)
    lines = list(evaluation_lines(Path("out"), "mtbench_x_mini_en", ["--limit", "1"]))
    first, second = curve(lora / "out", "eval_loss")  # at the end of each epoch, steps 2 and 4
    assert lines[0] == f"# checkpoint-2: epoch 1, validation loss {first:.4f}"
    assert lines[1] == (
        "lm_eval run --model hf --model_args pretrained=base,peft=out/checkpoint-2,tokenizer=out/checkpoint-2 "
        "--apply_chat_template --tasks mtbench_x_mini_en --log_samples --output_path results/out/checkpoint-2 --limit 1"
    )
    assert lines[2] == f"# checkpoint-4: epoch 2, validation loss {second:.4f}"
    assert lines[4:] == ["mtbenchx report results/out --out report"]


def test_what_holds_no_checkpoint_or_a_damaged_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no checkpoint in .*--save_strategy epoch"):
        list(evaluation_lines(tmp_path, "mtbench_x_mini"))
    (tmp_path / "checkpoint-3").mkdir()
    with pytest.raises(UserError, match=r"checkpoint-3.trainer_state.json is missing or damaged"):
        list(evaluation_lines(tmp_path, "mtbench_x_mini"))
    (tmp_path / "checkpoint-3" / "trainer_state.json").write_text(
        '{"epoch": 1, "global_step": 3, "log_history": []}', encoding="utf-8"
    )
    assert "sharded" in list(evaluation_lines(tmp_path, "mtbench_x_mini"))[1]


@pytest.mark.slow
def test_a_printed_command_runs(lora: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lora)
    more = ["--device", "cpu", "--limit", "1", "--predict_only", "--gen_kwargs", "max_gen_toks=4"]
    more += ["--include_path", str(tasks_path())]
    shown = CliRunner().invoke(app, ["recipes", "checkpoints", "out", "--tasks", "mtbench_x_mini_en", *more])
    program, *arguments = shlex.split(shown.stdout.splitlines()[3])
    assert program == "lm_eval"
    command = [str(programs / program), *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (file,) = Path("results/out/checkpoint-4").glob("*/samples_*.jsonl")
    assert file.parent.name == "out__checkpoint-4"
