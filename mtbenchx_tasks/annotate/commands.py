"""What whoever runs a study asks on the command line: codes, how it goes, how many people it takes."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hf_datasets.shared.errors import UserError

if TYPE_CHECKING:
    from mtbenchx_tasks.annotate.status import StudyStatus

Database = Annotated[Path, typer.Option("--db", help="The study's database.")]
DB = Path("votes.sqlite")


def invite(
    number: Annotated[
        int | None, typer.Argument(min=1, max=1000, help="How many people; default: as many as labels.")
    ] = None,
    labels: Annotated[
        list[str] | None, typer.Option("--label", help="A note for one code, to find it again; never exported.")
    ] = None,
    db: Database = DB,
) -> None:
    """Print new invitation codes, one a line; they are shown only here, the database keeps hashes."""
    from mtbenchx_tasks.annotate.codes import code_hash, new_code
    from mtbenchx_tasks.annotate.people import invite as invite_all
    from mtbenchx_tasks.annotate.store import Store

    notes = labels or []
    if number is None and not notes:
        raise UserError("How many people? Give a number, or a --label for each.")
    codes = [new_code() for _ in range(max(number or 0, len(notes)))]
    names = invite_all(Store(db), [code_hash(code) for code in codes], notes)
    for index, code in enumerate(codes):
        print(f"{code}  {names[index]}  {notes[index]}" if index < len(notes) else code)


def code(
    wanted: Annotated[str, typer.Argument(help="A pseudonym, a code, or a part of a label.")],
    label: Annotated[str | None, typer.Option(help="Set the note; empty: remove it.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Print a new code; the old one ends, the votes stay.")] = False,
    block: Annotated[
        bool | None, typer.Option("--block/--unblock", help="Let the code be of no use, or of use again.")
    ] = None,
    db: Database = DB,
) -> None:
    """Find somebody's code again, note whose it is, replace it, or block it."""
    from mtbenchx_tasks.annotate import people
    from mtbenchx_tasks.annotate.store import Store

    store = Store(existing(db))
    found = people.found(store, wanted)
    if not found:
        raise UserError(f"Nobody has the pseudonym, code or label {wanted!r}; `mtbenchx annotate status` lists all.")
    if len(found) > 1 and (label is not None or new or block is not None):
        names = ", ".join(person.name for person in found)
        raise UserError(f"{wanted!r} fits several ({names}); name one by its pseudonym.")
    name = found[0].name
    if label is not None:
        people.label(store, name, label)
    if block is not None:
        people.block(store, name, block)
    if new:
        print(people.reissue(store, name))
    for person in people.found(store, name) if len(found) == 1 else found:
        marks = [word for word, so in (("blocked", person.blocked), ("withdrew", person.withdrawn)) if so]
        typer.echo("  ".join([person.name, *marks, person.label]).rstrip(), err=new)


def status(
    db: Database = DB,
    target: Annotated[int, typer.Option(min=1, help="Raters that an item should get.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print every number as JSON.")] = False,
) -> None:
    """Show how a study goes: people, votes by question and category, agreement so far, who stopped where."""
    from mtbenchx_tasks.annotate.status import status as status_of
    from mtbenchx_tasks.annotate.status import status_tables
    from mtbenchx_tasks.annotate.store import Store
    from mtbenchx_tasks.tables import number, print_tables

    with closing(Store(existing(db))) as store:
        content = store.study()
        if content is None:
            raise UserError(f"{db} holds no study yet; start one by `mtbenchx annotate serve`.")
        found = status_of(store, content, target)
    if json:
        _print_json(found)
        return
    print_tables(status_tables(found, target))
    seconds = f"; {number(found.seconds, 0)} seconds a vote (median)" if found.seconds is not None else ""
    print(f"{found.whole.votes} votes, {found.whole.skips} skips of {len(found.people)} people{seconds}")


def plan(
    *,
    questions: Annotated[int, typer.Option(min=2, help="Questions of the study.")] = 80,
    width: Annotated[float, typer.Option(min=0.001, max=1, help="Width of the 95 % interval, e.g. 0.1.")] = 0.1,
    pairs: Annotated[int, typer.Option(min=1, help="Pairs of models.")] = 1,
    turns: Annotated[int, typer.Option(min=1, help="Turns of a question.")] = 2,
    per_annotator: Annotated[int, typer.Option(min=1, help="Questions that one person judges.")] = 20,
    agreement: Annotated[float, typer.Option(help="Expected share of agreeing pairs of votes.")] = 0.6,
    correlation: Annotated[float, typer.Option(help="Between the items of one question, 0 to 1.")] = 0.5,
    skips: Annotated[float, typer.Option(min=0, max=0.9, help="Share that people skip.")] = 0.05,
) -> None:
    """Tell how many people and votes an interval of the agreement takes, before anybody is invited."""
    from mtbenchx_tasks.stats import agreement_plan as planned

    assumed = planned.Assumptions(agreement, correlation=correlation)
    if wrong := planned.problem(assumed):
        raise UserError(f"Nothing can be planned: {wrong}.")
    rows = list(planned.plan(questions, pairs, turns, per_annotator, assumed=assumed, skips=skips))
    print("votes an item  votes in all  people  95 % interval")
    for row in rows:
        ends = f"± {100 * row.half_width:.1f} points"
        print(f"{row.raters:>13}  {row.votes:>12}  {row.people:>6}  {ends:>13}")
    enough = next((row for row in rows if 2 * row.half_width <= width), None)
    if enough:
        print(f"An interval of {width:g} takes {enough.people} people and {enough.votes} votes.")
        return
    needed = planned.questions_needed(width, 3, pairs * turns, assumed)
    print(f"No number of raters gives {width:g} with {questions} questions; {needed} questions with 3 raters would.")


def _print_json(found: "StudyStatus") -> None:
    import json
    from dataclasses import asdict

    people = [{**asdict(one), "state": one.state} for one in found.people]
    print(json.dumps({**asdict(found), "people": people}, ensure_ascii=False, indent=1))


def existing(db: Path) -> Path:
    """Return a database that is there.

    Raises:
        UserError: It isn't.
    """
    if not db.is_file():
        raise UserError(f"There is no database {db}; name the study's by --db.")
    return db
