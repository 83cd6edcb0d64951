"""How long a build of Bactrian-X's size takes: all nine configs, against a plain script of the same steps.

    python benchmarks/data_build.py [--ids 67017] [--processes 2]

Five generated sources of realistic length (xx.json.gz, one JSON array each) are built by `mtbenchx data build`, then by
the script below, each in a process of its own. Memory is that of all processes of a build together.
"""

import argparse
import gzip
import hashlib
import json
import math
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import MTBENCHX, Cost, print_table, run

LANGUAGES = ("en", "de", "fr", "it", "es")
MARGIN = 0.6
"""Spread of the lengths: lognormal, as answers are."""


def main() -> None:
    """Make the sources, build twice, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ids", type=int, default=67_017)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--plain", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        plain_build(*options.plain)
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        size = generate(source, options.ids)
        ours = [*MTBENCHX, "data", "build", "bactrian-x", "--source", str(source)]
        ours += ["--out", str(Path(folder) / "ours"), "--processes", str(options.processes)]
        plain = [sys.executable, __file__, "--plain", str(source), str(Path(folder) / "plain")]
        costs = [run(command, family=True) for command in (ours, plain)]
    header = (f"{options.ids:,} ids x {len(LANGUAGES)}, {size / 2**20:.0f} MiB", "wall s", "CPU s", "peak MiB")
    print_table((*header, "wall, ours / this"), map(table_row, ("mtbenchx", "plain script"), costs, [costs[0]] * 2))


def table_row(name: str, cost: Cost, ours: Cost) -> list[str]:
    """Return a line of the table."""
    return [name, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.memory:.0f}", f"{ours.wall / cost.wall:.2f}"]


def generate(folder: Path, ids: int) -> int:
    """Write one source a language; return the characters of JSON in all."""
    folder.mkdir()
    size = 0
    for language in LANGUAGES:
        rng = random.Random(language)
        vocabulary = ["".join(rng.choices("etaoinshrdlucmäéß", k=rng.randint(2, 11))) for _ in range(20_000)]
        rows = [row(rng, vocabulary, number) for number in range(ids)]
        rng.shuffle(rows)
        text = json.dumps(rows, ensure_ascii=False)
        size += len(text)
        (folder / f"{language}.json.gz").write_bytes(gzip.compress(text.encode(), 1))
    return size


def row(rng: random.Random, vocabulary: list[str], number: int) -> dict[str, str]:
    """Return a row with about 11 words of instruction, 20 of input in a third of the rows, 100 of output."""

    def text(mean: int) -> str:
        count = max(1, round(rng.lognormvariate(math.log(mean), MARGIN)))
        return " ".join(rng.choices(vocabulary, k=count))

    origin = "alpaca" if number < 52_000 else "dolly"
    about = text(20) if number % 3 == 0 else ""
    return {"instruction": text(11), "input": about, "id": f"{origin}-{number}", "output": text(85)}


def plain_build(source: Path, target: Path) -> None:
    """Do the same steps in the plainest way: read all, split by id, share, write each file, name it by its hash."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    target.mkdir()
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for language in LANGUAGES:
        with gzip.open(source / f"{language}.json.gz", "rt", encoding="utf-8") as file:
            found = json.load(file)
        rows[language] = {one["id"]: sample(language, one) for one in found}
        assert len(rows[language]) == len(found)
    ids = sorted(rows["en"])
    assert all(sorted(rows[language]) == ids for language in LANGUAGES)
    random.Random(42).shuffle(ids)
    splits = {"validation": sorted(ids[: len(ids) // 20]), "train": sorted(ids[len(ids) // 20 :])}
    for split, chosen in splits.items():
        files = {language: [rows[language][one] for one in chosen] for language in LANGUAGES}
        for name, mixed in (("sampled", LANGUAGES), ("DEFRITES_sampled", LANGUAGES[1:])):
            files[name] = [rows[mixed[at % len(mixed)]][one] for at, one in enumerate(chosen)]
        for name, listed in files.items():
            file = target / f"{name}-{split}.parquet"
            pq.write_table(pa.Table.from_pylist(listed), file)
            file.rename(target / f"{name}-{split}-{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}.parquet")


def sample(language: str, one: dict[str, str]) -> dict[str, Any]:
    """Return a row in the `messages` format."""
    asked = f"{one['instruction']}\n\n{one['input']}" if one["input"] else one["instruction"]
    said = [{"role": "user", "content": asked}, {"role": "assistant", "content": one["output"]}]
    rest = {"source": one["id"].split("-")[0], "license": "CC-BY-NC-4.0", "attribution": ""}
    return {"id": one["id"], "language": language, **rest, "messages": said}


if __name__ == "__main__":
    main()
