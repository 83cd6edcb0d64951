"""The builder gives the rows of the pure functions, and no cache outlives a change of what determines them."""

from pathlib import Path

import pytest

from hf_datasets import builder, mtbench_x_configs
from hf_datasets.builder import MTBenchX
from hf_datasets.mtbench_x_configs import CONFIGS, rows
from tests.sources import needs_sources


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
    assert Path(made.cache_dir) == tmp_path / "mtbench_x" / "en" / str(builder.version())


@pytest.mark.parametrize("changed", ["edits/judge_prompts.jsonl", "edits/other_language_turns.jsonl"])
def test_the_version_follows_the_edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    before = builder.version()
    for file in (mtbench_x_configs.HERE / "edits").iterdir():
        (tmp_path / "edits").mkdir(exist_ok=True)
        (tmp_path / "edits" / file.name).write_bytes(file.read_bytes())
    (tmp_path / changed).write_text("", encoding="utf-8")
    monkeypatch.setattr(mtbench_x_configs, "HERE", tmp_path)
    assert builder.version() != before


def test_the_version_follows_the_mini_files(monkeypatch: pytest.MonkeyPatch) -> None:
    before = builder.version()
    monkeypatch.setattr(mtbench_x_configs, "revision", lambda _: "0" * 12)
    assert builder.version() != before
