"""`mtbenchx annotate`, as a user types it; and what survives a kill."""

import json
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from mtbenchx_tasks.cli import app, main
from mtbenchx_tasks.formats.votes import read_votes
from tests.commands import run
from tests.mtbenchx_tasks.annotate.running import ONE, OTHER, Person, answer_file

ROOT = Path(__file__).parents[3]
TLS = ssl.create_default_context()
"""Spoken by nobody here, but to make one costs a client more than all its requests."""
NO_REUSE = httpx.Limits(max_keepalive_connections=0)
"""A client that is starved for seconds must not send on a connection that the server just closed."""


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "mtbenchx_tasks.cli", "annotate", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}


def annotate(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run("annotate", *arguments, cwd=cwd)


@pytest.fixture
def answers(tmp_path: Path) -> list[Path]:
    return [answer_file(tmp_path / "a.jsonl", ONE), answer_file(tmp_path / "b.jsonl", OTHER)]


def answers_at(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False, verify=TLS).is_success
    except httpx.TransportError:
        return False


@contextmanager
def served(cwd: Path, *arguments: object) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `annotate serve` in a process of its own; gives its url."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        command("serve", *arguments, "--port", port), cwd=cwd, env=environment(), stderr=subprocess.PIPE, text=True
    )
    try:
        while not answers_at(url):
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.05)
        yield url, process
    finally:
        process.kill()
        process.communicate()


def test_from_two_answer_files_to_an_export(tmp_path: Path, answers: list[Path]) -> None:
    codes = annotate("invite", 2, cwd=tmp_path).stdout.split()
    assert [bool(re.fullmatch(r"(\w{4}-){3}\w{4}", code)) for code in codes] == [True, True]
    with served(tmp_path, "--answers", *answers, "--language", "en", "--sparse-ties", "--target", "2") as (
        url,
        process,
    ):
        with httpx.Client(base_url=url, follow_redirects=True, trust_env=False) as client:
            anna = Person(client).join(codes[0])
            for choice in ("left", "tie", "skip", "right"):
                anna.vote(choice)
            pseudonym = re.search(r"Your pseudonym is (expert_\d)", anna.page)
        process.terminate()
        told = process.communicate(timeout=20)[1]
    assert "16 items, votes in votes.sqlite" in told
    assert not [secret for secret in (*codes, "csrf", "127.0.0.1 -") if secret in told]
    done = annotate("export", "--out", "out/votes.parquet", cwd=tmp_path)
    assert done.stdout.split() == ["out/votes.parquet", "out/votes.jsonl", "out/votes.skips.jsonl"], done.stderr
    votes = read_votes(tmp_path / "out" / "votes.parquet")
    assert len(votes) == 3
    assert pseudonym is not None
    assert {vote.rater.name for vote in votes} == {pseudonym[1]}
    told = annotate("withdraw", pseudonym[1], cwd=tmp_path).stdout
    assert told.startswith(f"4 votes of {pseudonym[1]} were deleted")
    assert annotate("export", cwd=tmp_path).returncode == 1
    secret = tmp_path / "votes.sqlite.secret"
    assert secret.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_kill_loses_no_acknowledged_vote(tmp_path: Path, answers: list[Path]) -> None:
    codes = annotate("invite", 4, cwd=tmp_path).stdout.split()
    acknowledged: list[tuple[str, str]] = []
    with served(tmp_path, *answers, "--language", "en", "--target", "4", "--votes-per-minute", "1000") as (
        url,
        process,
    ):

        def work(code: str) -> None:
            with httpx.Client(base_url=url, trust_env=False, timeout=60, verify=TLS) as client:
                client.follow_redirects = True
                person = Person(client).join(code)
                client.follow_redirects = False
                while not person.finished:
                    form = person.form("left")
                    try:
                        if client.post("/vote", data=form).status_code == 303:
                            acknowledged.append((form["assignment"], form["choice"]))
                        person.see()
                    except httpx.TransportError:
                        return

        threads = [threading.Thread(target=work, args=(code,)) for code in codes]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 40:
            time.sleep(0.005)
        process.kill()
        for thread in threads:
            thread.join()
    with closing(sqlite3.connect(tmp_path / "votes.sqlite")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = set(db.execute("SELECT assignment, choice FROM vote"))
        twice = "SELECT 1 FROM vote GROUP BY annotator, question_id, turn HAVING COUNT(*) > 1"
        assert db.execute(twice).fetchall() == []
    assert set(acknowledged) <= stored
    assert len(stored) <= len(acknowledged) + len(codes)  # each person had one vote in flight


@pytest.mark.slow
def test_two_hundred_people_at_once_lose_no_vote(tmp_path: Path, answers: list[Path]) -> None:
    """Each opens the app, agrees and votes twice, every vote sent twice at once."""
    people, votes = 200, 2
    codes = annotate("invite", people, cwd=tmp_path).stdout.split()
    times, told = [], []
    with served(tmp_path, *answers, "--language", "en", "--target", people) as (url, _), ThreadPoolExecutor(50) as twin:

        def work(code: str) -> None:
            with httpx.Client(
                base_url=url, follow_redirects=True, trust_env=False, timeout=60, limits=NO_REUSE, verify=TLS
            ) as client:
                somebody = Person(client).join(code)
                for _ in range(votes):
                    form = somebody.form("tie")
                    more = {"cookies": dict(client.cookies), "timeout": 60, "trust_env": False, "verify": TLS}
                    other = twin.submit(httpx.post, f"{url}/vote", data=form, **more)
                    begun = time.monotonic()
                    told.append(client.post("/vote", data=form, follow_redirects=False).status_code)
                    times.append(time.monotonic() - begun)
                    told.append(other.result().status_code)
                    somebody.see()

        with ThreadPoolExecutor(people) as pool:
            list(pool.map(work, codes))
    assert set(told) == {303}
    times.sort()
    print(f"median {times[len(times) // 2]:.2f} s, 95 % within {times[int(0.95 * len(times))]:.2f} s")
    with closing(sqlite3.connect(tmp_path / "votes.sqlite")) as db:
        assert db.execute("SELECT COUNT(*) FROM vote").fetchone() == (people * votes,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


BOTH = ("serve", "--answers", "a.jsonl", "b.jsonl")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("serve",), "There is no database votes.sqlite yet"),
        (("serve", "--answers", "a.jsonl", "--language", "en"), "two models or more"),
        (("serve", "--answers", "a.jsonl", "missing.jsonl"), "There is no file missing.jsonl"),
        (BOTH, "name it by --language"),
        ((*BOTH, "--language", "pt"), "no language 'pt'"),
        ((*BOTH, "--language", "en", "--baseline", "x"), "baseline 'x'"),
        ((*BOTH, "--language", "en", "--ui", "xx"), "doesn't speak 'xx'"),
        ((*BOTH[:3], "a.jsonl", "--language", "en"), "one model"),
        ((*BOTH, "--language", "en", "--consent", "none.md"), "none.md"),
        ((*BOTH, "--language", "en", "--db", "a.jsonl"), "a.jsonl can't be opened"),
        ((*BOTH, "--language", "en", "--db", "a.jsonl/x"), "can't be opened"),
        (("export", "--db", "none.sqlite"), "There is no database none.sqlite"),
        (("withdraw", "expert_1", "--db", "none.sqlite"), "There is no database none.sqlite"),
        (("import", "a.jsonl"), "a.jsonl, line 1: not a vote"),
        (("restore", "."), "study.json"),
        (("space", "--repo-id", "name", "--out", "x", *BOTH[2:], "--language", "en"), "ORG/NAME"),
    ],
)
def test_a_users_error_is_one_sentence(
    answers: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(answers[0].parent)
    monkeypatch.setattr(sys, "argv", ["mtbenchx", "annotate", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.strip().count("\n") == 0 or "Nobody is invited" in error


def test_import_reads_anyones_votes_into_one_layout(tmp_path: Path) -> None:
    games = {"g1_winner": "model_1", "g2_winner": "model_2", "judge": ["gpt-4", "pair-v2"], "turn": 1}
    pair = {"question_id": 81, "model_1": "zephyr", "model_2": "alpaca", **games}
    human = {
        "question_id": 81,
        "model_a": "zephyr",
        "model_b": "alpaca",
        "winner": "tie",
        "judge": "expert_1",
        "turn": 1,
    }
    for name, row in (("pair.jsonl", pair), ("human.jsonl", human)):
        (tmp_path / name).write_text(json.dumps(row) + "\n", encoding="utf-8")
    done = annotate("import", "pair.jsonl", "human.jsonl", "--out", "all.jsonl", "--language", "en", cwd=tmp_path)
    assert done.stdout == "all.jsonl: 2 votes of 2; 1 inconsistent, 1 tie\n"
    assert [(vote.rater.kind, vote.decision.value) for vote in read_votes(tmp_path / "all.jsonl")] == [
        ("judge", "inconsistent"),
        ("person", "tie"),
    ]


@pytest.mark.parametrize(("turns", "votes"), [((), 80), (("--turns", "1"), 40), (("--turns", "3"), 120)])
def test_a_plan_counts_the_turns_that_questions_have(turns: tuple[str, ...], votes: int) -> None:
    shown = CliRunner().invoke(app, ["annotate", "plan", "--questions", "20", *turns])
    two_raters = shown.output.splitlines()[1].split()
    assert two_raters[:2] == ["2", str(votes)]  # 2 raters x 20 questions x turns


@pytest.mark.parametrize(
    "name", ["serve", "invite", "code", "status", "plan", "withdraw", "export", "import", "space", "restore"]
)
def test_every_command_has_help_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(app, ["annotate", name, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.output
