"""A judge's exams as its ledger holds them: every judgment read again, by the judge's own parser; no judge is asked."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hf_datasets.ledger.queries import exam_uses
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion, canonical_json
from mtbenchx_tasks.formats.ledger.damage import damage_told
from mtbenchx_tasks.judge.costs import Account, prices_of
from mtbenchx_tasks.judge.verdict import game, verdict
from mtbenchx_tasks.meta_evaluation.exam.ask import MODES, SIDES, Form, Mode, Side
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.meta_evaluation.exam.outcome import Outcome, compared, rated
from mtbenchx_tasks.records import Decision, Game, Verdict

OF_ONE_LANGUAGE = ("prompt_language", "prompt_set_sha256")
OF_ONE_MODE = ("rating", "votes", "continuation")
Row = dict[str, Any]


@dataclass(frozen=True)
class ExamAnswers:
    """All that one judge, asked in one way, said in its exam."""

    judge: str
    """Its slug."""
    rule: Mapping[str, Any]
    """`endpoint`, `model`, `parameters`, `system_role`, `prompt_set`, `parser`."""
    prompt_language: str
    """`same` as the question's, or a code."""
    outcomes: tuple[Outcome, ...]
    snapshots: tuple[str, ...] = ()
    """The judge's versions, as its endpoint reported them."""
    account: Account = field(default_factory=Account)
    other_releases: int = 0
    """Judgments of items that this release doesn't have."""

    def only(self, keep: Callable[[Outcome], bool]) -> "ExamAnswers":
        """Return the same with some of the outcomes."""
        return replace(self, outcomes=tuple(filter(keep, self.outcomes)))

    @property
    def model(self) -> str:
        """What its endpoint calls it."""
        return str(self.rule.get("model", self.judge))


def read_exams(ledger: Ledger, judge: str | None = None) -> list[ExamAnswers]:
    """Return every exam that a ledger holds, by judge and by how it was asked.

    Judgments on items of another release, whose texts this one doesn't have, are counted and not scored.

    Args:
        ledger: The ledger.
        judge: Only the judge of this slug; None: all.

    Raises:
        UserError: A row of it is damaged.
    """
    with damage_told(ledger.path, "take a copy of it from before"):
        return _read(exam_uses(ledger, judge))


def _read(rows: Iterable[Row]) -> list[ExamAnswers]:
    groups: dict[tuple[str, str, str], list[Row]] = {}
    rules: dict[str, tuple[Mapping[str, Any], str]] = {}
    for row in rows:
        text = row["settings"]
        if text not in rules:
            rules[text] = json.loads(text), shared_rule(json.loads(text))
        rule, shared = rules[text]
        prompts = "same" if rule["prompt_language"] == row["language"] else str(rule["prompt_language"])
        parsed = {**row, "rule": rule, "details": _details(row["details"])}
        groups.setdefault((row["judge"], shared, prompts), []).append(parsed)
    _lend_english(groups)
    return [_exam_answers(judge, json.loads(rule), prompts, said) for (judge, rule, prompts), said in groups.items()]


def shared_rule(conditions: Mapping[str, Any]) -> str:
    """Return what a judge's conditions in all languages and modes have in common, as canonical JSON."""
    differing = (*OF_ONE_LANGUAGE, *OF_ONE_MODE)
    return canonical_json({name: value for name, value in conditions.items() if name not in differing})


def _lend_english(groups: dict[tuple[str, str, str], list[Row]]) -> None:
    """English questions with English prompts belong to both ways of asking."""
    for (judge, rule, prompts), rows in groups.items():
        own = groups.get((judge, rule, "same"), []) if prompts == "en" else []
        rows += [row for row in own if row["language"] == "en"]


def _exam_answers(judge: str, rule: Mapping[str, Any], prompts: str, rows: Sequence[Row]) -> ExamAnswers:
    items: dict[Form, tuple[str, dict[tuple[str, str], ExamItem]]] = {}
    known, strange = [], 0
    for row in rows:
        form = Form(row["form"], row["seed"])
        if form not in items:
            items[form] = form.revision, {(item.item.language, item.template): item for item in form.items}
        revision, by_place = items[form]
        item = by_place.get((row["language"], row["template"]))
        if item is None or revision != row["revision"]:
            strange += 1
        else:
            known.append((item, row))
    details = {row["judgment"]: row for _, row in known}
    snapshots = {str(row["details"].get("snapshot") or "") for row in details.values()} - {""}
    account = _account(rule, details.values())
    return ExamAnswers(judge, rule, prompts, tuple(_outcomes(known)), tuple(sorted(snapshots)), account, strange)


def _details(text: str | None) -> Mapping[str, Any]:
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}


def _account(rule: Mapping[str, Any], rows: Iterable[Row]) -> Account:
    """Return tokens and dollars of the exam's judgments, each counted once."""
    account = Account()
    prices = prices_of(str(rule.get("model")), str(rule.get("endpoint")))
    for row in rows:
        account.add(str(row["state"] or "failed"), row["details"], prices)
    return account


def _outcomes(rows: Sequence[tuple[ExamItem, Row]]) -> Iterator[Outcome]:
    pairs: dict[tuple[int, Mode, int], tuple[ExamItem, dict[Side, Row]]] = {}
    for item, row in rows:
        pairs.setdefault((id(item), row["mode"], row["run"]), (item, {}))[1][row["shown"]] = row
    for (_, mode, run), (item, both) in pairs.items():
        if mode not in MODES:
            continue
        if mode == "single":
            outcome = rated(item, *(_verdict(both.get(side)) for side in SIDES))
        else:
            outcome = compared(item, *(_game(both.get(side), side) for side in SIDES))
        yield replace(outcome, run=run)


def _completion(row: Row) -> Completion:
    if row["state"] is None:
        return Completion("failed", reason="the judgment is not in the ledger")
    return Completion(row["state"], row["text"], row["reason"], row["details"])


def _verdict(row: Row | None) -> Verdict:
    if row is None:
        return Verdict(None, reason="not asked")
    return verdict(_completion(row), row["rule"]["parser"], row["rule"]["rating"], row["judgment"])


def _game(row: Row | None, first: Side) -> Game:
    shown = SIDES if first == SIDES[0] else SIDES[::-1]
    if row is None:
        return Game(first, Decision.FAILED, reason="not asked")
    return game(_completion(row), row["rule"]["parser"], row["rule"]["votes"], shown, row["judgment"])
