"""The task files of a built benchmark."""

import yaml

from hf_datasets.benchmark.task_files import task_files
from hf_datasets.translate.engines.engine import Pair
from mtbenchx_tasks.harness.linking import tasks_path


class Loader(yaml.SafeLoader):
    """Reads `!function x.y` as text."""


Loader.add_constructor("!function", lambda loader, node: node.value)


def test_an_added_language_is_a_task_of_the_folder_and_part_of_its_group() -> None:
    files = {
        name: yaml.load(text, Loader) for name, text in task_files({"mini": ["de", "no"]}).items() if "yaml" in name
    }
    assert files["mtbench_x_mini_de.yaml"]["class"] == "mtbenchx_tasks.task.MTBenchXMini"
    # unquoted, YAML would read the code of Norwegian as false
    assert files["mtbench_x_mini_no.yaml"] == {
        "task": "mtbench_x_mini_no",
        "class": "built.MTBenchXMini",
        "language": "no",
    }
    assert files["_mtbench_x_mini.yaml"]["task"] == ["mtbench_x_mini_de", "mtbench_x_mini_no"]


def test_the_packages_languages_are_the_packages_tasks() -> None:
    languages = ["en", "de", "fr", "it", "es"]
    written = task_files({"mtbench_x": languages, "mini": languages})
    packaged = {file.name: yaml.load(file.read_text(encoding="utf-8"), Loader) for file in tasks_path().glob("*.yaml")}
    assert {name: yaml.load(text, Loader) for name, text in written.items()} == packaged


def test_norwegian_has_the_code_that_language_identification_knows() -> None:
    assert [Pair("en", code).language for code in ("NB", "PT-BR", "ZH-HANS")] == ["no", "pt", "zh"]
