"""Whatever asks a command to end, what is in flight is kept, and the same command goes on from there."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.ledger.store import open_ledger
from hf_datasets.shared.signals import Ending
from mtbenchx_tasks import cli
from tests.commands import run
from tests.doubles.openai_api import Api, serve
from tests.mtbenchx_tasks.annotate.running import answer_file

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Let commands hear their signals although the tests run by nohup or as a shell's background job."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mtbenchx_tasks.cli", *arguments]


@contextmanager
def slow_judge() -> Iterator[tuple[Api, threading.Event, "Counter[str]"]]:
    """A judge that holds its answers back until told; counts what it was asked."""
    answer_now, asked = threading.Event(), Counter[str]()

    def answer(request: dict[str, Any]) -> str:
        if "Wort" in json.dumps(request):
            asked[json.dumps(request["messages"])] += 1
            answer_now.wait(30)
        return "Rating: [[7]]"

    with serve(answer) as api:
        yield api, answer_now, asked


@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGINT", "closed terminal"])
def test_what_is_in_flight_is_kept_and_nothing_is_paid_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    # 3 questions of 2 turns: 6 judgments, of which 2 at a time are in flight when the command is told to end
    file = answer_file(tmp_path / "m.jsonl", "m", lambda *place: f"Wort {place}", number=3)
    with slow_judge() as (api, answer_now, asked):
        judge = {"model": "gpt-4", "base_url": api.url, "concurrency": 2, "ledger": str(tmp_path / "l.sqlite")}
        arguments = ("judge", str(file), "--language", "en", "--judge", json.dumps(judge))
        line = command(*arguments)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        ours, theirs = pty.openpty()
        said = (tmp_path / "said").open("w+")
        stdin, err = (theirs, theirs) if how == "closed terminal" else (subprocess.DEVNULL, said)
        process = subprocess.Popen(
            [sys.executable, "-c", TERMINAL, *line] if how == "closed terminal" else line,
            cwd=ROOT, stdin=stdin, stdout=err, stderr=err, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        while asked.total() < 2 and process.poll() is None:
            time.sleep(0.02)
        os.close(ours) if how == "closed terminal" else process.send_signal(getattr(signal, how))
        time.sleep(0.5)  # it waits for what is in flight
        assert process.poll() is None
        answer_now.set()
        number = signal.SIGHUP if how == "closed terminal" else getattr(signal, how)
        assert process.wait(60) == 128 + number
        said.seek(0)
        if how != "closed terminal":
            assert f"mtbenchx: ended by {how}; what is under way is kept" in said.read()
            os.close(ours)
        said.close()
        with open_ledger(tmp_path / "l.sqlite", read_only=True) as ledger:
            states = Counter(row["state"] for row in ledger._rows("SELECT state FROM judgment"))
        assert states == {"answered": asked.total() + 2}  # and the two of the probe
        again = run(*arguments, cwd=ROOT)
        assert again.returncode == 0, again.stderr
        assert (len(asked), asked.total()) == (6, 6)


TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Takes its input as the terminal that controls it."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_app_that_is_ended_leaves_no_votes_in_a_log(tmp_path: Path, number: signal.Signals) -> None:
    files = [str(answer_file(tmp_path / f"{name}.jsonl", f"org/{name}", number=1)) for name in ("a", "b")]
    database = tmp_path / "votes.sqlite"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = command("annotate", "serve", "--answers", *files[:1], "--answers", files[1], "--language", "en")
    with subprocess.Popen(
        [*line, "--db", str(database), "--port", str(port)], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as app:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and app.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        app.send_signal(number)
        try:
            app.wait(60)
        finally:
            app.kill()  # else leaving the block would wait for ever
    assert database.is_file()
    assert [path.name for path in tmp_path.glob("votes.sqlite-*")] == []


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as by nohup
    others = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # another test may have run a command in this process
        ending = Ending()
        os.kill(os.getpid(), signal.SIGHUP)
        assert ending.number is None
        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)  # once is enough
        assert ending.code == 128 + 15
    finally:
        signal.signal(signal.SIGHUP, before)
        for name, handler in others.items():
            signal.signal(name, handler)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "there is not enough memory"),
        (RuntimeError("can't start new thread"), "no more threads can be started"),
        (OSError(36, "File name too long", "x" * 900), "can't be used (File name too long); name a place"),
    ],
)
def test_what_the_machine_refuses_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, told: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(cli, "Ending", lambda: None)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("mtbenchx: ")
    assert told in said
