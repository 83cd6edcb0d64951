"""`mtbenchx report`: every table and figure of a study, from what was judged."""

from pathlib import Path
from typing import Annotated

import typer

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.options import Benchmark


def report(
    results: Annotated[
        list[Path] | None,
        typer.Argument(help="lm_eval results folders, ledgers, FastChat's model_judgment, votes, agreement.json."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("report"),
    groups: Annotated[
        Path | None, typer.Option(help="YAML: models: {name: {label, family, mixture, language}}, order: [name].")
    ] = None,
    questions: Annotated[str | None, typer.Option(help="Show the answers to these side by side, e.g. 81,82.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of questions, where a file doesn't tell it.")] = None,
    benchmark: Benchmark = None,
    title: Annotated[str, typer.Option(help="The page's heading.")] = "MT-Bench-X report",
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw (needs matplotlib), or tables only.")
    ] = True,
    without_faults: Annotated[
        bool,
        typer.Option("--questions-without-faults", help="Leave out what translation changed in one of the languages."),
    ] = False,
    paper: Annotated[
        Path | None, typer.Option(help="Instead: check a paper's tables, from CSV files of scores per category.")
    ] = None,
) -> None:
    """Write one HTML page, and CSV, LaTeX, SVG and PNG of each of its tables and figures."""
    if (paper is None) == (not results):
        raise UserError("Name results to report on, or --paper with the CSV files of a paper's tables, and not both.")
    if paper is not None:
        from mtbenchx_tasks.report.printed.paper import paper_report

        for line in paper_report(paper, out, figures=figures):
            print(line)
        return
    from mtbenchx_tasks.formats.benchmark import Told
    from mtbenchx_tasks.report.make import make_report, notes

    study, files = make_report(
        results or [],
        out,
        groups=groups,
        questions=questions,
        told=Told(language, benchmark),
        title=title,
        figures=figures,
        drop_faults=without_faults,
    )
    for note in notes(study):
        print(note)
    print(f"{files[0]} and {len(files) - 1} files of tables and figures beside it.")
