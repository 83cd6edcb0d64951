"""A real vLLM on this machine's CPU: as candidate, as judge in process, as server, and by files of requests.

    make real-vllm        # sets up a venv of its own (3.5 GB) and runs this
    python benchmarks/real_vllm.py --folder DIR [--questions 8]

SmolLM2-135M answers mini questions and judges itself, so the ratings mean nothing: what counts is that each way works,
how fast it is, and how alike a written verdict and a one-token judgment rank the same answers. So that a model that
writes no verdict writes one, vLLM holds its judgment to one short sentence and a verdict.
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scipy.stats import spearmanr

from hf_datasets.ledger.queries import judgments, uses
from hf_datasets.ledger.store import open_ledger
from mtbenchx_tasks.smollm2 import convert

BIN = Path(sys.executable).parent
ENGINE = {"dtype": "float32", "max_model_len": 4096, "enforce_eager": True}
SENTENCE_AND_VERDICT = r"""
root ::= sentence "\nRating: [[" ("10" | [1-9]) "]]"
sentence ::= [a-zA-Z,' ]{20,120} "."
"""
HELD = {"structured_outputs": {"grammar": SENTENCE_AND_VERDICT}}
TEXT = {"max_tokens": 160, "extra_body": {**HELD, "cache_salt": "text"}}
ONE_TOKEN = {"rating": "expected", "continuation": "vllm", "extra_body": {"cache_salt": "one token"}}
"""Neither finds in the server's cache what the other has read."""
STARTS_WITHIN = 600
"""Seconds for the server."""


def main() -> None:
    """Run all ways and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(".cache/vllm"))
    parser.add_argument("--questions", type=int, default=8, help="mini questions, of two turns each")
    options = parser.parse_args()
    os.environ.update(VLLM_CPU_KVCACHE_SPACE="1", HF_HUB_OFFLINE="1", VLLM_NO_USAGE_STATS="1", COLUMNS="100")
    name_the_distribution()
    folder = options.folder.resolve()
    model = convert(folder / "smollm2-135m-instruct")
    samples = candidate_and_judge(folder, model, options.questions)
    in_process(folder, model, samples)
    with server(folder, model) as url:
        text = judged(folder, samples, "text", {"base_url": url, **TEXT})
        one_token = judged(folder, samples, "one-token", {"base_url": url, **ONE_TOKEN})
    agreement(text, one_token)
    by_files(folder, model, samples, one_token)


def name_the_distribution() -> None:
    """Give vLLM for CPUs the name by which lm_eval asks for it; vLLM itself reads "cpu" in the version."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("vllm")
        return
    version = importlib.metadata.version("vllm-cpu")
    folder = Path(sysconfig.get_path("purelib")) / f"vllm-{version}.dist-info"
    folder.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n"
    (folder / "METADATA").write_text(metadata, encoding="utf-8")
    (folder / "RECORD").touch()


def candidate_and_judge(folder: Path, model: Path, questions: int) -> Path:
    """Have lm_eval's vllm answer, and the very same model judge; returns the file of samples."""
    ledger = fresh(folder / "in-process.sqlite")
    judge = {"backend": "vllm", "model": str(model), "backend_args": ENGINE, "max_tokens": 64, "ledger": str(ledger)}
    arguments = ",".join(f"{name}={value}" for name, value in {"pretrained": model, **ENGINE}.items())
    results = folder / "results" / str(int(time.time()))
    seconds = run(
        *("lm_eval", "run", "--model", "vllm", "--model_args", arguments, "--batch_size", "auto"),
        *("--apply_chat_template", "--gen_kwargs", "max_gen_toks=64", "--tasks", "mtbench_x_mini_en"),
        *("--limit", str(questions), "--metadata", json.dumps({"judge": judge})),
        *("--output_path", str(results), "--log_samples"),
    )
    tell(ledger, "vllm as candidate and judge, start and answers included", seconds)
    (samples,) = results.rglob("samples_*.jsonl")
    return samples


def in_process(folder: Path, model: Path, samples: Path) -> None:
    """Have lm_eval's hf judge the same answers in a process of its own."""
    ledger = fresh(folder / "hf.sqlite")
    judge = {"backend": "hf", "model": str(model), "device": "cpu", "max_tokens": 32, "ledger": str(ledger)}
    seconds = run("mtbenchx", "judge", str(samples), "--judge", json.dumps(judge), may_fail=True)
    tell(ledger, "hf in process, start included", seconds)


def judged(folder: Path, samples: Path, name: str, settings: dict[str, Any]) -> dict[str, float]:
    """Have the server judge the answers; returns the rating of each, by question and turn."""
    ledger = fresh(folder / f"{name}.sqlite")
    judge = {"model": "smol", "concurrency": 8, "timeout": 600, "ledger": str(ledger), **settings}
    run("mtbenchx", "judge", str(samples), "--judge", json.dumps(judge), may_fail=True)
    tell(ledger, name)
    return ratings(ledger, judge)


def by_files(folder: Path, model: Path, samples: Path, known: dict[str, float]) -> None:
    """Write the one-token requests, have `vllm run-batch` answer them, read the results, and compare the ratings."""
    ledger = fresh(folder / "files.sqlite")
    judge = {
        "model": "smol",
        "base_url": "http://127.0.0.1/v1",
        "ledger": str(ledger),
        **ONE_TOKEN,
    }
    command = ("mtbenchx", "judge", str(samples), "--judge", json.dumps(judge))
    requests, results = folder / "requests.jsonl", folder / "results.jsonl"
    run(*command, "--write-requests", str(requests))
    seconds = run(
        *("vllm", "run-batch", "-i", str(requests), "-o", str(results), "--model", str(model)),
        *("--served-model-name", "smol", "--dtype", "float32", "--max-model-len", "4096", "--enforce-eager"),
    )
    run(*command, "--read-results", str(results))
    tell(ledger, "vllm run-batch, start included", seconds)
    found = ratings(ledger, judge)
    apart = max((abs(found[place] - known[place]) for place in found.keys() & known.keys()), default=float("nan"))
    print(f"  ratings by files and by server differ by {apart:.4f} at most ({len(found)} and {len(known)} ratings)")


def agreement(text: dict[str, float], one_token: dict[str, float]) -> None:
    """Print how alike two ways of judging rank the answers that both rated."""
    both = sorted(text.keys() & one_token.keys())
    if not both:
        raise SystemExit("No answer was rated both ways; nothing can be compared.")
    pairs = [text[place] for place in both], [one_token[place] for place in both]
    alike = any(len(set(values)) == 1 for values in pairs)
    rank = "not defined, one of them rates all alike" if alike else f"{spearmanr(*pairs).statistic:.2f}"
    print(f"Spearman's rank correlation of text and one token on {len(both)} answers: {rank}")


# ways to run and to count ------------------------------------------------------------------------------------------


def run(command: str, *arguments: str, may_fail: bool = False) -> float:
    """Print and run a command of this venv; returns its seconds."""
    print("\n$", shlex.join((command, *arguments)), flush=True)
    began = time.monotonic()
    done = subprocess.run([str(BIN / command), *arguments], check=False).returncode
    if done and not may_fail:
        raise SystemExit(f"{command} ended with {done}")
    return time.monotonic() - began


@contextlib.contextmanager
def server(folder: Path, model: Path) -> Iterator[str]:
    """Run `vllm serve` and return its base_url."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(str(BIN / "vllm"), "serve", str(model), "--served-model-name", "smol", "--dtype", "float32"),
        *("--max-model-len", "4096", "--enforce-eager", "--host", "127.0.0.1", "--port", str(port)),
    ]
    print("\n$", shlex.join(command), "&", flush=True)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/models", process)
        warm_up(f"http://127.0.0.1:{port}/v1/chat/completions")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when the server answers."""
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < STARTS_WITHIN:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            print(f"The server took {time.monotonic() - began:.0f} s to start.")
            return
        time.sleep(1)
    raise SystemExit("The server didn't start; see server.log.")


def warm_up(url: str) -> None:
    """Have a first request answered, whose time nobody counts."""
    body = {"model": "smol", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=STARTS_WITHIN).close()


def fresh(ledger: Path) -> Path:
    """Return the path of a ledger that isn't there."""
    for file in ledger.parent.glob(f"{ledger.name}*"):
        file.unlink()
    return ledger


def tell(ledger: Path, name: str, seconds: float | None = None) -> None:
    """Print how many judgments there are, how fast they came, and what they took.

    Args:
        ledger: Where they are.
        name: The way of judging.
        seconds: How long it took; None: from the first judgment to the last.
    """
    rows = judgments(open_ledger(ledger))
    for state, number in Counter(row["state"] for row in rows).items():
        there = [row for row in rows if row["state"] == state]
        usages = [json.loads(row["details"]).get("usage") or {} for row in there]
        read, written = (
            sum(usage.get(name) or 0 for usage in usages) for name in ("prompt_tokens", "completion_tokens")
        )
        times = [row["at"] for row in there]
        done, took = (number - 1, max(times) - min(times)) if seconds is None else (number, seconds)
        print(
            f"-> {name}: {number} judgments {state}, {done / max(took, 1e-3):.2f} a second; "
            f"{read} tokens read, {written} written"
        )


def ratings(ledger: Path, judge: dict[str, Any]) -> dict[str, float]:
    """Return the rating of each answer that has one, by question and turn."""
    from hf_datasets.records import Completion
    from mtbenchx_tasks.judge.verdict import verdict

    found = {}
    for row in uses(open_ledger(ledger)):
        if row["state"] is None:
            continue
        said = Completion(row["state"], row["text"], row["reason"], json.loads(row["details"]))
        rating = verdict(said, rating=judge.get("rating", "text")).rating
        if rating is not None:
            found[f"{row['question_id']}/{row['turn']}"] = rating
    return found


if __name__ == "__main__":
    main()
