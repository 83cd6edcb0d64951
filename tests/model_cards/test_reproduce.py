"""The commands of a card: what was recorded, as a shell would read it, from an empty folder on."""

import hashlib
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from trl import ModelConfig, SFTConfig

from model_cards.collect import UserFacts, make_card
from model_cards.publish import card_files
from model_cards.training_commands import SHIPPED, USUAL
from tests.model_cards.files import RECIPE, make_run, results, write

A_FOLDER = "# base: teuken is a folder of the machine that trained"
TWO = "torchrun --nproc_per_node 2 -m trl.scripts.sft ... --use_cpu true --ddp_backend gloo --output_dir out"
NODES = ["accelerate_config=fsdp2", "num_machines=2", "machine_rank=1", "main_process_ip=10.0.0.1"]
OWN = ["accelerate_config=/home/someone/four.yaml"]
RUN_ON_CPU = {"use_cpu": True, "world_size": 2, "ddp_backend": "gloo"}


def reproduce(tmp_path: Path, *overrides: str, monkeypatch: pytest.MonkeyPatch, **options: Any) -> list[str]:
    """The block of a run of `recipes/lima_x.yaml`; `trainer` is what the trainer recorded."""
    recorded = options.pop("trainer", {})
    monkeypatch.setattr("model_cards.run_dir.read_training_args", lambda file: recorded)
    recipe = write(tmp_path / "recipes" / "lima_x.yaml", options.pop("recipe", RECIPE))
    run = tmp_path / "out"
    if not run.exists():
        make_run(run)
        write(run / "README.md", "---\ntags: [trl]\n---\n")
    files = [write(tmp_path / "results.json", content) for content in options.pop("results", [])]
    card = make_card(run, files, recipe=recipe, overrides=["dataset_config=mini_EN", *overrides], **options)
    (block,) = re.findall(r"```sh\n(.*?)```", card_files(card)["README.md"].decode(), re.DOTALL)
    return [line for line in block.splitlines() if "sha256sum" not in line]


def test_from_an_empty_folder_to_the_trained_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "toy" / "README.md", "# Toy\n\nMade by `mtbenchx recipes prepare toy --out elsewhere`, to try.\n")
    base = RECIPE.replace("ORG/base-7b", "toy")
    assert reproduce(tmp_path, recipe=base, monkeypatch=monkeypatch) == [
        "mtbenchx recipes --copy",
        "mtbenchx data build lima-x --configs mini",
        "mtbenchx recipes prepare toy --out toy",
        "trl sft --config recipes/lima_x.yaml --dataset_config mini_EN --output_dir out",
    ]


def test_recipe_and_template_are_checked_by_their_hashes(tmp_path: Path) -> None:
    template = write(tmp_path / "recipes" / "chat.jinja", "{{ messages }}\r\n")
    recipe = write(tmp_path / "recipes" / "lima_x.yaml", RECIPE)
    text = card_files(make_card(make_run(tmp_path / "out"), [], recipe=recipe))["README.md"].decode()
    for file in (recipe, template):
        digest = hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        assert f"echo '{digest}  recipes/{file.name}' | sha256sum --check" in text
    mine = write(tmp_path / "mine.yaml", RECIPE)
    text = card_files(make_card(tmp_path / "out", [], recipe=mine))["README.md"].decode()
    assert "recipes --copy" not in text  # a recipe of the user's own
    assert f"# mine.yaml had the sha256 {hashlib.sha256(mine.read_bytes()).hexdigest()}" in text


@pytest.mark.parametrize(
    ("base", "card", "line"),
    [
        ("teuken", "---\nbase_model: ORG/base-7b\n---\n", "mtbenchx recipes prepare ORG/base-7b --out teuken"),
        ("teuken", "Made by `mtbenchx recipes prepare ORG/b --out x --turn-end '<|im_end|>' --revision abc`.",
         "mtbenchx recipes prepare ORG/b --out teuken --turn-end '<|im_end|>' --revision abc"),
        ("teuken", "Made by `mtbenchx recipes prepare $(rm -rf ~) --out x; true`.",
         "mtbenchx recipes prepare '$(rm' -rf '~)' --out teuken true"),
        ("teuken", "Made by `mtbenchx recipes prepare 'a --out x`.", A_FOLDER),
        ("teuken", None, A_FOLDER),
    ],
)  # fmt: skip
def test_a_base_in_a_folder_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str, card: str | None, line: str
) -> None:
    if card is not None:
        write(tmp_path / "teuken" / "README.md", card)
    lines = reproduce(tmp_path, f"model_name_or_path={base}", monkeypatch=monkeypatch)
    assert lines[2] == line
    assert lines[3].startswith("trl sft --config recipes/lima_x.yaml")
    assert "--model_name_or_path teuken" in lines[3]


def test_the_hub_id_that_is_told_makes_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = RECIPE.replace("ORG/base-7b", "teuken")
    lines = reproduce(tmp_path, recipe=recipe, told=UserFacts(base="ORG/base-7b"), monkeypatch=monkeypatch)
    assert lines[2] == "mtbenchx recipes prepare ORG/base-7b --out teuken"
    assert "ORG" not in lines[3]  # trained from the folder, as the recipe says


@pytest.mark.parametrize(
    ("given", "trainer", "command"),
    [
        ([], {"world_size": 1}, "trl sft ... --output_dir out"),
        (["accelerate_config=fsdp2"], {"world_size": 8},
         "trl sft ... --output_dir out --accelerate_config fsdp2 --num_processes 8"),
        (NODES, {"world_size": 16},
         "trl sft ... --output_dir out --accelerate_config fsdp2 --num_processes 16 --num_machines 2"),
        (OWN, {"world_size": 4}, "trl sft ... --output_dir out --num_processes 4"),
        ([], RUN_ON_CPU, TWO),
    ],
)  # fmt: skip
def test_as_many_processes_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], trainer: dict[str, Any], command: str
) -> None:
    lines = reproduce(tmp_path, *given, trainer=trainer, monkeypatch=monkeypatch)
    start, _, end = command.partition(" ...")
    assert lines[-1].startswith(f"{start} --config recipes/lima_x.yaml ")
    assert lines[-1].replace(" --dataset_config mini_EN", "").endswith(end)
    assert not any("someone" in line or "10.0.0.1" in line for line in lines)
    unknown = bool(lines[-2].startswith("#"))
    assert unknown == (
        trainer["world_size"] > 1 and not trainer.get("use_cpu") and "accelerate_config=fsdp2" not in given
    )


def test_what_the_line_gave_besides_the_recipe_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = {"learning_rate": 2e-5, "max_steps": 3, "use_liger_kernel": True, "report_to": "none", "eval_steps": 2}
    lines = reproduce(tmp_path, "dtype=bfloat16", "seed=7", trainer=trainer, monkeypatch=monkeypatch)
    flags = shlex.split(lines[-1])
    pairs = dict(zip(flags[2::2], flags[3::2], strict=True))
    assert {name: pairs.get(f"--{name}") for name in (*trainer, "dtype", "seed")} == {
        "learning_rate": "2e-05", "max_steps": "3", "use_liger_kernel": "true", "report_to": None, "eval_steps": "2",
        "dtype": "bfloat16", "seed": "7",
    }  # fmt: skip


def test_an_adapter_is_trained_and_asked_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "out")
    modules = ["layers.0.q_proj", "layers.1.q_proj", "layers.0.v_proj"]
    adapter = {"base_model_name_or_path": "ORG/base-7b", "r": 8, "lora_alpha": 32, "target_modules": modules}
    write(run / "adapter_config.json", adapter)
    options = {"repo_id": "ORG/chat", "results": [results("de")]}
    train, evaluate = reproduce(tmp_path, monkeypatch=monkeypatch, **options)[-2:]
    assert train == (
        "trl sft --config recipes/lima_x.yaml --use_peft true --lora_r 8 --lora_target_modules q_proj v_proj "
        "--dataset_config mini_EN --output_dir out"
    )
    assert "--model_args pretrained=ORG/base-7b,peft=ORG/chat,tokenizer=ORG/chat,dtype=bfloat16" in evaluate


def test_what_is_usual_is_what_trl_does_unasked() -> None:
    """Else a card would leave a setting out that its reader's TRL takes otherwise."""
    fields = {**SFTConfig.__dataclass_fields__, **ModelConfig.__dataclass_fields__}
    assert {name: fields[name].default for name in USUAL} == USUAL


def test_the_configurations_of_accelerate_are_those_that_trl_ships() -> None:
    import trl

    folder = Path(trl.__file__).parent / "accelerate_configs"
    assert {file.stem for file in folder.glob("*.yaml")} == set(SHIPPED)
