"""LoRA from the recipe to an answer from the Hub: trained, evaluated as it was trained, published, loaded, merged."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lm_eval.models.huggingface import HFLM
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from hf_datasets.shared.errors import UserError
from model_cards.collect import UserFacts, make_card
from model_cards.publish import card_files, push_model
from mtbenchx_tasks.rating.candidate import candidate
from mtbenchx_tasks.training.adapter import merge
from mtbenchx_tasks.training.check import check
from mtbenchx_tasks.training.prepare import prepare
from tests.doubles.hub import Hub
from tests.harness import evaluate
from tests.mtbenchx_tasks.training.trl_runs import curve, flags

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torch.*")
CHAT = [{"role": "user", "content": "Hi"}]
TRAINED = "<|user|>\nHi</s>\n<|assistant|>\n"
REPO, BASE = "ORG/adapter", "ORG/base"


def test_the_recipe_trains_an_adapter_beside_a_base_that_stays_as_it_is(lora: Path) -> None:
    rates = [round(rate, 9) for rate in curve(lora / "out", "learning_rate")]
    assert rates == [2e-4, 1.5e-4, 1e-4, 5e-5]  # linear, over two epochs of two steps
    config = json.loads((lora / "out" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (16, 32, 0.05)
    linear = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}  # and not lm_head
    assert {name.rpartition(".")[2] for name in config["target_modules"]} == linear
    weights = load_file(lora / "out" / "adapter_model.safetensors")
    # 2 layers, hidden 16, inner 32: r (in + out) of q, k, v, o, gate, up, down = 16 (4 x 32 + 3 x 48) each
    assert sum(tensor.numel() for tensor in weights.values()) == 2 * 16 * (4 * 32 + 3 * 48)
    assert any(tensor.abs().max() > 0 for name, tensor in weights.items() if "lora_B" in name)  # B begins at 0


def test_lm_eval_asks_in_the_trained_format_and_the_model_has_the_adapters_name(
    lora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lora)
    bare = HFLM(pretrained="base", peft="out", device="cpu", batch_size=1, max_length=200)
    assert bare.apply_chat_template(CHAT) == "OWN user: Hi\n"  # what happens without tokenizer=: the base's own
    model = HFLM(pretrained="base", peft="out", tokenizer="out", device="cpu", batch_size=1, max_length=200)
    assert model.apply_chat_template(CHAT) == TRAINED
    assert (candidate(model).name, candidate(bare).identity) == ("out", candidate(model).identity)
    plain = HFLM(pretrained="base", device="cpu", batch_size=1, max_length=200)
    assert (candidate(plain).name, candidate(plain).identity != candidate(model).identity) == ("base", True)
    options = {"limit": 1, "gen_kwargs": "max_gen_toks=4", "predict_only": True, "log_samples": True}
    found = evaluate(model, "mtbench_x_mini_en", **options)
    (sample,) = found["samples"]["mtbench_x_mini_en"]
    first, *_ = sample["arguments"][0]  # turn 2 isn't asked where so small a model says nothing in turn 1
    assert first.endswith("<|assistant|>\n")


def test_the_card_tells_the_adapter_and_the_hub_gets_no_folder_of_ours(
    lora: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lora)
    recipe, told = Path("recipes/lima_x_lora.yaml"), UserFacts(base=BASE)
    with pytest.raises(UserError, match=r"names as its base base, which is no model on the Hub.*--base-model ORG/NAME"):
        push_model(Path("out"), make_card(Path("out"), [], recipe=recipe, repo_id=REPO))
    card = make_card(Path("out"), [], recipe=recipe, repo_id=REPO, told=told)
    push_model(Path("out"), card)
    files = hub.repos["model", REPO].files
    assert json.loads(files["adapter_config.json"])["base_model_name_or_path"] == BASE
    text = card_files(card)["README.md"].decode()
    for fact in (f"base_model: {BASE}", "| `lora_r` | `16` |", "| `lora_alpha` | `32` |",
                 "| `lora_target_modules` | `all-linear` |", f'model="{REPO}", tokenizer="{REPO}"'):  # fmt: skip
        assert fact in text, fact


@pytest.mark.slow
def test_the_cards_own_lines_load_the_adapter_from_the_hub_and_get_an_answer(
    lora: Path, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lora)
    base = hub.make("model", BASE)
    base.add("Base", **{file.name: file.read_bytes() for file in Path("base").iterdir()})
    card = make_card(Path("out"), [], repo_id=REPO, told=UserFacts(base=BASE))
    push_model(Path("out"), card)
    (lines,) = re.findall(r"```python\n(.*?)```", card_files(card)["README.md"].decode(), re.DOTALL)
    seen = f"print(chat.tokenizer.apply_chat_template({CHAT}, tokenize=False, add_generation_prompt=True))"
    state = "print([name for name in chat.model.state_dict() if 'lora_A' in name][0])"
    script = "\n".join([lines.replace("256", "3"), seen, state])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert TRAINED in done.stdout
    assert "q_proj.lora_A" in done.stdout


def test_a_merged_model_is_whole_and_says_the_same(lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lora)
    assert merge(Path("out"), tmp_path / "merged") == "base"
    assert not (tmp_path / "merged" / "adapter_config.json").exists()
    whole = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    both = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("base"), "out")
    ids = torch.tensor([[1, 2, 3]])
    assert torch.allclose(whole(ids).logits, both(ids).logits, atol=1e-6)
    assert not torch.allclose(whole(ids).logits, AutoModelForCausalLM.from_pretrained("base")(ids).logits, atol=1e-6)
    words = AutoTokenizer.from_pretrained(tmp_path / "merged")
    assert words.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=True) == TRAINED
    card = make_card(tmp_path / "merged", [], recipe=Path("recipes/lima_x_lora.yaml"))
    assert (card.training.adapter, card.training.steps, card.training.settings["seed"]) == (False, 4, 42)


def test_what_cannot_be_merged_is_told(lora: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="base holds no adapter"):
        merge(lora / "base", tmp_path / "merged")
    with pytest.raises(UserError, match=r"is there already"):
        merge(lora / "out", lora / "base")
    with pytest.raises(UserError, match=r"The base nowhere can't be loaded .* by --base"):
        merge(lora / "out", tmp_path / "merged", "nowhere")
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "adapter_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="names no base"):
        merge(tmp_path / "cut", tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_check_refuses_an_adapter_on_a_token_that_was_only_just_added(desk: Path) -> None:
    prepare("base", Path("added"), turn_end="<|im_end|>")
    arguments = flags("lima_x_lora", "EN", "out", "--gradient_accumulation_steps", "16")
    assert check(arguments).problems == ()
    added = [*arguments, "--model_name_or_path", "added"]
    (problem,) = check(added).problems
    assert problem.startswith(
        "<|im_end|> was added to added by `recipes prepare` and means nothing yet, and LoRA doesn't"
    )
    assert check([*added, "--use_peft", "false"]).problems == ()
    shutil.rmtree("added")


def test_check_tells_a_learning_rate_that_is_for_all_weights(desk: Path) -> None:
    arguments = flags("lima_x", "EN", "out", "--gradient_accumulation_steps", "16", "--use_peft", "true")
    remark = "learning_rate 1e-05 is one for all weights; recipes/lima_x_lora.yaml gives adapters 2e-4."
    assert remark in check(arguments).remarks
    assert remark not in check(arguments[:-2]).remarks
