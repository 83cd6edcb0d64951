"""The task files of a built benchmark."""

import re
from pathlib import Path

import pytest
import yaml

from hf_datasets.benchmark.task_files import refuse_code, task_files
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.engines.engine import LanguagePair
from mtbenchx_tasks.harness.linking import tasks_path

BUILT = Path("/home/o'hara/: {a}/mtbench-x")
"""A folder whose name YAML would read otherwise."""


class Loader(yaml.SafeLoader):
    """Reads `!function x.y` as text."""


Loader.add_constructor("!function", lambda loader, node: node.value)


def test_an_added_language_is_a_task_of_the_folder_and_part_of_its_group() -> None:
    files = {name: yaml.load(text, Loader) for name, text in task_files({"mini": ["de", "no"]}, BUILT).items()}
    assert files["mtbench_x_mini_de.yaml"]["class"] == "mtbenchx_tasks.task.MTBenchXMini"
    # unquoted, YAML would read the code of Norwegian as false
    assert files["mtbench_x_mini_no.yaml"] == {
        "task": "mtbench_x_mini_no",
        "class": "mtbenchx_tasks.task.MTBenchXMini",
        "language": "no",
        "dataset_path": str(BUILT),
        "dataset_name": "mini_no",
    }
    assert files["_mtbench_x_mini.yaml"]["task"] == ["mtbench_x_mini_de", "mtbench_x_mini_no"]


def test_the_packages_languages_are_the_packages_tasks() -> None:
    languages = ["en", "de", "fr", "it", "es"]
    written = task_files({"mtbench_x": languages, "mini": languages}, BUILT)
    packaged = {file.name: yaml.load(file.read_text(encoding="utf-8"), Loader) for file in tasks_path().glob("*.yaml")}
    assert {name: yaml.load(text, Loader) for name, text in written.items()} == packaged


def test_norwegian_has_the_code_that_language_identification_knows() -> None:
    assert [LanguagePair("en", code).language for code in ("NB", "PT-BR", "ZH-HANS")] == ["no", "pt", "zh"]


def folder_with(root: Path, name: str, text: str) -> Path:
    """What our build writes, and one more file."""
    (root / "tasks").mkdir()
    for file, written in task_files({"mtbench_x": ["de", "pt"], "mini": ["pt"]}, root).items():
        (root / "tasks" / file).write_text(written, encoding="utf-8")
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return root


def test_what_a_build_or_a_push_wrote_is_no_code(tmp_path: Path) -> None:
    pushed = "task: a\nclass: !function mtbenchx_tasks.task.MTBenchX\nlanguage: 'pt'\ndataset_path: 'ORG/x'\n"
    refuse_code(folder_with(tmp_path, "tasks/a.yaml", pushed + "dataset_kwargs: {revision: 'data-0'}\n"))
    refuse_code(tmp_path / "tasks")  # a folder without tasks


TASK = "task: a\nlanguage: pt\nclass: !function mtbenchx_tasks.task.MTBenchX\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("tasks/built.py", "", "is code, which `lm_eval --include_path` may run"),
        ("tasks/mtbenchx_tasks/task.py", "", "is code"),
        ("data/x.so", "", "is code"),
        ("tasks/a.yaml", TASK.replace("mtbenchx_tasks.task.MTBenchX", "this.d"), "holds more than a task or group"),
        ("tasks/a.yaml", TASK + "process_docs: !function this.d\n", "holds more than"),
        ("tasks/a.yaml", TASK + "doc_to_text: '{{ cycler.__init__.__globals__ }}'\n", "holds more than"),
        ("tasks/a.yaml", TASK + "include: /etc/other.yaml\n", "holds more than"),
        ("tasks/a.yaml", TASK + "metadata: {judge: {base_url: 'http://elsewhere'}}\n", "holds more than"),
        ("tasks/a.yaml", TASK + "dataset_path: !function this.d\n", "holds more than"),
        ("tasks/a.yaml", TASK + "dataset_kwargs: {trust_remote_code: true}\n", "holds more than"),
        ("tasks/deep/a.yaml", "group: g\ntask: [{task: a, process_docs: !function this.d}]\n", "holds more than"),
        ("tasks/a.yaml", "- a\n", "holds more than"),
        ("tasks/a.yaml", re.sub("class: .*", "class: []", TASK), "holds more than"),
        ("tasks/a.yaml", re.sub("class: .*", "class: {a: 1}", TASK), "holds more than"),
        ("tasks/a.yaml", "task: !!python/object/apply:os.system ['true']\n", "not YAML"),
        ("tasks/a.yaml", "a: [\n", "not YAML"),
        ("tasks/a.yaml", "[" * 5000, "nested too deeply"),
        ("tasks/a.yaml", "{[]: 1}", "not YAML"),
    ],
)
def test_a_folder_of_others_that_would_run_something_is_refused(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(UserError, match=said) as refused:
        refuse_code(folder_with(tmp_path, name, text))
    assert str(tmp_path / name) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_of_code_the_file_that_can_be_read_is_named(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "tasks/__pycache__/built.cpython-311.pyc", "")
    with pytest.raises(UserError, match=r"built\.cpython-311\.pyc is code"):
        refuse_code(folder)
    (folder / "tasks" / "built.py").touch()
    with pytest.raises(UserError, match=r"built\.py is code"):
        refuse_code(folder)
