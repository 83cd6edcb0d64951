"""FastChat's pairwise judgments: `<judge>_pair.jsonl`, written and read, others' files too.

A row holds both games of one turn. In its files `g1_winner` and `g2_winner` name models already: FastChat's
`play_a_match_pair` maps the letters of each order back to `model_1` and `model_2` before it writes, so nothing is
swapped here. A game without a vote is `error`, as FastChat has it.

FastChat knows no fourth vote: `both_bad` is written as `both_bad`, and FastChat's own show_result counts such a row as
won by model_2. Compare with three votes if it is to be read there.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.ledger.queries import game_request
from hf_datasets.ledger.store import Ledger
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from hf_datasets.shared.rows import checked
from mtbenchx_tasks.formats.benchmark import (
    NO_CATEGORY,
    NOTHING,
    Told,
    bench_folder,
    benchmark_of,
    category,
    question_in,
)
from mtbenchx_tasks.formats.fastchat.rows import ERROR, MODEL_1, MODEL_2, PairRow
from mtbenchx_tasks.formats.generations import Shown, of_one_generation
from mtbenchx_tasks.judge.messages import pair_prompt_name
from mtbenchx_tasks.records import Conditions, Decision, Evidence, Game, Item, Preference, Rater

GUIDED = ("math", "reasoning", "coding")
"""FastChat's categories with reference answers."""
Row = dict[str, Any]


# writing ---------------------------------------------------------------------------------------------------------


def write_pairs(folder: Path, preferences: Iterable[Preference], ledger: Ledger | None = None) -> list[Path]:
    """Write judges' comparisons beside the single judgments of `fastchat.export`; returns the files.

    They are `mt_bench_<language>/model_judgment/<judge>_pair.jsonl` (`mini_<language>/...` for the mini benchmark,
    `NAME_<language>/...` for another).
    Runs are rows in the order of the runs.

    Args:
        folder: The folder to write.
        preferences: Of any benchmark, language and judge, with both games.
        ledger: Where the judgments are, for prompts and times; None: prompts are empty and times 0.
    """
    files: dict[Path, list[Row]] = {}
    for preference in sorted(preferences, key=lambda preference: preference.run):
        item = preference.item
        bench = bench_folder(folder, item.benchmark, item.language)
        path = bench / "model_judgment" / f"{preference.rater.name}_pair.jsonl"
        files.setdefault(path, []).append(pair_row(preference, ledger))
    for path, rows in files.items():
        jsonl.write(path, rows)
    return sorted(files)


def pair_row(preference: Preference, ledger: Ledger | None = None) -> Row:
    """Return FastChat's row of a comparison; `ledger` as in `write_pairs`."""
    item, names, (first, second) = preference.item, preference.names, preference.games
    kept = [_kept(preference, game, ledger) for game in (first, second)]
    return {
        "question_id": item.question_id,
        "model_1": names[0],
        "model_2": names[1],
        "g1_winner": _winner(first, names),
        "g2_winner": _winner(second, names),
        "judge": [preference.rater.name, kept[0]["prompt"]],
        "g1_user_prompt": _user_prompt(kept[0]),
        "g1_judgment": first.evidence.text,
        "g2_user_prompt": _user_prompt(kept[1]),
        "g2_judgment": second.evidence.text,
        "turn": item.turn,
        "tstamp": max(row["at"] for row in kept),
    }


def _winner(game: Game, names: Sequence[str]) -> str:
    if game.winner is not None:
        return (MODEL_1, MODEL_2)[names.index(game.winner)]
    return ERROR if game.decision is Decision.FAILED else game.decision.value


def _kept(preference: Preference, game: Game, ledger: Ledger | None) -> Row:
    """Return what the ledger has of a game (it keeps the models of a pair in alphabetical order)."""
    item, (one, other) = preference.item, sorted(preference.names)
    place = {
        **{"benchmark": item.benchmark, "language": item.language, "question_id": item.question_id, "turn": item.turn},
        **{"run": preference.run, "judge": preference.rater.name, "model_1": one, "model_2": other},
        "judgment": game.evidence.key or None,
    }
    usual = pair_prompt_name(item.category in GUIDED, item.turn or 1)
    stored = game_request(ledger, place) if ledger else None
    return stored or {"prompt": usual, "at": 0.0, "request": None}


def _user_prompt(row: Row) -> str:
    return str(json.loads(row["request"])["messages"][-1]["content"]) if row["request"] else ""


# reading ---------------------------------------------------------------------------------------------------------


def read_pairs(file: Path, language: str, told: Told = NOTHING) -> tuple[list[Preference], tuple[str, ...]]:
    """Read pairwise judgments of FastChat's layout, whoever wrote them.

    Rows of one judge, turn, question and pair are runs, numbered in order of appearance. What isn't in such a file is
    empty: the answers and the keys.

    Args:
        file: The file.
        language: Language of the questions; ids such as `81_DE` must agree with it.
        told: The benchmark, where nothing else tells it.

    Returns:
        The comparisons, and what a reader must know of them.

    Raises:
        UserError: The file can't be read or is empty; a row is of another layout; or two sets of answers stand under
            one name (see generations). File, line and value are named.
    """
    rows = [(number, _pair(row, f"{file}, line {number}", language)) for number, row in jsonl.numbered(file)]
    if not rows:
        raise UserError(f"{file} is empty.")
    asked = {row.question_id.question: question_in(row.g1_user_prompt) for _, row in rows if row.turn == 1}
    ids = [row.question_id.question for _, row in rows]
    benchmark = benchmark_of(file, ids, told.benchmark, {number: text for number, text in asked.items() if text})
    counts, notes = of_one_generation(file, [_shown(number, row) for number, row in rows])
    runs: Counter[tuple[object, ...]] = Counter()
    preferences = []
    for number, row in (pair for pair, counted in zip(rows, counts, strict=True) if counted):
        preference = _preference(row, language, benchmark, f"{file}, line {number}")
        place = preference.item, preference.models, preference.rater
        preferences.append(replace(preference, run=runs[place]))
        runs[place] += 1
    return preferences, notes


def _preference(row: PairRow, language: str, benchmark: str, place: str) -> Preference:
    number = row.question_id.question
    told = category(benchmark, number, place=place)
    item = Item(benchmark, language, number, row.turn, "" if told == NO_CATEGORY else told)
    models = row.model_1, row.model_2
    games = (
        _game(row.model_1, row.g1_winner, models, Evidence(row.g1_judgment, source=place)),
        _game(row.model_2, row.g2_winner, models, Evidence(row.g2_judgment, source=place)),
    )
    judge = slug(row.judge)
    conditions = Conditions(judge, {"benchmark": benchmark})
    return Preference.of_games(item, Rater(judge), games, conditions=conditions, evidence=Evidence(source=place))


def _pair(row: Row, place: str, language: str) -> PairRow:
    found = checked(PairRow, row, place, "a row of pairwise judgments")
    told = found.question_id.language
    if told and told != language:
        raise UserError(f"{place}: the question {row['question_id']} is not in {language!r}; name the file's language.")
    if found.model_1 == found.model_2:
        raise UserError(f"{place}: model_1 and model_2 are both {found.model_1!r}; there must be two models.")
    return found


def _shown(number: int, row: PairRow) -> Shown:
    models = (row.model_1, row.model_2)
    return Shown(number, row.question_id.question, row.turn, models, row.judge, row.g1_user_prompt)


def _game(first: str, winner: str, models: tuple[str, str], evidence: Evidence) -> Game:
    """Read a winner, who is named by the row's models in both games, whoever was shown first."""
    if winner == ERROR:
        return Game(first, Decision.FAILED, None, "marked as an error", evidence)
    if winner in (MODEL_1, MODEL_2):
        return Game(first, Decision.WIN, models[winner == MODEL_2], "", evidence)
    return Game(first, Decision(winner), None, "", evidence)
