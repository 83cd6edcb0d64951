"""What the probe costs: the two judgments and the knock before a run of a judge that the ledger doesn't know.

    python benchmarks/probe.py [--latency 1.0]

`mtbenchx judge` on answers to the mini benchmark: with an empty ledger, on another model's by the same judge, and again
on the first, which the ledger holds: requests that the endpoint got, and seconds. A judge that the ledger doesn't know
is asked eight alone before the others, which takes one latency more.
"""

import argparse
import json
import tempfile
from pathlib import Path

from measure import MTBENCHX, endpoint, print_table, run

from hf_datasets.benchmark.questions import questions
from hf_datasets.shared.jsonl import write


def main() -> None:
    """Judge answers three times with one ledger."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    parser.add_argument("--small", action="store_true", help="no waiting: to see that the script runs")
    options = parser.parse_args()
    latency = 0.01 if options.small else options.latency
    rows = []
    with endpoint(latency) as judge, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"model": "gpt-4", "base_url": judge.url, "concurrency": 32, "ledger": str(folder / "l.sqlite")}
        for what, model in (("first run", "one"), ("another model", "other"), ("the first again", "one")):
            answers = answered(folder, model)
            before = judge.stats()["requests"]
            command = [*MTBENCHX, "judge", answers, "--language", "en", "--benchmark", "mini"]
            cost = run([*command, "--judge", json.dumps(settings)], folder, {"OPENAI_API_KEY": "none"})
            rows.append([what, str(judge.stats()["requests"] - before), f"{cost.wall:.1f}", f"{cost.cpu:.1f}"])
    n = sum(len(question.turns) for question in questions("mini", "en"))
    print_table((f"{n} answers, {latency:g} s a judgment", "requests", "wall s", "CPU s"), rows)


def answered(folder: Path, model: str) -> Path:
    """Write a model's answers to the mini benchmark's questions."""
    file = folder / f"{model}.jsonl"
    rows = [
        {
            "question_id": question.question_id,
            "model_id": model,
            "choices": [{"index": 0, "turns": [f"{model} says {turn}." for turn in question.turns]}],
        }
        for question in questions("mini", "en")
    ]
    write(file, rows)
    return file


if __name__ == "__main__":
    main()
