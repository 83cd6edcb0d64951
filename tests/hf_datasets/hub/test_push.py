"""A push through the real client: one commit or none, whatever goes wrong on the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.hub.push import Pushed, connect, push_files
from hf_datasets.hub.uploads import Upload, uploads
from hf_datasets.shared.errors import UserError
from tests.doubles.hub import READER, Hub
from tests.doubles.hub_store import Account

REPO = "ORG/x"
FILES = {
    "README.md": b"---\nlicense: mit\n---\nText\n",
    "data/a.parquet": b"PAR1\0aaaa",
    "data/b.parquet": b"PAR1\0bbbb",
}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits; how long it would have been is noted."""
    from huggingface_hub.utils import _http

    found: list[float] = []
    monkeypatch.setattr(_http.time, "sleep", found.append)
    return found


@pytest.fixture
def push(hub: Hub, waits: list[float]) -> Callable[..., Pushed]:
    def run(files: dict[str, bytes] = FILES, repo: str = REPO, kind: str = "dataset", **options: Any) -> Pushed:
        options = {"message": "Publish X", "sleep": waits.append, **options}
        return push_files(uploads(None, extra=files), repo, kind, **options)

    return run


def repo(hub: Hub, kind: str = "dataset") -> Any:
    return hub.repos[kind, REPO]


def test_everything_arrives_in_one_commit(hub: Hub, push: Callable[..., Pushed]) -> None:
    pushed = push()
    assert repo(hub).files == FILES
    assert repo(hub).history == ["Publish X"]
    assert pushed.added == tuple(FILES)
    assert pushed.commit == repo(hub).head.oid
    assert pushed.url == f"{hub.url}/datasets/{REPO}"
    assert hub.asked("PUT", "/lfs/") == 2


def test_the_same_again_makes_no_commit_and_says_so(hub: Hub, push: Callable[..., Pushed]) -> None:
    push()
    again = push()
    assert again.commit is None
    assert again.summary == f"{hub.url}/datasets/{REPO} has all of this already; no commit was needed."
    assert repo(hub).history == ["Publish X"]
    assert hub.asked("POST", "/commit/") == 1


def test_only_what_differs_is_committed_and_only_superseded_files_go(hub: Hub, push: Callable[..., Pushed]) -> None:
    push()
    repo(hub).add("By hand", notes__md="mine", data__extra="mine too")
    new = {"README.md": FILES["README.md"], "data/a.parquet": FILES["data/a.parquet"], "data/c.parquet": b"PAR1\0c"}
    seen: list[bytes | None] = []

    def superseded(read: Callable[[str], bytes | None]) -> list[str]:
        seen.extend([read("README.md"), read("nowhere")])
        return ["data/a.parquet", "data/b.parquet", "data/never-there.parquet"]

    pushed = push(new, superseded=superseded)
    assert seen == [FILES["README.md"], None]
    assert (pushed.added, pushed.deleted) == (("data/c.parquet",), ("data/b.parquet",))
    assert repo(hub).files == {**new, "notes/md": b"mine", "data/extra": b"mine too"}
    assert repo(hub).history == ["Publish X", "By hand", "Publish X"]


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_every_kind_of_repository(hub: Hub, push: Callable[..., Pushed], kind: str) -> None:
    files = {"README.md": b"---\nlicense: mit\nsdk: static\n---\n", "weights.bin": b"\0\1"}
    push(files, kind=kind)
    assert repo(hub, kind).files == files
    assert push(files, kind=kind).commit is None


@pytest.mark.parametrize("status", [409, 412, 429, 500, 503])
def test_a_commit_that_fails_for_now_is_tried_again(
    hub: Hub, push: Callable[..., Pushed], waits: list[float], status: int
) -> None:
    hub.fail("POST", "/commit/", status, times=2)
    assert push().commit == repo(hub).head.oid
    assert repo(hub).history == ["Publish X"]
    assert waits == [1, 2]
    assert hub.asked("PUT", "/lfs/") == 2  # nothing is uploaded again


def test_the_hubs_own_waiting_time_is_kept(hub: Hub, push: Callable[..., Pushed], waits: list[float]) -> None:
    hub.fail("POST", "/commit/", 429, headers={"Retry-After": "17"})
    push()
    assert waits == [17]


def test_a_commit_whose_answer_is_lost_is_not_made_twice(hub: Hub, push: Callable[..., Pushed]) -> None:
    hub.fail("POST", "/commit/", after=True)
    pushed = push()
    assert repo(hub).history == ["Publish X"]
    assert (pushed.commit, pushed.added) == (repo(hub).head.oid, tuple(FILES))


def test_someone_elses_commit_in_between_is_kept(
    hub: Hub, push: Callable[..., Pushed], monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import HfApi

    real = HfApi.create_commit
    others = iter([lambda: repo(hub).add("By hand", notes="mine")])

    def create_commit(self: HfApi, *args: Any, **options: Any) -> Any:
        next(others, lambda: None)()
        return real(self, *args, **options)

    monkeypatch.setattr(HfApi, "create_commit", create_commit)
    push()
    assert repo(hub).files == {**FILES, "notes": b"mine"}
    assert repo(hub).history == ["By hand", "Publish X"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/datasets/ORG/x$"),
        ("POST", "/repos/create"),
        ("GET", "/tree/"),
        ("POST", "/validate-yaml"),
        ("POST", "/preupload/"),
        ("POST", "/objects/batch"),
        ("PUT", "/lfs/"),
        ("POST", "/verify"),
    ],
)
@pytest.mark.parametrize("status", [503, None], ids=["503", "cut"])
def test_every_step_survives_a_passing_fault(
    hub: Hub, push: Callable[..., Pushed], method: str, path: str, status: int | None
) -> None:
    hub.fail(method, path, status)
    push()
    assert hub.faults == []
    assert repo(hub).files == FILES
    assert repo(hub).history == ["Publish X"]


def test_after_a_cut_only_what_is_missing_is_uploaded(hub: Hub, push: Callable[..., Pushed]) -> None:
    push(repo="ORG/y", files={"README.md": FILES["README.md"]})
    missing = uploads(None, extra=FILES)["data/b.parquet"].sha256
    hub.fail("PUT", missing, times=100)
    with pytest.raises(
        UserError, match=r"The upload to ORG/x broke off .* the same command sends only what is missing"
    ):
        push()
    assert repo(hub).history == []
    hub.log.clear()
    hub.faults.clear()
    push()
    assert [line for line in hub.log if line.startswith("PUT")] == [f"PUT /lfs/dataset/ORG/x/{missing}"]
    assert repo(hub).history == ["Publish X"]


def test_a_hub_that_stays_down_is_named_and_not_waited_for_long(
    hub: Hub, push: Callable[..., Pushed], waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import HfApi

    api = HfApi(endpoint="http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"http://127.0.0.1:9 can't be reached \(ConnectError"):
        push(api=api)
    assert waits == [1, 2]


def test_a_fault_that_stays_ends_with_the_hubs_words(hub: Hub, push: Callable[..., Pushed], waits: list[float]) -> None:
    hub.fail("POST", "/commit/", 500, times=6, message="Out of disk")
    with pytest.raises(UserError, match=r"refused the push to ORG/x \(500: Out of disk.*\); the same command goes on"):
        push()
    assert waits == [1, 2, 4, 8, 8]
    assert repo(hub).history == []


def test_no_token(hub: Hub, push: Callable[..., Pushed], monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nowhere")
    with pytest.raises(UserError, match="There is no Hugging Face token; set HF_TOKEN or run `hf auth login`"):
        push()
    assert hub.log == []


def test_a_wrong_token(hub: Hub, push: Callable[..., Pushed], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong_of_the_test")
    with pytest.raises(UserError, match=r"doesn't accept the token \(wrong or expired\)") as raised:
        push()
    assert "hf_wrong" not in str(raised.value)


def test_a_token_that_cannot_even_be_sent_is_not_shown(
    hub: Hub, push: Callable[..., Pushed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_broken_of_the\x07test")
    with pytest.raises(UserError) as raised:
        push()
    assert "broken" not in str(raised.value)


def test_a_hub_that_hides_what_is_not_there(hub: Hub, push: Callable[..., Pushed]) -> None:
    hub.fail("GET", "/api/datasets/ORG/x$", 401, message="Invalid username or password.")
    assert push().added == tuple(FILES)


def test_a_token_that_may_only_read(hub: Hub, push: Callable[..., Pushed], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", READER)
    with pytest.raises(UserError, match="The token may only read; make one that may write"):
        push()
    hub.make("dataset", REPO)
    with pytest.raises(UserError, match="The token may only read; make one that may write"):
        push()


def test_a_foreign_namespace(hub: Hub, push: Callable[..., Pushed]) -> None:
    with pytest.raises(UserError, match="OTHER isn't yours: this token may push to me, ORG; choose another --repo-id"):
        push(repo="OTHER/x")
    assert not hub.repos


def test_a_token_without_the_right_for_this_repository(hub: Hub, push: Callable[..., Pushed]) -> None:
    hub.accounts = dict.fromkeys(hub.accounts, Account("me", "fineGrained", ("ORG",)))
    with pytest.raises(UserError, match="no right to write the dataset ORG/x"):
        push()


def test_a_refusal_that_cannot_be_looked_into_still_is_a_sentence(hub: Hub, push: Callable[..., Pushed]) -> None:
    hub.fail("GET", "whoami", 429)
    with pytest.raises(UserError, match="The token may not write to OTHER/x"):
        push(repo="OTHER/x")


def test_a_repository_of_another_kind(hub: Hub, push: Callable[..., Pushed]) -> None:
    hub.make("model", REPO)
    with pytest.raises(UserError, match="ORG/x is a model, not a dataset; choose another --repo-id"):
        push()
    hub.make("dataset", REPO)  # the way out that the sentence names
    assert push().added == tuple(FILES)


def test_a_public_repository_is_not_filled_by_a_private_push(hub: Hub, push: Callable[..., Pushed]) -> None:
    hub.make("dataset", REPO)
    with pytest.raises(UserError, match="ORG/x is public; make it private in its settings first"):
        push(private=True)
    assert repo(hub).history == []


def test_a_private_push_makes_a_private_repository(hub: Hub, push: Callable[..., Pushed]) -> None:
    push(private=True)
    assert repo(hub).private
    assert push(private=True).commit is None


def test_metadata_that_the_hub_refuses_are_named_before_anything_is_uploaded(
    hub: Hub, push: Callable[..., Pushed]
) -> None:
    with pytest.raises(UserError, match=r"isn't valid: Invalid metadata in README.md. - \"license\" must be one of"):
        push({**FILES, "README.md": b"---\nlicense: my-own\n---\n"})
    assert hub.asked("PUT", "/lfs/") == 0


@pytest.mark.parametrize("name", ["x", "ORG/a/b", "ORG/a b", "ORG/--"])
def test_a_name_that_is_none(push: Callable[..., Pushed], name: str) -> None:
    with pytest.raises(UserError, match=r"--repo-id must be NAMESPACE/NAME|isn't valid"):
        push(repo=name)


def test_offline(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="HF_HUB_OFFLINE is set"):
        connect()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"key: hf_" + b"A1" * 17, "a Hugging Face token"),
        (b"sk-proj-" + b"a1B2" * 10, "an API key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
        (b"\0\0binary my-own-secret-value", "the value of SOME_API_KEY"),
    ],
)
def test_a_secret_is_never_uploaded(
    hub: Hub, push: Callable[..., Pushed], monkeypatch: pytest.MonkeyPatch, content: bytes, what: str
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "my-own-secret-value")
    with pytest.raises(UserError, match=f"notes.txt holds {what}; nothing was uploaded") as raised:
        push({**FILES, "notes.txt": content})
    assert hub.log == []
    assert content.decode() not in str(raised.value)


def test_a_folders_files_but_never_these(tmp_path: Path) -> None:
    for name in ("a.txt", "deep/b.txt", ".git/config", ".env", "deep/.env", "x/__pycache__/m.pyc", "ledger.sqlite"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert set(uploads(tmp_path)) == {"a.txt", "deep/b.txt"}
    assert set(uploads(tmp_path, allow=["deep/*"], extra={"c": b""})) == {"deep/b.txt", "c"}


def test_a_file_that_is_gone_is_named(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone can't be read \(No such file"):
        push_files({"a": Upload("a", tmp_path / "gone")}, REPO, "dataset", message="m")
