"""A built folder on the Hub, as its users meet it: pushed by the command, loaded by `load_dataset`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hf_datasets.benchmark.build import build_mtbench_x
from hf_datasets.benchmark.configs import rows
from hf_datasets.benchmark.questions import LANGUAGES
from hf_datasets.hub import dataset as push
from hf_datasets.hub.dataset import push_dataset
from hf_datasets.hub.folder import ParquetTable, parquet_name, replacing, write_card, write_table
from hf_datasets.shared.errors import UserError
from tests.commands import run as mtbenchx
from tests.doubles.hub import Hub
from tests.sources import needs_sources

REPO = "ORG/lima-x"


def build(folder: Path, *turns: str) -> Path:
    """A small folder in the shape of our builds."""
    table = ParquetTable({"id": "int64", "text": "string"}, [{"id": n, "text": text} for n, text in enumerate(turns)])
    with replacing(folder) as new:
        name = parquet_name("DE-train", table)
        write_table(new, name, table)
        configs = [{"config_name": "DE", "data_files": [{"split": "train", "path": [name]}]}]
        write_card(new, {"pretty_name": "Lima-X", "license": "other", "configs": configs}, "Text.\n")
    return folder


def loaded(repo: str, config: str, split: str) -> list[dict[str, Any]]:
    """What `load_dataset` gives in a process of its own; it reads HF_ENDPOINT when it is imported."""
    code = (
        "import datasets, json, sys; "
        "print(json.dumps(datasets.load_dataset(*sys.argv[1:3], split=sys.argv[3]).to_list()))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, repo, config, split]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_rebuilt_folder_replaces_the_old_files_and_nothing_else(hub: Hub, tmp_path: Path) -> None:
    folder = build(tmp_path / "lima-x", "eins")
    push_dataset(folder, REPO)
    repo = hub.repos["dataset", REPO]
    (old,) = (path for path in repo.files if path.startswith("data/"))
    repo.add("By hand", notes__txt="mine", **{"data__mine-0123456789ab.parquet": b"mine"})
    pushed = push_dataset(build(folder, "zwei"), REPO)
    assert pushed.deleted == (old,)
    assert set(repo.files) == {*files(folder), "notes/txt", "data/mine-0123456789ab.parquet"}
    assert repo.history == ["Publish Lima-X", "By hand", "Publish Lima-X"]
    assert push_dataset(folder, REPO).commit is None


def test_under_a_card_that_is_not_ours_nothing_is_deleted(hub: Hub, tmp_path: Path) -> None:
    folder = build(tmp_path / "lima-x", "eins")
    push_dataset(folder, REPO)
    repo = hub.repos["dataset", REPO]
    before = set(repo.files)
    repo.add("A card of my own", **{"README.md": "---\nlicense: mit\n---\n"})
    assert push_dataset(build(folder, "zwei"), REPO).deleted == ()
    assert before < set(repo.files)


def test_what_a_user_put_into_the_folder_stays_here_and_is_named(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = build(tmp_path / "lima-x", "eins")
    (folder / "keys.txt").write_text("secret")
    (folder / "data" / "notes.md").write_text("mine")
    (folder / "work").mkdir()
    (folder / "work" / "draft.md").write_text("draft")
    push_dataset(folder, REPO)
    assert "Not uploaded, since no build of ours made it: data/notes.md, keys.txt, work/" in capsys.readouterr().out
    assert not {
        path for path in hub.repos["dataset", REPO].files if "keys" in path or "work" in path or "notes" in path
    }


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no built dataset at .*lima-x; make it by `mtbenchx data build lima-x`"):
        push_dataset(tmp_path / "lima-x", REPO)


def test_a_folder_of_someone_else(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UserError, match="No build of ours wrote"):
        push_dataset(tmp_path, REPO)


def test_a_folder_that_lost_a_file(tmp_path: Path) -> None:
    folder = build(tmp_path / "lima-x", "eins")
    shutil.rmtree(folder / "data")
    with pytest.raises(UserError, match=r"lacks data/DE-train-[0-9a-f]{12}.parquet, which its card names"):
        push_dataset(folder, REPO)


@pytest.mark.parametrize("configs", [None, "text", [1], [{"config_name": "a", "data_files": "data/a.parquet"}]])
def test_cards_of_another_layout_name_nothing_of_ours(configs: Any) -> None:
    assert list(push.data_files({"configs": configs})) == []


def benchmark(folder: Path, text: str) -> Path:
    """A built folder in the benchmark's shape, with an `eval.yaml` of its own."""
    build(folder, "eins")
    card = (folder / "README.md").read_text(encoding="utf-8").replace("Lima-X", push.BENCHMARK, 1)
    (folder / "README.md").write_text(card, encoding="utf-8")
    (folder / "eval.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_refused_eval_yaml_blocks_nothing(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = benchmark(tmp_path / "mtbench-x", "tasks: []\n")
    pushed = push_dataset(folder, REPO)
    repo = hub.repos["dataset", REPO]
    assert pushed.commit == repo.head.oid
    assert set(repo.files) == {one for one in files(folder) if one != "eval.yaml"}
    assert "eval.yaml is left out, since the Hub refuses it; everything else is published." in capsys.readouterr().out
    assert push_dataset(folder, REPO).commit is None


def test_an_eval_yaml_that_is_well_goes_in_the_same_commit(hub: Hub, tmp_path: Path) -> None:
    push_dataset(benchmark(tmp_path / "mtbench-x", "name: MT-Bench-X\ntasks: [{id: mtbench_x_de}]\n"), REPO)
    repo = hub.repos["dataset", REPO]
    assert "eval.yaml" in repo.files
    assert len(repo.history) == 1


def test_task_files_of_tasks_that_are_gone_are_superseded() -> None:
    published = {
        "README.md": f"---\npretty_name: X\n---\n{push.MARKER}\n".encode(),
        "eval.yaml": b"tasks: [{id: mtbench_x_pt}]",
    }
    assert set(push.superseded(published.get)) == {"tasks/mtbench_x_pt.yaml"}
    assert set(push.superseded({**published, "eval.yaml": b"{{"}.get)) == set()


@pytest.mark.sources
@needs_sources
def test_the_benchmark_comes_back_equal_and_describes_its_tasks(hub: Hub, tmp_path: Path) -> None:
    folder = build_mtbench_x(tmp_path / "mtbench-x")
    command = ("data", "push", "mtbench-x", "--repo-id", "ORG/mtbench-x")
    first, again = (mtbenchx(*command, cwd=tmp_path).stdout for _ in range(2))
    repo = hub.repos["dataset", "ORG/mtbench-x"]
    done = f"{len(files(folder)) + 1} files added or changed, in one commit ({repo.head.oid[:12]})"
    assert first == f"{hub.url}/datasets/ORG/mtbench-x: {done}.\n"
    assert again == f"{hub.url}/datasets/ORG/mtbench-x has all of this already; no commit was needed.\n"
    assert set(repo.files) == {*files(folder), "eval.yaml"}
    assert loaded("ORG/mtbench-x", "de", "test") == rows("de")
    benchmark = yaml.safe_load(repo.files["eval.yaml"])
    ids = [f"mtbench_x_{prefix}{language}" for prefix in ("", "mini_") for language in LANGUAGES]
    assert sorted(task["id"] for task in benchmark["tasks"]) == sorted(ids)
    assert {"id": "mtbench_x_mini_de", "config": "mini_de", "split": "test"} in benchmark["tasks"]
    assert benchmark.keys() == {"name", "description", "tasks"}
