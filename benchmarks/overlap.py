"""What overlap saves: five languages of the mini benchmark through lm_eval, model and judge at slow endpoints.

    python benchmarks/overlap.py [--small] [--model 1.0] [--judge 1.0] [--in-flight 16] [--repeats 2]

Parts: lm_eval with --predict_only generates both turns of 80 dialogues, `mtbenchx judge` then judges the 160 answers.
Whole: lm_eval judges each answer while the next are generated. The critical path is what no order can hide: what is
asked of the judge before anything is generated (a call that checks it, a first probe, the probes of the other four
languages), all of generating, and the judging of what was generated last (if the judge is as fast as the model).
All in one process that has imported everything before.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import Endpoint, endpoint, median, print_table, say, spread

from hf_datasets.shared.jsonl import write
from mtbenchx_tasks.harness.linking import tasks_path
from mtbenchx_tasks.rating.saved_answers import judge_files

DIALOGUES = 16
"""Of each language of the mini benchmark."""
LANGUAGES = ("en", "de", "fr", "it", "es")
BEFORE = 3
"""Calls of the judge, one after the other, before anything is generated."""


def main() -> None:
    """Measure parts and whole in turn, and print what was hidden."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=float, default=1.0, help="seconds an answer takes")
    parser.add_argument("--judge", type=float, default=1.0, help="seconds a judgment takes")
    parser.add_argument("--jitter", type=float, default=0.25, help="share by which both vary")
    parser.add_argument("--in-flight", type=int, default=16, help="at each endpoint")
    parser.add_argument("--limit", type=int, default=DIALOGUES, help="only the first questions of each language")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument(
        "--small", action="store_true", help="one dialogue a language, once: to see that the script runs"
    )
    options = parser.parse_args()
    os.environ |= {"OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1"}
    if options.small:
        options.model = options.judge = 0.05
        options.limit, options.repeats = 1, 1
    else:
        measure(argparse.Namespace(**vars(options) | {"model": 0.01, "judge": 0.01, "limit": 1}))  # imports
    walls = [measure(options) for _ in range(options.repeats)]
    report(walls, options)


def measure(options: argparse.Namespace) -> tuple[float, float, float]:
    """Return the seconds of generating, of judging afterwards, and of both in one."""
    with (
        tempfile.TemporaryDirectory() as name,
        endpoint(options.model, jitter=options.jitter, text="An answer in a few words.") as model,
        endpoint(options.judge, jitter=options.jitter) as judge,
    ):
        folder = Path(name)
        asked = {"model": "gpt-4", "base_url": judge.url, "concurrency": options.in_flight}
        apart, together = (asked | {"ledger": str(folder / f"{name}.sqlite")} for name in ("apart", "together"))
        began = time.monotonic()
        answers = save(evaluate(model, options, predict_only=True), folder)
        generated = time.monotonic()
        judge_files(answers, json.dumps(apart))
        judged = time.monotonic()
        evaluate(model, options, metadata={"judge": together})
        ended = time.monotonic()
        judgments = 2 * len(LANGUAGES) * (options.limit + 1) + 1  # with each language's probe, and one call before
        if judge.stats()["answered"] != 2 * judgments:
            raise SystemExit(f"the judge answered {judge.stats()} requests, not {2 * judgments}")
    found = generated - began, judged - generated, ended - judged
    say("generate {:.2f} s, judge {:.2f} s, whole {:.2f} s".format(*found))
    return found


def evaluate(model: Endpoint, options: argparse.Namespace, metadata: Any = None, **more: Any) -> Any:
    """Let lm_eval evaluate the model on all five languages; the stock tasks aren't indexed, which takes ten seconds."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    metadata = metadata or {}
    manager = TaskManager(include_path=str(tasks_path()), include_defaults=False, metadata=metadata)
    arguments = f"base_url={model.url}/chat/completions,model=m,num_concurrent={options.in_flight}"
    return simple_evaluate(
        model="local-chat-completions",
        model_args=arguments,
        tasks=["mtbench_x_mini"],
        task_manager=manager,
        apply_chat_template=True,
        limit=options.limit,
        **more,
    )


def save(results: Any, folder: Path) -> list[Path]:
    """Write the samples as --log_samples does, where `mtbenchx judge` reads them."""
    files = []
    for task, samples in results["samples"].items():
        files.append(folder / "m" / f"samples_{task}_2026-01-01T00-00-00.jsonl")
        write(files[-1], samples)
    return files


def report(walls: Sequence[tuple[float, float, float]], options: argparse.Namespace) -> None:
    """Print parts, whole and ratios."""
    generated, judged, whole = (list(part) for part in zip(*walls, strict=True))
    dialogues = len(LANGUAGES) * options.limit
    paths = [BEFORE * options.judge + seconds + options.judge for seconds in generated]
    sums = [sum(parts) for parts in zip(generated, judged, strict=True)]
    print(
        f"{dialogues} dialogues in five languages, an answer {options.model} s and a judgment {options.judge} s "
        f"± {options.jitter:.0%}, {options.in_flight} in flight at each endpoint."
    )
    rows = [
        ["generate only", spread(generated), ""],
        ["judge afterwards", spread(judged), ""],
        ["sum of the parts", spread(sums), f"{median(whole) / median(sums):.2f}"],
        ["critical path", spread(paths), f"{median(whole) / median(paths):.3f}"],
        ["all in one, overlapping", spread(whole), "1"],
    ]
    print_table(("", "wall s", "ours / this"), rows)


if __name__ == "__main__":
    main()
