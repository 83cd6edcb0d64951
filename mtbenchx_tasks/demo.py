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

from hf_datasets.benchmark.questions import questions
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.smollm2 import convert

NEW_TOKENS = 64
"""At temperature 0, so that all languages and categories are one batch a turn."""
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
    """Convert the model once, run lm_eval, print its table, write a report; returns the report's page.

    Results and report of an earlier demo in that folder are replaced; its answers and judgments stay in the ledger.

    Args:
        folder: Where model, ledger and results go.
        languages: Languages of the mini benchmark, of which a question in every second category is asked.
        limit: Only the first questions of these.

    Raises:
        UserError: The model's package is missing, or lm_eval failed.
    """
    started = time.monotonic()
    model = convert(folder / "smollm2-135m-instruct")
    judge = {"backend": "local", "model": str(model), "rating": "expected", "ledger": str(folder / "ledger.sqlite")}
    results = folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    samples = {f"mtbench_x_mini_{language}": _few(language)[:limit] for language in languages}
    command = [
        *("lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={model}", "--device", "cpu"),
        *("--batch_size", "16", "--apply_chat_template", "--gen_kwargs", f"max_gen_toks={NEW_TOKENS},temperature=0"),
        *("--tasks", ",".join(samples), "--samples", json.dumps(samples)),
        *("--metadata", json.dumps({"judge": judge}), "--output_path", str(results), "--log_samples"),
    ]
    print("$", subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command), flush=True)
    environment = {WAITING: "PASSIVE", **os.environ}
    if subprocess.run([sys.executable, "-m", *command], env=environment, check=False).returncode:
        raise UserError("lm_eval failed, see above; `mtbenchx tasks link` makes the tasks known to it.")
    page = _report(results, folder)
    print(f"\nResults and samples: {results.resolve()}")
    print(f"Report, for a browser: {page.resolve().as_uri()}")
    print("A 135M model is no judge: these numbers show the plumbing, not quality.")
    print(f"The demo took {time.monotonic() - started:.0f} s.")
    print(NEXT.format(lm_eval=Path(sys.executable).with_name("lm_eval")))
    return page


def _report(results: Path, folder: Path) -> Path:
    """Write the report of the results, with figures where they can be drawn; returns its page."""
    from mtbenchx_tasks.report.make import make_report

    shutil.rmtree(folder / "report", ignore_errors=True)
    drawn = importlib.util.find_spec("matplotlib") is not None
    _, files = make_report([results], folder / "report", title="MT-Bench-X demo", figures=drawn)
    return files[0]


def _few(language: str) -> list[int]:
    """Return where the first question of every second category stands in the mini benchmark, counted from 0."""
    categories = [question.category for question in questions("mini", language)]
    return [categories.index(category) for category in list(dict.fromkeys(categories))[::2]]
