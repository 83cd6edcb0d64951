"""Comparisons in the ledger, read back without asking anybody."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.languages import find
from hf_datasets.benchmark.questions import BENCHMARKS, revision
from hf_datasets.ledger.queries import comparison_settings, comparisons
from hf_datasets.ledger.store import FINAL_STATES, Ledger
from hf_datasets.records import Completion, content_hash
from mtbenchx_tasks.formats.benchmark import NO_CATEGORY, known_category
from mtbenchx_tasks.formats.fastchat.pairs import write_pairs
from mtbenchx_tasks.formats.ledger.damage import damage_told
from mtbenchx_tasks.judge.answers import EMPTY
from mtbenchx_tasks.judge.verdict import game
from mtbenchx_tasks.records import Decision, Game, Item, Preference, Rater

INTERRUPTED = "interrupted"
PLACE = ("model_1", "model_2", "benchmark", "revision", "language", "judge", "settings", "question_id", "turn", "run")
"""What both games of a comparison have in common."""
Row = dict[str, Any]


def preferences_from_ledger(
    ledger: Ledger,
    *,
    benchmark: str | None = None,
    language: str | None = None,
    judge: str | None = None,
    settings: str | None = None,
) -> list[Preference]:
    """Return the comparisons that a ledger holds, as `compare` returned them; no judge is asked.

    Only those on the present revision of a benchmark are read. Comparisons under several settings look alike: who wants
    them apart asks for each.

    Args:
        ledger: The ledger.
        benchmark: Only this one.
        language: Only this one.
        judge: Only the judge of this slug.
        settings: Only comparisons under exactly these, as the rows hold them.
    """
    rows = comparisons(ledger, benchmark=benchmark, language=language, judge=judge, settings=settings)
    return preferences_of(row for row in rows if is_of_this_release(row))


def is_of_this_release(row: Mapping[str, Any]) -> bool:
    """Tell whether a row is about the content that its benchmark has now, in its language, as far as that is known."""
    is_known = row["benchmark"] in BENCHMARKS or find(row["benchmark"], row["language"])
    return not is_known or bool(row["revision"] == revision(row["benchmark"], row["language"]))


def preferences_of(rows: Iterable[Row]) -> list[Preference]:
    """Return what the rows of `queries.comparisons` decide, both games of a comparison together."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in PLACE), []).append(row)
    texts: dict[str, str] = {}
    return [_preference(both, texts) for both in groups.values()]


def export_pairs(ledger: Ledger, folder: Path) -> list[Path]:
    """Write every comparison that a ledger holds as FastChat's pair files; returns them.

    A judge that compared under several settings gets a file for each, told apart by the settings' hash.
    """
    with damage_told(ledger.path, "merge what is sound of it into a new ledger"):
        return write_pairs(folder, _by_label(ledger), ledger)


def _by_label(ledger: Ledger) -> list[Preference]:
    """Return every comparison, the judge named by its file's label."""
    rules = {(row["judge"], row["settings"]) for row in comparison_settings(ledger)}
    preferences: list[Preference] = []
    for judge, settings in sorted(rules):
        alone = sum(judge == other for other, _ in rules) == 1
        label = Rater(judge if alone else f"{judge}-{content_hash(settings)[:6]}")
        under = preferences_from_ledger(ledger, judge=judge, settings=settings)
        preferences += [replace(preference, rater=label) for preference in under]
    return preferences


def _preference(both: Sequence[Row], texts: dict[str, str]) -> Preference:
    """Return what both rows of one comparison decide; `texts` keeps one copy of each answer."""
    row, other = both
    told = known_category(row["benchmark"], row["question_id"])
    item = Item(row["benchmark"], row["language"], row["question_id"], row["turn"], "" if told == NO_CATEGORY else told)
    models = row["model_1"], row["model_2"]
    given = (models[0], row["answer_1"]), (models[1], row["answer_2"])
    answers = {model: texts.setdefault(text, text) for model, text in given}
    games = _game(row, models), _game(other, models[::-1])
    return Preference.of_games(item, Rater(row["judge"]), games, run=row["run"], answers=answers)


def _game(row: Row, shown: tuple[str, str]) -> Game:
    if row["judgment"] is None:
        empty = not (row["answer_1"].strip() and row["answer_2"].strip())
        return Game(shown[0], Decision.FAILED, reason=EMPTY if empty else INTERRUPTED)
    rule = json.loads(row["settings"])
    completion = Completion("failed", reason="the judgment is not in the ledger")
    if row["state"] in (*FINAL_STATES, "failed"):
        completion = Completion(row["state"], row["text"], row["reason"], json.loads(row["details"]))
    return game(completion, rule["parser"], rule["votes"], shown, row["judgment"])
