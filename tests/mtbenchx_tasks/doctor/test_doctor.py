"""`mtbenchx doctor` as users type it, and each of its looks, with doubles in place of vendors and Hub."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from typer.testing import CliRunner, Result

from hf_datasets.ledger.store import open_ledger
from hf_datasets.records import Completion
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.doctor.inspection import Inspection, Severity
from mtbenchx_tasks.doctor.keys import judges, keys
from mtbenchx_tasks.doctor.network import network, reach
from mtbenchx_tasks.doctor.places import FULL, disk, ledger, room
from mtbenchx_tasks.doctor.places import tasks as tasks_found
from mtbenchx_tasks.harness import linking
from tests.doubles.loopback import Handler, running
from tests.doubles.openai_api import Api

SECRET = "sk-proj-ABCDEFGH12345678"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*judges(), "DEEPL_AUTH_KEY", "HF_TOKEN", "HF_ENDPOINT", "MTBENCHX_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: os.environ.get("HF_TOKEN"))


def doctor(*options: str) -> Result:
    return CliRunner().invoke(app, ["doctor", "--offline", *options], env={"COLUMNS": "200"})


def one(checks: Iterator[Inspection], name: str) -> Inspection:
    (found,) = [check for check in checks if check.name == name]
    return found


# the command -----------------------------------------------------------------------------------------------------


def well(monkeypatch: pytest.MonkeyPatch, state: linking.State = linking.State.LINKED) -> None:
    """Everything is as it should be, but for what a test changes."""
    monkeypatch.setattr("mtbenchx_tasks.doctor.places.state", lambda: state)
    monkeypatch.setattr(
        "mtbenchx_tasks.doctor.versions.versions", lambda: [Inspection("versions", "numpy", "2.4.6 (>=2.0)")]
    )


def test_all_that_works_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    well(monkeypatch)
    told = doctor()
    assert told.exit_code == 0, told.output
    assert told.stdout.endswith("All that is needed works.\n")
    assert "note   OPENAI_API_KEY: not set" in told.stdout  # no failure: a local judge needs none


def test_what_must_be_mended_ends_with_1_and_stands_at_the_end_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    well(monkeypatch, linking.State.GONE)
    told = doctor()
    assert told.exit_code == 1
    to_mend = told.stdout.partition("To mend (1):\n")[2]
    assert to_mend.startswith("- mtbench_x: gone, since lm_eval was installed anew after they were linked. ")
    assert "mtbenchx tasks link" in to_mend


def test_json_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    well(monkeypatch, linking.State.NEVER)
    told = doctor("--json")
    read = json.loads(told.stdout)
    assert (told.exit_code, read["well"]) == (1, False)
    wrong = [check for check in read["checks"] if check["state"] == "wrong"]
    assert [check["name"] for check in wrong] == ["mtbench_x"]
    assert set(wrong[0]) == {"area", "name", "found", "state", "advice"}


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_key_and_no_part_of_one_is_shown(monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]) -> None:
    well(monkeypatch)
    for name in (*judges(), "DEEPL_AUTH_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("OPENAI_BASE_URL", f"https://anna:{SECRET}@judge.example/v1?key={SECRET}")
    told = doctor(*options)
    assert told.exit_code == 0
    assert "judge.example" in told.stdout
    parts = {SECRET[start : start + 5] for start in range(3, len(SECRET) - 4)}
    assert not [part for part in parts if part in told.output]


# keys ------------------------------------------------------------------------------------------------------------


def test_a_key_that_is_none_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", f"{SECRET}…")
    found = one(keys(), "MISTRAL_API_KEY")
    assert found.state is Severity.WRONG
    assert found.advice == "The key in MISTRAL_API_KEY holds a character that no key has; copy it anew."


def test_an_endpoint_that_is_no_url_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost")
    assert one(keys(), "OPENAI_BASE_URL").state is Severity.WRONG


# disks -----------------------------------------------------------------------------------------------------------


def test_a_ledger_is_counted_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with open_ledger(file) as paid:
        paid.claim("a", '{"model":"gpt-4"}')
        paid.finish("a", Completion("answered", "[[7]]"))
    before = file.read_bytes()
    (found,) = ledger(file)
    assert (found.state, found.name) == (Severity.FINE, str(file))
    assert found.found.startswith("layout 3, 0 ratings, 0 games of comparisons, 0.1 MiB")
    assert file.read_bytes() == before


def test_a_ledger_of_nobody_or_of_another_program_is_wrong(tmp_path: Path) -> None:
    (nowhere,) = ledger(tmp_path / "none.sqlite")
    assert nowhere.state is Severity.WRONG
    assert not (tmp_path / "none.sqlite").exists()
    (tmp_path / "text.sqlite").write_text("no database")
    (other,) = ledger(tmp_path / "text.sqlite")
    assert other.state is Severity.WRONG
    assert "is not a ledger" in other.advice


def test_no_ledger_yet_is_fine(tmp_path: Path) -> None:
    (found,) = ledger()
    assert (found.state, found.found) == (Severity.FINE, "none yet: the first judgment makes it")


def test_a_full_disk_is_wrong_and_a_scarce_one_a_note_for_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def free(gib: float) -> None:
        usage = type("Usage", (), {"free": gib * 2**30})
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage)

    free(FULL - 0.1)
    assert room("here", tmp_path).state is Severity.WRONG
    free(FULL + 0.1)
    assert room("here", tmp_path / "not" / "there").state is Severity.FINE
    assert room("models", tmp_path).state is Severity.NOTE


def test_a_mirror_that_is_no_folder_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path))
    assert one(disk(), "MTBENCHX_SOURCES").state is Severity.FINE
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path / "nowhere"))
    assert one(disk(), "MTBENCHX_SOURCES").state is Severity.WRONG


def test_without_lm_eval_the_tasks_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (found,) = tasks_found()
    assert found.state is Severity.WRONG
    assert "lm" in found.advice


# network ---------------------------------------------------------------------------------------------------------


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


class Closed(Handler):
    """A vendor that lets nobody in without a key, and notes what it is sent."""

    seen: ClassVar[list[dict[str, str]]] = []

    def do_HEAD(self) -> None:  # noqa: N802 (http.server's name)
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.send(b"", 401, {})


def test_any_answer_is_one_and_no_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with running(Closed) as url:
        (found,) = reach({"judge": f"{url}/models"}, 5)
    assert (found.state, found.found) == (Severity.FINE, f"reached ({url}/models answers 401)")
    (headers,) = Closed.seen
    assert "authorization" not in headers
    assert SECRET not in str(headers)


def test_who_is_silent_or_not_there_is_a_note_within_the_time() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with silent() as url:
        began = time.monotonic()
        found = list(reach({"silent": url, "gone": gone}, 0.5))
    assert time.monotonic() - began < 30
    assert [check.state for check in found] == [Severity.NOTE, Severity.NOTE]
    assert "can't be reached" in found[1].found


def test_a_hub_that_is_switched_off_is_told(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    dead = "http://127.0.0.1:9"  # the discard port: a proxy that is none, so that nothing leaves this machine
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, dead)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("OPENAI_BASE_URL", api.url)
    found = {check.name: check for check in network(2)}
    assert found["HF_HUB_OFFLINE"].found == "set: nothing is loaded from the Hub"
    assert found[api.url].state is Severity.FINE
    assert (found["the Hub"].state, found["MT-Bench-X's files"].state) == (Severity.NOTE, Severity.NOTE)
    assert "MTBENCHX_SOURCES" in found["MT-Bench-X's files"].advice
