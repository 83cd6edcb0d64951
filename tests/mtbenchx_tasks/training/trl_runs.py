"""Stock TRL on a random base of two layers: by its command as a user types it, or without its start, for speed.

To import it takes a process twelve seconds of CPU: trainings in this process, and in children of one that has it, as
the programs of tests/forked_programs.py.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tests.forked_programs import PROCESSES

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


def fork(
    arguments: Sequence[str], folder: Path, log: Path, variables: Mapping[str, str] | None = None
) -> ForkServerProcess:
    """Start a training in a process of its own, as far as a command that has been imported."""
    process = PROCESSES.Process(target=_child, args=(list(arguments), folder, log, variables or {}), daemon=True)
    process.start()
    return process


KILLED_AFTER = "MTBENCHX_TEST_KILLED_AFTER"
"""A variable of `fork`: the step after which, and after whose checkpoint, the process is killed."""


def _kill_after(step: int) -> None:
    from transformers.trainer_callback import DefaultFlowCallback

    def on_step_begin(_self: Any, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        if state.global_step == step:
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultFlowCallback.on_step_begin = on_step_begin


def _child(arguments: list[str], folder: Path, log: Path, variables: Mapping[str, str]) -> None:
    import torch

    with log.open("wb") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.chdir(folder)
    os.environ.update(variables)
    torch.set_num_threads(1)  # as the commands of these tests have it
    if KILLED_AFTER in variables:
        _kill_after(int(variables[KILLED_AFTER]))
    train(arguments)


def train_on_two(arguments: Sequence[str], folder: Path) -> None:
    """What torchrun does with two processes of one machine; both end when all is saved, as in `until_saved`."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    logs = [folder / f"log-{rank}.txt" for rank in range(2)]
    ranks = [
        fork(arguments, folder, log, meeting | {"RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank, log in enumerate(logs)
    ]
    while not (logs[0].is_file() and "Model saved" in logs[0].read_text(encoding="utf-8")):
        assert all(rank.exitcode in (None, 0) for rank in ranks), [
            log.read_text(encoding="utf-8")[-3000:] for log in logs
        ]
        time.sleep(0.1)
    for rank in ranks:
        rank.kill()
        rank.join()


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"}


def start(arguments: Sequence[str], folder: Path) -> "subprocess.Popen[str]":
    command = [str(Path(sys.executable).with_name("trl")), "sft", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=pipe, stderr=subprocess.STDOUT, encoding="utf-8",
        start_new_session=True,
    )  # fmt: skip


def until_saved(command: Sequence[str], folder: Path, programs: Path) -> None:
    """Run a command whose end is a training on two processes; gloo sometimes never returns, all being saved."""
    log = folder / "log.txt"
    scripts = f"{programs}{os.pathsep}{os.environ['PATH']}"
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
