"""How many judgments a second a judge in this process gives on a CPU, with and without sharing what prompts begin with.

    python benchmarks/local_judge.py [--small] [--languages en de] [--questions 8] [--repeats 1]

The judge is SmolLM2-135M-Instruct in float32 with rating `expected`: a prompt is read, nothing is written. Judged are
made-up answers of 54 words to both turns of the mini benchmark's first questions, under our own prompts. `whole` reads
each prompt from its first token and each of the ten ratings in a step of its own; `shared` is the engine as it is: it
sorts prompts, reads what two neighbours have in common once, and all ratings in the same pass. Both take turns, each
with a ledger of its own. The ratings must be the same: the largest difference stands in the table, and more than 0.001
ends the script with an error.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from gpu_setup import small_chat_model
from measure import CACHE, print_table, ratio, say, spread

from hf_datasets.benchmark.questions import questions
from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from mtbenchx_tasks.judge.engines.continuations import continuation_scores
from mtbenchx_tasks.judge.engines.local import LocalEngine
from mtbenchx_tasks.judge.expected import expected_rating
from mtbenchx_tasks.judge.judge import judge_for
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.smollm2 import convert

ANSWER = "The trip to the island was a joy and every day of it held something new to see. " * 3
SAME = 0.001
"""By how much two ratings may differ: rounding."""


class Whole(LocalEngine):
    """Reads each prompt from its first token."""

    def _scores_alone(self, prompt: str) -> object:
        inputs = self._encode([prompt])
        return continuation_scores(self._network, inputs["input_ids"], inputs["attention_mask"], self._endings)[0]


def main() -> None:
    """Judge the same answers in both ways, in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--languages", nargs="+", default=["en", "de"], help="of the mini benchmark")
    parser.add_argument("--questions", type=int, default=8, help="only the first of each language")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument(
        "--small", action="store_true", help="two questions and two random layers: to see that the script runs"
    )
    options = parser.parse_args()
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    if options.small:
        options.languages, options.questions, options.repeats = ["en"], 2, 1
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Print judgments a second, their ratio, and by how much ratings differ."""
    chosen = small_chat_model() if options.small else convert(CACHE / "smollm2-135m-instruct")
    asked = {"backend": "local", "model": str(chosen), "rating": "expected", "device": "cpu", "concurrency": 1}
    settings = JudgeSettings.parse(asked | {"ledger": str(folder / "ledger.sqlite")})
    requests = made_up(LocalEngine(settings, Ledger(folder / "ledger.sqlite")), settings, options)
    seconds: dict[str, list[float]] = {"whole": [], "shared": []}
    ratings: dict[str, list[float]] = {}
    for repeat in range(options.repeats):
        for name, kind in (("whole", Whole), ("shared", LocalEngine)):
            engine = kind(settings, Ledger(folder / f"{name}-{repeat}.sqlite"))
            taken, ratings[name] = judged(engine, requests)
            seconds[name].append(taken)
            say(f"{name}: {taken:.1f} s")
    speeds = {name: [len(requests) / one for one in all_of] for name, all_of in seconds.items()}
    differ = max(abs(one - other) for one, other in zip(ratings["whole"], ratings["shared"], strict=True))
    print(f"{len(requests)} judgments ({', '.join(options.languages)}), one at a time.")
    rows = [[name, spread(speed), ratio(speed, speeds["whole"])] for name, speed in speeds.items()]
    print_table((f"prompts (ratings differ by {differ:.6f} at most)", "judgments/s", "ratio"), rows)
    if differ > SAME:
        sys.exit("sharing changed a rating")


def made_up(engine: LocalEngine, settings: JudgeSettings, options: argparse.Namespace) -> list[ChatRequest]:
    """Return the requests for both turns of the first questions, each with another answer."""
    requests = []
    for language in options.languages:
        judge = judge_for(settings, "mini", language, engine)
        for question in questions("mini", language)[: options.questions]:
            answers = [f"{question.question_id}, {turn}: {ANSWER}" for turn in (1, 2)]
            requests += [judge.request(question, answers[:count]) for count in (1, 2)]
    return requests


def judged(engine: LocalEngine, requests: list[ChatRequest]) -> tuple[float, list[float]]:
    """Return the seconds that judging takes once the judge is loaded, and the ratings."""
    engine.check()
    engine._load()
    began = time.monotonic()
    futures = [engine.submit(request) for request in requests]
    engine.finish()
    taken = time.monotonic() - began
    found = [expected_rating(future.result().completion) for future in futures]
    return taken, [rating if rating is not None else sys.exit(why) for rating, why in found]


if __name__ == "__main__":
    main()
