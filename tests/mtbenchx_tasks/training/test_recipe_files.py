"""The recipes themselves: known to TRL, explained line by line, and the paper's numbers in them."""

import re
from pathlib import Path

import pytest
import yaml
from trl.scripts.sft import make_parser

from mtbenchx_tasks.training.batch_size import PAPER_BATCH
from mtbenchx_tasks.training.recipes_folder import recipes_path
from tests.mtbenchx_tasks.training.bench import CONFIGS

STUDY = ["lima_x.yaml", "bactrian_x.yaml"]
LORA = ["lima_x_lora.yaml", "bactrian_x_lora.yaml"]
FILES = [*STUDY, *LORA, "smoke.yaml"]
ON_CPU = ["--bf16", "false", "--use_cpu", "true"]


def fields(name: str) -> dict[str, object]:
    loaded = yaml.safe_load((recipes_path() / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("name", FILES)
def test_every_field_says_where_it_is_from(name: str) -> None:
    lines = (recipes_path() / name).read_text(encoding="utf-8").splitlines()
    said = {line.split(":")[0] for line in lines if re.match(r"\w+: \S+ +# (paper 5\.1|ours: \S+)", line)}
    assert said == set(fields(name))


@pytest.mark.parametrize("name", FILES)
def test_trl_knows_every_field(name: str) -> None:
    known = {action.dest for action in make_parser()._actions}
    assert set(fields(name)) <= known


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(("name", "epochs"), [("lima_x.yaml", 7), ("bactrian_x.yaml", 3)])
def test_fourteen_trainings_as_in_section_5_1(name: str, epochs: int, config: str, tmp_path: Path) -> None:
    arguments = ["--config", str(recipes_path() / name), "--dataset_config", config, "--output_dir", str(tmp_path)]
    script, training, model, _ = make_parser().parse_args_and_config([*arguments, *ON_CPU])
    assert (script.dataset_name, script.dataset_config) == (name.removesuffix(".yaml").replace("_", "-"), config)
    assert training.num_train_epochs == epochs
    assert (training.learning_rate, training.lr_scheduler_type, training.warmup_steps) == (1e-5, "linear", 0)
    assert (training.adam_beta1, training.adam_beta2, training.weight_decay) == (0.9, 0.95, 0.1)
    assert training.per_device_train_batch_size * training.gradient_accumulation_steps == PAPER_BATCH
    assert (training.packing, training.assistant_only_loss, training.load_best_model_at_end) == (False, True, False)
    assert (model.dtype, model.model_name_or_path) == ("float32", "teuken-7b-base-v0.6")


def test_the_two_recipes_differ_only_where_the_datasets_do() -> None:
    lima, bactrian = (fields(name) for name in STUDY)
    differing = {name for name in lima.keys() | bactrian.keys() if lima.get(name) != bactrian.get(name)}
    rhythm = {"eval_strategy", "eval_steps", "save_strategy", "save_steps", "logging_steps"}
    assert differing == {"dataset_name", "num_train_epochs", *rhythm}


@pytest.mark.parametrize(("full", "lora"), [*zip(STUDY, LORA, strict=True)])
def test_a_lora_recipe_differs_from_the_papers_only_in_the_adapter_and_what_is_kept(full: str, lora: str) -> None:
    whole, adapter = fields(full), fields(lora)
    differing = {name for name in whole.keys() | adapter.keys() if whole.get(name) != adapter.get(name)}
    assert {name for name in differing if not name.startswith("lora_")} == {
        *("use_peft", "dtype", "learning_rate", "save_total_limit"),
    }


@pytest.mark.parametrize("name", LORA)
def test_an_adapter_of_rank_16_learns_40_million_parameters_of_teuken(name: str) -> None:
    recipe = fields(name)
    # in + out of each matrix of a layer: q and o 4096 + 4096, k and v 4096 + 256, gate, up and down 4096 + 13440
    layer = 2 * (4096 + 4096) + 2 * (4096 + 256) + 3 * (4096 + 13440)
    assert recipe["lora_r"] * layer * 32 == 39_780_352  # type: ignore[operator]
    assert recipe["lora_target_modules"] == "all-linear"


def test_the_study_is_short() -> None:
    assert len((recipes_path() / "study.smk").read_text(encoding="utf-8").splitlines()) < 165
