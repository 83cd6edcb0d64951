"""Stock TRL on a random base of two layers: in this process for speed, or by its command as a user types it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SMALL = (
    *("--model_name_or_path", "base", "--max_length", "128", "--per_device_train_batch_size", "4"),
    *("--gradient_accumulation_steps", "1", "--use_cpu", "true", "--bf16", "false", "--disable_tqdm", "true"),
)


def flags(recipe: str, config: str, out: str, *more: str) -> list[str]:
    return ["--config", f"recipes/{recipe}.yaml", "--dataset_config", config, "--output_dir", out, *SMALL, *more]


def train(arguments: Sequence[str]) -> None:
    """What `trl sft` does in its child process."""
    from trl.scripts.sft import main, make_parser

    main(*make_parser().parse_args_and_config(list(arguments)))


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"}


def start(arguments: Sequence[str], folder: Path) -> "subprocess.Popen[str]":
    command = [str(Path(sys.executable).with_name("trl")), "sft", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=pipe, stderr=subprocess.STDOUT, encoding="utf-8",
        start_new_session=True,
    )  # fmt: skip


def until_saved(command: Sequence[str], folder: Path) -> None:
    """Run a command whose end is a training on two processes; gloo sometimes never returns, all being saved."""
    log = folder / "log.txt"
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environment() | {"PATH": scripts}, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    while "Model saved" not in log.read_text(encoding="utf-8"):
        assert process.poll() is None, log.read_text(encoding="utf-8")[-3000:]
        time.sleep(0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def history(out: Path) -> list[dict[str, Any]]:
    """The log of a run, from its newest checkpoint."""
    newest = max(out.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    loaded = json.loads((newest / "trainer_state.json").read_text(encoding="utf-8"))["log_history"]
    assert isinstance(loaded, list)
    return loaded


def curve(out: Path, name: str = "loss") -> list[float]:
    return [entry[name] for entry in history(out) if name in entry]
