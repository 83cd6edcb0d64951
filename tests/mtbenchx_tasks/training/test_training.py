"""The recipes under stock TRL: all fourteen, interrupted and resumed, and on two processes."""

import shutil
import signal
from pathlib import Path

import pytest
import torch
from datasets import load_dataset
from lm_eval.models.huggingface import HFLM
from transformers import AutoModelForCausalLM, AutoTokenizer

from mtbenchx_tasks.training.mask import targets
from tests.mtbenchx_tasks.training.bench import CONFIGS
from tests.mtbenchx_tasks.training.trl_runs import KILLED_AFTER, curve, flags, fork, history, start, train, train_on_two

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torch.*")
PAIRS = [(recipe, config) for recipe in ("lima_x", "bactrian_x") for config in CONFIGS]
FIRST = PAIRS.index(("lima_x", "ENDEFRITES"))


@pytest.mark.parametrize(
    ("recipe", "config"),
    [pytest.param(*pair, marks=[] if place == FIRST else pytest.mark.slow) for place, pair in enumerate(PAIRS)],
)
def test_each_of_the_fourteen_trains_saves_and_loads_in_lm_eval(desk: Path, recipe: str, config: str) -> None:
    train(flags(recipe, config, "out", "--max_steps", "2", "--logging_steps", "1"))
    assert [round(rate, 9) for rate in curve(desk / "out", "learning_rate")] == [1e-5, 5e-6]  # linear, over two steps
    assert [entry["step"] for entry in history(desk / "out") if "eval_loss" in entry][-1] == 2  # the end is measured
    assert (desk / "out" / "model.safetensors").is_file()
    template = (desk / "recipes" / "chat_template.jinja").read_text(encoding="utf-8")
    assert (desk / "out" / "chat_template.jinja").read_text(encoding="utf-8") == template
    model = HFLM(pretrained=str(desk / "out"), device="cpu", batch_size=1, max_length=200)
    assert model.tokenizer.eos_token == "</s>"
    assert model.apply_chat_template([{"role": "user", "content": "Hi"}]) == "<|user|>\nHi</s>\n<|assistant|>\n"


def test_validation_loss_is_the_mean_over_rows_of_each_rows_mean_over_its_targets(desk: Path) -> None:
    train(flags("lima_x", "ENDEFRITES", "out", "--max_steps", "1", "--learning_rate", "1e-2"))
    model, words = AutoModelForCausalLM.from_pretrained("out"), AutoTokenizer.from_pretrained("out")
    losses = []
    for row in load_dataset("lima-x", "ENDEFRITES", split="validation"):
        tokens, mask = targets(row["messages"], words, None, True)
        labels = [token if learnt else -100 for token, learnt in zip(tokens, mask, strict=True)]
        with torch.no_grad():
            losses.append(float(model(input_ids=torch.tensor([tokens]), labels=torch.tensor([labels])).loss))
    assert len(losses) == 15
    assert curve(desk / "out", "eval_loss")[-1] == pytest.approx(sum(losses) / 15, rel=1e-5)


@pytest.mark.slow
def test_a_killed_training_resumes_to_the_very_same_weights(desk: Path) -> None:
    steps = ("--max_steps", "6", "--save_strategy", "steps", "--save_steps", "1", "--save_total_limit", "9")
    train(flags("lima_x", "DE", "whole", *steps))
    log = desk / "log.txt"
    process = fork(flags("lima_x", "DE", "cut", *steps), desk, log, {KILLED_AFTER: "2"})
    process.join()
    assert process.exitcode == -signal.SIGKILL, log.read_text(encoding="utf-8")
    assert not (desk / "cut" / "model.safetensors").exists()
    train(flags("lima_x", "DE", "cut", *steps, "--resume_from_checkpoint", "cut/checkpoint-2"))
    weights = [(desk / name / "model.safetensors").read_bytes() for name in ("whole", "cut")]
    assert weights[0] == weights[1]
    assert curve(desk / "whole") == curve(desk / "cut")


@pytest.mark.slow
def test_two_processes_give_the_loss_curve_of_one(desk: Path) -> None:
    """The 15 validation rows aren't shared out evenly: what fills up the last batch counts in no loss."""
    steps = ("--max_steps", "4", "--save_strategy", "steps", "--save_steps", "4", "--logging_steps", "1")
    one = flags("lima_x", "ENDEFRITES", "one", *steps, "--gradient_accumulation_steps", "2")
    train(one)
    two = flags("lima_x", "ENDEFRITES", "two", *steps, "--ddp_backend", "gloo")
    train_on_two(two, desk)
    for name in ("loss", "grad_norm", "eval_loss", "num_tokens"):
        assert curve(desk / "two", name) == pytest.approx(curve(desk / "one", name), rel=1e-4), name


@pytest.mark.slow
def test_the_command_itself_runs_from_a_folder_with_nothing_but_recipes_and_data(desk: Path) -> None:
    shutil.rmtree("bactrian-x")
    process = start(flags("lima_x", "sampled", "out", "--max_steps", "1"), desk)
    out, _ = process.communicate(timeout=500)
    assert process.returncode == 0, out
    assert (desk / "out" / "model.safetensors").is_file()
