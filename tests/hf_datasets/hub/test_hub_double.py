"""The double behaves as the Hub does towards the real clients, beyond what our own code asks of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.hub import Hub

CLIENT = """
import datasets, pathlib
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download, get_session
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

rows = datasets.Dataset.from_dict({"id": [1, 2], "text": ["a", "b"]})
datasets.DatasetDict({"train": rows, "test": rows}).push_to_hub("ORG/d", "de", private=True)
datasets.DatasetDict({"train": rows}).push_to_hub("ORG/d", "fr")
back = datasets.load_dataset("ORG/d", "de")
assert back["test"].to_list() == rows.to_list(), back
assert [*datasets.load_dataset("ORG/d", "fr", split="train", streaming=True)] == rows.to_list()

folder = pathlib.Path("model")
(folder / "deep").mkdir(parents=True)
(folder / "model.safetensors").write_bytes(bytes(range(256)) * 64)
(folder / "deep" / "config.json").write_text("{}")
api = HfApi()
api.create_repo("ORG/m", exist_ok=True)
api.upload_folder(repo_id="ORG/m", folder_path=folder)
got = pathlib.Path(snapshot_download("ORG/m"))
assert {p.relative_to(got).as_posix() for p in got.rglob("*") if p.is_file()} == {
    ".gitattributes", "model.safetensors", "deep/config.json"}
assert (got / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
with HfFileSystem().open("ORG/m/model.safetensors", block_size=16) as file:
    file.seek(300)
    assert file.read(4) == bytes(range(44, 48))
revision = api.model_info("ORG/m").sha
assert hf_hub_download("ORG/m", "deep/config.json", revision=revision)
wrongs = ({"filename": "nothing"}, EntryNotFoundError), ({"filename": "x", "revision": "v9"}, RevisionNotFoundError)
for wrong, error in wrongs:
    try:
        hf_hub_download("ORG/m", **wrong)
    except error:
        continue
    raise AssertionError(wrong)
for repo_id, client in (("ORG/nowhere", api), ("ORG/d", HfApi(token=False))):
    try:
        client.dataset_info(repo_id)
    except RepositoryNotFoundError:
        continue
    raise AssertionError(repo_id)
api.delete_file("deep/config.json", "ORG/m")
assert api.list_repo_files("ORG/m") == [".gitattributes", "model.safetensors"]
assert api.create_commit("ORG/m", [], commit_message="empty").oid == api.model_info("ORG/m").sha
pull = api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ORG/m", create_pr=True)
assert pull.pr_revision == "refs/pr/1" and api.list_repo_files("ORG/m", revision="refs/pr/1")[-1] == "x"
"""


@pytest.mark.slow
def test_the_real_clients_work_against_it(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLIENT], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert hub.repos["dataset", "ORG/d"].private
    assert hub.repos["model", "ORG/m"].history == [
        "Upload folder using huggingface_hub",
        "Delete deep/config.json with huggingface_hub",
    ]
