"""The published MT-Bench-X as its users meet it: through `load_dataset`."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from hf_datasets.benchmark import build as publish
from hf_datasets.benchmark import configs as mtbench_x_configs
from hf_datasets.benchmark.build import build_mtbench_x
from hf_datasets.benchmark.configs import CONFIGS, QUESTION_COLUMNS, check_prompts, rows
from hf_datasets.benchmark.judge_prompts import judge_prompts, prompt_set_hash
from hf_datasets.benchmark.questions import LANGUAGES, questions
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError
from tests.sources import needs_sources

pytestmark = [pytest.mark.sources, needs_sources]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_mtbench_x(tmp_path_factory.mktemp("built") / "mtbench-x")


@pytest.fixture
def cache(tmp_path: Path) -> str:
    return str(tmp_path / "cache")


def load(folder: Path, config: str | None, cache: str) -> Any:
    import datasets

    return datasets.load_dataset(str(folder), config, split="test", cache_dir=cache)


def front_matter(folder: Path) -> dict[str, Any]:
    metadata: dict[str, Any] = yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    return metadata


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_beside_the_folder_its_name_loads_all_languages(
    folder: Path, cache: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    monkeypatch.chdir(folder.parent)
    loaded = datasets.load_dataset("mtbench-x", split="test", cache_dir=cache)
    # 5 languages x 80 questions
    assert len(loaded) == 400
    assert list(dict.fromkeys(loaded["language"])) == list(LANGUAGES)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        ("de", 80),
        ("mini_de", 24),
        # 12 of the 13 reported questions and 5 more are wrong in every language, 122 is limited; 8 wrong elsewhere only
        ("references_corrected_en", 26),
        # 35 turns of 31 questions
        ("questions_corrected_de", 31),
        # 8 published, 8 + 4 repaired, 12 native
        ("judge_prompts_de", 32),
        # 8 published, 8 repaired, 12 native
        ("judge_prompts_en", 28),
    ],
)
def test_a_config_loads_its_rows(folder: Path, cache: str, config: str, count: int) -> None:
    loaded = load(folder, config, cache)
    assert len(loaded) == count
    assert loaded.to_list() == rows(config)


def test_empty_lists_have_their_type_in_every_language(folder: Path, cache: str) -> None:
    from datasets import List, Value

    for language in LANGUAGES:
        features = load(folder, language, cache).features
        assert list(features) == list(QUESTION_COLUMNS)
        assert features["source_turns"] == List(Value("string"))
        assert features["other_language_turns"] == List(Value("int64"))
        assert features["question_id"] == Value("int64")


def test_rows_survive_the_way_through_parquet(folder: Path, cache: str) -> None:
    loaded = tuple(Question.from_row(row) for row in load(folder, "fr", cache))
    assert loaded == questions("mtbench_x", "fr")


def test_a_rebuild_is_not_answered_from_the_cache(tmp_path: Path, cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mtbench-x"
    build_mtbench_x(target)
    before = load(target, "mini_de", cache)[0]["turns"]

    def changed(benchmark: str, language: str, *sets: str, **more: str) -> tuple[Question, ...]:
        first, *others = questions(benchmark, language, *sets, **more)
        return (replace(first, turns=("Neu?", "Und nun?")), *others)

    monkeypatch.setattr(mtbench_x_configs, "questions", changed)
    build_mtbench_x(target)
    after = [load(target, config, cache)[0]["turns"] for config in ("mini_de", "de", "all")]
    assert before != ["Neu?", "Und nun?"]
    assert after == [["Neu?", "Und nun?"]] * 3


def test_two_builds_are_byte_identical(folder: Path, tmp_path: Path) -> None:
    assert files(build_mtbench_x(tmp_path / "again")) == files(folder)


def test_the_returned_path_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert build_mtbench_x(Path("mtbench-x")) == (tmp_path / "mtbench-x").resolve()


def test_the_card_names_every_file_literally_and_copies_nothing(folder: Path) -> None:
    configs = {config["config_name"]: config for config in front_matter(folder)["configs"]}
    paths = {name: config["data_files"][0]["path"] for name, config in configs.items()}
    assert tuple(configs) == CONFIGS
    assert [name for name, config in configs.items() if config.get("default")] == ["all"]
    assert paths["all"] == [path for language in LANGUAGES for path in paths[language]]
    assert {path for listed in paths.values() for path in listed} == {f for f in files(folder) if f.startswith("data")}


def test_the_hub_accepts_the_front_matter(folder: Path) -> None:
    from huggingface_hub import DatasetCard

    data = DatasetCard.load(folder / "README.md").data.to_dict()
    assert (data["license"], data["language"], data["pretty_name"]) == ("apache-2.0", list(LANGUAGES), "MT-Bench-X")


def test_the_cards_numbers_are_counted(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    for line in ("| `all` | 400 |", "| `judge_prompts_de` | 32 |", "| it | 72 |", "| `mtbench_x_v1_1` | de | 12 |"):
        assert line in card
    assert prompt_set_hash("native", "fr")[:12] in card
    # sums of `count` in edits/judge_prompts.jsonl: 16 + 11 (draft); 20; 20; 5
    assert "de 27, fr 20, it 20, es 5" in card
    assert not re.search(r"\$\w", card)


def test_an_interrupted_build_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(build_mtbench_x(tmp_path / "x"))
    monkeypatch.setattr(publish, "write_card", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build_mtbench_x(tmp_path / "x")
    assert files(tmp_path / "x") == before
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_unknown_config_names_the_choices() -> None:
    with pytest.raises(UserError, match=r"no config 'pt'; choose one of all, en, de"):
        rows("pt")


@pytest.fixture
def damaged(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Fields to replace in the published German `pair-v2`."""
    fields: dict[str, str] = {}

    def prompts(prompt_set: str, language: str) -> dict[str, Any]:
        found = dict(judge_prompts(prompt_set, language))
        if (prompt_set, language) == ("mtbench_x", "de"):
            found["pair-v2"] = replace(found["pair-v2"], **fields)
        return found

    monkeypatch.setattr(mtbench_x_configs, "judge_prompts", prompts)
    return fields


def test_a_prompt_without_its_placeholder_stops_the_build(damaged: dict[str, str]) -> None:
    damaged["prompt_template"] = "{question} {answer_a}"
    with pytest.raises(UserError, match="'pair-v2' of 'mtbench_x' in 'de' lost a placeholder"):
        check_prompts("de")


def test_a_prompt_without_its_verdicts_stops_the_build(damaged: dict[str, str]) -> None:
    damaged["system_prompt"] = "Sagen Sie [[A]] oder [[B]]."
    with pytest.raises(UserError, match="lost its verdict format"):
        check_prompts("de")
