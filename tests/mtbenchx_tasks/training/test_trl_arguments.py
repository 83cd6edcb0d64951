"""What TRL says with a traceback, an exit code or not at all, in one sentence."""

from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.trl_arguments import read_settings

LIMA = ("--config", "recipes/lima_x.yaml")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([*LIMA, "--weight_deca", "1"], r"no flag --weight_deca; --weight_decay is meant"),
        ([*LIMA, "--learning_rat=1"], r"no flag --learning_rat; --learning_rate is meant"),  # TRL would take it
        ([*LIMA, "--no_assistant_only_loss"], r"no flag --no_assistant_only_loss"),
        ([*LIMA, "--learning_rate", "fast"], r"invalid float value: 'fast'"),
        ([*LIMA, "--load_best_model_at_end", "true", "--eval_strategy", "no"], r"trl would stop at: "),
        (["--config", "lima.yaml"], r"no file lima\.yaml here; `mtbenchx recipes --copy`"),
        (["--config"], r"--config wants a file"),
        ([*LIMA, "--accelerate_config", "fsdp9"], r"fsdp9 is neither a file nor"),
        ([*LIMA, "--use_cpu", "true", "--bf16", "false", "--num_processes", "2"], r"On a CPU accelerate starts one"),
    ],
)
def test_a_mistake_is_one_sentence(desk: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as told:
        read_settings(arguments)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lerning_rate: 1.0e-5\n", r"no field 'lerning_rate'; learning_rate is meant"),
        ("max_seq_length: 10\n", r"no field 'max_seq_length'; max_length is meant"),
        ("a: [1\n", r"^mine.yaml: not YAML .*; correct it\.$"),
        ("- a\n", r"holds no `field: value` lines"),
        ("learning_rate: very\n", r"invalid float value: 'very'"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(desk: Path, text: str, sentence: str) -> None:
    Path("mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=sentence):
        read_settings(["--config", "mine.yaml"])


def test_a_machine_without_gpu_is_a_remark_not_an_error(desk: Path) -> None:
    settings = read_settings(LIMA)
    assert settings.training.learning_rate == 1e-5
    assert settings.remarks == ("No GPU here; to train on this machine add --bf16 false --use_cpu true.",)
