"""FastChat's pairwise judgments: `<judge>_pair.jsonl`, written from outcomes and read into them, others' files too.

A row holds both games of one turn. In its files `g1_winner` and `g2_winner` name models already: FastChat's
`play_a_match_pair` maps the letters of each order back to `model_1` and `model_2` before it writes, so nothing is
swapped here. A game without a vote is `error`, as FastChat has it.

FastChat knows no fourth vote: `both_bad` is written as `both_bad`, and FastChat's own show_result counts such a row as
won by model_2. Compare with three votes if it is to be read there.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.ledger.queries import game_request
from hf_datasets.ledger.store import Ledger
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import checked
from mtbenchx_tasks.formats.benchmark import NOTHING, Told, benchmark_of, category, question_in
from mtbenchx_tasks.formats.fastchat.rows import ERROR, PairRow
from mtbenchx_tasks.formats.generations import Shown, of_one_generation
from mtbenchx_tasks.judge.messages import pair_prompt_name
from mtbenchx_tasks.judge.settings import slug
from mtbenchx_tasks.records import Outcome, OutcomeGame, OutcomeItem

GUIDED = ("math", "reasoning", "coding")
"""FastChat's categories with reference answers."""
Row = dict[str, Any]


# writing ---------------------------------------------------------------------------------------------------------


def write_pairs(folder: Path, outcomes: Iterable[Outcome], ledger: Ledger | None = None) -> list[Path]:
    """Write outcomes beside the single judgments of `fastchat.export`; returns the files.

    They are `mt_bench_<language>/model_judgment/<judge>_pair.jsonl` (`mini_<language>/...` for the mini benchmark).
    Runs are rows in the order of the runs.

    Args:
        folder: The folder to write.
        outcomes: Of any benchmark, language and judge.
        ledger: Where the judgments are, for prompts and times; None: prompts are empty and times 0.
    """
    files: dict[Path, list[Row]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.item.run):
        item = outcome.item
        bench = folder / f"{'mini' if item.benchmark == 'mini' else 'mt_bench'}_{item.language}"
        files.setdefault(bench / "model_judgment" / f"{item.judge}_pair.jsonl", []).append(pair_row(outcome, ledger))
    for path, rows in files.items():
        jsonl.write(path, rows)
    return sorted(files)


def pair_row(outcome: Outcome, ledger: Ledger | None = None) -> Row:
    """Return FastChat's row of an outcome; `ledger` as in `write_pairs`."""
    item, (first, second) = outcome.item, outcome.games or (OutcomeGame(None), OutcomeGame(None))
    known = [_kept(item, one, ledger) for one in (first, second)]
    return {
        "question_id": item.question_id,
        "model_1": item.model_1,
        "model_2": item.model_2,
        "g1_winner": first.vote or ERROR,
        "g2_winner": second.vote or ERROR,
        "judge": [item.judge, known[0]["prompt"]],
        "g1_user_prompt": _user_prompt(known[0]),
        "g1_judgment": first.text,
        "g2_user_prompt": _user_prompt(known[1]),
        "g2_judgment": second.text,
        "turn": item.turn,
        "tstamp": max(row["at"] for row in known),
    }


def _kept(item: OutcomeItem, one: OutcomeGame, ledger: Ledger | None) -> Row:
    """Return what the ledger has of a game (it keeps the models of a pair in alphabetical order)."""
    columns = ("benchmark", "language", "question_id", "turn", "run", "judge")
    place = {column: getattr(item, column) for column in columns}
    place["model_1"], place["model_2"] = sorted((item.model_1, item.model_2))
    known = game_request(ledger, {**place, "judgment": one.key}) if ledger else None
    return known or {"prompt": _usual_prompt(item), "at": 0.0, "request": None}


def _usual_prompt(item: OutcomeItem) -> str:
    return pair_prompt_name(item.category in GUIDED, item.turn)


def _user_prompt(row: Row) -> str:
    return str(json.loads(row["request"])["messages"][-1]["content"]) if row["request"] else ""


# reading ---------------------------------------------------------------------------------------------------------


def read_pairs(file: Path, language: str, told: Told = NOTHING) -> tuple[list[Outcome], tuple[str, ...]]:
    """Read pairwise judgments of FastChat's layout, whoever wrote them.

    Rows of one judge, turn, question and pair are runs, numbered in order of appearance. What isn't in such a file is
    empty: the lengths are 0 and the keys None.

    Args:
        file: The file.
        language: Language of the questions; ids such as `81_DE` must agree with it.
        told: The benchmark, where nothing else tells it.

    Returns:
        The outcomes, and what a reader must know of them.

    Raises:
        UserError: The file can't be read or is empty; a row is of another layout; or two sets of answers stand under
            one name (see generations). File, line and value are named.
    """
    rows = [(number, _pair(row, f"{file}, line {number}", language)) for number, row in jsonl.numbered(file)]
    if not rows:
        raise UserError(f"{file} is empty.")
    asked = {row.question_id.number: question_in(row.g1_user_prompt) for _, row in rows if row.turn == 1}
    ids = [row.question_id.number for _, row in rows]
    benchmark = benchmark_of(file, ids, told.benchmark, {number: text for number, text in asked.items() if text})
    counts, notes = of_one_generation(file, [_shown(number, row) for number, row in rows])
    seen: Counter[OutcomeItem] = Counter()
    outcomes = []
    for (number, row), counted in zip(rows, counts, strict=True):
        if not counted:
            continue
        item = _item(row, language, benchmark, f"{file}, line {number}")
        games = (_game(row.g1_winner, row.g1_judgment), _game(row.g2_winner, row.g2_judgment))
        outcomes.append(Outcome.of(replace(item, run=seen[item]), *games))
        seen[item] += 1
    return outcomes, notes


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
    return Shown(number, row.question_id.number, row.turn, models, row.judge, row.g1_user_prompt)


def _item(row: PairRow, language: str, benchmark: str, place: str) -> OutcomeItem:
    return OutcomeItem(
        benchmark=benchmark,
        language=language,
        question_id=row.question_id.number,
        category=category(benchmark, row.question_id.number, place=place),
        turn=row.turn,
        run=0,
        judge=slug(row.judge),
        model_1=row.model_1,
        model_2=row.model_2,
    )


def _game(winner: str, text: str) -> OutcomeGame:
    return OutcomeGame(None, text, "marked as an error") if winner == ERROR else OutcomeGame(winner, text)
