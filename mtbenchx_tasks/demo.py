"""The demo: a small real model answers the mini benchmark through lm_eval and judges itself, offline, without a key."""

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.questions import questions
from mtbenchx_tasks.smollm2 import convert

NEW_TOKENS = 64
"""At temperature 0, so that all languages and categories are one batch a turn."""
BATCH = 16
APART = 6
"""Of so many categories one is asked: of MT-Bench's eight, writing and STEM, whose judge prompts are short."""
WAITING = "OMP_WAIT_POLICY"
"""How torch's threads wait for each other; by default they spin, and where other programs want the cores, too, so small
a model spends most of its time on that: 120 s against 57 s for two answers on a machine of two busy cores."""


NEXT = """
Next, your own model, with a judge that can judge (mtbenchx judges lists others, local ones too):

  export OPENAI_API_KEY=...
  {lm_eval} run --model hf --model_args pretrained=MY/MODEL --apply_chat_template --tasks mtbench_x_mini_en \\
    --output_path results --log_samples
"""


def demo(folder: Path, languages: list[str], limit: int | None = None) -> Path:
    """Convert the model once, evaluate it by lm_eval, print its table, write a report; returns the report's page.

    Results and report of an earlier demo in that folder are replaced; its answers and judgments stay in the ledger.

    Args:
        folder: Where model, ledger and results go.
        languages: Languages of the mini benchmark, of which a question of writing and one of STEM are asked.
        limit: At most so many of these in each language; None: both.

    Raises:
        UserError: The model's package is missing.
    """
    started = time.monotonic()
    os.environ.setdefault(WAITING, "PASSIVE")  # before torch is imported, which reads it
    model = convert(folder / "smollm2-135m-instruct")
    judge = {"backend": "local", "model": str(model), "rating": "expected", "ledger": str(folder / "ledger.sqlite")}
    results = folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    samples = {f"mtbench_x_mini_{language}": _few(language)[:limit] for language in languages}
    command = [
        *("lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={model}", "--device", "cpu"),
        *("--batch_size", str(BATCH), "--apply_chat_template"),
        *("--gen_kwargs", f"max_gen_toks={NEW_TOKENS},temperature=0"),
        *("--tasks", ",".join(samples), "--samples", json.dumps(samples)),
        *("--metadata", json.dumps({"judge": judge}), "--output_path", str(results), "--log_samples"),
    ]
    print(f"{sum(map(len, samples.values()))} questions of two turns, each answer judged; the same as")
    print("$", subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command), flush=True)
    _evaluate(model, samples, {"judge": judge}, results)
    page = _report(results, folder)
    print(f"\nResults and samples: {results.resolve()}")
    print(f"Report, for a browser: {page.resolve().as_uri()}")
    print("A 135M model is no judge: these numbers show the plumbing, not quality.")
    print(f"The demo took {time.monotonic() - started:.0f} s.")
    print(NEXT.format(lm_eval=Path(sys.executable).with_name("lm_eval")))
    return page


def _evaluate(model: Path, samples: dict[str, list[int]], metadata: dict[str, Any], results: Path) -> None:
    """Do what `lm_eval run` does, but read our tasks only: its index of all others takes ten seconds and more."""
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager
    from lm_eval.utils import make_table, setup_logging

    from mtbenchx_tasks.harness.linking import tasks_path

    setup_logging()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tracker = EvaluationTracker(output_path=str(results))
    found = simple_evaluate(
        model="hf",
        model_args={"pretrained": str(model)},
        tasks=list(samples),
        batch_size=BATCH,
        device="cpu",
        samples=samples,
        evaluation_tracker=tracker,
        apply_chat_template=True,
        gen_kwargs={"max_gen_toks": NEW_TOKENS, "temperature": 0},
        task_manager=TaskManager(include_path=str(tasks_path()), include_defaults=False, metadata=metadata),
        metadata=metadata,
    )
    answers = found.pop("samples")
    tracker.save_results_aggregated(results=found, samples=answers)
    for task in samples:
        tracker.save_results_samples(task_name=task, samples=answers[task])
    print(make_table(found))


def _report(results: Path, folder: Path) -> Path:
    """Write the report of the results, with figures where they can be drawn; returns its page."""
    from mtbenchx_tasks.report.make import make_report

    shutil.rmtree(folder / "report", ignore_errors=True)
    drawn = importlib.util.find_spec("matplotlib") is not None
    _, files = make_report([results], folder / "report", title="MT-Bench-X demo", figures=drawn)
    return files[0]


def _few(language: str) -> list[int]:
    """Return where the first questions of some categories stand in the mini benchmark, counted from 0."""
    categories = [question.category for question in questions("mini", language)]
    return [categories.index(category) for category in list(dict.fromkeys(categories))[::APART]]
