"""How long a report of a whole study takes, how much memory, how large its page.

    python benchmarks/report.py [--models 14] [--languages 5] [--runs 3] [--out DIR]

14 models x 5 languages x 160 answers x 3 judge runs are 33,600 ratings, read from lm_eval's folders; one pair of
models is judged pairwise besides, by a judge in both orders and by people. All of it is MADE UP by a seeded generator.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from hf_datasets.records import CATEGORIES
from hf_datasets.shared.jsonl import write
from mtbenchx_tasks.report.make import make_report

LANGUAGES = ("en", "de", "fr", "it", "es")
MIXTURES = ("EN", "DE", "FR", "IT", "ES", "ENDEFRITES", "sampled")
FAMILIES = ("made-up-bactrian-x", "made-up-lima-x")
WINNERS = ("model_a", "model_b", "tie", "tie (bothbad)")
STAMP = "2026-01-01T00-00-00.000000"
WORDS = {
    "en": "the answer explains how and why this is so and gives an example",
    "de": "die Antwort erklärt wie und warum das so ist und nennt ein Beispiel",
    "fr": "la réponse explique comment et pourquoi il en est ainsi et donne un exemple",
    "it": "la risposta spiega come e perché le cose stanno così e fa un esempio",
    "es": "la respuesta explica cómo y por qué es así y pone un ejemplo",
}


def make_study(folder: Path, models: int, languages: int, runs: int, questions: int = 80) -> list[str]:
    """Write made-up results; returns the models' names."""
    asked = range(0, 80, 80 // questions)  # spread over the categories
    names = [f"{family}-{mixture}" for family in FAMILIES for mixture in MIXTURES][:models]
    for name in names:
        home = folder / f"org__{name}"
        configs = {}
        for language in LANGUAGES[:languages]:
            task = f"mtbench_x_{language}"
            chance = random.Random(f"{name} {language}")
            write(
                home / f"samples_{task}_{STAMP}.jsonl",
                (_sample(n, name, language, runs, chance) for n in asked),
            )
            configs[task] = {"metadata": _metadata(language, runs)}
        about = {"results": {task: {} for task in configs}, "configs": configs, "model_name": f"org/{name}"}
        (home / f"results_{STAMP}.json").write_text(json.dumps(about), encoding="utf-8")
    write(folder / "mt_bench_de" / "model_judgment" / "made-up-judge_pair.jsonl", _pairs(names, asked, runs))
    write(folder / "votes" / "votes.jsonl", _votes(names, asked))
    return names


def _metadata(language: str, runs: int) -> dict[str, object]:
    judge = {"model": "made-up-judge", "prompt_set": "mtbench_x", "prompt_set_sha256": f"made-up-{language}",
             "reference_set": "published", "prompt_language": "same", "parser": "last", "rating": "text",
             "runs": runs}  # fmt: skip
    return {
        "version": 1.0,
        "benchmark": {"name": "mtbench_x", "language": language, "revision": "made-up"},
        "judge": judge,
    }


def _sample(number: int, name: str, language: str, runs: int, chance: random.Random) -> dict[str, object]:
    mixture = name.rpartition("-")[2]
    level = 4.5 if "bactrian" in name else 2.8
    level += 0.5 * (len(mixture) > 2) + 0.4 * (mixture.lower() == language)
    level += random.Random(f"question {number}").gauss(0, 1.2)
    doc = {"question_id": 81 + number, "language": language, "category": CATEGORIES[number // 10],
           "turns": [f"Made-up question {number}?", "And then?"]}  # fmt: skip
    return {"doc_id": number, "doc": doc, "filter": "made-up-judge",
            "resps": [[_text(language, chance)] for _ in (1, 2)],
            "filtered_resps": [[_verdict(level - fall, chance) for _ in range(runs)] for fall in (0, 0.6)]}  # fmt: skip


def _text(language: str, chance: random.Random) -> str:
    return " ".join([WORDS[language]] * chance.randint(2, 20))


def _verdict(level: float, chance: random.Random) -> list[object]:
    if chance.random() < 0.01:
        return [None, "I would rather not say.", "no verdict in the judge's text", None, "made-up-2026-01-01"]
    rating = min(10, max(1, round(level + chance.gauss(0, 0.8))))
    return [float(rating), f"This answer is made up. Rating: [[{rating}]]", "", None, "made-up-2026-01-01"]


def _pairs(names: list[str], asked: range, runs: int) -> list[dict[str, object]]:
    chance = random.Random(7)
    rows = []
    for _ in range(runs):
        for number in asked:
            for turn in (1, 2):
                vote = chance.choices(("model_1", "model_2", "tie", "both_bad"), (3, 5, 2, 1))[0]
                other = chance.choices(("model_1", "model_2", vote), (1, 1, 8))[0]
                rows.append({"question_id": f"{81 + number}_DE", "model_1": names[0], "model_2": names[-1],
                             "g1_winner": vote, "g2_winner": other, "judge": ["made-up-judge", "pair-v2"], "turn": turn,
                             "g1_judgment": "made up", "g2_judgment": "made up", "tstamp": 0.0})  # fmt: skip
    return rows


def _votes(names: list[str], asked: range) -> list[dict[str, object]]:
    chance = random.Random(8)
    return [
        {"question_id": 81 + number, "model_a": names[0], "model_b": names[-1], "judge": f"expert_{person}",
         "turn": turn, "winner": chance.choices(WINNERS, (3, 4, 1, 2))[0], "language": "de"}
        for number in asked for turn in (1, 2) for person in range(3)
    ]  # fmt: skip


def main() -> None:
    """Make the study, report on it once, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=14)
    parser.add_argument("--languages", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--questions", type=int, default=80)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        results = Path(name) / "results"
        make_study(results, options.models, options.languages, options.runs, options.questions)
        started, cpu = time.perf_counter(), time.process_time()
        out = options.out or Path(name) / "report"
        study, files = make_report([results], out, questions="81")
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform != "darwin" else 1024**3)
        size = files[0].stat().st_size / 1e6
        print(
            f"{len(study.ratings)} ratings, {len(study.preferences)} comparisons: "
            f"{wall:.1f} s (target 20; {cpu:.1f} s CPU), {memory:.2f} GB (target 1), "
            f"page {size:.2f} MB (target 5), {len(files)} files"
        )


if __name__ == "__main__":
    main()
