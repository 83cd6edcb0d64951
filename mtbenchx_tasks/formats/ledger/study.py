"""Ledgers: ratings from `use`, outcomes from `comparison`, costs; nobody is asked and nothing is written."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.ids import category_of
from hf_datasets.benchmark.questions import revision
from hf_datasets.ledger.store import Ledger, open_ledger
from hf_datasets.records import Completion, content_hash
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.ledger.damage import damage_told
from mtbenchx_tasks.formats.ledger.pairs import outcomes_from_ledger
from mtbenchx_tasks.formats.lm_eval import version_text
from mtbenchx_tasks.judge.costs import accounts
from mtbenchx_tasks.judge.judge import EMPTY_ANSWER
from mtbenchx_tasks.judge.verdict import verdict
from mtbenchx_tasks.records import Compared, Conditions, Cost, Judged, Outcome, Study

QUERY = """
SELECT use.*, judgment.state, judgment.text, judgment.reason, judgment.details
FROM use LEFT JOIN judgment ON judgment.key = use.judgment
ORDER BY use.benchmark, use.language, use.candidate, use.identity, use.question_id, use.turn, use.repeat, use.run
"""
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
        judged = tuple(_judged(ledger, str(file)))
        compared, notes = _compared(ledger, str(file))
        costs = tuple(_costs(ledger, str(file)))
    return Study(judged, compared, costs, sources=(str(file),), notes=notes)


def _judged(ledger: Ledger, source: str) -> Iterator[Judged]:
    for row in map(dict, ledger.rows(QUERY)):
        rule = json.loads(row["settings"])
        read = None
        if row["judgment"] is not None and row["state"] is not None:
            completion = Completion(row["state"], row["text"], row["reason"], json.loads(row["details"] or "{}"))
            read = verdict(completion, rule["parser"], rule["rating"], row["judgment"])
        yield Judged(
            _conditions(row, rule),
            row["candidate"],
            row["identity"],
            language=row["language"],
            question_id=row["question_id"],
            category=category_of(row["benchmark"], row["question_id"]),
            turn=row["turn"],
            repeat=row["repeat"],
            run=row["run"],
            rating=read.rating if read else None,
            reason=read.reason if read else _absent(row),
            answer=row["answer"],
            judgment=read.text if read else "",
            snapshot=read.snapshot if read else "",
            key=row["judgment"],
            source=source,
        )


def _absent(row: dict[str, Any]) -> str:
    return "the judgment is not in the ledger" if row["answer"].strip() else EMPTY_ANSWER.reason


def _conditions(row: dict[str, Any], rule: dict[str, Any]) -> Conditions:
    prompts = str(rule.get("prompt_language") or "")
    return Conditions(
        judge=row["judge"],
        benchmark=row["benchmark"],
        revision=row["revision"],
        task_version=version_text(row.get("task_version")),
        prompt_set=str(rule.get("prompt_set") or ""),
        prompt_sha256=str(rule.get("prompt_set_sha256") or ""),
        prompt_language="same" if prompts == row["language"] else prompts,
        reference_set=str(rule.get("reference_set") or ""),
        parser=str(rule.get("parser") or ""),
        rating=str(rule.get("rating") or ""),
        votes=str(rule.get("votes") or ""),
    )


def _compared(ledger: Ledger, source: str) -> tuple[tuple[Compared, ...], tuple[str, ...]]:
    """Read the outcomes under each rule apart; those on another revision of a benchmark are counted."""
    query = "SELECT DISTINCT benchmark, revision, language, judge, settings FROM comparison ORDER BY 1, 2, 3, 4, 5"
    found: list[Compared] = []
    notes = []
    for row in map(dict, ledger.rows(query)):
        if row["revision"] != revision(row["benchmark"]):
            where = f"{row['benchmark']} revision {row['revision']}"
            notes.append(f"{source}: comparisons on {where} are left out: this release has another revision.")
            continue
        rule = json.loads(row["settings"])
        outcomes = outcomes_from_ledger(
            ledger, benchmark=row["benchmark"], language=row["language"], judge=row["judge"], rule=rule
        )
        conditions = _conditions(row, rule)
        found += [Compared(conditions, _short(outcome), source) for outcome in outcomes]
    return tuple(found), tuple(dict.fromkeys(notes))


def _short(outcome: Outcome) -> Outcome:
    """Keys aren't compared: the same outcome from another file is the same."""
    if outcome.games is None:
        return outcome
    first, second = (replace(game, key=None) for game in outcome.games)
    return replace(outcome, games=(first, second))


def _costs(ledger: Ledger, source: str) -> Iterator[Cost]:
    for (endpoint, model), account in accounts(ledger).items():
        name = model if endpoint != "local" else f"local model {content_hash(model)[:6]}"
        total = sum(account.states.values())
        yield Cost(name, endpoint, total, dict(account.states), account.read, account.written, account.cost, source)
