from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mtbenchx_tasks.cli import app
from mtbenchx_tasks.training.recipes_folder import recipes_path
from tests.mtbenchx_tasks.training.bench import write_base


def mtbenchx(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["recipes", *arguments])


def test_prints_where_the_recipes_are() -> None:
    assert mtbenchx().stdout == f"{recipes_path()}\n"


def test_copies_them_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(Path("recipes") / "lima_x.yaml") in mtbenchx("--copy").stdout.splitlines()
    assert mtbenchx("--copy").stdout == f"{tmp_path / 'recipes'} has them already\n"


def test_check_passes_what_trl_will_get_and_says_ready(desk: Path) -> None:
    arguments = ["--config", "recipes/lima_x.yaml", "--dataset_config", "DE", "--output_dir", "out"]
    done = mtbenchx("check", *arguments, "--model_name_or_path", "base", "--max_length", "60", "--gpus", "1")
    assert done.exit_code == 0
    # 8 rows of DE: odd numbers have two turns (over 60 tokens, the second answer is lost), even ones have one
    assert "train de: 8 rows, 4 lose a part of their target and 0 all of it (50.0%): the longest has" in done.stdout
    assert "A turn ends with </s>." in done.stdout
    assert "An epoch: 8 rows, " in done.stdout
    assert "; 1 steps. In all 7 steps, 7 epochs." in done.stdout  # 8 rows in micro-batches of 4, 16 a step
    assert "Memory: 0.0 GB for weights, gradients and optimizer, and about 0.0 GB for activations" in done.stdout
    assert "Disk: 0.0 GB at most at one time" in done.stdout
    assert "H100 hours" not in done.stdout  # on a machine without GPU
    assert done.stdout.endswith("Ready: trl sft can start.\n")


def test_check_shows_what_is_learnt_of_two_turns(desk: Path) -> None:
    arguments = ["--config", "recipes/lima_x.yaml", "--dataset_config", "DE", "--output_dir", "out"]
    done = mtbenchx("check", "--show-mask", *arguments, "--model_name_or_path", "base", "--max_length", "200")
    shown = [line.split("  ") for line in done.stdout.splitlines() if " tokens  " in line]
    assert [line[-1] for line in shown if line[0].startswith("learnt")] == [
        '"The Rhine.</s>"',
        '"In the North Sea.</s>"',
    ]
    assert shown[0][-1] == '"<|user|>\\nName a river.</s>\\n<|assistant|>\\n"'


def test_check_tells_problems_and_exits_with_1(desk: Path) -> None:
    arguments = ["--config", "recipes/lima_x.yaml", "--dataset_config", "XX", "--output_dir", "out"]
    done = mtbenchx("check", *arguments, "--model_name_or_path", "base", "--max_length", "200", "--gpus", "3")
    assert done.exit_code == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines() if line.startswith("mtbenchx")] == ["mtbenchx"] * 2
    assert "Ready" not in done.stdout


def test_prepare_says_what_it_changed_and_where_it_is(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base")
    assert mtbenchx("prepare", str(base), "--out", str(tmp_path / "same")).stdout.splitlines() == [
        "Nothing had to be changed.",
        str(tmp_path / "same"),
    ]
    told = mtbenchx("prepare", str(base), "--out", str(tmp_path / "out"), "--turn-end", "<|im_end|>").stdout
    assert told.splitlines()[0] == "Token <|im_end|> was added."


def test_template_prints_it_without_markers() -> None:
    plain = mtbenchx("template", str(recipes_path() / "chat_template.jinja")).stdout
    assert "{{ message['content'] | trim ~ eos_token }}" in plain
    assert "generation %}" not in plain


def test_the_plan_of_the_study() -> None:
    shown = mtbenchx("plan").stdout.splitlines()
    assert shown[0].startswith("14 trainings, and answers of 14 checkpoints and the base")  # 2 datasets x 7 mixtures
    assert (
        shown[1]
        == "  162 lima-x + 540 bactrian-x = 702 H100 hours in the paper, with a 7B base: what its authors spent."
    )
    assert shown[2] == "  3-5 lima-x + 20-35 bactrian-x + 2-11 answers = 24-52 H100 hours for this study, estimated:"
    assert shown[8].startswith("75 evaluations (15 models x 5 languages)")
    assert shown[9].startswith("12,000 ratings by ")  # 15 models x 5 languages x 80 questions x 2 turns
    assert shown[10].startswith("19,200 comparisons by ")  # 2 datasets x 6 mixtures x 5 x 80 x 2 turns x 2 orders


def test_without_a_price_the_plan_says_why() -> None:
    assert "No judge cost: " in mtbenchx("plan", "--judge", "somebody").stdout


@pytest.mark.parametrize("command", ["check", "prepare", "merge", "checkpoints", "template", "plan"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    shown = mtbenchx(command, "--help")
    assert shown.exit_code == 0
    assert f"mtbenchx recipes {command}" in shown.stdout
