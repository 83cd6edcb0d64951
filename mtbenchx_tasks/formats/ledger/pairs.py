"""Comparisons in the ledger, read back as outcomes without asking anybody."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.ids import category_of
from hf_datasets.benchmark.questions import revision
from hf_datasets.ledger.queries import comparison_settings, comparisons
from hf_datasets.ledger.store import FINAL_STATES, Ledger
from hf_datasets.records import Completion, content_hash
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.fastchat.pairs import write_pairs
from mtbenchx_tasks.formats.ledger.damage import damage_told
from mtbenchx_tasks.judge.judge import EMPTY_ANSWER
from mtbenchx_tasks.judge.verdict import game
from mtbenchx_tasks.records import Outcome, OutcomeGame, OutcomeItem

EMPTY, INTERRUPTED = EMPTY_ANSWER.reason, "interrupted"
Row = dict[str, Any]


def outcomes_from_ledger(
    ledger: Ledger,
    *,
    models: Sequence[str] | None = None,
    baseline: str | None = None,
    benchmark: str | None = None,
    language: str | None = None,
    judge: str | None = None,
    rule: Mapping[str, object] | None = None,
    settings: str | None = None,
) -> list[Outcome]:
    """Return the outcomes that a ledger holds, as `compare` returned them; nobody is asked.

    Only comparisons on the present revision of a benchmark are read.

    Args:
        ledger: The ledger.
        models: The models, in the order in which they are compared; None: all, by name.
        baseline: Only comparisons with this model; None: all pairs.
        benchmark: Only this one.
        language: Only this one.
        judge: Only the judge of this slug.
        rule: Only comparisons under these settings, e.g. `{"votes": 4, "prompt_set": "native"}`.
        settings: Only comparisons under exactly these, as the rows hold them.

    Raises:
        UserError: Nothing is found, or one judge compared under several settings, of which one must be named.
    """
    rows = comparisons(ledger, benchmark=benchmark, language=language, judge=judge, settings=settings)
    rows = [
        row
        for row in rows
        if row["revision"] == revision(row["benchmark"], row["language"]) and _is_under(row, rule or {})
    ]
    names = models or sorted({row[name] for row in rows for name in ("model_1", "model_2")})
    wanted = {frozenset(pair): pair for pair in (pairs(names, baseline) if names else [])}
    rows = [row for row in rows if _pair(row) in wanted]
    if not rows:
        raise UserError(f"The ledger {ledger.path} holds no such comparison; run `mtbenchx compare` with it first.")
    _check_one_rule(ledger, rows)
    games = {(_item(row, wanted[_pair(row)]), _shown_as_a(row)): row for row in rows}
    outcomes = [_outcome(item, games) for item in dict.fromkeys(item for item, _ in games)]
    order = {pair: number for number, pair in enumerate(wanted.values())}
    return sorted(outcomes, key=lambda outcome: order[outcome.item.model_1, outcome.item.model_2])


def export_pairs(ledger: Ledger, folder: Path) -> list[Path]:
    """Write every comparison that a ledger holds as FastChat's pair files; returns them.

    A judge that compared under several settings gets a file for each, told apart by the settings' hash.
    """
    with damage_told(ledger.path, "merge what is sound of it into a new ledger"):
        return write_pairs(folder, _all_outcomes(ledger), ledger)


def _all_outcomes(ledger: Ledger) -> list[Outcome]:
    """Return every outcome, the judge named by its file's label."""
    rules = {(row["judge"], row["settings"]) for row in comparison_settings(ledger)}
    outcomes: list[Outcome] = []
    for judge, settings in sorted(rules):
        alone = sum(judge == other for other, _ in rules) == 1
        label = judge if alone else f"{judge}-{content_hash(settings)[:6]}"
        found = outcomes_from_ledger(ledger, judge=judge, settings=settings)
        outcomes += [replace(outcome, item=replace(outcome.item, judge=label)) for outcome in found]
    return outcomes


def _is_under(row: Row, rule: Mapping[str, object]) -> bool:
    settings = json.loads(row["settings"])
    return all(settings.get(name) == value for name, value in rule.items())


def _pair(row: Row) -> frozenset[str]:
    return frozenset((row["model_1"], row["model_2"]))


def _shown_as_a(row: Row) -> str:
    return str(row["model_1"] if row["game"] == 1 else row["model_2"])


def _check_one_rule(ledger: Ledger, rows: Sequence[Row]) -> None:
    """Two rules for one judge would count an item twice."""
    rules: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        rules.setdefault((row["judge"], row["benchmark"], row["language"]), set()).add(row["settings"])
    for (judge, benchmark, language), found in rules.items():
        if len(found) > 1:
            raise UserError(
                f"In the ledger {ledger.path} {judge!r} compared on {benchmark} in {language!r} under several "
                f"settings; name one: {_differences([json.loads(settings) for settings in found])}."
            )


def _differences(rules: Sequence[Mapping[str, object]]) -> str:
    values = {name: sorted({str(rule.get(name)) for rule in rules}) for name in sorted(set().union(*rules))}
    return "; ".join(f"{name} {' or '.join(found)}" for name, found in values.items() if len(found) > 1)


def _item(row: Row, models: tuple[str, str]) -> OutcomeItem:
    return OutcomeItem(
        benchmark=row["benchmark"],
        language=row["language"],
        question_id=row["question_id"],
        category=category_of(row["benchmark"], row["question_id"]),
        turn=row["turn"],
        run=row["run"],
        judge=row["judge"],
        model_1=models[0],
        model_2=models[1],
    )


def _outcome(item: OutcomeItem, games: Mapping[tuple[OutcomeItem, str], Row]) -> Outcome:
    first, second = games[item, item.model_1], games[item, item.model_2]
    lengths = {first["model_1"]: len(first["answer_1"]), first["model_2"]: len(first["answer_2"])}
    return Outcome.of(
        item, _game(first, False), _game(second, True), lengths=(lengths[item.model_1], lengths[item.model_2])
    )


def _game(row: Row, swapped: bool) -> OutcomeGame:
    """Read one game; `swapped` says whether the item's model_2 was shown as A."""
    if row["judgment"] is None:
        empty = not (row["answer_1"].strip() and row["answer_2"].strip())
        return OutcomeGame(None, reason=EMPTY if empty else INTERRUPTED)
    rule = json.loads(row["settings"])
    completion = Completion("failed", reason="the judgment is not in the ledger")
    if row["state"] in (*FINAL_STATES, "failed"):
        completion = Completion(row["state"], row["text"], row["reason"], json.loads(row["details"]))
    return game(completion, rule["parser"], rule["votes"], swapped, row["judgment"])


def pairs(models: Sequence[str], baseline: str | None = None) -> list[tuple[str, str]]:
    """Return which models are compared: the baseline with each other one, or all pairs, in the order given.

    Raises:
        UserError: There are not two models, two have one name, or the baseline is none of them.
    """
    twice = next((model for model in models if list(models).count(model) > 1), None)
    if twice is not None:
        raise UserError(f"Two sets of answers are of a model named {twice!r}; give one of them another model_id.")
    if len(models) < 2:  # noqa: PLR2004
        raise UserError("A comparison needs the answers of two models or more; name another file.")
    if baseline is None:
        return list(combinations(models, 2))
    if baseline not in models:
        raise UserError(f"The baseline {baseline!r} is none of the models {', '.join(models)}; name one of them.")
    return [(baseline, model) for model in models if model != baseline]
