"""What is learnt of two turns, for bases with formats of their own; tokenizers are built here, of bytes and marks."""

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from mtbenchx_tasks.training.check import CheckReport, check
from mtbenchx_tasks.training.recipes_folder import recipes_path
from tests.mtbenchx_tasks.training.bench import model
from tests.mtbenchx_tasks.training.trl_runs import flags, train

MARKS = {
    "chatml": ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    "llama": ("<|end_of_text|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    "mistral": ("</s>", "<s>", "[INST]", "[/INST]"),
    "gemma": ("<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
}
"""Family -> its special tokens; the first is the base's eos_token."""
BEGIN = {"llama": "<|begin_of_text|>", "mistral": "<s>", "gemma": "<bos>"}


def bytewise(family: str) -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(alphabet)}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens([AddedToken(mark, special=True) for mark in MARKS[family]])
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token=MARKS[family][0], bos_token=BEGIN.get(family), pad_token=MARKS[family][0]
    )


def own(name: str) -> str:
    """A template as the base has it, without markers, and as TRL knows it."""
    return resources.files("trl.chat_templates").joinpath(f"{name}.jinja").read_text(encoding="utf-8")


def ours(name: str) -> str:
    return (recipes_path() / f"{name}.jinja").read_text(encoding="utf-8")


FORMATS = [
    # the base's own format, for which TRL has a version with markers
    ("chatml", own("qwen2_5"), "<|im_end|>", ["\nThe Rhine.<|im_end|>\n", "\nIn the North Sea.<|im_end|>\n"]),
    ("llama", own("llama3"), "<|eot_id|>", ["The Rhine.<|eot_id|>", "In the North Sea.<|eot_id|>"]),
    ("gemma", own("gemma"), "<end_of_turn>", ["The Rhine.<end_of_turn>\n", "In the North Sea.<end_of_turn>\n"]),
    ("gemma", own("gemma3"), "<end_of_turn>", ["The Rhine.<end_of_turn>\n", "In the North Sea.<end_of_turn>\n"]),
    # ours, for those it has none for
    ("chatml", ours("chatml"), "<|im_end|>", ["The Rhine.<|im_end|>", "In the North Sea.<|im_end|>"]),
    ("llama", ours("llama3"), "<|eot_id|>", ["The Rhine.<|eot_id|>", "In the North Sea.<|eot_id|>"]),
    ("mistral", ours("mistral"), "</s>", [" The Rhine.</s>", " In the North Sea.</s>"]),
]
NAMES = [f"{family}-{place}" for place, (family, *_) in enumerate(FORMATS)]


def write(folder: Path, family: str, template: str) -> PreTrainedTokenizerFast:
    words = bytewise(family)
    words.chat_template = template
    model(len(words)).save_pretrained(folder)
    words.save_pretrained(folder)
    (folder / "generation_config.json").unlink()
    return words


def checked(*more: str) -> CheckReport:
    """The recipe without a template of its own, as for a base that keeps its format."""
    recipe = Path("recipes/lima_x.yaml")
    lines = recipe.read_text(encoding="utf-8").splitlines(keepends=True)
    Path("own.yaml").write_text("".join(line for line in lines if "chat_template_path" not in line), encoding="utf-8")
    data = ("--config", "own.yaml", "--dataset_config", "DE", "--output_dir", "out", "--max_length", "200")
    return check([*data, "--model_name_or_path", "mine", *more])


@pytest.mark.parametrize(("family", "template", "end", "learnt"), FORMATS, ids=NAMES)
def test_of_two_turns_both_answers_with_their_ends(
    desk: Path, family: str, template: str, end: str, learnt: list[str]
) -> None:
    write(Path("mine"), family, template)
    report = checked("--eos_token", end)
    assert report.problems == ()
    assert [span.text for span in report.mask if span.is_learnt] == learnt
    whole = "".join(span.text for span in report.mask)
    assert "Name a river." in whole
    assert "Where does it end?" in whole
    # a token a byte, one for each mark: hence a learnt span is as long as its text, but for the mark at its end
    assert [span.tokens for span in report.mask if span.is_learnt] == [len(text) - len(end) + 1 for text in learnt]


@pytest.mark.parametrize(("family", "template", "end", "learnt"), FORMATS, ids=NAMES)
def test_what_is_asked_at_inference_is_how_training_began(
    family: str, template: str, end: str, learnt: list[str]
) -> None:
    words = bytewise(family)
    words.chat_template, words.eos_token = template, end
    turns = [{"role": role, "content": text} for role, text in (("user", "q"), ("assistant", "\n a "), ("user", "r"))]
    asked = words.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    if template != own("qwen2_5"):  # it keeps white space around an answer
        turns[1]["content"] = "a"
    done = words.apply_chat_template([*turns, {"role": "assistant", "content": "b"}], tokenize=False)
    assert done.startswith(asked)


@pytest.mark.parametrize(
    ("family", "template", "end"), [("chatml", own("qwen2_5"), "<|im_end|>"), ("gemma", own("gemma"), "<end_of_turn>")]
)
def test_an_end_of_turn_at_which_the_model_wouldnt_stop_is_refused(
    desk: Path, family: str, template: str, end: str
) -> None:
    words = write(Path("mine"), family, template)
    (said,) = checked().problems
    assert said.endswith(f"so that answers would run on; pass --eos_token '{end}'.")
    stops = [words.eos_token_id, words.convert_tokens_to_ids(end)]
    Path("mine/generation_config.json").write_text(f'{{"eos_token_id": {stops}}}', encoding="utf-8")
    assert checked().problems == ()


def test_a_format_that_nobody_can_train_with_is_refused_with_what_can(desk: Path) -> None:
    write(Path("mine"), "mistral", ours("mistral").replace("{%- generation %}", "").replace("{% endgeneration %}", ""))
    (said,) = checked().problems
    assert "TRL has no version of it with them; take ours: --chat_template_path recipes/chat_template.jinja" in said
    assert "mistral.jinja" in said
    assert checked("--chat_template_path", "recipes/mistral.jinja").problems == ()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:torch.*")
def test_stock_trl_trains_a_base_with_its_own_format_that_the_check_accepts(desk: Path) -> None:
    write(Path("mine"), "chatml", own("qwen2_5"))
    assert checked("--eos_token", "<|im_end|>").problems == ()
    Path("recipes/own.yaml").write_text(Path("own.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    train(flags("own", "DE", "out", "--model_name_or_path", "mine", "--eos_token", "<|im_end|>", "--max_steps", "1"))
    saved: Any = PreTrainedTokenizerFast.from_pretrained("out")
    assert saved.chat_template == own("qwen2_5")  # what answers are asked with is the base's own, as before
    assert saved.eos_token == "<|im_end|>"
