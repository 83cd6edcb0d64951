"""What a judge's exam takes: asked, and scored again from the ledger, which asks nobody.

    python benchmarks/exam.py [--small] [--languages en de fr it es] [--in-flight 64] [--latency 0.5]

The judge is an endpoint on loopback that rates every answer 8 and so is of no use; what is measured is ours. The first
call asks everything, the second finds all of it in the ledger. The floor is rounds x latency: nobody can be faster.
"""

import argparse
import json
import math
import tempfile
from pathlib import Path

from measure import MTBENCHX, Cost, endpoint, print_table, run


def main() -> None:
    """Have the exam sat twice with one ledger."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--languages", nargs="+", default=["en", "de", "fr", "it", "es"])
    parser.add_argument("--kinds", help="only these kinds of fault, comma-separated; default: all")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.5, help="seconds")
    parser.add_argument("--small", action="store_true", help="one language and kind: to see that the script runs")
    options = parser.parse_args()
    if options.small:
        options.languages, options.kinds, options.latency = ["en"], "cut_off", 0.01
    with endpoint(options.latency) as judge, tempfile.TemporaryDirectory() as name:
        settings = {"model": "gpt-4", "base_url": judge.url, "concurrency": options.in_flight}
        settings["ledger"] = str(Path(name) / "ledger.sqlite")
        command = [*MTBENCHX, "judges", "exam", "--mode", "single", "--judge", json.dumps(settings)]
        command += ["--languages", ",".join(options.languages), *(["--kinds", options.kinds] if options.kinds else [])]
        done: list[tuple[str, Cost, int]] = []
        for what in ("asked", "scored from the ledger"):
            before = judge.stats()["answered"]
            cost = run(command, Path(name), {"OPENAI_API_KEY": "none"})
            done.append((what, cost, judge.stats()["answered"] - before))
    floor = math.ceil(done[0][2] / options.in_flight) * options.latency
    print(
        f"Exam in {', '.join(options.languages)} by ratings, {options.in_flight} in flight, {options.latency} s a "
        f"judgment: floor {floor:.1f} s."
    )
    rows = [[what, str(asked), f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.memory:.0f}"] for what, one, asked in done]
    print_table(("", "requests", "wall s", "CPU s", "peak MiB"), rows)


if __name__ == "__main__":
    main()
