"""How fast curation goes: 62,000 pairs filtered and deduplicated against 1,030, and a 1 GB dump in flat memory.

    python benchmarks/curate.py [--pairs 62000] [--gigabytes 1] [--datatrove .venv-datatrove/bin/python]

Everything is made in a temporary folder (TMPDIR). The same job is done by a plain script of one process (all rows in
memory, text by lxml, datasketch with its own hash, MinHashLSH), whose time is the yardstick; datatrove's MinHash, where
an interpreter that has it is named, gets the texts of the candidates: signatures, buckets and clusters, no filters.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from stackexchange import Text, lima_like, write_dump

REFERENCES = 1030
SITE = "coffee.stackexchange.com"
PLAIN = "--plain"
DATATROVE = """
import sys
from datatrove.executor import LocalPipelineExecutor as Run
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
texts, work, tasks = sys.argv[1], sys.argv[2], 2
config = MinhashConfig(n_grams=3, num_buckets=32, hashes_per_bucket=4)
steps = [
    ([JsonlReader(texts), MinhashDedupSignature(f"{work}/s", config=config)], tasks),
    ([MinhashDedupBuckets(f"{work}/s", f"{work}/b", config=config)], config.num_buckets),
    ([MinhashDedupCluster(f"{work}/b", f"{work}/c", config=config)], 1),
    ([JsonlReader(texts), MinhashDedupFilter(f"{work}/c"), JsonlWriter(f"{work}/o")], tasks),
]
if __name__ == "__main__":
    for pipeline, count in steps:
        Run(pipeline, tasks=count, workers=tasks, logging_dir=f"{work}/l{count}-{len(pipeline)}").run()
"""


@dataclass(frozen=True)
class Cost:
    """What a command took, its processes together."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of all its processes."""
    peak: float
    """MiB of all its processes together (proportional set size), looked at ten times a second."""

    def __str__(self) -> str:
        """One line."""
        return f"wall {self.wall:6.1f} s, CPU {self.cpu:6.1f} s, peak {self.peak:5.0f} MiB"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=62_000)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of the other dump; 0: leave it out")
    parser.add_argument("--datatrove", default="", help="a Python that has datatrove[processing] and spacy")
    parser.add_argument(PLAIN, nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        print(plain(*options.plain))
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Make the data and run everything on them."""
    text = Text(1)
    answers, samples = lima_like(text, REFERENCES)
    lima = folder / "lima.jsonl"
    lima.write_text("".join(json.dumps(sample.to_row()) + "\n" for sample in samples), encoding="utf-8")
    dump = folder / SITE / "Posts.xml"
    write_dump(dump, text, options.pairs, answers)
    size = dump.stat().st_size / 1e6
    passing = ("--min", "1", "--max", "1000000", "--no-default-phrases")  # every pair gets as far as the last step
    for name, more in (("usual filters", ()), ("every pair passes the filters", passing)):
        cost = curate(folder, dump, lima, more)
        print(f"{options.pairs:,} pairs ({size:.0f} MB) against {REFERENCES:,}, {name}:\n  {cost}; {kept(folder)}")
    other = run([sys.executable, __file__, PLAIN, str(dump), str(lima)])
    print(f"a plain script of one process, every pair:\n  {other}; ratio of wall times {other.wall / cost.wall:.1f}")
    if options.datatrove:
        print(
            f"datatrove's MinHash (two workers, questions and answers as texts): {datatrove(folder, options.datatrove)}"
        )
    if options.gigabytes:
        large = folder / "large" / SITE / "Posts.xml"
        write_dump(large, text, sys.maxsize, answers, round(options.gigabytes * 1e9))
        cost = curate(folder, large, lima, ())
        print(f"a Posts.xml of {large.stat().st_size / 1e9:.2f} GB:\n  {cost}; {kept(folder)}")


def curate(folder: Path, dump: Path, lima: Path, more: tuple[str, ...]) -> Cost:
    """Run the command as a user does."""
    command = [
        sys.executable,
        "-m",
        "mtbenchx_tasks.cli",
        "data",
        "curate",
        "--dump",
        str(dump),
        "--against",
        str(lima),
    ]
    return run([*command, "--out", str(folder / "review.jsonl"), *more])


def kept(folder: Path) -> str:
    """What came out of it."""
    report = json.loads((folder / "review.report.json").read_text(encoding="utf-8"))
    duplicates = sum(count for reason, count in report["rejected"].items() if reason.startswith("near-duplicate"))
    return f"{report['pairs']:,} pairs, {duplicates:,} near-duplicates, {report['survivors']:,} candidates"


def run(command: list[str]) -> Cost:
    """Run a command and its processes to the end."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        root, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            peak = max(peak, memory(root))
            time.sleep(0.1)
    assert process.returncode == 0, command
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, peak / 2**20)


def memory(root: psutil.Process) -> int:
    """Bytes of a process and its children."""
    total = 0
    try:
        for process in [root, *root.children(recursive=True)]:
            total += process.memory_full_info().pss
    except psutil.Error:  # one of them just ended
        return 0
    return total


def plain(dump: Path, lima: Path) -> int:
    """The same job as most people write it: everything in memory, one process. Returns the number of pairs kept."""
    from datasketch import MinHash, MinHashLSH
    from lxml import etree, html

    from hf_datasets.language import detect_language

    def minhash(text: str) -> "MinHash":
        words = re.findall(r"\w+", text.lower())
        grams = {" ".join(words[start : start + 3]) for start in range(max(1, len(words) - 2))}
        made = MinHash(num_perm=128, scheme="affine32")
        made.update_batch([gram.encode() for gram in grams])
        return made

    rows = [dict(row.attrib) for _, row in etree.iterparse(str(dump), tag="row", huge_tree=True)]
    questions = {row["Id"]: row for row in rows if row["PostTypeId"] == "1"}
    best: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["PostTypeId"] == "2" and int(row["Score"]) >= 3:
            best[row["ParentId"]] = max(best.get(row["ParentId"], row), row, key=lambda one: int(one["Score"]))
    index = {role: MinHashLSH(num_perm=128, params=(32, 4)) for role in ("user", "assistant")}
    for line in lima.read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        for message in sample["messages"]:
            index[message["role"]].insert(sample["id"], minhash(message["content"]))
    count = 0
    for parent, answer in best.items():
        said = html.fromstring(answer["Body"]).text_content()
        asked = questions[parent]["Title"] + "\n" + html.fromstring(questions[parent]["Body"]).text_content()
        if detect_language(asked) != detect_language(said):
            continue
        hashes = {"user": minhash(asked), "assistant": minhash(said)}
        if not any(index[role].query(one) for role, one in hashes.items()):
            count += 1
            for role, one in hashes.items():
                index[role].insert(parent, one)
    return count


def datatrove(folder: Path, python: str) -> str:
    """Let datatrove deduplicate the texts of the last run."""
    texts = folder / "texts"
    texts.mkdir()
    with (folder / "review.jsonl").open(encoding="utf-8") as rows, (texts / "all.jsonl").open("w") as file:
        for row in map(json.loads, rows):
            for message in row["messages"]:
                file.write(json.dumps({"id": f"{row['id']}-{message['role']}", "text": message["content"]}) + "\n")
    script = folder / "minhash_job.py"
    script.write_text(DATATROVE, encoding="utf-8")
    return str(run([python, str(script), str(texts), str(folder / "datatrove")]))


if __name__ == "__main__":
    main()
