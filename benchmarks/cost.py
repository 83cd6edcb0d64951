"""What judging the whole study costs: by the vendors' lists, by batches, and with prompt caching. Nothing is sent.

    MTBENCHX_SOURCES=DIR python benchmarks/cost.py [--small] [--answer-tokens 300] [--judgment-tokens 250]

Counted by the planner behind `mtbenchx judge --plan` on the very requests that would be sent, of the real questions,
references and prompts. Assumed, since no model has answered yet: the lengths of answers and judgments. 14 checkpoints
and their base in five languages are 75 evaluations of 160 judgments. Pairwise: each family's ENDEFRITES against its six
other mixtures in five languages, both orders, four raw runs (three after substitution).

Prompt caching: a request pays less for the tokens that it shares, from its beginning, with one sent before: at least
1024, in steps of 128. The best case is shown, where nothing leaves the cache. Batches and caching are not added up.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import print_table

from hf_datasets.benchmark.questions import questions
from hf_datasets.shared.jsonl import write
from mtbenchx_tasks.judge.engines.plan import Planner
from mtbenchx_tasks.judge.presets import LIVING, OPENAI, PRESETS, Living
from mtbenchx_tasks.judge.prices import cost_of, required_price, source
from mtbenchx_tasks.judge.settings import JudgeSettings, parse_judges
from mtbenchx_tasks.judge.tokens import CHARACTERS_PER_TOKEN
from mtbenchx_tasks.pairwise.run import start
from mtbenchx_tasks.rating.saved_answers import read_files

MIXTURES = ("EN", "DE", "FR", "IT", "ES", "ENDEFRITES", "sampled")
FAMILIES = ("lima-x", "bactrian-x")
LANGUAGES = ("en", "de", "fr", "it", "es")
BASELINE = "ENDEFRITES"
RAW_RUNS = 4
JUDGES = (*LIVING, Living(PRESETS["paper"].model, OPENAI, "", "ended"))
"""Who is priced: the living, and the paper's judge for comparison."""
FOLDERS = {"mini": "mini", "mtbench_x": "mt_bench"}
"""Folders whose name tells the benchmark."""
LEAST_CACHED, CACHE_STEP = 1024, 128
"""Tokens."""


@dataclass(frozen=True)
class Part:
    """Single judgments or comparisons of the whole study."""

    name: str
    """For the table."""
    requests: int
    """All of them."""
    read: float
    """Tokens of their prompts."""
    written: float
    """Tokens of their judgments."""
    cached: float
    """Tokens of their prompts that a cache can hold, at best."""


def main() -> None:
    """Plan both parts and print tokens and prices."""
    options = arguments()
    languages = LANGUAGES[:1] if options.small else LANGUAGES
    names = [f"{family}-{mixture}" for family in FAMILIES for mixture in MIXTURES]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            (model, language): answers(
                folder / f"{FOLDERS[options.benchmark]}_{language}" / f"{model}.jsonl", model, language, options
            )
            for model in [*names, "base"]
            for language in languages
        }
        judge = json.dumps({"model": "gpt-4", "ledger": str(folder / "empty.sqlite")})
        (settings,) = parse_judges([judge], runs=1)
        parts = [
            single(list(files.values()), settings, options),
            pairwise(files, languages, settings, options),
        ]
    print_tokens(parts, options)
    print_prices(parts)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answer-tokens", type=int, default=300)
    parser.add_argument("--judgment-tokens", type=int, default=250)
    parser.add_argument("--benchmark", default="mtbench_x")
    parser.add_argument("--small", action="store_true", help="the mini benchmark in one language")
    options = parser.parse_args()
    if options.small:
        options.benchmark = "mini"
    return options


def answers(file: Path, model: str, language: str, options: argparse.Namespace) -> Path:
    """Write a model's answers of the assumed length."""
    length = round(options.answer_tokens * CHARACTERS_PER_TOKEN)
    asked = [question.question_id for question in questions(options.benchmark, language)]
    said = [[f"{model} {question} {turn} ".ljust(length, "~") for turn in (1, 2)] for question in asked]
    suffix = "" if options.benchmark == "mini" else f"_{language.upper()}"
    write(
        file,
        [
            {"question_id": f"{question}{suffix}", "model_id": model, "choices": [{"turns": turns}]}
            for question, turns in zip(asked, said, strict=True)
        ],
    )
    return file


def single(files: Sequence[Path], settings: JudgeSettings, options: argparse.Namespace) -> Part:
    """Plan the single judgments of every model."""
    planner = Planner()
    for file in read_files(files, "en" if options.small else None):
        file.prepare(settings, planner.engine_for).submit()
    return summed("single", planner, 1, options)


def pairwise(
    files: dict[tuple[str, str], Path], languages: Sequence[str], settings: JudgeSettings, options: argparse.Namespace
) -> Part:
    """Plan one run of the comparisons; the others ask the same again."""
    planner = Planner()
    for language in languages:
        for family in FAMILIES:
            mixtures = [files[f"{family}-{mixture}", language] for mixture in MIXTURES]
            given = [file.answers for file in read_files(mixtures, "en" if options.small else None)]
            engine = planner.engine_for(settings, language, "pairwise")
            start(given, language, settings, 3, f"{family}-{BASELINE}", engine=engine)
    return summed(f"pairwise, {RAW_RUNS} raw runs", planner, RAW_RUNS, options)


def summed(name: str, planner: Planner, runs: int, options: argparse.Namespace) -> Part:
    """Add up what a planner noted of one run."""
    cells = planner.plan().cells
    prompts = [
        "".join(message["content"] for message in request.messages)
        for engine in planner.engines.values()
        for request in engine.missing
    ]
    requests, read = sum(cell.requests for cell in cells), sum(cell.prompt_tokens for cell in cells)
    again = sum(cacheable(len(prompt)) for prompt in prompts)
    cached = sum(map(cacheable, shared(prompts))) + (runs - 1) * again
    return Part(name, runs * requests, runs * read, runs * requests * options.judgment_tokens, cached)


def shared(prompts: Iterable[str]) -> Iterable[int]:
    """Yield how many characters each prompt shares with its neighbour in the alphabet, which shares most with it."""
    before = ""
    for prompt in sorted(prompts):
        pairs = enumerate(zip(before, prompt, strict=False))
        yield next((at for at, (one, other) in pairs if one != other), min(len(before), len(prompt)))
        before = prompt


def cacheable(characters: int) -> int:
    """Return the tokens of a prefix that a cache would hold."""
    tokens = int(characters / CHARACTERS_PER_TOKEN)
    return 0 if tokens < LEAST_CACHED else tokens // CACHE_STEP * CACHE_STEP


def print_tokens(parts: Sequence[Part], options: argparse.Namespace) -> None:
    """Print requests and tokens."""
    print(
        f"Assumed: {options.answer_tokens} tokens an answer, {options.judgment_tokens} a judgment, "
        f"{CHARACTERS_PER_TOKEN} characters a token."
    )
    millions = [[part.read, part.written, part.cached] for part in parts]
    rows = [
        [part.name, f"{part.requests:,}", *(f"{amount / 1e6:.1f}" for amount in amounts)]
        for part, amounts in zip(parts, millions, strict=True)
    ]
    print_table(("", "requests", "M tokens in", "M tokens out", "of those in, cacheable at best"), rows)


def print_prices(parts: Sequence[Part]) -> None:
    """Print dollars per judge and way."""
    rows = []
    for judge in JUDGES:
        live, batch = (required_price(judge.model, None, judge.base_url, by_batch) for by_batch in (False, True))
        for part in parts:
            read, written, cached = (tokens / part.requests for tokens in (part.read, part.written, part.cached))
            costs = (cost_of(live, read, written), cost_of(batch, read, written), cost_of(live, read, written, cached))
            rows.append([judge.model, part.name, *(f"{part.requests * cost:,.1f}" for cost in costs)])
    print_table(("judge", "", "live $", "Batch API $", "live, cached at best $"), rows)
    print(f"Prices by {source()}, without thoughts.")


if __name__ == "__main__":
    main()
