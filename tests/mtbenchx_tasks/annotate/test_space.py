"""A study as a Docker Space: what is public, what is private, and what the start command needs."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from huggingface_hub import HfApi
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.bundle import fill, read_bundle
from mtbenchx_tasks.annotate.journal import Journal
from mtbenchx_tasks.annotate.on_space import start
from mtbenchx_tasks.annotate.replay import restore
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.voting import Voting
from mtbenchx_tasks.cli import app
from tests.doubles.hub import WRITER, Hub
from tests.mtbenchx_tasks.annotate.running import ONE, OTHER, Person, answer_file

CONTACT = ("--contact", "Dr Example, University of X, study@x.example", "--kept-until", "2027-12-31")
BLOCKED = """
import sys
HEAVY = {"lm_eval", "torch", "transformers", "datasets", "evaluate", "openai", "scipy", "numpy", "pandas", "pyarrow"}
HEAVY |= {"typer", "pooch", "psutil", "tests"}
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in HEAVY:
            raise ImportError("not in a Space: " + name)
sys.meta_path.insert(0, Blocked())
import runpy
runpy.run_module("mtbenchx_tasks.annotate.on_space", run_name="__main__")
"""


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, list[str]]:
    """The folder and the codes."""
    files = [answer_file(tmp_path / "a.jsonl", ONE), answer_file(tmp_path / "b.jsonl", OTHER)]
    out = tmp_path / "out"
    options = ["--repo-id", "org/compare", "--out", str(out), "--answers", *map(str, files), "--language", "en"]
    options += CONTACT
    done = CliRunner().invoke(
        app, ["annotate", "space", *options, "--invite", "3", "--sparse-ties", "--ui", "de", *CONTACT]
    )
    assert done.exit_code == 0, done.output
    return out, re.findall(r"^(?:\w{4}-){3}\w{4}$", done.stdout, re.MULTILINE)


def test_the_space_holds_the_app_and_nothing_of_the_study(made: tuple[Path, list[str]]) -> None:
    out, codes = made
    assert len(codes) == 3
    space = out / "space"
    front = yaml.safe_load((space / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert (front["sdk"], front["app_port"]) == ("docker", 7860)
    docker = (space / "Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["python", "-m", "mtbenchx_tasks.annotate.on_space"]' in docker
    assert "MTBENCHX_VOTES_REPO=org/compare-votes" in docker
    needed = (space / "requirements.txt").read_text(encoding="utf-8")
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", line) for line in needed.splitlines())
    assert "lm-eval" not in needed
    public = [file for file in space.rglob("*") if file.is_file()]
    assert {file.name for file in public} >= {"style.css", "vote.html", "de.toml", "on_space.py"}
    for file in public:
        text = file.read_bytes()
        assert ONE.encode() not in text
        assert not [code for code in codes if code.encode() in text]
    assert [file.name for file in (out / "votes").iterdir()] == ["study.json"]
    assert not [code for code in codes if code in (out / "votes" / "study.json").read_text(encoding="utf-8")]
    bundle = read_bundle(out / "votes")
    assert (bundle.options.ui, bundle.options.sparse_ties, bundle.options.embedded) == ("de", True, True)
    assert sorted(name for name, _ in bundle.invitations) == ["expert_1", "expert_2", "expert_3"]


@pytest.mark.slow
def test_the_start_command_runs_with_the_spaces_own_files_and_libraries(made: tuple[Path, list[str]]) -> None:
    """As in a container without the Hub: nothing but the Space's folder and its requirements may be imported."""
    out, codes = made
    with started(out / "space", {"MTBENCHX_VOTES_DIR": str(out / "votes")}) as client:
        joined = client.post("/join", data={"code": codes[0]})
        assert "SameSite=lax" in joined.headers["set-cookie"]  # in no frame of the Hub's
    assert (out / "votes" / "votes.sqlite").is_file()


@contextmanager
def started(space: Path, environment: dict[str, str]) -> Iterator[httpx.Client]:
    """Run the start command until the block ends, then stop it as Docker does."""
    port = free_port()
    known = {"PORT": str(port), "PYTHONPATH": str(space), **environment}
    process = subprocess.Popen([sys.executable, "-c", BLOCKED], cwd=space, env=known)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert "Einladungscode" in first_page(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert process.returncode == 0


def first_page(client: httpx.Client, process: "subprocess.Popen[bytes]") -> str:
    """Return the page as soon as there is one."""
    for _ in range(3000):
        try:
            return client.get("/").text
        except httpx.ConnectError:
            assert process.poll() is None
            time.sleep(0.1)
    raise AssertionError("no page after five minutes")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


def enter(client: httpx.Client, code: str) -> Person:
    """Join; the cookie is only for https, so it is carried by hand."""
    cookie = client.post("/join", data={"code": code}).headers["set-cookie"]
    assert "SameSite=none" in cookie
    client.headers["cookie"] = cookie.split(";")[0]
    person = Person(client)
    person.see()
    return person


@pytest.mark.slow
def test_votes_survive_a_restart_with_an_empty_disk(made: tuple[Path, list[str]], tmp_path: Path, hub: Hub) -> None:
    (out, codes), repo = made, "ORG/compare-votes"
    HfApi().create_repo(repo, repo_type="dataset", private=True)
    HfApi().upload_folder(repo_id=repo, repo_type="dataset", folder_path=out / "votes")
    for life in (1, 2):
        environment = {**os.environ, "MTBENCHX_VOTES_DIR": str(tmp_path / f"disk {life}"), "MTBENCHX_VOTES_REPO": repo}
        with started(out / "space", environment) as client:
            anna = enter(client, codes[1])
            if life == 1:
                client.post("/consent", data={"csrf": anna.field("csrf"), "version": anna.field("version")})
                anna.see()
                assert client.post("/vote", data=anna.form("right")).status_code == 303
                anna.see()
                hub.fail("POST", "/commit/main", delay=60)  # the Hub doesn't answer when the Space is stopped,
                hub.fail("POST", "/commit/main", 503)  # and then is busy
            assert "Bewerten Sie nur Runde 2." in anna.page
    held = hub.repos["dataset", repo].head.files
    names = ["study.json", "votes", "votes", "writer.json"]
    assert sorted(name.split("-")[0] for name in held if name != ".gitattributes") == names
    journals = [blob.data.decode().splitlines() for name, blob in held.items() if name.startswith("votes-")]
    types = [[json.loads(line)["type"] for line in journal] for journal in journals]
    assert sorted(types, key=len) == [["end"], ["consent", "vote", "end"]]


@pytest.mark.slow
def test_a_kill_on_a_disk_that_stays_loses_no_vote_and_asks_for_none_again(
    made: tuple[Path, list[str]], tmp_path: Path, hub: Hub
) -> None:
    (out, codes), repo = made, "ORG/compare-votes"
    HfApi().create_repo(repo, repo_type="dataset", private=True)
    HfApi().upload_folder(repo_id=repo, repo_type="dataset", folder_path=out / "votes")
    port = free_port()
    places = {"MTBENCHX_VOTES_DIR": str(tmp_path / "disk"), "MTBENCHX_VOTES_REPO": repo, "PORT": str(port)}
    known = {**os.environ, **places, "PYTHONPATH": str(out / "space")}
    acknowledged = []
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", BLOCKED], cwd=out / "space", env=known)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            first_page(client, process)
            anna = enter(client, codes[0])
            if not acknowledged:
                client.post("/consent", data={"csrf": anna.field("csrf"), "version": anna.field("version")})
                anna.see()
            for _ in range(3):
                assert anna.field("assignment") not in acknowledged
                acknowledged.append(anna.field("assignment"))
                assert client.post("/vote", data=anna.form("tie")).status_code == 303
                anna.see()
        process.kill()
        process.wait(timeout=30)
    store = Store(tmp_path / "fresh.sqlite")
    fill(store, read_bundle(out / "votes"))
    standing = restore(store, tmp_path / "disk").standing
    assert sorted(vote.assignment for vote in standing.values()) == sorted(acknowledged)


def test_a_dataset_that_everybody_may_read_is_refused(made: tuple[Path, list[str]], tmp_path: Path, hub: Hub) -> None:
    HfApi().create_repo("ORG/compare-votes", repo_type="dataset", private=False)
    environment = {"MTBENCHX_VOTES_DIR": str(tmp_path), "MTBENCHX_VOTES_REPO": "ORG/compare-votes", "HF_TOKEN": WRITER}
    with pytest.raises(UserError, match="is public"):
        start(environment)
    with pytest.raises(UserError, match="There is no dataset ORG/other"):
        start({**environment, "MTBENCHX_VOTES_REPO": "ORG/other"})


def test_without_a_token_the_space_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="HF_TOKEN is not set"):
        start({"MTBENCHX_VOTES_DIR": str(tmp_path), "MTBENCHX_VOTES_REPO": "org/compare-votes"})


def test_without_a_study_the_container_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"study\.json isn't a study"):
        start({"MTBENCHX_VOTES_DIR": str(tmp_path)})


def test_a_folder_that_is_there_is_not_overwritten(made: tuple[Path, list[str]], tmp_path: Path) -> None:
    files = [str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]
    options = ["--repo-id", "org/compare", "--out", str(made[0]), "--language", "en"]
    done = CliRunner().invoke(app, ["annotate", "space", *options, *files])
    assert isinstance(done.exception, UserError)
    assert "is there already" in str(done.exception)


def test_a_spaces_dataset_becomes_a_database_and_an_export(made: tuple[Path, list[str]], tmp_path: Path) -> None:
    dataset = made[0] / "votes"
    bundle = read_bundle(dataset)
    store = Store(tmp_path / "on-the-space.sqlite", recorder=Journal(dataset))
    fill(store, bundle)
    voting = Voting(store, bundle.study)
    for choice in ("left", "right"):
        assignment = voting.assign("expert_2")
        assert assignment is not None
        voting.vote("expert_2", assignment.id, choice)
    db, out = str(tmp_path / "here.sqlite"), str(tmp_path / "votes")
    done = CliRunner().invoke(app, ["annotate", "restore", str(dataset), "--db", db])
    assert done.stdout.endswith("2 votes\n")
    assert CliRunner().invoke(app, ["annotate", "export", "--db", db, "--out", out]).exit_code == 0
    assert len((tmp_path / "votes.jsonl").read_text(encoding="utf-8").splitlines()) == 2
