"""How the annotation app stands up to a whole study at once: latency of page and vote, errors, memory.

    python benchmarks/annotate.py [--annotators 50] [--votes 10] [--think 4.0]

The app is a process of its own (`mtbenchx annotate serve`) with 80 questions; each annotator reads a page, thinks for a
random time of at most --think seconds, and votes. Sent and stored votes are compared at the end.
"""

import argparse
import json
import random
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import psutil

from hf_datasets.benchmark.questions import questions

TEXT = (
    "Here is a longer answer with **bold** words, $x^2 + y^2$ and code:\n\n```python\nfor i in range(10):\n"
    "    print(i)\n```\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n" + "It goes on for a while, as answers do. " * 30
)


def main() -> None:
    """Serve, vote, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotators", type=int, default=50)
    parser.add_argument("--votes", type=int, default=10)
    parser.add_argument("--think", type=float, default=4.0, help="seconds, at most")
    parser.add_argument("--benchmark", choices=("mini", "mtbench_x"), default="mini")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [answers(folder / f"{model}.jsonl", model, options.benchmark) for model in ("one", "two", "three")]
        measure(folder, files, options)


def answers(file: Path, model: str, benchmark: str) -> Path:
    """Write a model's answers to every question."""
    rows = [
        {"question_id": question.question_id, "model_id": model, "choices": [{"index": 0, "turns": [TEXT, TEXT]}]}
        for question in questions(benchmark, "en")
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def measure(folder: Path, files: list[Path], options: argparse.Namespace) -> None:
    """Let everybody vote at the same time."""
    command = [sys.executable, "-m", "mtbenchx_tasks.cli", "annotate"]
    database = folder / "votes.sqlite"
    invited = subprocess.run(
        [*command, "invite", str(options.annotators), "--db", database], capture_output=True, text=True, check=True
    )
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    serve = [*command, "serve", *files, "--language", "en", "--benchmark", options.benchmark]
    serve += ["--db", database, "--port", str(port)]
    server = subprocess.Popen([*map(str, serve), "--target", str(options.annotators), "--votes-per-minute", "600"])
    try:
        url = f"http://127.0.0.1:{port}"
        wait(url)
        times, errors = vote(url, invited.stdout.split(), options)
        memory = psutil.Process(server.pid).memory_info().rss / 2**20
        cpu = sum(psutil.Process(server.pid).cpu_times()[:2])
    finally:
        server.terminate()
        server.wait()
    with closing(sqlite3.connect(database)) as db:
        stored = db.execute("SELECT COUNT(*) FROM vote").fetchone()[0]
    for what, seconds in times.items():
        took = {"p50": statistics.median(seconds), "p95": statistics.quantiles(seconds, n=20)[-1], "max": max(seconds)}
        print(f"{what}: {len(seconds)}, " + ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in took.items()))
    print(f"{stored} votes stored of {len(times['vote'])} acknowledged, {errors} errors")
    print(f"{memory:.0f} MiB, CPU {cpu:.1f} s")


def wait(url: str) -> None:
    """Wait for the app to answer."""
    for _ in range(1200):
        try:
            httpx.get(f"{url}/health", trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    sys.exit("the app didn't start")


def vote(url: str, codes: list[str], options: argparse.Namespace) -> tuple[dict[str, list[float]], int]:
    """Return the seconds of every page and vote, and how many requests failed."""
    times: dict[str, list[float]] = {"page": [], "vote": []}
    errors: list[str] = []

    def annotator(code: str) -> None:
        with httpx.Client(base_url=url, follow_redirects=True, timeout=30, trust_env=False) as client:
            page = client.post("/join", data={"code": code}).text
            client.post("/consent", data={"csrf": field(page, "csrf"), "version": field(page, "version")})
            for _ in range(options.votes):
                begun = time.perf_counter()
                page = client.get("/").text
                times["page"].append(time.perf_counter() - begun)
                time.sleep(random.uniform(0, options.think))
                form = {name: field(page, name) for name in ("csrf", "assignment")}
                begun = time.perf_counter()
                done = client.post("/vote", data={**form, "choice": "left"}, follow_redirects=False)
                if done.status_code == httpx.codes.SEE_OTHER:
                    times["vote"].append(time.perf_counter() - begun)
                else:
                    errors.append(str(done.status_code))

    def guarded(code: str) -> None:
        try:
            annotator(code)
        except Exception as error:
            errors.append(repr(error))

    threads = [threading.Thread(target=guarded, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(errors)


def field(page: str, name: str) -> str:
    """Return a hidden field of a page's form."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    if found is None:
        raise ValueError(f"no field {name} on the page")
    return found[1]


if __name__ == "__main__":
    main()
