"""The builder gives the rows of the pure functions, and no cache outlives a change of what determines them."""

from pathlib import Path

import datasets
import pytest

from hf_datasets import builder
from hf_datasets.benchmark import configs as mtbench_x_configs
from hf_datasets.benchmark.configs import CONFIGS, rows
from hf_datasets.builder import BactrianX, LimaX, MTBenchX
from hf_datasets.instruct import build as instruct
from hf_datasets.instruct import mini
from hf_datasets.instruct.plan import BuildRequest
from hf_datasets.instruct.reading.layouts import read_samples
from tests.sources import needs_sources


def version() -> datasets.Version:
    return builder.version(mtbench_x_configs.fingerprint())


@pytest.mark.sources
@needs_sources
def test_a_config_of_the_published_benchmark(tmp_path: Path) -> None:
    made = MTBenchX(config_name="de", cache_dir=str(tmp_path))
    made.download_and_prepare()
    assert made.as_dataset(split="test").to_list() == rows("de")


def test_the_mini_benchmark_needs_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path))  # an empty mirror
    made = MTBenchX(config_name="mini_it", cache_dir=str(tmp_path / "cache"))
    made.download_and_prepare()
    assert made.as_dataset(split="test").to_list() == rows("mini_it")


def test_the_configs_are_those_of_the_folder(tmp_path: Path) -> None:
    assert tuple(MTBenchX.builder_configs) == CONFIGS
    assert MTBenchX(cache_dir=str(tmp_path)).config.name == "all"


def test_the_cache_is_named_after_the_benchmark_and_the_version(tmp_path: Path) -> None:
    made = MTBenchX(config_name="en", cache_dir=str(tmp_path))
    assert Path(made.cache_dir) == tmp_path / "mtbench_x" / "en" / str(version())


@pytest.mark.parametrize("changed", ["edits/judge_prompts.jsonl", "edits/other_language_turns.jsonl"])
def test_the_version_follows_the_edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    before = version()
    for file in (mtbench_x_configs.HERE / "edits").iterdir():
        (tmp_path / "edits").mkdir(exist_ok=True)
        (tmp_path / "edits" / file.name).write_bytes(file.read_bytes())
    (tmp_path / changed).write_text("", encoding="utf-8")
    monkeypatch.setattr(mtbench_x_configs, "HERE", tmp_path)
    assert version() != before


def test_the_version_follows_the_mini_files(monkeypatch: pytest.MonkeyPatch) -> None:
    before = version()
    monkeypatch.setattr(mtbench_x_configs, "revision", lambda _: "0" * 12)
    assert version() != before


def test_the_mini_instructions_are_the_folders(tmp_path: Path) -> None:
    folder, built = instruct.build(BuildRequest("lima-x", configs="mini"), tmp_path / "lima-x")
    assert tuple(built.configs) == tuple(name for name in instruct.config_names("lima-x") if name.startswith("mini_"))
    for config in ("mini_ENDEFRITES", "mini_sampled"):
        made = LimaX(config_name=config, cache_dir=str(tmp_path / "cache"))
        made.download_and_prepare()
        for split in ("train", "validation"):
            rows_of_folder = [sample.to_row() for sample in read_samples(folder, config=config, split=split)]
            assert made.as_dataset(split=split).to_list() == rows_of_folder


def test_instruction_data_has_no_default_config() -> None:
    for cls in (LimaX, BactrianX):
        assert cls.DEFAULT_CONFIG_NAME is None
        assert tuple(cls.builder_configs) == instruct.config_names(cls.NAME)


def test_the_version_of_instruction_data_follows_the_mini_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = {name: instruct.fingerprint(name) for name in instruct.NAMES}
    monkeypatch.setattr(mini, "FILES", tmp_path)
    assert instruct.fingerprint("lima-x") != before["lima-x"]
    assert instruct.fingerprint("bactrian-x") == before["bactrian-x"]
