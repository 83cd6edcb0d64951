"""The ledger: what was paid for is kept, once, whatever happens to the process, the disk or the file."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

import hf_datasets.ledger.place
from hf_datasets.ledger.layout import APPLICATION, SCHEMA
from hf_datasets.ledger.store import Ledger, LedgerError, default_path, open_ledger
from hf_datasets.records import Completion, Use

ROOT = Path(__file__).parents[3]
SAID = Completion(
    "answered", "Rating: [[8]] – schön", details={"usage": {"prompt_tokens": 11}, "snapshot": "gpt-4-0613"}
)
FAILED = Completion("failed", reason="Error code: 500")
USE = Use(
    candidate="m",
    identity="weights",
    benchmark="mini",
    revision="r1",
    task_version=1.0,
    language="de",
    question_id=1,
    turn=2,
    repeat=0,
    run=0,
    judge="gpt-4",
    settings="{}",
    prompt="single-v1",
    suspicious=False,
    answer="Antwort",
    judgment="k",
)


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    ledger = Ledger(path)
    try:
        yield ledger
    finally:
        ledger.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


def judge(ledger: Ledger, key: str, completion: Completion = SAID) -> None:
    assert ledger.claim(key, f"request {key}")
    ledger.finish(key, completion)


def python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start another process of this project."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# what is kept ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "completion",
    [SAID, Completion("empty", reason="the endpoint returned no text"), Completion("refused", "No.", "filter")],
)
def test_a_final_judgment_is_kept(ledger: Ledger, completion: Completion) -> None:
    judge(ledger, "k", completion)
    assert ledger.judgment("k") == completion
    with opened(ledger.path) as again:
        assert again.judgment("k") == completion


def test_an_unknown_key_has_no_judgment_and_no_answer(ledger: Ledger) -> None:
    assert ledger.judgment("k") is None
    assert ledger.answer("k") is None


@pytest.mark.parametrize("text", ["", "a\0b", "🙂" * 10_000, "'; DROP TABLE judgment; --"])
def test_any_text_comes_back(ledger: Ledger, text: str) -> None:
    judge(ledger, "k", Completion("answered", text))
    ledger.store_answers([("a", "request", text)])
    assert ledger.judgment("k") == Completion("answered", text)
    assert ledger.answer("a") == text


@pytest.mark.parametrize(
    ("request_text", "completion"),
    [
        ("an answer cut in an emoji: \ud83d", SAID),
        ("request", Completion("refused", reason="\ud83d")),
        ("request", Completion("answered", "[[8]]", details={"logprobs": [{"token": "\ud83d", "top": {}}]})),
    ],
    ids=["request", "reason", "logprobs"],
)
def test_half_a_surrogate_pair_does_not_lose_a_judgment(
    ledger: Ledger, request_text: str, completion: Completion
) -> None:
    assert ledger.claim("k", request_text)
    ledger.finish("k", completion)
    assert ledger.judgment("k") is not None


def test_an_answer_stored_again_is_replaced(ledger: Ledger) -> None:
    ledger.store_answers([("a", "request", "old"), ("b", "request", "other")])
    ledger.store_answers([("a", "request", "new")])
    assert (ledger.answer("a"), ledger.answer("b")) == ("new", "other")


def test_the_same_place_recorded_twice_replaces(ledger: Ledger) -> None:
    ledger.record([USE])
    ledger.record([replace(USE, answer="Neu", judgment="k2"), replace(USE, run=1, judgment=None)])
    rows = [(row["run"], row["answer"], row["judgment"]) for row in ledger._rows("SELECT * FROM use ORDER BY run")]
    assert rows == [(0, "Neu", "k2"), (1, "Antwort", None)]


def test_rows_take_parameters_and_have_names(ledger: Ledger) -> None:
    ledger.record([USE])
    assert [dict(row) for row in ledger._rows("SELECT candidate, turn FROM use WHERE language = ?", ("de",))] == [
        {"candidate": "m", "turn": 2}
    ]


def test_a_check_leaves_nothing(ledger: Ledger) -> None:
    ledger.check_writable()
    assert ledger._rows("SELECT * FROM answer") == []


def test_one_ledger_a_path(tmp_path: Path) -> None:
    one = open_ledger(tmp_path / "x" / ".." / "a.sqlite")
    assert one is open_ledger(tmp_path / "a.sqlite") is not open_ledger(tmp_path / "b.sqlite")
    assert one.path == tmp_path / "a.sqlite"
    one.close()
    again = open_ledger(tmp_path / "a.sqlite")
    assert again is not one
    again.check_writable()


def test_the_default_place_is_the_users_cache() -> None:
    assert default_path().parts[-2:] == ("mtbench-x", "ledger.sqlite")


# claims ------------------------------------------------------------------------------------------------------------


def test_what_is_paid_for_is_flushed_to_the_disk_and_a_claim_is_not(ledger: Ledger) -> None:
    said = list[str]()
    ledger._db.set_trace_callback(said.append)
    judge(ledger, "k")
    ledger._db.set_trace_callback(None)
    levels = [line for line in said if line.startswith("PRAGMA synchronous") or line.startswith("COMMIT")]
    assert levels == ["PRAGMA synchronous=NORMAL", "COMMIT", "PRAGMA synchronous=FULL", "COMMIT"]


def test_ones_own_claim_is_held(ledger: Ledger) -> None:
    assert ledger.claim("k", "request")
    assert not ledger.claim("k", "request")
    assert ledger.judgment("k") is None


@pytest.mark.parametrize(
    ("state", "again"), [("failed", True), ("answered", False), ("empty", False), ("refused", False)]
)
def test_only_what_failed_is_asked_again(ledger: Ledger, state: str, again: bool) -> None:
    judge(ledger, "k", Completion(state))
    assert ledger.claim("k", "request") is again
    assert (ledger.judgment("k") is None) is again


CLAIM = """
import sys, time
from pathlib import Path
from hf_datasets.ledger.store import Ledger
print(Ledger(Path(sys.argv[1])).claim("k", "request"), flush=True)
time.sleep(60)
"""


def killed(process: "subprocess.Popen[str]") -> tuple[str, str]:
    process.send_signal(signal.SIGKILL)
    return process.communicate(timeout=20)


def test_another_process_holds_its_claim_until_it_dies(ledger: Ledger) -> None:
    other = python(CLAIM, ledger.path)
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "True\n"
        assert not ledger.claim("k", "request")
    finally:
        killed(other)
    assert ledger.claim("k", "request")


def test_a_zombie_holds_no_claim(ledger: Ledger) -> None:
    other = python(CLAIM, ledger.path)
    assert other.stdout is not None
    other.stdout.readline()
    other.send_signal(signal.SIGKILL)
    try:
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # dead, but still in the process table
        assert ledger.claim("k", "request")
    finally:
        killed(other)


def owners(path: Path) -> list[Path]:
    """The files by which open ledgers are known."""
    return list(path.parent.glob(f".{path.name}.owner-*"))


def test_a_closed_ledger_gives_its_claims_up(ledger: Ledger) -> None:
    with opened(ledger.path) as other:
        assert other.claim("k", "request")
        assert not ledger.claim("k", "request")
        assert len(owners(ledger.path)) == 2
    assert ledger.claim("k", "request")
    assert len(owners(ledger.path)) == 1


def test_what_the_killed_leave_is_removed(ledger: Ledger) -> None:
    others = [python(CLAIM, ledger.path) for _ in range(2)]
    for other in others:
        assert other.stdout is not None
        other.stdout.readline()
    killed(others[0])
    assert len(owners(ledger.path)) == 2
    ledger.claim("another", "request")
    assert len(owners(ledger.path)) == 2  # the living one's, and this one's
    killed(others[1])


@pytest.mark.parametrize("owner", ['["elsewhere", 1, 0.0]', "0" * 32, "../ledger.sqlite", None])
def test_a_claim_of_nobody_who_lives_is_free(ledger: Ledger, owner: str | None) -> None:
    # of an earlier release; of a ledger that was copied from another machine; damaged
    ledger.claim("k", "request")
    ledger._db.execute("UPDATE judgment SET owner = ?", (owner,))
    assert ledger.claim("k", "request")


@pytest.mark.parametrize("step", [-(10**9), -60, 60, 10**9])
def test_a_claim_holds_whatever_the_clock_does(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    clock = time.time
    with opened(ledger.path) as other:
        other.claim("k", "request")
        monkeypatch.setattr(time, "time", lambda: clock() + step)
        assert not ledger.claim("k", "request")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs a PID namespace")
def test_a_claim_holds_across_process_namespaces(ledger: Ledger) -> None:
    assert ledger.claim("k", "request")
    code = "import sys\nfrom pathlib import Path\nfrom hf_datasets.ledger.store import Ledger\n"
    code += "print(Ledger(Path(sys.argv[1])).claim('k', 'request'))"
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", code, str(ledger.path)]
    there = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "Operation not permitted" in there.stderr:
        pytest.skip("no namespaces here")
    assert there.stdout == "False\n"


FORK = """
import os, sys, time
from pathlib import Path
from hf_datasets.ledger.store import Ledger
ledger = Ledger(Path(sys.argv[1]))
ledger.claim("k", "request")
if not os.fork():  # the child says so, once it has let go of what it inherited
    print("claimed", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_outlives_its_parent_holds_no_claim_of_it(ledger: Ledger) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", FORK, str(ledger.path)], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    assert parent.stdout is not None
    try:
        parent.stdout.readline()
        child = psutil.Process(parent.pid).children()[0]
        parent.kill()
        parent.wait()
        assert child.is_running()
        assert ledger.claim("k", "request")
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.stdout.close()


PLAN = """
import os, sys, time
from pathlib import Path
from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Completion, Ledger
from mtbenchx_tasks.judge.engines.live import LiveEngine

ledger, counter, engines = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

class Counted:
    def complete(self, request):
        file = os.open(counter, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, (request.key + "\\n").encode())
        os.close(file)
        time.sleep(0.005)
        return Completion("answered", "[[8]] " + request.messages[0]["content"])

Path(counter + f".{os.getpid()}").touch()
while len(list(Path(counter).parent.glob(Path(counter).name + ".*"))) < engines:
    time.sleep(0.001)
engine = LiveEngine(Counted(), "m", Ledger(ledger), 8)
engine.check([])
futures = [engine.submit(ChatRequest("u", "m", ({"role": "user", "content": str(n)},))) for n in range(200)]
engine.finish()
print([future.result().completion.text for future in futures] == [f"[[8]] {n}" for n in range(200)])
"""


def test_two_processes_with_one_plan_ask_each_request_once(ledger: Ledger, tmp_path: Path) -> None:
    counter = tmp_path / "asked"
    processes = [python(PLAN, ledger.path, counter, 2) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [(said, "database is locked" in errors) for said, errors in outputs] == [("True\n", False)] * 2
    asked = counter.read_text().split()
    assert len(asked) == len(set(asked)) == 200


def test_two_processes_may_create_a_ledger_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    rival = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    rival.execute("BEGIN IMMEDIATE")  # as any first write of a file that isn't WAL yet
    threading.Timer(0.05, rival.execute, ["COMMIT"]).start()
    with opened(path) as ledger:
        ledger.check_writable()


WRITE = """
import sys
from pathlib import Path
from hf_datasets.ledger.store import Completion, Ledger
ledger, prefix = Ledger(Path(sys.argv[1])), sys.argv[2]
for number in range(10**6):
    key = f"{prefix}-{number}"
    ledger.claim(key, "request")
    ledger.finish(key, Completion("answered", key * 100))
    print(key, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(ledger: Ledger) -> None:
    acknowledged = list[str]()
    for number in range(5):
        writer = python(WRITE, ledger.path, number)
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline().strip() for _ in range(random.randint(1, 60))]
        acknowledged += [line for line in killed(writer)[0].split("\n")[:-1] if line]  # the last line may be torn
    kept = {row["key"]: row["text"] for row in ledger._rows("SELECT * FROM judgment WHERE state = 'answered'")}
    assert {key: kept.get(key) for key in acknowledged} == {key: key * 100 for key in acknowledged}
    assert ledger._rows("PRAGMA integrity_check")[0][0] == "ok"


# merging -----------------------------------------------------------------------------------------------------------


def test_a_merge_adds_what_is_missing(ledger: Ledger, tmp_path: Path) -> None:
    with opened(tmp_path / "other.sqlite") as other:
        for here, key, said in (
            (ledger, "both", "mine"),
            (other, "both", "theirs"),
            (other, "new", "theirs"),
            (other, "failed here", "theirs"),
        ):
            judge(here, key, Completion("answered", said))
        ledger._db.execute("UPDATE judgment SET state = 'failed' WHERE key = 'failed here'")
        judge(ledger, "failed here", FAILED)
        judge(other, "failed there", FAILED)
        other.claim("claimed there", "request")
        ledger.store_answers([("a", "r", "mine")])
        other.store_answers([("a", "r", "theirs"), ("b", "r", "theirs")])
        other.record([USE, replace(USE, turn=1)])
        assert ledger.merge(other.path) == (2, 1, 2, 0)
        assert ledger.merge(other.path) == (0, 0, 0, 0)
    judgments = {row["key"]: (row["state"], row["text"]) for row in ledger._rows("SELECT * FROM judgment")}
    assert judgments == {"both": ("answered", "mine")} | dict.fromkeys(["new", "failed here"], ("answered", "theirs"))
    assert (ledger.answer("a"), ledger.answer("b")) == ("mine", "theirs")


def test_a_merge_takes_a_ledger_that_is_being_written(ledger: Ledger, tmp_path: Path) -> None:
    with opened(tmp_path / "other.sqlite") as other:
        judge(other, "k")
        assert ledger.merge(other.path) == (1, 0, 0, 0)
        judge(other, "k2")
        assert ledger.merge(other.path) == (1, 0, 0, 0)


def test_a_merge_with_nothing_names_the_path(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=rf"There is no ledger at {tmp_path}/none\.sqlite"):
        ledger.merge(tmp_path / "none.sqlite")


def corrupt(path: Path) -> Path:
    path.write_bytes(b"not a database, " * 1000)
    return path


def of_layout(version: int, path: Path) -> Path:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE judgment (key)")
    database.execute(f"PRAGMA application_id={APPLICATION}")
    database.execute(f"PRAGMA user_version={version}")
    database.close()
    return path


@pytest.mark.parametrize("make", [corrupt, lambda path: of_layout(SCHEMA + 1, path)], ids=["corrupt", "layout"])
def test_a_merge_with_what_is_no_ledger_names_that(
    ledger: Ledger, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    wrong = make(tmp_path / "other.sqlite")
    judge(ledger, "k")
    with pytest.raises(LedgerError, match=str(wrong)):
        ledger.merge(wrong)


def test_a_merge_with_another_database_names_that(ledger: Ledger, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).execute("CREATE TABLE recipe (name)").connection.close()
    with pytest.raises(LedgerError, match=str(other)):
        ledger.merge(other)


def test_a_failed_merge_leaves_the_ledger_usable(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        ledger.merge(corrupt(tmp_path / "other.sqlite"))
    judge(ledger, "k")
    assert ledger.judgment("k") == SAID


# places that don't do ----------------------------------------------------------------------------------------------


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's own isn't."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Root may write anywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def refused(path: Path) -> str:
    """The sentence that refuses a place."""
    with pytest.raises(LedgerError) as refusal:
        Ledger(path)
    assert str(path) in str(refusal.value)
    return str(refusal.value)


def test_an_unwritable_folder_is_told(public_folder: Path) -> None:
    public_folder.chmod(0o555)
    with as_ordinary_user():
        sentence = refused(public_folder / "ledger.sqlite")
    assert "unable to open" in sentence
    assert "--metadata" in sentence


def test_a_read_only_file_is_told(public_folder: Path) -> None:
    path = public_folder / "ledger.sqlite"
    with opened(path):
        pass
    path.chmod(0o444)
    with as_ordinary_user():
        sentence = refused(path)
    assert "readonly" in sentence
    assert "it may only be read there: copy it to a place where you may write" in sentence


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "exists" in refused(tmp_path / "file" / "ledger.sqlite").lower()


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    assert "unable to open" in refused(tmp_path)


def test_a_corrupt_file_is_told(tmp_path: Path) -> None:
    assert "not a database" in refused(corrupt(tmp_path / "ledger.sqlite"))


def test_damage_within_is_told(ledger: Ledger) -> None:
    judge(ledger, "k", Completion("answered", "x" * 20_000))
    ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with ledger.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (ledger.path.stat().st_size - 4096))
    with opened(ledger.path) as damaged, pytest.raises(LedgerError, match=str(ledger.path)):
        damaged.judgment("k")


def test_another_layout_is_told(tmp_path: Path) -> None:
    sentence = refused(of_layout(SCHEMA + 1, tmp_path / "ledger.sqlite"))
    assert f"layout {SCHEMA + 1}" in sentence


def fill(ledger: Ledger) -> None:
    """Let the disk have no more room than the ledger takes now."""
    ledger._db.execute("PRAGMA max_page_count=1")  # SQLite raises it to the present size


BIG = "x" * 100_000


def test_a_full_disk_is_told_and_loses_nothing(ledger: Ledger) -> None:
    judge(ledger, "before")
    ledger.claim("k", "request")
    fill(ledger)
    for write in (
        lambda: ledger.claim("other", BIG),
        lambda: ledger.finish("k", Completion("answered", BIG)),
        lambda: ledger.store_answers([("a", "request", BIG)]),
        lambda: ledger.record([replace(USE, answer=BIG)]),
    ):
        with pytest.raises(LedgerError, match=rf"{ledger.path} can't be used \(.*full\); free the disk"):
            write()
    assert ledger.judgment("before") == SAID
    ledger._db.execute("PRAGMA max_page_count=1000000")
    ledger.finish("k", SAID)
    assert ledger.judgment("k") == SAID
    assert ledger.answer("a") is None


def test_a_full_disk_at_a_merge_names_what_is_full(ledger: Ledger, tmp_path: Path) -> None:
    with opened(tmp_path / "other.sqlite") as other:
        other.store_answers([("a", "request", BIG)])
    fill(ledger)
    with pytest.raises(LedgerError, match=rf"{ledger.path} can't be used \(.*full\)"):
        ledger.merge(other.path)


def test_a_check_finds_a_full_disk(ledger: Ledger) -> None:
    fill(ledger)
    with pytest.raises(LedgerError, match="full"):
        ledger.check_writable()


@pytest.mark.parametrize(("file_system", "network"), [("nfs4", True), ("NFS", True), ("lustre", True), ("ext4", False)])
def test_a_network_file_system_is_refused(
    file_system: str, network: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = [("/", "ext4"), (str(tmp_path), file_system), (f"{tmp_path}/elsewhere", "tmpfs")]
    partitions = [SimpleNamespace(mountpoint=where, fstype=kind) for where, kind in mounts]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: partitions)
    if network:
        assert "mtbenchx ledger merge" in refused(tmp_path / "deep" / "ledger.sqlite")
    else:
        with opened(tmp_path / "deep" / "ledger.sqlite") as ledger:
            ledger.check_writable()


def test_a_claim_that_could_not_be_finished_is_free(ledger: Ledger) -> None:
    ledger.claim("k", "request")
    ledger._db.execute("PRAGMA busy_timeout=10")
    with opened(ledger.path) as other:
        other._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked"):
            ledger.finish("k", SAID)
        other._db.execute("ROLLBACK")
    assert ledger.claim("k", "request")


def test_a_locked_ledger_is_told(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hf_datasets.ledger.place, "BUSY_SECONDS", 0.01)
    with opened(ledger.path) as other:
        ledger._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked"):
            other.check_writable()
        ledger._db.execute("ROLLBACK")
        other.check_writable()
