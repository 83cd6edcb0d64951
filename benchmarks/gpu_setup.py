"""What gpu.py measures with: a base of random weights, rows that fill the context, a training that is watched."""

import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import CACHE

from mtbenchx_tasks import smollm2
from mtbenchx_tasks.training import prepare

TEUKEN = {
    "vocab_size": 250_680,
    "hidden_size": 4096,
    "intermediate_size": 13_440,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": True,
}
ON_CPU = (
    *("--use_cpu", "true", "--bf16", "false", "--activation_checkpointing", "false"),
    *("--per_device_train_batch_size", "1"),
)


@dataclass(frozen=True)
class Bench:
    """Where and how large."""

    folder: Path
    """Base, data, runs."""
    small: bool
    """Two layers on a CPU."""

    @property
    def device(self) -> str:
        """Torch's name of it."""
        return "cpu" if self.small else "cuda"

    @property
    def length(self) -> int:
        """Tokens of each row."""
        return 32 if self.small else 4096


def write_base(out: Path, small: bool) -> None:
    """Write random weights in Teuken's shape, or two layers, with SmolLM2's tokenizer and chat template."""
    if out.exists():
        return
    if small:
        shutil.copytree(small_chat_model(), out)
        return
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    words = smollm2.tokenizer()
    ids = {f"{name}_token_id": getattr(words, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = LlamaForCausalLM(LlamaConfig(**TEUKEN, **ids))
    torch.set_default_dtype(torch.float32)
    mute(model, words)
    model.save_pretrained(out)
    words.save_pretrained(out)


def small_chat_model() -> Path:
    """Return two layers of random weights with SmolLM2's tokenizer and chat template; each answer runs to its limit.

    They are made once for what makes them: three scripts need them in their small form.
    """
    made_by = (__file__, prepare.__file__, smollm2.__file__)
    digest = hashlib.sha256(b"".join(Path(file).read_bytes() for file in made_by)).hexdigest()
    out = CACHE / f"toy-{digest[:16]}"
    if not out.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            write_toy(Path(folder) / "toy").replace(out)
    return out


def write_toy(out: Path) -> Path:
    """Write the small chat model; return its folder."""
    from transformers import AutoTokenizer, LlamaForCausalLM

    prepare.prepare(prepare.TOY, out)
    toy = LlamaForCausalLM.from_pretrained(out)
    mute(toy, AutoTokenizer.from_pretrained(out))
    toy.save_pretrained(out)
    return out


def mute(model: Any, words: Any) -> None:
    """Let no token win that has no visible text, or ends an answer: each runs to its limit, and turn 2 is asked."""
    import torch

    blank = [
        token for token, text in enumerate(words.batch_decode([[one] for one in range(len(words))])) if not text.strip()
    ]
    with torch.no_grad():
        rows = model.get_input_embeddings().weight
        rows[len(words) :] = 0
        rows[[*blank, *words.all_special_ids]] = 0


def write_data(out: Path, rows: int, length: int) -> None:
    """Write a dataset of rows that are longer than `length` tokens, so that each fills it."""
    from datasets import Dataset

    answer = {"role": "assistant", "content": " the" * (2 * length)}
    row = {"language": "en", "messages": [{"role": "user", "content": "Say it."}, answer]}
    lines = ["---", "configs:", "- config_name: EN", "  data_files:"]
    out.mkdir(parents=True, exist_ok=True)
    for split, number in (("train", rows), ("validation", 2)):
        Dataset.from_list([{"id": str(at), **row} for at in range(number)]).to_parquet(out / f"{split}.parquet")
        lines += [f"  - split: {split}", f"    path: {split}.parquet"]
    (out / "README.md").write_text("\n".join([*lines, "---", ""]), encoding="utf-8")


class Watch:
    """Seconds and peak memory of each optimizer step, as a callback of the trainer."""

    def __init__(self, cuda: bool) -> None:
        self.cuda = cuda
        self.seconds: list[float] = []
        self.peaks: list[int] = []
        self.began = 0.0

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Return an answer to every event that isn't watched."""
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda *_args, **_kwargs: None

    def on_step_begin(self, *_args: object, **_kwargs: object) -> None:
        """Start the clock."""
        if self.cuda:
            import torch

            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
        self.began = time.perf_counter()

    def on_step_end(self, *_args: object, **_kwargs: object) -> None:
        """Stop it."""
        if self.cuda:
            import torch

            torch.cuda.synchronize()
            self.peaks.append(torch.cuda.max_memory_allocated())
        self.seconds.append(time.perf_counter() - self.began)


def arguments(bench: Bench, recipe: str, name: str, *more: str) -> list[str]:
    """Return the line of `trl sft`; what comes later goes before."""
    from mtbenchx_tasks.training.recipes_folder import recipes_path

    recipes = recipes_path()
    base = ["--config", str(recipes / f"{recipe}.yaml"), "--chat_template_path", str(recipes / "chat_template.jinja")]
    base += ["--dataset_name", str(bench.folder / "data"), "--dataset_config", "EN", "--output_dir"]
    base += [str(bench.folder / name), "--model_name_or_path", str(bench.folder / "base")]
    base += ["--max_length", str(bench.length), "--gradient_accumulation_steps", "1", "--logging_steps", "1"]
    base += ["--eval_strategy", "no", "--save_strategy", "no", "--max_steps", "3", "--disable_tqdm", "true"]
    return [*base, *(ON_CPU if bench.small else ()), *more]


def train(line: Sequence[str], cuda: bool) -> Watch:
    """Train as `trl sft` does in its child process, watched."""
    from transformers import trainer
    from trl.scripts.sft import main, make_parser

    watch = Watch(cuda)
    trainer.DEFAULT_CALLBACKS.append(watch)
    try:
        with redirect_stdout(sys.stderr):  # its log is no result
            main(*make_parser().parse_args_and_config(list(line)))
    finally:
        trainer.DEFAULT_CALLBACKS.remove(watch)
    return watch
