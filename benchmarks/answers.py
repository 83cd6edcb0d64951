"""Two-turn answers of the mini benchmark by a small real model on CPU: FastChat's own loop, and our task in lm_eval.

    python benchmarks/answers.py [--small] [--languages en] [--new-tokens 160] [--batches 8] [--repeats 1]

The model is SmolLM2-135M-Instruct in float32, the same folder for both; prompts (ChatML, the same system message) and
the most new tokens are the same. Asked are the eight questions of a language at temperature 0: lm_eval makes batches of
one temperature, so they fill a batch, as those of a whole evaluation do, and both must give the same answers.
FastChat's gen_model_answer (fschat 0.2.36) takes one prompt at a time and needs CUDA: `.cuda()` does nothing here,
which is its only change, made at run time. A token is one of an answer's, by the model's tokenizer. `generate` is the
time inside transformers' generate; the rest starts up. Threads of both wait passively: by default they spin, and stall
for as long as anything else wants one of the cores.

What to expect: reading prompts is bound by arithmetic, so batching can't help it (and pads it); writing is bound by
reading the weights, so a step for eight rows costs less than two for one. The longer the answers, the larger the ratio.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_setup import small_chat_model
from measure import CACHE, HERE, Cost, median, print_table, ratio, run, say, spread
from peer import BENCH, fastchat_python
from tokenizers import Tokenizer

from hf_datasets.benchmark.questions import questions
from hf_datasets.records import Question
from hf_datasets.shared.jsonl import read, write
from mtbenchx_tasks.harness.task import TEMPERATURES
from mtbenchx_tasks.smollm2 import convert

SYSTEM = "You are a helpful assistant."
"""FastChat's for its plain ChatML template, which it chooses by the model's name."""
NAME = "qwen-7b-chat"


Place = tuple[str, int, int]
"""Language, question, turn."""


@dataclass(frozen=True)
class Run:
    """One whole command that generated all answers."""

    cost: Cost
    """What it took."""
    texts: dict[Place, str]
    """Its answers."""
    tokens: int
    """In them."""
    inside: dict[str, Any]
    """What stopwatch.py saw inside generate."""

    @property
    def speed(self) -> float:
        """Tokens per second of generate."""
        return self.tokens / float(self.inside["seconds"])


def main() -> None:
    """Measure FastChat and our task at several batch sizes, in turn."""
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        smollm2 = CACHE / "smollm2-135m-instruct"
        model = small_chat_model() if options.small else convert(smollm2).resolve()
        asked = lay_out(folder, options)
        theirs: list[Run] = []
        ours: dict[int, list[Run]] = {batch: [] for batch in options.batches}
        for _ in range(options.repeats):
            theirs.append(by_fastchat(folder, model, options))
            for batch, runs in ours.items():
                runs.append(by_us(folder, model, batch, options))
    print(
        f"{asked} questions ({', '.join(options.languages)}), two turns, at most {options.new_tokens} new tokens each, "
        f"{options.threads or os.cpu_count()} threads. "
        f"`same`: answers that are FastChat's, word for word."
    )
    rows = [row("FastChat, one at a time", theirs, theirs)]
    rows += [row(f"mtbenchx, batch {batch}", runs, theirs) for batch, runs in ours.items()]
    print_table(("", "tokens/s in generate", "ratio", "whole command s", "ratio", "tokens", "same"), rows)
    header = ("median s in generate", "prefill", "decode", "rest", "calls", "ms a step", "padding", "idle")
    print_table(header, [parts(f"batch {batch}", runs) for batch, runs in {"1, FastChat": theirs, **ours}.items()])


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--languages", nargs="+", default=["en"], help="of the mini benchmark")
    parser.add_argument("--new-tokens", type=int, default=160)
    parser.add_argument("--batches", type=int, nargs="+", default=[8])
    parser.add_argument("--limit", type=int, default=8, help="only the first of these questions of each language")
    parser.add_argument("--threads", type=int, help="of both; default: torch's")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument(
        "--small", action="store_true", help="a question and two random layers: to see that the script runs"
    )
    options = parser.parse_args()
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    if options.small:
        options.languages, options.limit, options.new_tokens, options.batches, options.repeats = ["en"], 1, 4, [2], 1
    return options


def lay_out(folder: Path, options: argparse.Namespace) -> int:
    """Write the questions where FastChat looks for them; return their number."""
    asked = [
        {"question_id": 1000 * number + question.question_id, "category": question.category, "turns": question.turns}
        for number, language in enumerate(options.languages)
        for question in chosen(language, options.limit).values()
    ]
    (folder / BENCH).mkdir(parents=True)
    write(folder / BENCH / "question.jsonl", asked)
    return len(asked)


def chosen(language: str, limit: int) -> dict[int, Question]:
    """Return the first questions at temperature 0, by their position in the benchmark."""
    asked = enumerate(questions("mini", language))
    return dict([(place, one) for place, one in asked if not TEMPERATURES.get(one.category)][:limit])


def by_fastchat(folder: Path, model: Path, options: argparse.Namespace) -> Run:
    """Generate with FastChat's gen_model_answer."""
    answers = folder / "fastchat.jsonl"
    answers.unlink(missing_ok=True)
    command = ["fastchat.llm_judge.gen_model_answer", "--model-path", model, "--model-id", NAME, "--dtype", "float32"]
    command += ["--max-new-token", options.new_tokens, "--answer-file", answers]
    cost, inside = watch([fastchat_python()], command, folder)
    texts = {
        (options.languages[answer["question_id"] // 1000], answer["question_id"] % 1000, turn): text
        for answer in read(answers)
        for turn, text in enumerate(answer["choices"][0]["turns"], start=1)
    }
    return done("FastChat", cost, texts, model, inside)


def by_us(folder: Path, model: Path, batch: int, options: argparse.Namespace) -> Run:
    """Generate with lm_eval and our task."""
    results = Path(tempfile.mkdtemp(dir=folder))
    program = "tests.lean_lm_eval" if options.small else "lm_eval"  # which doesn't index the stock tasks
    command: list[Any] = [program, "run", "--model", "hf", "--model_args", f"pretrained={model},dtype=float32"]
    command += ["--device", "cpu", "--batch_size", batch, "--apply_chat_template", "--system_instruction", SYSTEM]
    command += ["--gen_kwargs", f"max_gen_toks={options.new_tokens}", "--samples"]
    tasks = {f"mtbench_x_mini_{one}": list(chosen(one, options.limit)) for one in options.languages}
    command.append(json.dumps(tasks))
    command += ["--include_path", HERE.parent / "mtbenchx_tasks" / "tasks", "--predict_only", "--log_samples"]
    command += ["--tasks", ",".join(tasks)]
    cost, inside = watch([], [*command, "--output_path", results], folder)
    files = sorted(results.glob("*/samples_*.jsonl"))
    texts = {
        (sample["doc"]["language"], sample["doc"]["question_id"], turn): text[0].strip()
        for file in files
        for sample in read(file)
        for turn, text in enumerate(sample["resps"], start=1)
    }
    return done(f"mtbenchx, batch {batch}", cost, texts, model, inside)


def watch(python: Sequence[Any], module: Sequence[Any], folder: Path) -> tuple[Cost, dict[str, Any]]:
    """Run a module under stopwatch.py."""
    seen = folder / "generate.json"
    command = [*(python or [sys.executable]), "-P", HERE / "stopwatch.py", seen, *module]
    cost = run(command, folder, {"HF_HUB_OFFLINE": "1"})
    return cost, json.loads(seen.read_text(encoding="utf-8"))


def done(name: str, cost: Cost, texts: dict[Place, str], model: Path, inside: dict[str, Any]) -> Run:
    """Return a run, its tokens counted; tell of it on stderr."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokens = sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts.values())
    say(f"{name}: {cost}, {tokens} tokens, {inside}")
    return Run(cost, texts, tokens, inside)


def row(name: str, runs: Sequence[Run], theirs: Sequence[Run]) -> list[str]:
    """Return a line of the table of speeds."""
    speeds, walls = [one.speed for one in runs], [one.cost.wall for one in runs]
    return [
        name,
        spread(speeds, 1),
        ratio(speeds, [one.speed for one in theirs]),
        spread(walls, 1),
        ratio(walls, [one.cost.wall for one in theirs]),
        f"{median(one.tokens for one in runs):.0f}",
        same(runs[0], theirs[0]),
    ]


def same(run: Run, other: Run) -> str:
    """Count the answers that the batch didn't change."""
    return f"{sum(other.texts[place] == text for place, text in run.texts.items())} of {len(run.texts)}"


def parts(name: str, runs: Sequence[Run]) -> list[str]:
    """Return a line of the table of where the time goes."""
    prefill, decode, whole = (median(one.inside[part] for one in runs) for part in ("prefill", "decode", "seconds"))
    inside = runs[0].inside
    return [
        name,
        *(f"{seconds:.1f}" for seconds in (prefill, decode, whole - prefill - decode)),
        str(inside["calls"]),
        f"{1000 * decode / (inside['steps'] - inside['calls']):.0f}",
        f"{inside['padding'] / inside['read']:.0%} of prompts",
        f"{1 - runs[0].tokens / inside['row_steps']:.0%} of steps",
    ]


if __name__ == "__main__":
    main()
