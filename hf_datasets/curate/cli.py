"""`mtbenchx data curate`: from StackExchange dumps to a review file, and from the review file to a validation set."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hf_datasets.shared.errors import Exit, UserError

if TYPE_CHECKING:
    from hf_datasets.curate.pipeline import CurationReport

REVIEW_FILE, VALIDATION_FILE = Path("review.jsonl"), Path("validation.jsonl")

Dumps = Annotated[
    list[Path], typer.Option("--dump", help="A StackExchange dump: SITE.7z, Posts.xml, or its folder; repeat for more.")
]
Sites = Annotated[
    list[str], typer.Option("--site", help="The dump's site where its name doesn't tell; one for all, or one per dump.")
]
Against = Annotated[
    list[str],
    typer.Option(help="Data to have no near-duplicates of: a file, a built folder (lima-x) or FOLDER/CONFIG; repeat."),
]
Out = Annotated[Path | None, typer.Option(help="What to write; default: review.jsonl, with --review validation.jsonl.")]
ReviewFile = Annotated[
    Path | None, typer.Option("--review", help="A review file with decisions: write what it keeps as a dataset.")
]
Undecided = Annotated[
    Literal["keep", "drop"] | None, typer.Option(help="With --review: what becomes of lines without a decision.")
]
MinScore = Annotated[int, typer.Option(help="Least score of an answer that isn't the accepted one.")]
PerQuestion = Annotated[int, typer.Option(min=1, help="Answers to take of each question, the best first.")]
Phrases = Annotated[
    list[Path], typer.Option(help="A file of more phrases that reject, one a line; * takes any ending.")
]
OwnPhrases = Annotated[bool, typer.Option("--no-default-phrases", help="Leave out the paper's phrases.")]
PhraseScope = Annotated[Literal["answer", "pair"], typer.Option(help="Where phrases are looked for (never in code).")]
Unit = Annotated[
    Literal["words", "chars"],
    typer.Option(
        help="What length counts. The paper says words, but its published set can't be that long: LIMA, which it "
        "follows, counts characters, and words leave next to nothing of a real dump."
    ),
]
Scope = Annotated[Literal["answer", "pair"], typer.Option(help="Whose length: the answer's, or both texts'.")]
Shortest = Annotated[int, typer.Option("--min-length", "--min", min=0, help="Least length.")]
Longest = Annotated[int, typer.Option("--max-length", "--max", min=1, help="Greatest length.")]
Language = Annotated[
    str, typer.Option(help="Take only this language, e.g. en; default: any, question and answer alike.")
]
Threshold = Annotated[
    float,
    typer.Option(min=0.05, max=1, help="Jaccard index (three-word shingles) from which texts are near-duplicates."),
]
Workers = Annotated[int, typer.Option(min=0, help="Processes; 0: one per core. Their number never changes the result.")]


def curate(
    *,
    dump: Dumps = [],  # noqa: B006  (typer reads it)
    site: Sites = [],  # noqa: B006
    against: Against = [],  # noqa: B006
    out: Out = None,
    review: ReviewFile = None,
    undecided: Undecided = None,
    min_score: MinScore = 3,
    per_question: PerQuestion = 1,
    phrases: Phrases = [],  # noqa: B006
    no_default_phrases: OwnPhrases = False,
    phrase_scope: PhraseScope = "answer",
    unit: Unit = "chars",
    scope: Scope = "answer",
    min_length: Shortest = 1200,
    max_length: Longest = 4096,
    language: Language = "",
    threshold: Threshold = 0.5,
    workers: Workers = 0,
) -> None:
    """Make a validation set from StackExchange, as the paper's Appendix A: dumps to a review file, the review to data.

    The review file has a line per candidate; set its `decision` to keep, rewrite (with `rewritten`, a new answer) or
    drop.
    Another run with the same `--out` never touches a line on which someone wrote.
    """
    if bool(dump) == bool(review):
        raise typer.BadParameter("name either dumps (--dump) or a review file (--review)", param_hint="--dump/--review")
    if review:
        _write_reviewed(review, out or VALIDATION_FILE, undecided)
        return
    if undecided:
        raise typer.BadParameter("--undecided goes with --review", param_hint="--undecided")
    if min_length > max_length:
        raise typer.BadParameter(f"no length is from {min_length} to {max_length}", param_hint="--min-length")
    _needs_extra()
    from hf_datasets.curate.duplicates import references
    from hf_datasets.curate.filters import Rules, bundled_phrases, read_phrases
    from hf_datasets.curate.pipeline import CurationOptions, curate
    from hf_datasets.shared.processes import processes

    listed = () if no_default_phrases else bundled_phrases()
    listed += tuple(phrase for file in phrases for phrase in read_phrases(file))
    rules = Rules(listed, phrase_scope, unit, scope, min_length, max_length, language.lower())
    options = CurationOptions(rules, min_score, per_question, threshold)
    known = [reference for name in against for reference in references(name)]
    target = out or REVIEW_FILE
    report = curate(_with_sites(dump, site), known, options, target, processes(workers))
    _print(report, target)
    for fault in report.faults:
        print(f"mtbenchx: skipped: {fault}", file=sys.stderr)
    if report.faults:
        raise typer.Exit(Exit.PARTLY_DONE)


def _write_reviewed(review: Path, out: Path, undecided: str | None) -> None:
    import json

    from hf_datasets.curate.review import reviewed
    from hf_datasets.shared.files import replacing_file

    if out.resolve() == review.resolve():
        raise UserError(f"{out} is the review file itself; name another file by --out.")
    samples = list(reviewed(review, undecided or ""))
    with replacing_file(out) as file:
        file.writelines(json.dumps(sample.to_row(), ensure_ascii=False) + "\n" for sample in samples)
    print(f"{out}: {len(samples)} samples")


def _needs_extra() -> None:
    from importlib.util import find_spec

    if missing := [name for name in ("lxml", "datasketch") if find_spec(name) is None]:
        raise UserError(f"Curation needs {' and '.join(missing)}: pip install 'mtbench-x[curate]'.")


def _with_sites(dumps: list[Path], sites: list[str]) -> list[tuple[Path, str]]:
    """Every dump with its host; all faults of names show before anything is read."""
    from hf_datasets.curate.dumps import find_dump
    from hf_datasets.curate.sites import host, host_of_file

    if len(sites) not in (0, 1, len(dumps)):
        raise typer.BadParameter(f"{len(sites)} sites for {len(dumps)} dumps", param_hint="--site")
    files = [find_dump(path) for path in dumps]
    if twice := [file for file in files if [other.resolve() for other in files].count(file.resolve()) > 1]:
        raise UserError(f"{twice[0]} is named twice; name every dump once.")
    named = sites * len(files) if len(sites) == 1 else sites
    hosts = [host(name) for name in named] or [host_of_file(file) for file in files]
    return list(zip(files, hosts, strict=True))


def _print(report: "CurationReport", out: Path) -> None:
    from hf_datasets.curate.pipeline import beside

    rows = [(name, count) for name, count in report.rows.items() if name not in report.rejected]
    rows.append(("pairs of question and answer", report.pairs))
    rows += [(f"rejected: {reason}", count) for reason, count in report.rejected.most_common()]
    rows.append(("candidates for review", report.survivors))
    if report.answer_count_differs:
        rows.append(("(questions whose AnswerCount isn't what the dump holds; kept)", report.answer_count_differs))
    if report.reviewed_before:
        rows.append(("(lines with a reviewer's words, left as they were)", report.reviewed_before))
    if report.no_longer_candidates:
        rows.append(("(of these no candidates any more)", report.no_longer_candidates))
    for name, count in rows:
        print(f"{count:>10,}  {name}")
    print(f"{out} (rejections: {beside(out, 'rejects.jsonl')}, counts: {beside(out, 'report.json')})")
