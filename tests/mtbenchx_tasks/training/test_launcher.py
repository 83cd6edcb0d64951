"""What would start, compared with what is said: a flag of ours never hides what accelerate reads."""

from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training import launcher
from mtbenchx_tasks.training.launcher import Launch, check_gpus
from mtbenchx_tasks.training.trl_arguments import read_settings

LIMA = ("--config", "recipes/lima_x.yaml")
ON_CPU = ("--use_cpu", "true", "--bf16", "false")


@pytest.fixture(autouse=True)
def no_usual_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of `accelerate config`: none on this machine, unless a test writes it."""
    file = tmp_path / "default_config.yaml"
    monkeypatch.setattr("accelerate.commands.config.config_args.default_config_file", str(file))
    return file


@pytest.mark.parametrize(
    ("flags", "launch"),
    [
        (["--accelerate_config", "fsdp2"], Launch(8, "num_processes in fsdp2.yaml", 3)),  # TRL's own file says 8
        (["--accelerate_config", "fsdp2", "--num_processes", "4"], Launch(4, "--num_processes", 3)),
        (["--accelerate_config", "zero3", "--num_processes", "16"], Launch(16, "--num_processes", 3)),
        (["--accelerate_config", "zero2"], Launch(8, "num_processes in zero2.yaml", 2)),
        (["--accelerate_config", "multi_gpu"], Launch(8, "num_processes in multi_gpu.yaml", 0)),
        (["--accelerate_config", "single_gpu"], Launch(1, "distributed_type NO in single_gpu.yaml", 0)),
        (["--num_processes", "2"], Launch(2, "--num_processes", 0)),
        (ON_CPU, Launch(1, "use_cpu", 0)),
    ],
)
def test_what_the_arguments_say_stands_whatever_is_wanted(desk: Path, flags: list[str], launch: Launch) -> None:
    assert read_settings([*LIMA, *flags]).launch == launch
    assert read_settings([*LIMA, *flags], gpus=5).launch == launch


def test_where_nothing_is_said_the_machine_that_is_meant_counts(desk: Path) -> None:
    assert read_settings(LIMA).launch == Launch(1, None, 0)
    assert read_settings(LIMA, gpus=8).launch == Launch(8, None, 0)


def test_the_file_of_accelerate_config_is_read_as_accelerate_does(desk: Path, no_usual_file: Path) -> None:
    no_usual_file.write_text("distributed_type: MULTI_GPU\nnum_processes: 4\n", encoding="utf-8")
    assert read_settings(LIMA, gpus=8).launch == Launch(4, "num_processes in default_config.yaml", 0)


SINGLE = Launch(1, "distributed_type NO in single_gpu.yaml", 0)


@pytest.mark.parametrize(
    ("launch", "gpus", "sentence"),
    [
        (
            Launch(8, "num_processes in fsdp2.yaml", 3),
            4,
            r"8 processes \(num_processes in fsdp2.yaml\), not 4; pass --num",
        ),
        (SINGLE, 8, r"1 process \(.*\), not 8; pass --accelerate_config multi_gpu --num_processes 8"),
        (Launch(1, "use_cpu", 0), 8, "1 process .*leave --gpus out"),
    ],
)
def test_another_number_is_refused_with_what_makes_it_right(launch: Launch, gpus: int, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        check_gpus(launch, gpus)
    check_gpus(launch, launch.processes)
    check_gpus(launch, None)


def test_on_a_machine_with_gpus_they_are_what_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "visible_gpus", lambda: 8)
    with pytest.raises(UserError, match=r"8 processes \(the 8 GPUs of this machine\), not 4; pass --num_processes 4"):
        check_gpus(Launch(4, None, 0), 4)
    check_gpus(Launch(8, None, 0), 8)


def test_one_process_before_several_gpus_trains_a_larger_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "visible_gpus", lambda: 8)
    with pytest.raises(UserError, match="would take all 8 GPUs of this machine and train 8 times the batch"):
        check_gpus(Launch(1, "--num_processes", 0), 1)
    check_gpus(Launch(1, "use_cpu", 0), None)


def test_a_configuration_without_a_number(desk: Path) -> None:
    Path("mine.yaml").write_text("distributed_type: FSDP\n", encoding="utf-8")
    with pytest.raises(UserError, match="names no number of processes"):
        read_settings([*LIMA, "--accelerate_config", "mine.yaml"])
