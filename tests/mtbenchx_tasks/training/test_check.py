"""Each trouble of a training, told before it starts."""

import shutil
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from mtbenchx_tasks.training.check import CheckReport, check
from tests.mtbenchx_tasks.training.bench import tokenizer, write_base

FLAGS = [
    "--config",
    "recipes/lima_x.yaml",
    "--output_dir",
    "out",
    "--model_name_or_path",
    "base",
    "--max_length",
    "200",
]


def run(*more: str, config: str = "DE", gpus: int = 1) -> CheckReport:
    return check([*FLAGS, "--dataset_config", config, *more], gpus)


def problem(*more: str, config: str = "DE", gpus: int = 1) -> str:
    (said,) = run(*more, config=config, gpus=gpus).problems
    return said


def test_a_good_command_has_no_problem(desk: Path) -> None:
    report = run(config="ENDEFRITES")
    assert report.problems == ()
    assert report.turn_end == "</s>"
    languages = ("de", "en", "es", "fr", "it")
    expected = [(split, code, rows) for split, rows in (("train", 8), ("validation", 3)) for code in languages]
    assert [(cut.split, cut.language, cut.rows) for cut in report.cuts] == expected
    assert {(cut.shortened, cut.dropped, cut.longest) for cut in report.cuts} == {(0, 0, 0)}
    assert not Path("out").exists()


def test_the_smoke_recipe_is_accepted_as_it_is(desk: Path) -> None:
    smoke = ["--config", "recipes/smoke.yaml", "--output_dir", "out", "--model_name_or_path", "base"]
    data = ["--dataset_config", "DE", "--max_length", "200"]
    assert check([*smoke, *data]).problems == ()
    (said,) = check([*smoke, *data, "--gradient_accumulation_steps", "4"]).problems
    assert "16 examples a step, not 4" in said


def test_the_launchers_number_is_compared_with_what_is_said(desk: Path) -> None:
    shared = ("--accelerate_config", "fsdp2", "--gradient_accumulation_steps", "4")  # 4 x 4 x the 8 of TRL's own file
    problems = run(*shared, gpus=4).problems
    assert "trl would start 8 processes (num_processes in fsdp2.yaml), not 4; pass --num_processes 4." in problems[0]
    assert "4 per device x 4 accumulated x 8 GPUs is 128 examples a step, not 64" in problems[1]
    assert run(*shared, "--num_processes", "4", gpus=4).problems == ()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--auto_find_batch_size", "true"], "makes the batch smaller without a word"),
        (["--accelerator_config", '{"split_batches": true}'], "split_batches divides"),
    ],
)
def test_a_batch_that_the_trainer_would_change(desk: Path, flags: list[str], sentence: str) -> None:
    assert sentence in problem(*flags)


def test_every_problem_is_told_not_only_the_first(desk: Path) -> None:
    problems = run("--dataset_test_split", "test", "--eos_token", "<|im_end|>", gpus=3).problems
    assert len(problems) == 3


def test_a_batch_that_is_not_64(desk: Path) -> None:
    assert "--gradient_accumulation_steps 2" in problem(gpus=8)
    assert check([*FLAGS, "--dataset_config", "DE"], gpus=8, batch=512).problems == ()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--dataset_name", "nowhere"], "`mtbenchx data build nowhere` writes it here"),
        (["--dataset_name", "recipes"], "no dataset recipes here or on the Hub"),
        (["--dataset_config", "PT"], "pass --dataset_config with one of EN, DE, FR, IT, ES, ENDEFRITES, sampled"),
        (["--dataset_train_split", "training"], "--dataset_train_split with one of train, validation"),
        (["--dataset_test_split", "test"], "--dataset_test_split with one of train, validation"),
    ],
)
def test_data_that_isnt_there(desk: Path, flags: list[str], sentence: str) -> None:
    assert sentence in problem(*flags)


def test_no_mixture_chosen(desk: Path) -> None:
    (said,) = check(FLAGS, 1).problems
    assert "none is chosen; pass --dataset_config with one of EN" in said


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--model_name_or_path", "nobody"], "`mtbenchx recipes prepare BASE --out nobody` makes it"),
        (["--eos_token", "<|im_end|>"], "mtbenchx recipes prepare base --turn-end '<|im_end|>' --out FOLDER"),
        (["--chat_template_path", "chat.txt"], "must end in .jinja or .j2"),
        (["--chat_template_path", "chat.jinja"], "`mtbenchx recipes --copy` puts the recipes there"),
        (["--max_length", "257"], "the 256 tokens that base reads; pass --max_length 256"),
    ],
)
def test_a_base_or_template_that_doesnt_fit(desk: Path, flags: list[str], sentence: str) -> None:
    assert sentence in problem(*flags)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}", "no {% generation %} markers"),
        (
            "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}"
            "{{ eos_token }}{% else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}",
            "no turn-end token inside",
        ),
    ],
)
def test_a_template_that_cant_be_trained_with(desk: Path, template: str, sentence: str) -> None:
    Path("mine.jinja").write_text(template, encoding="utf-8")
    assert sentence in problem("--chat_template_path", "mine.jinja")


def test_a_base_without_any_token_to_end_a_turn(desk: Path) -> None:
    write_base(desk / "endless", eos=None)
    assert "no token that could end a turn" in problem("--model_name_or_path", "endless")


def test_an_embedding_too_small_for_its_tokenizer(desk: Path) -> None:
    words = tokenizer()
    words.add_tokens(["new"])
    words.save_pretrained("base")
    assert "`mtbenchx recipes prepare base --out FOLDER` adds them" in problem()


def test_a_python_tokenizer(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreTrainedTokenizerFast, "is_fast", False)
    assert "makes a fast one from its SentencePiece model" in problem()


def test_rows_that_lose_their_target_are_counted_per_language(desk: Path) -> None:
    report = run("--max_length", "40", config="ENDEFRITES")
    assert report.problems == ()
    assert all(cut.longest > 40 for cut in report.cuts)


def test_no_row_left_is_a_problem(desk: Path) -> None:
    assert "no row of train keeps a target" in run("--max_length", "10").problems[0]


def test_questions_learnt_by_mistake(desk: Path) -> None:
    assert "completion_only_loss masks nothing" in problem(
        "--completion_only_loss", "true", "--assistant_only_loss", "false"
    )


def test_an_output_that_cant_be_made(desk: Path) -> None:
    Path("file").touch()
    assert "file is no folder; pass another --output_dir" in problem("--output_dir", "file/out")


def checkpoint(step: int, *files: str) -> Path:
    folder = Path("out") / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).touch()
    return folder


def test_resuming_needs_a_whole_checkpoint(desk: Path) -> None:
    assert "out holds none" in problem("--resume_from_checkpoint", "out/checkpoint-4")
    checkpoint(4, "trainer_state.json", "model.safetensors")
    assert "saved with save_only_model" in problem("--resume_from_checkpoint", "out/checkpoint-4")
    checkpoint(10, "trainer_state.json", "optimizer.pt")
    assert run("--resume_from_checkpoint", "out/checkpoint-10").problems == ()
    assert "`resume_from_checkpoint: true`, the newest one, works in the YAML only" in problem(
        "--resume_from_checkpoint", "true"
    )


def test_the_newest_checkpoint_is_meant_by_true_in_the_file(desk: Path) -> None:
    file = Path("recipes/lima_x.yaml")
    file.write_text(file.read_text(encoding="utf-8") + "resume_from_checkpoint: true\n", encoding="utf-8")
    assert "no checkpoint in out" in problem()
    checkpoint(9, "trainer_state.json", "optimizer.pt")
    checkpoint(10, "trainer_state.json", "model.safetensors")  # 10 is newer than 9, though not by name
    assert "checkpoint-10 was saved with save_only_model" in problem()


def test_what_is_allowed_but_worth_knowing(desk: Path) -> None:
    checkpoint(4, "trainer_state.json", "optimizer.pt")
    remarks = " ".join(run("--save_only_model", "true", "--packing", "true").remarks)
    assert "--resume_from_checkpoint out/checkpoint-4 goes on" in remarks
    assert "can't be resumed" in remarks
    assert "a batch of packs" in remarks


def test_nothing_is_written(desk: Path) -> None:
    before = sorted(desk.rglob("*"))
    run()
    shutil.rmtree("datasets", ignore_errors=True)
    assert sorted(desk.rglob("*")) == before
