"""How fast judgments go: wall and CPU against the floor of whole rounds, and memory.

    python benchmarks/judge.py [--judgments 1280] [--in-flight 64] [--latency 1.0]

The endpoint is a process of its own on loopback. The floor is rounds x latency: nobody can be faster.
"""

import argparse
import math
import os
import resource
import tempfile
import time
from pathlib import Path

from measure import endpoint

from hf_datasets.endpoints.client import ChatRequest, OpenAIChat
from hf_datasets.ledger.store import Ledger, open_ledger
from mtbenchx_tasks.judge.engines.live import LiveEngine

PROMPT = "Please judge. " + "word " * 700


def main() -> None:
    """Run once, then again on the finished ledger, and print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgments", type=int, default=1280)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    options = parser.parse_args()
    with endpoint(options.latency) as server:
        measure(server.url, options)


def measure(url: str, options: argparse.Namespace) -> None:
    """Judge all requests twice: the second time the ledger has everything."""
    os.environ.setdefault("OPENAI_API_KEY", "none")
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(Path(folder) / "ledger.sqlite")
        transport = OpenAIChat(url)
        transport.check("gpt-4")  # warm-up: imports, connection
        prove(transport, url, ledger)
        floor = math.ceil(options.judgments / options.in_flight) * options.latency
        for name in ("first run", "repeated"):
            engine = LiveEngine(transport, "gpt-4", ledger, options.in_flight)
            wall, cpu = time.monotonic(), time.process_time()
            futures = [engine.submit(request(url, number)) for number in range(options.judgments)]
            engine.finish()
            wall, cpu = time.monotonic() - wall, time.process_time() - cpu
            done = sum(future.result().completion.state == "answered" for future in futures)
            print(
                f"{name}: {done} of {options.judgments} judgments, wall {wall:.2f} s (floor {floor:.2f} s, "
                f"floor/wall {floor / wall:.3f}), CPU {cpu / options.judgments * 1000:.2f} ms a judgment, "
                f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
            )


def prove(transport: OpenAIChat, url: str, ledger: Ledger) -> None:
    """Have the judge known before it is timed: of one that the ledger doesn't know, eight are asked alone."""
    engine = LiveEngine(transport, "gpt-4", ledger, 1)
    engine.submit(request(url, -1))
    engine.finish()


def request(url: str, number: int) -> ChatRequest:
    """Return one of many different requests."""
    message = {"role": "user", "content": f"{PROMPT} {number}"}
    return ChatRequest(url, "gpt-4", (message,), {"temperature": 0.0, "max_tokens": 2048})


if __name__ == "__main__":
    main()
