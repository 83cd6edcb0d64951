"""FastChat's pairwise judgments: `<judge>_pair.jsonl`, written from outcomes and read into them, others' files too.

A row holds both games of one turn. In its files `g1_winner` and `g2_winner` name models already: FastChat's
`play_a_match_pair` maps the letters of each order back to `model_1` and `model_2` before it writes, so nothing is
swapped here. A game without a vote is `error`, as FastChat has it.

FastChat knows no fourth vote: `both_bad` is written as `both_bad`, and FastChat's own show_result counts such a row as
won by model_2 (notes: peers 17). Compare with three votes if it is to be read there.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.ids import FIRST_ID, category_of
from hf_datasets.ledger.store import Ledger
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.messages import pair_prompt_name
from mtbenchx_tasks.judge.settings import slug
from mtbenchx_tasks.judge.verdict import MODEL_1, MODEL_2
from mtbenchx_tasks.records import BOTH_BAD, TIE, Game, Item, Outcome

ERROR = "error"
WINNERS = (MODEL_1, MODEL_2, TIE, BOTH_BAD, ERROR)
GUIDED = ("math", "reasoning", "coding")
"""FastChat's categories with reference answers."""
QUERY = """
SELECT comparison.prompt, coalesce(judgment.at, comparison.at) AS at, judgment.request
FROM comparison LEFT JOIN judgment ON judgment.key = comparison.judgment
WHERE benchmark = ? AND language = ? AND question_id = ? AND turn = ? AND run = ? AND judge = ?
    AND model_1 = ? AND model_2 = ? AND judgment IS ?
ORDER BY comparison.at DESC LIMIT 1
"""
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
    item, (first, second) = outcome.item, (outcome.first, outcome.second)
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


def _kept(item: Item, one: Game, ledger: Ledger | None) -> Row:
    """Return what the ledger has of a game (it keeps the models of a pair in alphabetical order)."""
    place = item.benchmark, item.language, item.question_id, item.turn, item.run, item.judge
    rows = ledger.rows(QUERY, (*place, *sorted((item.model_1, item.model_2)), one.key)) if ledger else []
    return dict(rows[0]) if rows else {"prompt": _usual_prompt(item), "at": 0.0, "request": None}


def _usual_prompt(item: Item) -> str:
    return pair_prompt_name(item.category in GUIDED, item.turn)


def _user_prompt(row: Row) -> str:
    return str(json.loads(row["request"])["messages"][-1]["content"]) if row["request"] else ""


# reading ---------------------------------------------------------------------------------------------------------


def read_pairs(file: Path, language: str, categories: Mapping[int, str] | None = None) -> list[Outcome]:
    """Read pairwise judgments of FastChat's layout, whoever wrote them.

    Rows of one judge, turn, question and pair are runs, numbered in order of appearance. What isn't in such a file is
    empty: the lengths are 0 and the keys None.

    Args:
        file: The file.
        language: Language of the questions; ids such as `81_DE` must agree with it.
        categories: Question id -> category, for ids that are neither MT-Bench's nor the mini benchmark's.

    Raises:
        UserError: The file can't be read or is empty; or a row is of another layout, its winner is unknown, or its
            question has no category: file and line are named.
    """
    seen: Counter[Item] = Counter()
    outcomes = []
    for number, row in _numbered(file):
        try:
            item = _item(row, language, categories or {})
            first, second = _game(row, "g1"), _game(row, "g2")
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise UserError(
                f"{file}, line {number}: not a row of pairwise judgments ({type(error).__name__}: {error})."
            ) from error
        except UserError as error:
            raise UserError(f"{file}, line {number}: {error}") from error
        outcomes.append(Outcome(replace(item, run=seen[item]), first, second))
        seen[item] += 1
    return outcomes


def _numbered(file: Path) -> list[tuple[int, Row]]:
    """Return the rows of a file with their line numbers (blank lines count)."""
    rows = jsonl.read(file)
    if not rows:
        raise UserError(f"{file} is empty.")
    lines = file.read_text(encoding="utf-8-sig").split("\n")
    return list(zip((number for number, line in enumerate(lines, start=1) if line.strip()), rows, strict=True))


def _item(row: Row, language: str, categories: Mapping[int, str]) -> Item:
    identifier, _, told = str(row["question_id"]).partition("_")  # upstream writes 81_DE
    if told and told.lower() != language:
        raise UserError(f"the question {row['question_id']} is not in {language!r}; name the file's language.")
    if row["turn"] not in (1, 2):
        raise UserError(f"turn is {row['turn']!r}; it must be 1 or 2.")
    question_id = int(identifier)
    benchmark = "mini" if question_id < FIRST_ID else "mtbench_x"
    return Item(
        benchmark=benchmark,
        language=language,
        question_id=question_id,
        category=categories.get(question_id) or category_of(benchmark, question_id),
        turn=row["turn"],
        run=0,
        judge=slug(_judge(row["judge"])),
        model_1=row["model_1"],
        model_2=row["model_2"],
    )


def _judge(judge: Sequence[str]) -> str:
    """FastChat writes [judge, prompt]."""
    return judge if isinstance(judge, str) else judge[0]


def _game(row: Row, game: str) -> Game:
    winner, text = row[f"{game}_winner"], str(row.get(f"{game}_judgment") or "")
    if winner not in WINNERS:
        raise UserError(f"{game}_winner is {winner!r}; it must be one of {', '.join(WINNERS)}.")
    return Game(None, text, "marked as an error") if winner == ERROR else Game(winner, text)
