"""`mtbenchx report` and `mtbenchx rank`: what was judged, shown whole or as an order of models."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.options import (
    AssumeEnglish,
    Benchmark,
    Data,
    Language,
    Scale,
    check_scale,
    know_languages,
    refuse_idle,
)

TITLE = "MT-Bench-X report"
WithoutFaults = Annotated[
    bool,
    typer.Option("--questions-without-faults", help="Leave out what translation changed in one of the languages."),
]
Paper = Annotated[
    bool,
    typer.Option("--paper", help="Instead: check the study's printed tables, or those of a CSV file or folder."),
]


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
    language: Language = None,
    benchmark: Benchmark = None,
    data: Data = None,
    title: Annotated[str, typer.Option(help="The page's heading.")] = TITLE,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Draw (needs matplotlib), or tables only.")
    ] = True,
    answers: Annotated[
        bool, typer.Option("--answers/--no-answers", help="A page for each question, with all answers and judgments.")
    ] = True,
    without_faults: WithoutFaults = False,
    scale: Scale = None,
    assume_english: AssumeEnglish = False,
    paper: Paper = False,
) -> None:
    """Write one HTML page, and CSV, LaTeX, SVG and PNG of each of its tables and figures."""
    check_scale(scale, assume_english)
    if paper:
        of_results = {"--scale": scale, "--groups": groups, "--questions": questions, "--language": language}
        of_data = {"--benchmark": benchmark, "--data": data, "--questions-without-faults": without_faults}
        of_page = {"--no-answers": not answers, "--title": title != TITLE}
        _check_paper(results or [], out, {**of_results, **of_data, **of_page}, figures=figures)
        return
    if not results:
        raise UserError("Name results to report on; or --paper to check the printed tables of the study.")
    know_languages(data)
    from mtbenchx_tasks.formats.benchmark import Told
    from mtbenchx_tasks.report.make import make_report, notes

    study, files = make_report(
        results,
        out,
        groups=groups,
        questions=questions,
        told=Told(language, benchmark),
        title=title,
        figures=figures,
        drop_faults=without_faults,
        scale=scale,
        assume_english=assume_english,
        answers=answers,
    )
    for note in notes(study):
        print(note)
    print(f"{files[0]} and {len(files) - 1} files of tables, figures and answers beside it.")


def _check_paper(places: list[Path], out: Path, idle: Mapping[str, object], *, figures: bool) -> None:
    from mtbenchx_tasks.report.printed.paper import paper_report

    refuse_idle("with --paper, which shows tables as printed", idle)
    if len(places) > 1:
        raise UserError("--paper takes one CSV file or folder of a paper's tables, or none for the study's own.")
    for line in paper_report(places[0] if places else None, out, figures=figures):
        print(line)


def rank(
    files: Annotated[
        list[Path],
        typer.Argument(help="Comparisons and votes: ledgers, FastChat's *_pair.jsonl, votes, or folders of them."),
    ],
    *,
    style: Annotated[
        bool, typer.Option("--style", help="Also rank at equal length, lists, headings, bold print and code.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Also write CSV and LaTeX of each table to this folder.")] = None,
    language: Language = None,
    benchmark: Benchmark = None,
) -> None:
    """Rank any number of models by judges' comparisons and people's votes: Bradley-Terry, with what is noise."""
    from hf_datasets.shared.files import check_writable, write_file
    from mtbenchx_tasks.formats.benchmark import Told
    from mtbenchx_tasks.formats.study import read_study
    from mtbenchx_tasks.latex import to_latex
    from mtbenchx_tasks.report.tables.ranking import ranking_tables
    from mtbenchx_tasks.tables import print_tables, to_csv

    check_writable(out)
    study = read_study(files, Told(language, benchmark))
    tables = ranking_tables(study.preferences, style=style)
    if not tables:
        raise UserError(
            f"No comparison of two answers that has a vote in {', '.join(map(str, files))}; `mtbenchx compare` makes "
            f"comparisons, `mtbenchx annotate` asks people."
        )
    for note in study.notes:
        typer.echo(f"mtbenchx: {note}", err=True)
    for table in tables:
        print_tables([table])
        print("\n".join(table.notes))
    if out is not None:
        endings = {"csv": to_csv, "tex": to_latex}
        files_of = {f"{table.name}.{ending}": write(table) for table in tables for ending, write in endings.items()}
        for name, text in files_of.items():
            write_file(out / name, text)
            print(out / name)


export = typer.Typer(help="Write results as other tools read them.", no_args_is_help=True)


@export.command(
    "eee", epilog="Example: `mtbenchx export eee results/ --organization 'My lab' --developer ME --out eee/`"
)
def every_eval_ever(
    results: Annotated[list[Path], typer.Argument(help="lm_eval results folders, ledgers, FastChat's model_judgment.")],
    *,
    organization: Annotated[str, typer.Option(help="Who provides the results.")],
    out: Annotated[Path, typer.Option(help="The folder to write, laid out as the datastore wants it.")],
    relationship: Annotated[
        Literal["first_party", "third_party", "collaborative", "other"],
        typer.Option(help="Yours to the models' developer."),
    ] = "other",
    developer: Annotated[
        str | None, typer.Option(help="Developer of models whose name doesn't tell it (org/model does).")
    ] = None,
    language: Language = None,
    benchmark: Benchmark = None,
) -> None:
    """Write Every Eval Ever's schema 0.3.0: the judge with what was sent, all turns, intervals, a line a question."""
    from hf_datasets.shared.files import check_writable, write_file
    from mtbenchx_tasks.formats.benchmark import Told
    from mtbenchx_tasks.formats.study import read_study
    from mtbenchx_tasks.report.every_eval_ever import Provider, exports

    check_writable(out)
    study = read_study(results, Told(language, benchmark))
    for note in study.notes:
        typer.echo(f"mtbenchx: {note}", err=True)
    for one in exports(study, Provider(organization, relationship, developer)):
        for name, text in one.files().items():
            write_file(out / name, text)
            print(out / name)
