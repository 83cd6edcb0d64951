"""`mtbenchx` as a user types it, in this process: a start of its own costs a second or more.

What a process of its own shows (imports, signals, kills) stays with tests/mtbenchx_tasks/test_cli.py and its like.
"""

import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from hf_datasets.shared.signals import ALL
from mtbenchx_tasks.cli import main


def run(*arguments: object, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command; returns what a process would: exit code, standard output and error. A fault is raised as it is."""
    command = ["mtbenchx", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        _as_in_a_process(command),
        chdir(cwd) if cwd else nullcontext(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = _code()
    said, told = (stream.detach().getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(command, code, said, told)


def _code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@contextmanager
def _as_in_a_process(command: list[str]) -> Iterator[None]:
    """Set what a process begins with, and take back what a command changes of this one."""
    handlers = {name: signal.getsignal(getattr(signal, name)) for name in ALL}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", command)
        patch.setenv("COLUMNS", "200")
        patch.setenv("NO_COLOR", "1")
        try:
            yield
        finally:
            for name, handler in handlers.items():
                signal.signal(getattr(signal, name), handler)
