"""Ledgers: ratings from `use`, preferences from `comparison`, costs; no judge is asked and nothing is written."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.ledger.queries import comparison_settings, comparisons, examined_judges, uses
from hf_datasets.ledger.store import Ledger, open_ledger
from hf_datasets.records import Completion, content_hash
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.benchmark import known_category
from mtbenchx_tasks.formats.conditions import conditions_of, sent_by_ledger
from mtbenchx_tasks.formats.content import Cost, Study
from mtbenchx_tasks.formats.distinct import distinct
from mtbenchx_tasks.formats.ledger.damage import damage_told
from mtbenchx_tasks.formats.ledger.pairs import is_of_this_release, preferences_of
from mtbenchx_tasks.formats.lm_eval import version_text
from mtbenchx_tasks.judge.answers import EMPTY
from mtbenchx_tasks.judge.costs import accounts
from mtbenchx_tasks.judge.verdict import verdict
from mtbenchx_tasks.records import Conditions, Evidence, Item, Model, Preference, Rater, Rating, Verdict

ONE_RUN = ("judge", "settings", "benchmark", "revision", "task_version", "language", "candidate", "identity")
"""What the rows of one model's answers in one language, judged once, have in common."""
Row = dict[str, Any]
MAGIC = b"SQLite format 3\x00"


def is_ledger(file: Path) -> bool:
    """Tell whether a file is SQLite's."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def holds_judgments(file: Path) -> bool:
    """Tell whether an SQLite file is a ledger."""
    try:
        open_ledger(file, read_only=True).close()
    except UserError:
        return False
    return True


def read_ledger(file: Path) -> Study:
    """Read everything that a ledger holds.

    A copy is read, so that a ledger on a read-only disk, or one that a judge is writing to, stays as it is.

    Raises:
        UserError: The file isn't a ledger, or is damaged.
    """
    if not is_ledger(file):
        raise UserError(f"{file} is not a ledger (SQLite); leave it out.")
    with damage_told(file), open_ledger(file, read_only=True) as ledger:
        ratings, _, twice = distinct(_ratings(ledger, str(file)))
        preferences, notes = _preferences(ledger, str(file))
        costs = tuple(_costs(ledger, str(file)))
        exams = (str(file),) if examined_judges(ledger) else ()
    if twice:
        notes = (
            f"{file}: {twice} judgments stand in it twice (once as an older release wrote) and count once.",
            *notes,
        )
    return Study(tuple(ratings), preferences, costs, sources=(str(file),), notes=notes, exams=exams)


def _ratings(ledger: Ledger, source: str) -> Iterator[Rating]:
    rows = [_parsed(row) for row in uses(ledger)]
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in ONE_RUN), []).append(row)
    under = {place: _conditions(group) for place, group in groups.items()}
    for row in rows:
        said = _verdict(row)
        yield Rating(
            Item(
                row["benchmark"],
                row["language"],
                row["question_id"],
                row["turn"],
                known_category(row["benchmark"], row["question_id"]),
            ),
            Model(row["candidate"], row["identity"]),
            Rater(row["judge"], snapshot=said.snapshot),
            under[tuple(row[name] for name in ONE_RUN)],
            said.rating,
            said.reason,
            row["repeat"],
            row["run"],
            row["answer"],
            Evidence(said.text, row["judgment"] or "", source, at=row["judged_at"], suspicious=bool(row["suspicious"])),
        )


def _verdict(row: Row) -> Verdict:
    if row["judgment"] is None or row["state"] is None:
        return Verdict(None, reason="the judgment is not in the ledger" if row["answer"].strip() else EMPTY)
    completion = Completion(row["state"], row["text"], row["reason"], row["details"])
    return verdict(completion, row["rule"]["parser"], row["rule"]["rating"], row["judgment"])


def _parsed(row: Row) -> Row:
    texts = {"rule": row["settings"], "details": row["details"] or "{}", "parameters": row["parameters"] or "{}"}
    return {**row, **{name: json.loads(text) for name, text in texts.items()}}


def _conditions(rows: Sequence[Row]) -> Conditions:
    """Return what the judgments of one run of one model in one language share."""
    first, rule = rows[0], rows[0]["rule"]
    task = {"benchmark": first["benchmark"], "revision": first["revision"]}
    task["task_version"] = version_text(first.get("task_version"))
    return conditions_of(first["judge"], first["language"], task, rule, sent_by_ledger(rule, rows))


def _preferences(ledger: Ledger, source: str) -> tuple[tuple[Preference, ...], tuple[str, ...]]:
    """Read the comparisons under each rule apart; those on another revision of a benchmark are counted."""
    read: list[Preference] = []
    notes = []
    evidence = Evidence(source=source)
    for row in comparison_settings(ledger):
        if not is_of_this_release(row):
            where = f"{row['benchmark']} revision {row['revision']}"
            notes.append(f"{source}: comparisons on {where} are left out: this release has another revision.")
            continue
        place = {name: row[name] for name in ("benchmark", "language", "judge", "settings")}
        games = [game for game in comparisons(ledger, **place) if is_of_this_release(game)]
        conditions = _conditions([_parsed(game) for game in games])
        read += [replace(one, conditions=conditions, evidence=evidence) for one in preferences_of(games)]
    return tuple(read), tuple(dict.fromkeys(notes))


def _costs(ledger: Ledger, source: str) -> Iterator[Cost]:
    for (endpoint, model), account in accounts(ledger).items():
        name = model if endpoint != "local" else f"local model {content_hash(model)[:6]}"
        total = sum(account.states.values())
        yield Cost(name, endpoint, total, dict(account.states), account.read, account.written, account.cost, source)
