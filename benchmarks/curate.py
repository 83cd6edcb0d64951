"""How fast curation goes: pairs of a StackExchange dump filtered and deduplicated against 1,030, in flat memory.

    python benchmarks/curate.py [--pairs 62000] [--peers plain datatrove] [--gigabytes 1]

Everything is made in a temporary folder (TMPDIR). Two peers do the same job: a plain script of one process (all rows in
memory, text by lxml, datasketch with its own hash, MinHashLSH), and datatrove's MinHash, which gets the texts of the
candidates only: signatures, buckets and clusters, no filters. --gigabytes adds another dump, of that size.
"""

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

from measure import MTBENCHX, Cost, print_table, run, say
from peer import datatrove_python
from stackexchange import PARAGRAPHS, Text, lima_like, write_dump

SITE = "coffee.stackexchange.com"
PLAIN = "--plain"
DATATROVE = """
import sys
from datatrove.executor import LocalPipelineExecutor as Run
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
texts, work, tasks = sys.argv[1], sys.argv[2], int(sys.argv[3])
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=62_000)
    parser.add_argument("--references", type=int, default=1030, help="samples that no pair may repeat")
    parser.add_argument("--paragraphs", type=int, default=PARAGRAPHS, help="different ones; posts are made of them")
    parser.add_argument("--peers", nargs="*", default=[], choices=["plain", "datatrove"], help="do the same with these")
    parser.add_argument("--workers", type=int, default=2, help="of datatrove; 1 starts no process of its own")
    parser.add_argument("--gigabytes", type=float, default=0.0, help="size of another dump; 0: none")
    parser.add_argument(PLAIN, nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        print(plain(*options.plain))
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Make the data, run everything on them, and print the table."""
    text = Text(1, options.paragraphs)
    answers, samples = lima_like(text, options.references)
    lima = folder / "lima.jsonl"
    lima.write_text("".join(json.dumps(sample.to_row()) + "\n" for sample in samples), encoding="utf-8")
    dump = folder / SITE / "Posts.xml"
    write_dump(dump, text, options.pairs, answers)
    passing = ("--min", "1", "--max", "1000000", "--no-default-phrases")  # every pair gets as far as the last step
    rows = [
        row("usual filters", curate(folder, dump, lima, ()), kept(folder)),
        row("every pair passes the filters", ours := curate(folder, dump, lima, passing), kept(folder)),
    ]
    if "plain" in options.peers:
        plain = run([sys.executable, __file__, PLAIN, dump, lima], family=True)
        rows.append(row("a plain script of one process, every pair", plain, f"ours takes {ours.wall / plain.wall:.2f}"))
    if "datatrove" in options.peers:
        rows.append(
            row(
                f"datatrove's MinHash, workers: {options.workers}, every candidate",
                datatrove(folder, options.workers),
                "",
            )
        )
    if options.gigabytes:
        large = folder / "large" / SITE / "Posts.xml"
        write_dump(large, text, sys.maxsize, answers, round(options.gigabytes * 1e9))
        name = f"usual filters, a Posts.xml of {large.stat().st_size / 1e9:.2f} GB"
        rows.append(row(name, curate(folder, large, lima, ()), kept(folder)))
    title = f"{options.pairs:,} pairs ({dump.stat().st_size / 1e6:.0f} MB) against {options.references:,}"
    print_table((title, "wall s", "CPU s", "peak MiB", ""), rows)


def row(name: str, cost: Cost, found: str) -> list[str]:
    """Return a line of the table."""
    say(f"{name}: {cost}")
    return [name, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.memory:.0f}", found]


def curate(folder: Path, dump: Path, lima: Path, more: tuple[str, ...]) -> Cost:
    """Run the command as a user does."""
    command = [*MTBENCHX, "data", "curate", "--dump", dump, "--against", lima, "--out", folder / "review.jsonl", *more]
    return run(command, family=True)


def kept(folder: Path) -> str:
    """What came out of it."""
    report = json.loads((folder / "review.report.json").read_text(encoding="utf-8"))
    duplicates = sum(count for reason, count in report["rejected"].items() if reason.startswith("near-duplicate"))
    return f"{report['pairs']:,} pairs, {duplicates:,} near-duplicates, {report['survivors']:,} candidates"


def plain(dump: Path, lima: Path) -> int:
    """The same job as most people write it: everything in memory, one process. Returns the number of pairs kept."""
    from datasketch import MinHash, MinHashLSH
    from lxml import etree, html

    from hf_datasets.shared.language_id import detect_language

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


def datatrove(folder: Path, workers: int) -> Cost:
    """Let datatrove deduplicate the texts of the last run."""
    texts = folder / "texts"
    texts.mkdir()
    with (folder / "review.jsonl").open(encoding="utf-8") as rows, (texts / "all.jsonl").open("w") as file:
        for row in map(json.loads, rows):
            for message in row["messages"]:
                file.write(json.dumps({"id": f"{row['id']}-{message['role']}", "text": message["content"]}) + "\n")
    script = folder / "minhash_job.py"
    script.write_text(DATATROVE, encoding="utf-8")
    return run([datatrove_python(), script, texts, folder / "datatrove", str(workers)], family=True)


if __name__ == "__main__":
    main()
