import sysconfig
from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training import recipes_folder as folder

NAMES = {
    *("README.md", "bactrian_x.yaml", "bactrian_x_lora.yaml", "lima_x.yaml", "lima_x_lora.yaml", "smoke.yaml"),
    *("chat_template.jinja", "chatml.jinja", "llama3.jinja", "mistral.jinja", "slurm.sh", "study.smk"),
}


def test_a_source_tree_has_them_at_its_top() -> None:
    assert folder.recipes_path() == Path(__file__).parents[3] / "recipes"


@pytest.mark.parametrize("scheme", ["data", "user"])
def test_an_installed_wheel_has_them_in_its_shared_data(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "__file__", str(tmp_path / "site/mtbenchx_tasks/training/recipes_folder.py"))
    places = {"data": tmp_path / "prefix", "user": tmp_path / "home"}
    monkeypatch.setattr(
        sysconfig, "get_path", lambda name, scheme="data": str(places["user" if "user" in scheme else "data"])
    )
    with pytest.raises(UserError, match="install mtbench-x again"):
        folder.recipes_path()
    shared = places[scheme] / "share" / "mtbench-x" / "recipes"
    shared.mkdir(parents=True)
    (shared / "lima_x.yaml").touch()
    (tmp_path / "site" / "recipes").mkdir(parents=True)  # torchtune's: not ours
    assert folder.recipes_path() == shared


def test_copies_all_of_them_once(tmp_path: Path) -> None:
    written = folder.copy(tmp_path / "recipes")
    assert {path.name for path in written} == NAMES
    assert folder.copy(tmp_path / "recipes") == []
    (tmp_path / "recipes" / "smoke.yaml").unlink()
    assert [path.name for path in folder.copy(tmp_path / "recipes")] == ["smoke.yaml"]


def test_a_changed_file_is_not_overwritten_and_nothing_else_is_written(tmp_path: Path) -> None:
    target = tmp_path / "recipes"
    target.mkdir()
    (target / "lima_x.yaml").write_text("learning_rate: 1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"lima_x\.yaml differs .* nothing was"):
        folder.copy(target)
    assert [path.name for path in target.iterdir()] == ["lima_x.yaml"]
    assert (target / "lima_x.yaml").read_text(encoding="utf-8") == "learning_rate: 1\n"


def test_line_ends_of_windows_are_no_change(tmp_path: Path) -> None:
    folder.copy(tmp_path)
    file = tmp_path / "lima_x.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert folder.copy(tmp_path) == []


def test_a_place_that_cant_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="Can't write"):
        folder.copy(tmp_path / "file" / "recipes")
