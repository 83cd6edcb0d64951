"""Damaged and unequal sources: named errors, and nothing half-built."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.instruct.build import build
from hf_datasets.instruct.plan import BuildRequest
from hf_datasets.instruct.reading.layouts import read_samples
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.processes import workers
from tests.hf_datasets.instruct import toy

Rows = list[dict[str, Any]]


def german(folder: Path, change: Callable[[Rows], Any]) -> Path:
    """Write Bactrian-X in two languages, the German rows changed."""
    toy.bactrian(folder, ["en", "de"])
    rows: Rows = [dict(toy.bactrian_row("de", number)) for number in range(60)]
    change(rows)
    toy.write_gz(folder / "de.json.gz", rows)
    return folder


def build_it(source: Path, folder: Path, **options: Any) -> tuple[str, ...]:
    request = BuildRequest("bactrian-x", languages="EN,DE", source=str(source), **options)
    return build(request, folder)[1].remarks


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.pop(5), r"same ids: de lacks 1 id \(alpaca-5\) of 60\. Complete the files, or leave"),
        (lambda rows: rows.append(toy.bactrian_row("de", 99)), r"same ids: en lacks 1 id \(dolly-99\) of 61"),
        (lambda rows: rows.append(rows[7]), r"'alpaca-7' stands twice, in .*de\.json\.gz, row 8 and in .*row 61;"),
        (lambda rows: rows.append({**rows[7], "output": "x"}), r"'alpaca-7' stands for two different rows"),
        (lambda rows: rows[3].update(instruction=7), r"de\.json\.gz, row 4: instruction is of type int"),
        (lambda rows: rows[3].clear(), r"row 4: unknown layout with the keys \(none\)"),
        (lambda rows: rows[3].update(language="fr"), r"row 4 is in 'fr', but its file is taken for 'de'"),
        (lambda rows: rows.clear(), r"de\.json\.gz is empty"),
        (lambda rows: rows.insert(9, 3), r"row 10: expected a JSON object, found int"),
    ],
)
def test_a_fault_of_a_source_is_named(tmp_path: Path, change: Callable[[Rows], Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_it(german(tmp_path / "source", change), tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_fault_found_in_another_process_is_the_same_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'alpaca-7' stands twice"):
        build_it(german(tmp_path / "source", lambda rows: rows.append(rows[7])), tmp_path / "x", processes=2)


def test_a_process_that_is_killed() -> None:
    with workers(2, "Reading") as crew, pytest.raises(UserError, match="want of memory; try again with --processes 1"):
        crew.run("Reading", os._exit, [(9,)])


def test_alpaca_and_dolly_ids_that_collide(tmp_path: Path) -> None:
    for name in ("alpaca", "dolly"):
        rows = [{"id": number, "instruction": f"{name} {number}", "output": "x"} for number in range(20)]
        toy.write_lines(tmp_path / f"{name}.jsonl", rows)
    request = BuildRequest("bactrian-x", languages="EN", source=str(tmp_path))
    with pytest.raises(
        UserError, match=r"The id '0' collides: .* alpaca\.jsonl \(.*row 1\) and dolly\.jsonl \(.*row 1\); put"
    ):
        build(request, tmp_path / "x")


def test_a_broken_gzip(tmp_path: Path) -> None:
    source = toy.bactrian(tmp_path / "source", ["en", "de"])
    whole = (source / "de.json.gz").read_bytes()
    (source / "de.json.gz").write_bytes(whole[:200])
    with pytest.raises(UserError, match=r"de\.json\.gz: broken gzip after row 0, near byte 200 of 200"):
        build_it(source, tmp_path / "x")


def emptied(rows: Rows) -> None:
    rows[7]["output"] = " \n"
    rows[8]["output"] = ""


def test_empty_answers_are_kept_and_told(tmp_path: Path) -> None:
    remarks = build_it(german(tmp_path / "source", emptied), tmp_path / "x")
    assert remarks[1] == "2 ids (alpaca-7, alpaca-8) with an empty answer in some language were kept."
    assert len(list(read_samples(tmp_path / "x", config="ENDE"))) == 120


def test_empty_answers_are_dropped_in_every_language(tmp_path: Path) -> None:
    remarks = build_it(german(tmp_path / "source", emptied), tmp_path / "x", empty="drop")
    assert "were dropped in every language" in remarks[1]
    ids = [sample.id for sample in read_samples(tmp_path / "x", config="ENDE")]
    assert len(ids) == 116
    assert not {"alpaca-7", "alpaca-8"} & set(ids)
    assert "were dropped in every language" in (tmp_path / "x" / "README.md").read_text(encoding="utf-8")


def test_empty_answers_can_be_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"de has empty answers: 2 ids \(alpaca-7, alpaca-8\); fill them, or say --empty keep"
    ):
        build_it(german(tmp_path / "source", emptied), tmp_path / "x", empty="error")


def test_a_question_without_an_answer_counts_as_an_empty_answer(tmp_path: Path) -> None:
    rows = [{"id": str(number), "conversations": ["Hi", "Hello"][: 2 - number % 2]} for number in range(40)]
    toy.write_lines(tmp_path / "en.jsonl", rows)
    request = BuildRequest("bactrian-x", languages="EN", source=str(tmp_path / "en.jsonl"))
    assert "20 ids (1, 3, 5, 7, 9, ...) with an empty answer" in build(request, tmp_path / "x")[1].remarks[1]
    assert next(read_samples(tmp_path / "x", config="EN", split="validation")).messages[-1].role == "assistant"


@pytest.mark.parametrize("roles", [["assistant", "user"], ["user", "user"], ["system"], [], ["user", "system"]])
def test_turns_that_do_not_alternate(tmp_path: Path, roles: list[str]) -> None:
    rows = [{"id": "a", "messages": [{"role": role, "content": "x"} for role in roles]}]
    toy.write_lines(tmp_path / "en.jsonl", rows)
    with pytest.raises(UserError, match=r"en\.jsonl, row 1: user and assistant must take turns, the user first; found"):
        build(BuildRequest("bactrian-x", languages="EN", source=str(tmp_path / "en.jsonl")), tmp_path / "x")


def test_rows_that_do_not_say_their_language(tmp_path: Path) -> None:
    toy.write_lines(tmp_path / "rows.jsonl", [{"id": "a", "prompt": "Hi", "completion": "Hello"}])
    with pytest.raises(UserError, match=r"rows\.jsonl, row 1 doesn't say its language; add `language`, or give"):
        build_it(tmp_path / "rows.jsonl", tmp_path / "x")


def test_a_set_too_small_to_be_split(tmp_path: Path) -> None:
    toy.bactrian(tmp_path / "source", ["en", "de"], count=19)
    with pytest.raises(UserError, match="No sample is left for validation"):
        build_it(tmp_path / "source", tmp_path / "x")


def test_an_id_in_train_and_validation(tmp_path: Path) -> None:
    for name in ("train_limax_EN", "val_limax_EN"):
        toy.write_lines(tmp_path / f"{name}.jsonl", [{"id": "same", "conversations": ["Hi", "Hello"]}])
    with pytest.raises(UserError, match=r"1 id \(same\) stand.* in train and in validation"):
        build(BuildRequest("lima-x", languages="EN", source=str(tmp_path)), tmp_path / "x")


def test_one_file_is_not_both_splits(tmp_path: Path) -> None:
    file = toy.write_lines(tmp_path / "rows.jsonl", [{"conversations": ["Hi", "Hello"]}])
    with pytest.raises(UserError, match=r"is one file, which can't be .* Name the validation set by --validation"):
        build(BuildRequest("lima-x", languages="EN", source=str(file)), tmp_path / "x")


def test_lima_without_a_validation_set(tmp_path: Path) -> None:
    toy.lima(tmp_path / "source", ["en"])
    (tmp_path / "source" / "val_limax_EN.jsonl").unlink()
    with pytest.raises(UserError, match=r"has no split 'validation'\. Name the validation set by --validation"):
        build(BuildRequest("lima-x", languages="EN", source=str(tmp_path / "source")), tmp_path / "x")


def test_halves_of_surrogate_pairs_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "en.jsonl").write_text(
        "".join(f'{{"id": "{n}", "prompt": "Hi \\ud83d", "completion": "Hello"}}\n' for n in range(20))
    )
    build(BuildRequest("bactrian-x", languages="EN", source=str(tmp_path / "en.jsonl")), tmp_path / "x")
    assert next(read_samples(tmp_path / "x", config="EN")).messages[0].content == "Hi \N{REPLACEMENT CHARACTER}"


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    toy.bactrian(tmp_path / "source", ["en", "de"])
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="name another folder"):
        build_it(tmp_path / "source", tmp_path / "x")


@pytest.mark.parametrize("name", ["no_robots.jsonl", "my_chats.jsonl", "it_helpdesk.jsonl", "tr_rows.jsonl"])
def test_one_file_and_one_language_need_no_name(tmp_path: Path, name: str) -> None:
    rows = [{"id": f"a-{number}", "prompt": "Hi", "completion": "Hello"} for number in range(3)]
    for file, part in ((name, rows[:2]), ("valid.jsonl", rows[2:])):
        (tmp_path / file).write_text("".join(json.dumps(row) + "\n" for row in part), encoding="utf-8")
    request = BuildRequest("lima-x", "EN", source=str(tmp_path / name), validation=tmp_path / "valid.jsonl")
    _, built = build(request, tmp_path / "out")
    assert {split: found.rows for split, found in built.configs["EN"].items()} == {"train": 2, "validation": 1}
