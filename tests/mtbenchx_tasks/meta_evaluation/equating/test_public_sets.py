"""Public sets of anchors, by name."""

from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from hf_datasets.sources import source, sources_of
from mtbenchx_tasks.formats.benchmark import NOTHING
from mtbenchx_tasks.meta_evaluation.equating.anchors import EquatingRequest, gather
from mtbenchx_tasks.meta_evaluation.equating.fit import fit
from mtbenchx_tasks.meta_evaluation.equating.public_sets import SETS, read_anchors
from mtbenchx_tasks.stats.equating.families import family_of
from tests.mtbenchx_tasks.meta_evaluation.equating.places import AUTUMN, SPRING, judged
from tests.sources import needs_sources

PREGENERATED = (
    *("alpaca-13b", "baize-v2-13b", "chatglm-6b", "claude-instant-v1", "claude-v1", "dolly-v2-12b"),
    *("falcon-40b-instruct", "fastchat-t5-3b", "gpt-3.5-turbo", "gpt-4", "gpt4all-13b-snoozy", "guanaco-33b"),
    *("guanaco-65b", "h2ogpt-oasst-open-llama-13b", "koala-13b", "llama-13b", "mpt-30b-chat", "mpt-30b-instruct"),
    *("mpt-7b-chat", "nous-hermes-13b", "oasst-sft-4-pythia-12b", "oasst-sft-7-llama-30b", "palm-2-chat-bison-001"),
    *("rwkv-4-raven-14b", "stablelm-tuned-alpha-7b", "tulu-30b", "vicuna-13b-v1.3", "vicuna-33b-v1.3"),
    *("vicuna-7b-v1.3", "wizardlm-13b", "wizardlm-30b"),
)
"""The models of FastChat's pregenerated set, which isn't to be had here: its shape is imitated."""


def test_every_set_is_pinned() -> None:
    for name in SETS:
        assert sources_of(name)
        files = [path for one in sources_of(name) for path in source(one).files]
        assert sum("model_judgment" in path for path in files) == len(sources_of(name))
    assert len([path for path in files if "model_answer" in path]) == 12


@needs_sources
@pytest.mark.sources
def test_gpt4s_ratings_are_read_by_name() -> None:
    study = read_anchors([Path("mt_bench_gpt4")], NOTHING)
    assert len(study.ratings) == 12 * 160
    assert study.notes == ()
    assert {one.item.language for one in study.ratings} == {"en"}
    with pytest.raises(UserError, match=r"No anchor is rated by new; .* `mtbenchx judge .*gemini-1.5-flash.jsonl"):
        gather(study, EquatingRequest("gpt-4", "new"))


def test_a_folder_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    judged(Path("mt_bench_gpt4"), {"llama-a": 5.0}, {"gpt-4": (2.0, 0.7)})
    assert {one.model.name for one in read_anchors([Path("mt_bench_gpt4")], NOTHING).ratings} == {"llama-a"}


def test_a_set_of_thirty_models_is_a_scale_of_its_own(tmp_path: Path) -> None:
    """The same name, another time and another level, half a point: 1 a year, and mixing is refused."""
    levels = {model: 3.0 + 5 * place / len(PREGENERATED) for place, model in enumerate(PREGENERATED)}
    assert len({family_of(model) for model in PREGENERATED}) > 15
    judged(tmp_path / "june", levels, {"gpt-4": (2.0, 0.7), "new": (0.0, 1.0)}, tstamp=SPRING)
    later = {
        f"{family}-x": 4.0 + place / 2 for place, family in enumerate(("gemma", "qwen", "phi", "olmo", "yi", "kimi"))
    }
    judged(tmp_path / "later", later, {"gpt-4": (2.5, 0.7), "new": (0.0, 1.0)}, tstamp=AUTUMN)
    wanted = EquatingRequest("gpt-4", "new")
    alone = gather(read_anchors([tmp_path / "june"], NOTHING), wanted)
    assert len(fit(alone, wanted).anchors) == len(PREGENERATED)
    with pytest.raises(UserError, match="is more than one judge"):
        fit(gather(read_anchors([tmp_path], NOTHING), wanted), wanted)
