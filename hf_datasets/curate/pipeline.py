"""Curation as a whole: dumps in, a review file out, with every rejection kept and counted."""

import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from hf_datasets.curate.dumps import find_dump, size, stream
from hf_datasets.curate.duplicates import Reference, near_duplicates
from hf_datasets.curate.filters import CuratedPair, Rules, examine
from hf_datasets.curate.pairs import AnsweredQuestion, Rejection, orphaned, select
from hf_datasets.curate.posts import Posts
from hf_datasets.curate.review import review_of, write_review
from hf_datasets.curate.rows import RowReader
from hf_datasets.curate.sites import short_name
from hf_datasets.curate.survivors import Survivors, signatures_of
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import replacing_file
from hf_datasets.shared.near_duplicates import THRESHOLD
from hf_datasets.shared.processes import ordered_map


@dataclass(frozen=True)
class CurationOptions:
    """All that decides which pairs survive."""

    rules: Rules
    """The filters of single pairs."""
    min_score: int = 3
    """Least score of an answer that isn't the accepted one."""
    per_question: int = 1
    """How many answers of a question are taken."""
    threshold: float = THRESHOLD
    """Jaccard index from which two texts are near-duplicates."""


@dataclass
class CurationReport:
    """What happened; the counts go into a dataset's card."""

    dumps: list[str] = field(default_factory=list)
    """Paths of the dumps that were read."""
    rows: Counter[str] = field(default_factory=Counter)
    """Rows of the dumps by kind."""
    pairs: int = 0
    """Questions with a chosen answer: what the filters start from."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Rejections by reason."""
    survivors: int = 0
    """Lines for review that this run found."""
    answer_count_differs: int = 0
    """Questions whose AnswerCount isn't the number of their answers in the dump; they aren't left out for it."""
    reviewed_before: int = 0
    """Lines on which a reviewer of an earlier run had written; they stand as they were."""
    no_longer_candidates: int = 0
    """Those of them that this run wouldn't have chosen."""
    faults: list[str] = field(default_factory=list)
    """Where a dump was broken, in words."""


def curate(
    dumps: Sequence[tuple[Path, str]],
    references: Iterable[Reference],
    options: CurationOptions,
    out: Path,
    workers: int = 1,
) -> CurationReport:
    """Run the pipeline; write the review file, and beside it rejections (`.rejects.jsonl`) and counts (`.report.json`).

    Args:
        dumps: Each a 7z or Posts.xml, and its site's host.
        references: Texts that candidates must differ from.
        options: What decides.
        out: The review file.
        workers: Processes for the filters; their number never changes the result.

    Raises:
        UserError: A dump can't be read at all, or a file can't be written; nothing is replaced.
    """
    report = CurationReport(dumps=[str(path) for path, _ in dumps])
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mtbenchx-")))
            posts = stack.enter_context(closing(Posts(folder / "posts.sqlite")))
            found = stack.enter_context(closing(Survivors(folder)))
            rejects = _Rejects(stack.enter_context(replacing_file(beside(out, "rejects.jsonl"))), report.rejected)
            for path, host in dumps:
                _read(path, host, posts, report)
            _settle(posts, rejects, report)
            pairs = _pairs(posts, options, rejects, report)
            for outcome in ordered_map(partial(_examine, rules=options.rules), pairs, workers):
                found.add(*outcome) if isinstance(outcome, tuple) else rejects.add(outcome)
            gone = near_duplicates(found, references, options.threshold)
            rejects.add(*(gone[number] for number in sorted(gone)))
            lines = (review_of(*candidate) for number, candidate in enumerate(found.samples()) if number not in gone)
            report.survivors = len(found.ids) - len(gone)
            report.reviewed_before, report.no_longer_candidates = write_review(out, lines)
    except sqlite3.OperationalError as error:
        raise UserError(
            f"The temporary folder {tempfile.gettempdir()} can't hold the posts ({error}); set TMPDIR."
        ) from error
    _write_report(out, report, options)
    return report


def beside(out: Path, ending: str) -> Path:
    """Return the name of a file that belongs to a review file: `review.jsonl` -> `review.rejects.jsonl`."""
    return out.with_name(f"{out.name.removesuffix('.jsonl')}.{ending}")


class _Rejects:
    """Writes and counts."""

    def __init__(self, file: TextIO, counts: Counter[str]) -> None:
        self._file, self._counts = file, counts

    def add(self, *rejections: Rejection) -> None:
        for rejection in rejections:
            self._counts[rejection.reason] += 1
            self._file.write(json.dumps(asdict(rejection), ensure_ascii=False) + "\n")


def _read(path: Path, host: str, posts: Posts, report: CurationReport) -> None:
    file = find_dump(path)
    reader = RowReader(str(file), lambda row: posts.add(host, row))
    with tqdm(total=size(file) or None, desc=f"Reading {host}", unit="B", unit_scale=True, leave=False) as bar:

        def take(data: bytes) -> None:
            reader.feed(data)
            bar.update(len(data))

        if damage := stream(file, take):
            report.faults.append(f"{damage}; the {reader.rows} rows before it were used")
        else:
            reader.close()
    report.faults += [f"{file}, line {row.line}, byte {row.byte}: {row.reason}" for row in reader.faults]


def _settle(posts: Posts, rejects: _Rejects, report: CurationReport) -> None:
    """Everything is read: note what was refused, and prepare the look-ups."""
    posts.index()
    report.rows += posts.counts
    for host, identifier, why in posts.refused:
        reason, _, detail = why.partition(": ")
        rejects.add(Rejection(f"{short_name(host)}-{identifier}", reason, detail))
    rejects.add(*(orphaned(*orphan) for orphan in posts.orphans()))


def _pairs(
    posts: Posts, options: CurationOptions, rejects: _Rejects, report: CurationReport
) -> Iterator[AnsweredQuestion]:
    for thread in tqdm(posts.threads(), total=posts.counts["questions"], desc="Filtering", unit="q", leave=False):
        declared = thread.question.answers
        report.answer_count_differs += declared is not None and declared != len(thread.answers)
        chosen, left_out = select(thread, options.min_score, options.per_question)
        rejects.add(*left_out)
        report.pairs += len(chosen)
        yield from chosen


Outcome = Rejection | tuple[CuratedPair, bytes]


def _examine(pairs: Sequence[AnsweredQuestion], rules: Rules) -> list[Outcome]:
    found = (examine(pair, rules) for pair in pairs)
    return [
        outcome if isinstance(outcome, Rejection) else (outcome, signatures_of(outcome.sample)) for outcome in found
    ]


def _write_report(out: Path, report: CurationReport, options: CurationOptions) -> None:
    with replacing_file(beside(out, "report.json")) as file:
        json.dump({**_plain(report), "options": asdict(options)}, file, ensure_ascii=False, indent=1)
        file.write("\n")


def _plain(report: CurationReport) -> dict[str, Any]:
    return {**asdict(report), "rows": dict(report.rows), "rejected": dict(report.rejected.most_common())}
