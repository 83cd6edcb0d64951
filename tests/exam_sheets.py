"""Reading sheets for the judges' exam: a person or a model reads them blind and says which answer is better.

    python -m tests.exam_sheets write SHEETS KEYS     # LANGUAGE.1.txt and LANGUAGE.2.txt; the keys apart from them
    python -m tests.exam_sheets read KEYS ANSWERS --reader model --name NAME

A sheet holds the public items of a language that nobody has read in that order yet. The second order has the sides
swapped and the items shuffled anew. ANSWERS is a folder of LANGUAGE.1.jsonl and LANGUAGE.2.jsonl, whose lines are
{"n": 1, "better": "A", "why": "..."} with A, B or tie. `read` writes them into the log that the exam reads
(mtbenchx_tasks/meta_evaluation/exam/reviews), in place of older readings, and names the items that readers got wrong.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.meta_evaluation.exam import reviews, texts
from mtbenchx_tasks.meta_evaluation.exam.chance import Chance
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.meta_evaluation.exam.items import drawn_items

ORDERS = (1, 2)
OTHER = {"better": "faulty", "faulty": "better"}
INTRODUCTION = """\
Read each question and the two answers to it, and say which answer is better: A, B or tie.
Where there are two questions, both answers to the first one are the same; compare the answers to the second one.
Say tie only where neither is better. That one is longer, or a list, makes it neither better nor worse by itself.
Write one line for each number: {"n": 1, "better": "A", "why": "a few words"}
"""


def to_be_read(language: str, order: int) -> list[ExamItem]:
    """Return the public items without a reading in this order; two equal answers need none."""
    read = {(row["template"], row["sha256"]) for row in reviews.readings(language) if row["reading"] == order}
    items = drawn_items([language])
    unread = [item for item in items if (item.template, reviews.item_sha256(item)) not in read]
    return [item for item in unread if item.better != item.faulty]


def first_side(item: ExamItem, order: int) -> str:
    """Return which answer is shown as A: drawn in the first order, the other one in the second."""
    side = Chance("sheets").one(f"{item.item.language}/{item.template}", ("better", "faulty"))
    return side if order == 1 else OTHER[side]


def sheet(language: str, order: int) -> tuple[str, dict[str, dict[str, str]]]:
    """Return a sheet and its key: number -> template, hash, and which answer was A."""
    items = Chance(f"sheets/{language}/{order}").order("items", to_be_read(language, order))
    pages = [page(number, item, first_side(item, order)) for number, item in enumerate(items, start=1)]
    key = {
        str(number): {"template": item.template, "sha256": reviews.item_sha256(item), "A": first_side(item, order)}
        for number, item in enumerate(items, start=1)
    }
    return "\n".join([INTRODUCTION, *pages]), key


def page(number: int, item: ExamItem, first: str) -> str:
    """Return one item as a reader sees it."""
    one, other = (item.better, item.faulty) if first == "better" else (item.faulty, item.better)
    before = [part for turn, answer in zip(item.turns, one, strict=True) for part in (turn, answer)][:-2]
    lines = [f"######## {number}"]
    for name, text in zip(("First question", "First answer"), before, strict=False):
        lines += [f"---- {name}", text]
    return "\n".join([*lines, "---- Question", item.turns[-1], "---- A", one[-1], "---- B", other[-1], ""])


def rows(key: dict[str, Any], answers: Path, order: int, reader: str, name: str) -> Iterator[dict[str, Any]]:
    """Yield the log's rows for one sheet's answers.

    Raises:
        UserError: A number is missing, double or unknown, or an answer is none of A, B, tie.
    """
    given = [(str(row.get("n")), row) for row in jsonl.read(answers)]
    numbers = [number for number, _ in given]
    wrong = sorted({*key} ^ {*numbers} | {number for number in numbers if numbers.count(number) > 1})
    wrong += [number for number, row in given if row.get("better") not in ("A", "B", "tie")]
    if wrong:
        raise UserError(f"{answers}: number {', '.join(wrong)} needs exactly one answer: A, B or tie.")
    for number, row in given:
        asked = key[number]
        chosen = {"A": asked["A"], "B": OTHER[asked["A"]], "tie": "tie"}[row["better"]]
        right = chosen == ("tie" if asked["template"].startswith("null") else "better")
        yield {
            **{"template": asked["template"], "sha256": asked["sha256"], "reading": order, "reader": reader},
            **{"name": name, "chosen": chosen, "right": right, "why": str(row.get("why", ""))},
        }


def merged(language: str, new: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the log with the new readings in place of older ones, without those of texts that have changed."""
    log = {(row["template"], row["reading"]): row for row in (*reviews.readings(language), *new)}
    now = {(item.template, reviews.item_sha256(item)) for item in drawn_items([language])}
    return [row for _, row in sorted(log.items()) if (row["template"], row["sha256"]) in now]


def write(sheets: Path, keys: Path) -> None:
    """Write every sheet, and its key in another folder."""
    for folder in (sheets, keys):
        folder.mkdir(parents=True, exist_ok=True)
    for language in texts.languages():
        for order in ORDERS:
            text, key = sheet(language, order)
            (sheets / f"{language}.{order}.txt").write_text(text, encoding="utf-8")
            (keys / f"{language}.{order}.json").write_text(json.dumps(key, indent=1), encoding="utf-8")
            print(f"{language}.{order}: {len(key)} items to read")


def read(keys: Path, answers: Path, reader: str, name: str, log: Path = reviews.FOLDER) -> None:
    """Read the answers that are there into the log, and say which items readers got wrong."""
    log.mkdir(exist_ok=True)
    for language in texts.languages():
        files = [(order, answers / f"{language}.{order}.jsonl") for order in ORDERS]
        new = [
            row
            for order, file in files
            if file.exists()
            for row in rows(json.loads((keys / f"{language}.{order}.json").read_text()), file, order, reader, name)
        ]
        if not new:
            continue
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in merged(language, new)]
        (log / f"{language}.jsonl").write_text("".join(lines), encoding="utf-8")
        for row in (row for row in new if not row["right"]):
            print(f"{language} {row['template']} (reading {row['reading']}): {row['chosen']}, {row['why']}")


def main(arguments: Sequence[str]) -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writing, reading = commands.add_parser("write"), commands.add_parser("read")
    writing.add_argument("sheets", type=Path)
    writing.add_argument("keys", type=Path)
    reading.add_argument("keys", type=Path)
    reading.add_argument("answers", type=Path)
    reading.add_argument("--reader", choices=["person", "model"], required=True)
    reading.add_argument("--name", required=True, help="Who read: a pseudonym, or the model's name.")
    told = vars(parser.parse_args(arguments))
    {"write": write, "read": read}[told.pop("command")](**told)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
