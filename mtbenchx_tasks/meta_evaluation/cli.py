"""`mtbenchx agreement`: people and judges on the same answers, in one command."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Votes = Annotated[
    list[Path],
    typer.Option(help="People's votes: `mtbenchx annotate export`, or any file in lmsys' schema; repeatable."),
]
Judgments = Annotated[
    list[Path],
    typer.Option(help="Judges' verdicts: FastChat's *_pair.jsonl, or lmsys' schema; repeatable, also for a jury."),
]
Benchmark = Annotated[
    str | None, typer.Option(help="Benchmark of the questions (mtbench_x, mini), where a file doesn't tell it.")
]
Language = Annotated[str | None, typer.Option(help="Language of the questions, where a file doesn't tell it.")]
TieMode = Annotated[
    Literal["four", "merge_bad", "decisive"],
    typer.Option(help="Votes as they are; 'both bad' as a tie; or votes for a winner only. Files hold all three."),
]
Inconsistent = Annotated[
    Literal["missing", "tie"], typer.Option(help="What a verdict is whose two games disagree; FastChat: tie.")
]
Limit = Annotated[
    Literal["plurality", "strict", "drop", "majority", "loo"],
    typer.Option(help="The upper limit that is printed. Files hold all five."),
]
Repeated = Annotated[
    Literal["first", "all"], typer.Option(help="Which votes count if a person voted twice; FastChat: all.")
]


def agreement(
    votes: Votes,
    *,
    judgments: Judgments = [],  # noqa: B006  (typer reads it)
    language: Language = None,
    benchmark: Benchmark = None,
    annotators: Annotated[str, typer.Option(help="Only these people, e.g. 'expert*'.")] = "*",
    tie_mode: TieMode = "four",
    inconsistent: Inconsistent = "missing",
    limit: Limit = "plurality",
    repeated: Repeated = "first",
    min_votes: Annotated[int, typer.Option(min=1, help="Votes an item needs for the upper limit.")] = 2,
    out: Annotated[Path | None, typer.Option(help="Also write JSON, CSV, LaTeX and text to this folder.")] = None,
) -> None:
    """Show how often people agree with each other and with the judge, how often they could, and whom each prefers."""
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.formats.benchmark import Told
    from mtbenchx_tasks.meta_evaluation.agreement.results import results
    from mtbenchx_tasks.meta_evaluation.agreement.study import gather
    from mtbenchx_tasks.meta_evaluation.agreement.tables import tables
    from mtbenchx_tasks.meta_evaluation.agreement.voters import read_judges, read_people, unmatched
    from mtbenchx_tasks.meta_evaluation.agreement.write import print_tables, write_results
    from mtbenchx_tasks.stats.upper_limits import LIMITS, TIE_CLASSES

    if out is not None:
        check_writable(out)
    told = Told(language, benchmark)
    (people, said), (verdicts, judged) = read_people(votes, told), read_judges(judgments, told)
    study = gather(people, verdicts, inconsistent=inconsistent, annotators=annotators, repeated=repeated)
    for note in filter(None, (*said, *judged, unmatched(study))):
        typer.echo(f"mtbenchx: {note}", err=True)
    settings = {
        "votes": [file.name for file in votes],
        "judgments": [file.name for file in judgments],
        "language": language,
        "benchmark": study.benchmark,
        "annotators": annotators,
        "inconsistent": inconsistent,
        "repeated": repeated,
        "min_votes": min_votes,
    }
    modes, limits = (tuple(TIE_CLASSES), LIMITS) if out is not None else ((tie_mode,), (limit,))
    found = results(study, settings, min_votes, modes=modes, limits=limits)
    chosen = tables(found, tie_mode, limit)
    written = write_results(out, found, chosen) if out is not None else []  # before a reader such as `head` hangs up
    people_said = found.people
    print(
        f"{people_said['annotators']} people, {people_said['votes']} votes, {people_said['skipped']} skips, "
        f"{people_said['repeated']} repeated votes {'left out' if repeated == 'first' else 'counted'}; "
        f"judges: {', '.join(study.judges) or 'none'}; benchmark: {study.benchmark or 'not told (--benchmark)'}"
    )
    print_tables(chosen)
    for path in written:
        print(path)
