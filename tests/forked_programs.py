"""Programs as a user types them, each forked from one process that has imported what they import.

To import torch, TRL and lm_eval takes a start 5 to 15 seconds of CPU. A forked program has the arguments, the folder,
the environment and the streams of who called it, its exit code goes back, and it ends when its caller does. Tests of a
program's own start start the program itself; lm_eval is the one of tests/lean_lm_eval.py.
"""

import contextlib
import json
import multiprocessing
import os
import runpy
import socket
import sys
import threading
from collections.abc import Iterator
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.reduction import DupFd
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        *("trl.scripts.sft", "trl.trainer.sft_trainer", "trl.cli", "torch.distributed.run"),
        *("lm_eval.models.huggingface", "lm_eval.evaluator", "mtbenchx_tasks.cli"),
    ]
)
NAMES = ("lm_eval", "mtbenchx", "python", "torchrun", "trl")
PROGRAM = """#!{python} -IS
import json, os, socket, sys
name, arguments = os.path.basename(__file__), [word for word in sys.argv[1:] if word != "-u"]
if name == "python" and arguments[0] != "-m" and not arguments[0].endswith(".py"):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
call = json.dumps([__file__, arguments, os.getcwd(), dict(os.environ)]).encode()
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
socket.send_fds(server, [len(call).to_bytes(4, "big")], [0, 1, 2])
server.sendall(call)
sys.exit(int(server.recv(9) or b"1"))
"""


@contextlib.contextmanager
def programs() -> Iterator[Path]:
    """Serve the programs from a folder for the PATH of commands."""
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        address = f"{folder}/address"
        for name in NAMES:
            program = Path(folder, name)
            program.write_text(PROGRAM.format(python=sys.executable, address=address), encoding="utf-8")
            program.chmod(0o755)
        server.bind(address)
        server.listen()
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield Path(folder)
        server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket) -> None:
    while True:
        try:
            caller, _ = server.accept()
        except OSError:  # the end of `programs`
            return
        threading.Thread(target=_serve, args=(caller,), daemon=True).start()


def _serve(caller: socket.socket) -> None:
    """Run one program; kill it when its caller is gone."""
    with caller:
        head, streams, _, _ = socket.recv_fds(caller, 4, 3)
        call = json.loads(caller.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        process = PROCESSES.Process(target=_run, args=(*call, [_Stream(number) for number in streams]), daemon=True)
        process.start()
        for number in streams:
            os.close(number)
        if process.sentinel not in wait([process.sentinel, caller]):
            process.kill()
        process.join()
        code = process.exitcode or 0
        with contextlib.suppress(OSError):  # the caller is gone
            caller.sendall(str(code if code >= 0 else 128 - code).encode())


class _Stream:
    """A stream that a forked process gets with its start."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _own, (DupFd(self.number),)


def _own(stream: Any) -> int:
    return int(stream.detach())


def _run(program: str, arguments: list[str], folder: str, variables: dict[str, str], streams: list[int]) -> None:
    import torch

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = map(partial(open, buffering=1, closefd=False), range(3), "rww")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = [program, *arguments]
    sys.executable = str(Path(program).with_name("python"))  # by which `trl` and `torchrun` start a training
    torch.set_num_threads(1)
    try:
        code = _start(Path(program).name)
    except Exception:  # told as Python does at a program's end, by a hook that may be the program's own
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.exit(code)


def _start(name: str) -> Any:
    if name == "python":
        del sys.argv[0 : 2 if sys.argv[1] == "-m" else 1]
        run = runpy.run_path if sys.argv[0].endswith(".py") else runpy.run_module
        return run(sys.argv[0], run_name="__main__") and None
    if name == "lm_eval":
        from tests.lean_lm_eval import main
    elif name == "mtbenchx":
        from mtbenchx_tasks.cli import main
    elif name == "torchrun":
        from torch.distributed.run import main
    else:
        from trl.cli import main
    return main()
