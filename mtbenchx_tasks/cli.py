"""The command line: what the standard tools lack. Every import of weight is inside its command."""

import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hf_datasets.cli import data
from hf_datasets.shared.errors import Exit, UserError
from hf_datasets.shared.signals import Ending
from model_cards.cli import card, push_metric, verify
from mtbenchx_tasks import __version__
from mtbenchx_tasks.annotate.cli import annotate
from mtbenchx_tasks.doctor.cli import doctor
from mtbenchx_tasks.judge.cli import judges
from mtbenchx_tasks.meta_evaluation.agreement.cli import judge_agreement
from mtbenchx_tasks.meta_evaluation.cli import agreement, exam, tells_exams
from mtbenchx_tasks.meta_evaluation.equating.cli import equate
from mtbenchx_tasks.pairwise.cli import compare, pairs
from mtbenchx_tasks.rating.cli import judge
from mtbenchx_tasks.report.cli import export, rank, report
from mtbenchx_tasks.training.cli import recipes

app = typer.Typer(
    help="MT-Bench-X from raw data to published results: build, train, judge, ask people, report, publish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
tasks = typer.Typer(help="Make the tasks known to lm_eval.", no_args_is_help=True)
of_judges = typer.Typer(invoke_without_command=True)
ledger = typer.Typer(help="Look into the ledger of paid judgments.", no_args_is_help=True)
app.add_typer(tasks, name="tasks")
app.add_typer(data, name="data")
app.add_typer(ledger, name="ledger")
app.add_typer(of_judges, name="judges")
app.add_typer(recipes, name="recipes")
app.add_typer(annotate, name="annotate")
app.add_typer(equate, name="equate")
app.add_typer(export, name="export")

LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", help="The ledger's file; default: the user's cache folder.")
]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"mtbench-x {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version  # told already
    from mtbenchx_tasks.harness.linking import loss

    if context.invoked_subcommand not in ("tasks", "doctor") and (lost := loss()):
        print(f"mtbenchx: {lost}", file=sys.stderr)


@app.command(epilog="Example: `mtbenchx demo --languages en,it`")
def demo(
    folder: Annotated[Path, typer.Option(help="Where model, ledger and results go.")] = Path(".cache/demo"),
    languages: Annotated[str, typer.Option(help="Languages of the mini benchmark, comma-separated.")] = "en,de",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first question of each.")] = None,
) -> None:
    """Run the main job on a small model, two questions a language: offline, no key, about a minute."""
    from mtbenchx_tasks.demo import demo as run

    run(folder, languages.split(","), limit)


app.command(epilog="Example: `mtbenchx doctor --json`")(doctor)
of_judges.callback(epilog="Example: `mtbenchx judges --base-url http://127.0.0.1:8000/v1`")(judges)
of_judges.command(epilog="Example: `mtbenchx judges exam --judge hosted --languages de,fr --plan`")(exam)
of_judges.command("agreement", epilog="Example: `mtbenchx judges agreement --judge hosted --votes votes.jsonl --plan`")(
    judge_agreement
)
app.command(epilog="Example: `mtbenchx judge results/*/samples_*.jsonl --judge hosted --runs 3 --max-cost 20`")(
    tells_exams(judge)
)
app.command(epilog="Example: `mtbenchx compare a.jsonl b.jsonl --judge hosted --language de --plan`")(
    tells_exams(compare)
)
app.command(epilog="Example: `mtbenchx pairs mt_bench_de/model_judgment/gpt-4_pair.jsonl --language de`")(pairs)
app.command(epilog="Example: `mtbenchx rank ledger.sqlite votes.parquet --style`")(rank)
app.command(epilog="Example: `mtbenchx report results/ ledger.sqlite --out report/ --questions 81,82`")(report)
app.command(epilog="Example: `mtbenchx card OUT --recipe lima_x.yaml --results results/ --push --repo-id ORG/MODEL`")(
    card
)
app.command(epilog="Example: `mtbenchx verify card/` or `mtbenchx verify ORG/MODEL`")(verify)
app.command("push-metric", epilog="Example: `mtbenchx push-metric --repo-id ORG/mtbench_x_judge`")(push_metric)
app.command(epilog="Example: `mtbenchx agreement --votes votes.parquet --judgments gpt-4_pair.jsonl --out agreement/`")(
    agreement
)


@recipes.command("plan", epilog="Example: `mtbenchx recipes plan --judge mistral-small-2603`")
def recipes_plan(
    judge: Annotated[str, typer.Option(help="The judge, for its price: a model, a preset, or settings.")] = "hosted",
) -> None:
    """Print what the whole study takes: trainings, evaluations, GPU hours and the judge's price. Nothing is run."""
    from mtbenchx_tasks.judge.study_price import price_lines
    from mtbenchx_tasks.training.plan import MATCHES, MODELS, plan_lines

    for line in (*plan_lines(), *price_lines(judge, MODELS, MATCHES)):
        print(line)


@recipes.command("epochs", epilog="Example: `mtbenchx recipes epochs lima-x-EN` or `... epochs three five seven`")
def recipes_epochs(
    outs: Annotated[list[Path], typer.Argument(help="The --output_dir of a training; several to compare their ends.")],
) -> None:
    """Name the epoch of lowest validation loss, how the paper chose seven and three."""
    from model_cards.epochs import epoch_lines
    from model_cards.run_dir import read_run

    for line in epoch_lines([read_run(out) for out in outs]):
        print(line)


@tasks.command("status", epilog="Example: `mtbenchx tasks status || mtbenchx tasks link`")
def tasks_status() -> None:
    """Say whether this environment's lm_eval finds the tasks; exit code 3 if it doesn't."""
    from mtbenchx_tasks.harness.linking import lm_eval_found, state

    found = state()
    print(f"lm_eval {lm_eval_found()}\nThe tasks are {found}.")
    if not found.is_well:
        raise typer.Exit(Exit.PARTLY_DONE)


@tasks.command("link", epilog="Example: `mtbenchx tasks link && lm_eval ls tasks | grep mtbench_x`")
def tasks_link() -> None:
    """Put the task files where lm_eval looks for tasks; do it again when lm_eval was upgraded."""
    from mtbenchx_tasks.harness.linking import link

    print(f"Linked into {link()}")


@tasks.command("unlink")
def tasks_unlink() -> None:
    """Undo `link`."""
    from mtbenchx_tasks.harness.linking import unlink

    print(f"Removed {unlink()}")


@tasks.command("path", epilog='Example: `lm_eval --include_path "$(mtbenchx tasks path)" --tasks mtbench_x_de ...`')
def tasks_path() -> None:
    """Print the folder of the task files."""
    from mtbenchx_tasks.harness.linking import tasks_path as path

    print(path())


@ledger.command("stats")
def ledger_stats(file: LedgerFile = None) -> None:
    """Print what the ledger holds and what it cost."""
    from hf_datasets.ledger.store import open_ledger
    from mtbenchx_tasks.judge.costs import summary

    with open_ledger(file, read_only=True) as source:
        print(summary(source))


@ledger.command("export", epilog="Example: `mtbenchx ledger export --out fastchat/ --candidate my-model`")
def ledger_export(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    candidate: Annotated[str | None, typer.Option(help="Only this model; default: all.")] = None,
    file: LedgerFile = None,
) -> None:
    """Write answers, judgments and comparisons in FastChat's model_answer and model_judgment layouts."""
    from hf_datasets.ledger.queries import counts
    from hf_datasets.ledger.store import open_ledger
    from mtbenchx_tasks.formats.fastchat.export import export
    from mtbenchx_tasks.formats.ledger.pairs import export_pairs

    with open_ledger(file, read_only=True) as source:
        pairs = export_pairs(source, out) if candidate is None else []
        singles = export(source, out, candidate) if not pairs or counts(source).uses else []
    for path in [*singles, *pairs]:
        print(path)


@ledger.command("import", epilog="Example: `mtbenchx ledger import gpt-4_single.jsonl --language en`")
def ledger_import(
    files: Annotated[list[Path], typer.Argument(help="FastChat's *_single.jsonl or *_pair.jsonl files.")],
    language: Annotated[str, typer.Option(help="Language of their prompts.")] = "en",
    prompt_set: Annotated[str, typer.Option(help="The set whose prompts were used.")] = "mtbench_x",
    file: LedgerFile = None,
) -> None:
    """Read FastChat's judgments, so that they needn't be paid for again."""
    from hf_datasets.ledger.store import open_ledger
    from mtbenchx_tasks.formats.fastchat.judgments import import_judgments

    into = open_ledger(file)
    for path in files:
        found = import_judgments(into, path, language, prompt_set)
        print(f"{path}: {found.added} judgments are new in {into.path}, {found.known} known, {found.failed} failed")


@ledger.command("merge", epilog="Example: `mtbenchx ledger merge job1.sqlite job2.sqlite --ledger all.sqlite`")
def ledger_merge(
    others: Annotated[list[Path], typer.Argument(help="Ledgers to copy from; they stay as they are.")],
    file: LedgerFile = None,
) -> None:
    """Copy other ledgers (of other jobs, say) into one."""
    from hf_datasets.ledger.store import open_ledger

    into = open_ledger(file)
    for other in others:
        judgments, answers, uses, translations = into.merge(other)
        print(
            f"{other}: {judgments} judgments, {answers} answers, {uses} uses and {translations} translations are new "
            f"in {into.path}"
        )


ENDED = "ended by {name}; what is under way is kept, then this process ends. The same command goes on from there."
OURS = ("hf_datasets", "mtbenchx_tasks", "model_cards")
NO_THREADS = "can't start new thread"


def main() -> None:
    """Run the command line: 0 done, 1 a user's error in one sentence, 2 usage, 3 partly done, 130 a signal."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    ending = Ending()
    try:
        app()
    except UserError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package in OURS:
            raise
        _fail(f"the package {package} isn't installed, which this needs; pip install 'mtbench-x[all]' brings it.")
    except (MemoryError, OSError, RuntimeError) as error:
        sentence = _of_the_machine(error)
        if sentence is None:
            raise
        _fail(sentence)
    except (SystemExit, KeyboardInterrupt) as end:  # typer makes an exit of an interrupt
        if ending.number is None or getattr(end, "code", Exit.INTERRUPTED) != Exit.INTERRUPTED:
            raise
        _fail(ENDED.format(name=signal.Signals(ending.number).name), ending.code)


def _of_the_machine(error: Exception) -> str | None:
    """Return in a sentence what the machine refused; None if an error is the program's."""
    if isinstance(error, MemoryError):
        return "there is not enough memory; raise the limit (ulimit -v), or give it less at a time."
    if isinstance(error, OSError) and error.filename is not None:  # too long a name, a folder that may not be entered
        return f"{str(error.filename)[:200]!r} can't be used ({error.strerror}); name a place that you may use."
    if NO_THREADS in str(error):
        return "no more threads can be started; raise the limit (ulimit -u), or lower concurrency."
    return None


def _fail(sentence: str, code: int = Exit.FAULT) -> NoReturn:
    with suppress(OSError):  # the terminal may be closed
        print(f"mtbenchx: {sentence}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
