"""`mtbenchx equate`: an old judge's scale, from answers that it rated."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.options import refuse_idle

if TYPE_CHECKING:
    from mtbenchx_tasks.formats.equating import Equating
    from mtbenchx_tasks.meta_evaluation.equating.anchors import Anchors, EquatingRequest

equate = typer.Typer(
    help="Predict what a judge that is gone would have said, from answers that it and a new judge rated.",
    no_args_is_help=True,
)

Places = Annotated[list[Path] | None, typer.Argument(help="More anchors, as of --anchors.", show_default=False)]
Old = Annotated[str, typer.Option(help="The old judge, as its files name it.")]
New = Annotated[str, typer.Option(help="The new judge, as its files or the ledger name it.")]
AnchorPlaces = Annotated[
    list[Path],
    typer.Option(
        "--anchors",
        help="Files or folders with both judges' ratings: FastChat's, results of lm_eval, ledgers; or mt_bench_gpt4, "
        "GPT-4's public ratings of 12 models (downloaded); repeat.",
    ),
]
Since = Annotated[str | None, typer.Option(help="Only the old judge's ratings from this day on: 2023-07-01.")]
Until = Annotated[str | None, typer.Option(help="Only those before this day.")]
Where = Annotated[
    list[str], typer.Option(help="Only the new judge's ratings under this: prompt_set=mtbench_x; repeat.")
]
Families = Annotated[
    Path | None, typer.Option(help="YAML with `model: family` lines, for models whose names don't tell.")
]
Language = Annotated[str | None, typer.Option(help="Language of questions, where a file doesn't tell it.")]
Benchmark = Annotated[str | None, typer.Option(help="Benchmark of questions, where a file doesn't tell it.")]
FIT = """Example: `mtbenchx equate fit --old gpt-4 --new gpt-6-luna --anchors mt_bench_gpt4 judged/ --out equating.json`

Anchors are answers that the old judge rated: anyone's model_judgment files of FastChat, those of its
download_mt_bench_pregenerated.py too (of another time: a scale of its own). The new judge rates the same answers first:
`mtbenchx judge forks/*/model_answer/*.jsonl --judge gpt-6-luna --language en --out judged/`. Without its ratings this
command says which files these are."""
CHECK = "Example: `mtbenchx equate check equating.json`"


@equate.command(epilog=FIT)
def fit(
    places: Places = None,
    *,
    old: Old,
    new: New,
    anchors: AnchorPlaces = [],  # noqa: B006  (typer reads it)
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("equating.json"),
    since: Since = None,
    until: Until = None,
    where: Where = [],  # noqa: B006
    families: Families = None,
    language: Language = None,
    benchmark: Benchmark = None,
) -> None:
    """Fit the way from the new judge's scale to the old one's; `judge`, `report` and `card` take it by --scale."""
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.formats.equating import write_equating
    from mtbenchx_tasks.meta_evaluation.equating.fit import dates, fit

    check_writable(out.parent, out.name)
    wanted = _wanted((old, new), (since, until), where, families)
    gathered = _gathered([*anchors, *(places or [])], wanted, language, benchmark)
    made = fit(gathered, wanted)
    write_equating(out, made)
    _show(made)
    for code, term in dates(gathered).items():
        print(f"{code}: the old judge's level changed by {term.per_year:+.2f} points a year, "
              f"{term.low:+.2f} to {term.high:+.2f}: no change is told.")  # fmt: skip
    print(f"{out}: hash {made.short_hash}. How far to trust it: `mtbenchx equate check {out}`")


@equate.command(epilog=CHECK)
def check(
    places: Annotated[
        list[Path] | None, typer.Argument(help="What `equate fit` wrote; or anchors, as of --anchors.")
    ] = None,
    *,
    old: Annotated[str | None, typer.Option(help="The old judge, where no file of `equate fit` is named.")] = None,
    new: Annotated[str | None, typer.Option(help="The new judge, likewise.")] = None,
    anchors: AnchorPlaces = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option(help="Also write CSV and LaTeX of the tables to this folder.")] = None,
    since: Since = None,
    until: Until = None,
    where: Where = [],  # noqa: B006
    families: Families = None,
    language: Language = None,
    benchmark: Benchmark = None,
) -> None:
    """Predict each family of anchors from the others, and show how well: errors, intervals, order, invariance."""
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.formats.equating import read_equating
    from mtbenchx_tasks.meta_evaluation.equating.fit import fit

    named = [*anchors, *(places or [])]
    check_writable(out)
    if old is None and new is None:
        if len(named) != 1:
            raise UserError("Name the one file that `mtbenchx equate fit` wrote, or --old, --new and --anchors.")
        of_anchors = {"--since": since, "--until": until, "--where": where, "--families": families}
        refuse_idle("on a file that is fitted", {**of_anchors, "--language": language, "--benchmark": benchmark})
        made = read_equating(named[0])
    elif old is None or new is None:
        raise UserError("Name both judges, --old and --new, or neither and the file that `mtbenchx equate fit` wrote.")
    else:
        wanted = _wanted((old, new), (since, until), where, families)
        made = fit(_gathered(named, wanted, language, benchmark), wanted)
    _check(made, out)


def _check(made: "Equating", out: Path | None) -> None:
    from hf_datasets.shared.files import write_file
    from mtbenchx_tasks.latex import to_latex
    from mtbenchx_tasks.meta_evaluation.equating.tables import check_table, left_out_table, verdicts
    from mtbenchx_tasks.stats.equating.checks import check, left_out, score_of
    from mtbenchx_tasks.tables import print_tables, to_csv

    print(f"{made.new.judge} -> {made.old.name}, {made.benchmark}, hash {made.short_hash}")
    for language, panel in made.panels.items():
        found = left_out(panel)
        checks = check(found, made.scales[language])
        tables = [left_out_table(language, found), check_table(language, checks)]
        print_tables(tables, captions=True)
        for line in verdicts(language, score_of(checks)):
            print(line)
        if out is not None:
            for table in tables:
                write_file(out / f"{table.name}.csv", to_csv(table))
                write_file(out / f"{table.name}.tex", to_latex(table))


def _show(made: "Equating") -> None:
    from mtbenchx_tasks.meta_evaluation.equating.tables import anchors_table, curves_table, shapes_line
    from mtbenchx_tasks.tables import print_tables

    print_tables([anchors_table(made), curves_table(made)], captions=True)
    for language, scale in made.scales.items():
        print(shapes_line(language, scale))


def _gathered(places: list[Path], wanted: "EquatingRequest", language: str | None, benchmark: str | None) -> "Anchors":
    from mtbenchx_tasks.formats.benchmark import Told
    from mtbenchx_tasks.meta_evaluation.equating.anchors import gather
    from mtbenchx_tasks.meta_evaluation.equating.public_sets import read_anchors

    if not places:
        raise UserError("Name anchors by --anchors: files or folders with both judges' ratings of the same answers.")
    found = gather(read_anchors(places, Told(language, benchmark)), wanted)
    for note in found.notes:
        typer.echo(f"mtbenchx: {note}", err=True)
    return found


def _wanted(
    judges: tuple[str, str], time: tuple[str | None, str | None], where: list[str], families: Path | None
) -> "EquatingRequest":
    from hf_datasets.shared.files import slug
    from mtbenchx_tasks.meta_evaluation.equating.anchors import EquatingRequest

    old, new = judges
    if not old.strip() or not new.strip():
        raise UserError("--old and --new each need the name of a judge.")
    if slug(old) == slug(new):
        raise UserError(f"--old and --new are both {old!r}; name two judges.")
    conditions = [_condition(text) for text in where]
    if len(dict(conditions)) < len(conditions):
        raise UserError(f"--where names one thing twice ({', '.join(where)}); a rating is under one of the two.")
    since, until = (_seconds(option, day) for option, day in zip(("--since", "--until"), time, strict=True))
    return EquatingRequest(old, new, since, until, dict(conditions), _read_families(families))


def _seconds(option: str, day: str | None) -> float | None:
    if day is None:
        return None
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise UserError(f"{option} must be a day such as 2023-07-01, not {day!r}.") from error


def _condition(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UserError(f"--where needs NAME=VALUE, e.g. prompt_set=mtbench_x, not {text!r}.")
    return name, value


def _read_families(file: Path | None) -> dict[str, str]:
    """Read `model: family` lines."""
    if file is None:
        return {}
    from hf_datasets.shared.jsonl import text_of
    from hf_datasets.shared.yaml_text import load_yaml

    loaded: Any = load_yaml(text_of(file), str(file))
    if not isinstance(loaded, dict) or not all(isinstance(of, str | int) and str(of).strip() for of in loaded.values()):
        raise UserError(f"{file} must hold `model: family` lines, such as `vicuna-7b: llama`.")
    return {str(model): str(family) for model, family in loaded.items()}
