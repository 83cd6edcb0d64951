"""`mtbenchx annotate`: people compare answers. Every import of weight is inside its command."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.commands import DB, Database, code, existing, invite, plan, status
from mtbenchx_tasks.annotate.study_options import StudyOptions, with_study_options
from mtbenchx_tasks.judge.options import Language

if TYPE_CHECKING:
    from mtbenchx_tasks.annotate.study import AnnotationStudy

annotate = typer.Typer(help="Let people compare answers in a browser, and export their votes.", no_args_is_help=True)


@annotate.command(epilog="Example: `mtbenchx annotate serve --answers a.jsonl b.jsonl --language de --db votes.sqlite`")
@with_study_options
def serve(
    *,
    study: StudyOptions,
    db: Database = DB,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Start the app; without answer files it goes on with the study in the database."""
    _check_extra()
    from mtbenchx_tasks.annotate.serve import check_consent, make_site, open_study
    from mtbenchx_tasks.annotate.server import run

    options = study.app()
    check_consent(options, host)
    store, content = open_study(db, study.files, **study.choices)
    if study.files:
        _tell_language(content)
    with closing(store):
        run(make_site(store, content, options), host, port)


for command, example in (
    (invite, "`mtbenchx annotate invite 12`, or with notes: `mtbenchx annotate invite --label Anna --label Ben`"),
    (code, "`mtbenchx annotate code Anna` finds it, `mtbenchx annotate code expert_3 --new` makes another one"),
    (status, "`mtbenchx annotate status --db votes.sqlite`"),
    (plan, "`mtbenchx annotate plan --questions 80 --width 0.1 --per-annotator 20`"),
):
    annotate.command(epilog=f"Example: {example}")(command)


@annotate.command(epilog="Example: `mtbenchx annotate withdraw expert_3 --db votes.sqlite`")
def withdraw(
    pseudonym: Annotated[str, typer.Argument(help="What the app calls the person, e.g. expert_3.")],
    db: Database = DB,
) -> None:
    """Delete a person's votes and invitation; people can do so themselves in the app, too."""
    from mtbenchx_tasks.annotate.store import Store

    votes = Store(existing(db)).withdraw(pseudonym)
    print(f"{votes} votes of {pseudonym} were deleted; export again, for earlier exports still hold them.")


@annotate.command(epilog="Example: `mtbenchx annotate export --db votes.sqlite --out votes.parquet`")
def export(
    db: Database = DB,
    out: Annotated[Path, typer.Option(help="Common name of the files to write.")] = Path("votes.parquet"),
) -> None:
    """Write the votes as Parquet and JSONL in the lmsys/mt_bench_human_judgments schema; skips go to a third file."""
    from mtbenchx_tasks.annotate.export import export as write
    from mtbenchx_tasks.annotate.store import Store

    for file in write(Store(existing(db)), out):
        print(file)


@annotate.command("import", epilog="Example: `mtbenchx annotate import gpt-4_pair.jsonl human.parquet --out all.jsonl`")
def import_votes(
    files: Annotated[list[Path], typer.Argument(help="Votes as lmsys has them, or FastChat's *_pair.jsonl.")],
    out: Annotated[Path, typer.Option(help="The JSONL file to write.")] = Path("imported.jsonl"),
    kind: Annotated[
        Literal["human", "judge"] | None, typer.Option(help="Who voted; default: as the names tell.")
    ] = None,
    language: Language = None,
) -> None:
    """Read anyone's votes into one layout: models sorted by name, winners mapped, runs of a judge numbered."""
    from collections import Counter

    from mtbenchx_tasks.formats.votes import read_votes, write_votes

    votes = [vote for file in files for vote in read_votes(file, kind=kind, language=language)]
    write_votes(out, votes)
    winners = Counter(vote.winner or vote.decision.value for vote in votes)
    people = len({vote.rater for vote in votes})
    print(f"{out}: {len(votes)} votes of {people}; {', '.join(f'{n} {winner}' for winner, n in winners.most_common())}")


@annotate.command(
    epilog="Example: `mtbenchx annotate space --repo-id ORG/NAME --out DIR --answers a.jsonl b.jsonl --contact ME`"
)
@with_study_options
def space(
    *,
    study: StudyOptions,
    repo_id: Annotated[str, typer.Option(help="The Space's name: ORG/NAME.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    invite_number: Annotated[int, typer.Option("--invite", min=1, max=1000, help="How many people.")] = 12,
) -> None:
    """Write a Docker Space and its private dataset as two folders, and print the invitation codes, only here."""
    _check_extra()
    from mtbenchx_tasks.annotate.bundle import Bundle
    from mtbenchx_tasks.annotate.serve import check_consent
    from mtbenchx_tasks.annotate.space import check_place, write_space
    from mtbenchx_tasks.annotate.study import study_of_files

    check_place(out, repo_id)
    options = study.app(embedded=True)
    check_consent(options)
    content = study_of_files(study.files, **study.choices)
    _tell_language(content)
    codes = write_space(out, repo_id, Bundle(content, options, ()), invite_number)
    print("\n".join(codes))
    steps = (
        f"hf upload {repo_id}-votes {out / 'votes'} --repo-type dataset --private",
        f"hf repos create {repo_id} --repo-type space --space-sdk docker --secrets HF_TOKEN",
        f"hf upload {repo_id} {out / 'space'} --repo-type space",
    )
    typer.echo("Next, with a token HF_TOKEN that may write to both:\n  " + "\n  ".join(steps), err=True)


@annotate.command(epilog="Example: `mtbenchx annotate restore votes/ --db votes.sqlite`, then `export`")
def restore(
    folder: Annotated[Path, typer.Argument(help="A Space's dataset, downloaded: study.json and votes-*.jsonl.")],
    db: Database = DB,
) -> None:
    """Make a database of a Space's dataset, to export or to go on elsewhere."""
    _check_extra()
    from mtbenchx_tasks.annotate.bundle import fill, read_bundle
    from mtbenchx_tasks.annotate.replay import restore as bring
    from mtbenchx_tasks.annotate.store import Store

    bundle = read_bundle(folder)
    store = Store(db)
    fill(store, bundle)
    told = bring(store, folder)
    print(f"{db}: {len(told.standing)} votes")
    if told.second:
        typer.echo(f"{told.second} second votes at the same places were left out; the first one stands.", err=True)


def _tell_language(content: "AnnotationStudy") -> None:
    from mtbenchx_tasks.annotate.study import other_language

    for sentence in other_language(content):
        typer.echo(sentence, err=True)


def _check_extra() -> None:
    """The app's libraries are an extra.

    Raises:
        UserError: They aren't installed.
    """
    try:
        import fastapi  # noqa: F401
        import latex2mathml  # noqa: F401
        import mdit_py_plugins  # noqa: F401
        import nh3  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UserError(f"The app needs {error.name}: pip install 'mtbench-x[annotate]'") from error
