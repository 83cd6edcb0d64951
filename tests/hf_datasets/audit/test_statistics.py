"""Table 1 of any chat dataset."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hf_datasets.command import run

EN = "The committee decided yesterday that the old bridge will be rebuilt."  # 11 words
DE = "Der Ausschuss hat gestern beschlossen, dass die alte Brücke neu gebaut wird."  # 12 words
LAYOUTS: dict[str, list[dict[str, Any]]] = {
    "LIMA": [{"conversations": [EN, DE, EN, EN], "source": "x"}, {"conversations": [DE, DE], "source": "x"}],
    "messages": [
        {"messages": [{"role": role, "content": text} for role, text in (("user", EN), ("assistant", DE))] * 2},
        {"messages": [{"role": "user", "content": DE}, {"role": "assistant", "content": DE}]},
    ],
    "Bactrian-X": [
        {"instruction": EN, "input": "", "id": "alpaca-1", "output": DE},
        {"instruction": DE, "input": DE, "id": "alpaca-2", "output": DE},
    ],
    "xP3mt": [{"inputs": EN, "targets": DE}, {"inputs": DE, "targets": DE}],
    "HH-RLHF": [
        {"chosen": f"\n\nHuman: {EN}\n\nAssistant: {DE}", "rejected": f"\n\nHuman: {EN}\n\nAssistant: no"},
        {"chosen": f"\n\nHuman: {DE}\n\nAssistant: {DE}", "rejected": f"\n\nHuman: {DE}\n\nAssistant: no"},
    ],
    "OASST": [
        {"message_id": "a", "parent_id": None, "text": EN, "role": "prompter", "lang": "en", "message_tree_id": "a"},
        {"message_id": "b", "parent_id": "a", "text": DE, "role": "assistant", "lang": "en", "message_tree_id": "a"},
    ],
}
EXPECTED = {
    "LIMA": (2, 3.0, (11 + 11 + 12) / 3, (12 + 11 + 12) / 3),
    "messages": (2, 3.0, (11 + 11 + 12) / 3, 12.0),
    "Bactrian-X": (2, 2.0, (11 + 24) / 2, 12.0),  # the input stands below the instruction
    "xP3mt": (2, 2.0, 11.5, 12.0),
    "HH-RLHF": (2, 2.0, 11.5, 12.0),
    "OASST": (1, 2.0, 11.0, 12.0),
}


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.mark.parametrize("layout", LAYOUTS)
def test_samples_turns_and_words_of_every_layout(tmp_path: Path, layout: str) -> None:
    ran = run("stats", write(tmp_path / "data.jsonl", LAYOUTS[layout]), "--json")
    (line,) = json.loads(ran.out)
    samples, turns, user, assistant = EXPECTED[layout]
    assert (line["samples"], line["turns"]) == (samples, turns)
    assert (line["user_words"], line["assistant_words"]) == (pytest.approx(user), pytest.approx(assistant))
    assert sum(line["languages"].values()) == samples


def test_languages_are_told_by_language_id_with_unknown_last(tmp_path: Path) -> None:
    rows = [{"inputs": text, "targets": text, "language": "fr"} for text in (EN, DE, DE, "1", "2", "3")]
    (line,) = json.loads(run("stats", write(tmp_path / "data.jsonl", rows), "--json").out)
    assert list(line["languages"].items()) == [("de", 2), ("en", 1), ("unknown", 3)]


def test_what_is_not_there_is_no_number(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": EN}]}]
    ran = run("stats", write(tmp_path / "data.jsonl", rows), "--json")
    assert json.loads(ran.out)[0]["assistant_words"] is None


def test_a_built_folder_has_a_line_per_config_and_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("build", "lima-x", "--configs", "mini").code == 0
    lines = {(line["config"], line["split"]): line for line in json.loads(run("stats", "lima-x", "--json").out)}
    assert lines["mini_DE", "train"]["languages"] == {"de": 32}
    assert lines["mini_ENDEFRITES", "validation"]["samples"] == 40
    alone = json.loads(run("stats", "lima-x", "--config", "mini_DE", "--split", "train", "--json").out)
    assert alone == [lines["mini_DE", "train"]]
    table = run("stats", "lima-x", "--config", "mini_DE").out
    assert "mini_DE" in table
    assert "de 32" in table


def test_the_number_of_processes_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hf_datasets.shared.processes.FEW", 4)
    file = write(tmp_path / "data.jsonl", LAYOUTS["LIMA"] * 5)
    assert run("stats", file, "--json", "--workers", 2).out == run("stats", file, "--json", "--workers", 1).out


def test_missing_data_and_configs_are_user_errors(tmp_path: Path) -> None:
    assert (run("stats", tmp_path / "none").code, "There is no" in run("stats", tmp_path / "none").error) == (1, True)
    file = write(tmp_path / "data.jsonl", [{"surprise": 1}])
    assert "unknown layout with the keys surprise" in run("stats", file).error
    assert "has no split 'test'" in run("stats", write(file, LAYOUTS["LIMA"]), "--split", "test").error
