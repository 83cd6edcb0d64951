"""`mtbenchx verify`: a card agrees with its records, and whatever is changed in either of them is named."""

import json
import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from model_cards.collect import make_card
from model_cards.publish import push_model
from model_cards.verify import verify_card, verify_place
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.formats.excerpt import RECORDS
from tests.doubles.hub import Hub
from tests.doubles.openai_api import serve
from tests.mini import ANSWERS
from tests.model_cards.files import make_run, results, write
from tests.model_cards.test_judged_later import fastchat, run

MUTATIONS = 100
Change = Callable[[Path, random.Random], bool]
"""Changes one thing in a card's folder; False: there was nothing to change."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card of the mini benchmark in German, judged with ratings from 1 to 10."""
    folder = tmp_path_factory.mktemp("verify")
    with (
        pytest.MonkeyPatch.context() as patch,
        serve(lambda request: f"Gut. [[{1 + len(str(request)) % 10}]]") as api,
    ):
        patch.setenv("OPENAI_API_KEY", "sk-test")
        judge = json.dumps({"model": "gpt-4", "base_url": api.url, "ledger": str(folder / "ledger.sqlite")})
        answers = fastchat(folder / "answers")
        options = ("--judge", judge, "--language", "de", "--benchmark", "mini", "--out", folder / "results")
        run("judge", answers, *options)
    run("card", make_run(folder / "out"), "--results", folder / "results", "--partial", "--out", folder / "card")
    return folder / "card"


def test_a_card_agrees_with_its_records_offline_within_seconds(original: Path) -> None:
    start = time.process_time()
    found = verify_place(str(original))
    assert (found.differences, found.unproven) == ((), ())
    assert found.numbers.startswith(f"{ANSWERS} ratings, ")
    assert time.process_time() - start < 5
    said = CliRunner().invoke(app, ["verify", str(original)])
    assert said.exit_code == 0
    assert "not where they come from" in said.output
    assert "verify" in (original / "README.md").read_text(encoding="utf-8")


def test_no_place_of_this_machine_is_in_the_records(original: Path) -> None:
    text = (original / RECORDS).read_text(encoding="utf-8")
    assert str(original.parent) not in text
    assert "127.0.0.1" not in text
    assert json.loads(text, parse_constant=pytest.fail)["kind"] == "card"


# one thing changed ----------------------------------------------------------------------------------------------------


def _in_text(file: Path, chance: random.Random, pattern: str) -> bool:
    """Change one digit of one number that a pattern's first group matches."""
    text = file.read_text(encoding="utf-8")
    found = list(re.finditer(pattern, text))
    if not found:
        return False
    place = chance.choice([n for n in range(*chance.choice(found).span(1)) if text[n].isalnum()])
    other = chance.choice([c for c in "0123456789" if c != text[place]])
    file.write_text(text[:place] + other + text[place + 1 :], encoding="utf-8")
    return True


def card_number(folder: Path, chance: random.Random) -> bool:
    return _in_text(folder / "README.md", chance, r"(?m)^\|.*?(\d+(?:\.\d+)?)[^|]*\|$")


def model_index(folder: Path, chance: random.Random) -> bool:
    return _in_text(folder / "README.md", chance, r"(?m)^ +value: (\d+\.\d{1,3})")


def card_hash(folder: Path, chance: random.Random) -> bool:
    return _in_text(folder / "README.md", chance, r"sha256 (?:de )?`([0-9a-f]{12,64})`")


def eval_result(folder: Path, chance: random.Random) -> bool:
    (file,) = (folder / ".eval_results").iterdir()
    entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    entries[0]["value"] += chance.choice([-1, 1]) * chance.choice([0.01, 0.5, 2.0])
    file.write_text(yaml.safe_dump(entries), encoding="utf-8")
    return True


def _in_row(folder: Path, chance: random.Random, change: Callable[[dict[str, Any]], None]) -> bool:
    content = json.loads((folder / RECORDS).read_text(encoding="utf-8"))
    change(chance.choice(content["groups"][0][0]["ratings"]))
    (folder / RECORDS).write_text(json.dumps(content), encoding="utf-8")
    return True


def rating(folder: Path, chance: random.Random) -> bool:
    return _in_row(folder, chance, lambda row: row.update(value=row["value"] % 10 + 1))


def lost_rating(folder: Path, chance: random.Random) -> bool:
    return _in_row(folder, chance, lambda row: row.update(value=None))


def answer(folder: Path, chance: random.Random) -> bool:
    return _in_row(folder, chance, lambda row: row.update(answer=row["answer"] + "!"))


def answer_hash(folder: Path, chance: random.Random) -> bool:
    return _in_row(folder, chance, lambda row: row.update(answer_sha256=row["answer_sha256"][::-1]))


def judges_words(folder: Path, chance: random.Random) -> bool:
    return _in_row(folder, chance, lambda row: row["evidence"].update(text=f"Nein. [[{row['value'] % 10 + 1:g}]]"))


def prompt_hash(folder: Path, chance: random.Random) -> bool:
    content = json.loads((folder / RECORDS).read_text(encoding="utf-8"))
    hashes = content["groups"][0][0]["hashes"]
    hashes["prompt_set"] = hashes["prompt_set"][::-1]
    (folder / RECORDS).write_text(json.dumps(content), encoding="utf-8")
    return chance is not None


CHANGES: tuple[Change, ...] = (
    *(card_number, model_index, card_hash, eval_result, rating, lost_rating, answer, answer_hash, judges_words),
    prompt_hash,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_is_changed_is_found(change: Change, original: Path, tmp_path: Path) -> None:
    """100 changes in all, seeded, ten of each kind; the first difference names file, place and both values."""
    missed = []
    for seed in range(MUTATIONS // len(CHANGES)):
        folder = tmp_path / str(seed)
        shutil.copytree(original, folder)
        assert change(folder, random.Random(seed))
        found = verify_card(folder).differences
        if not found:
            missed.append(seed)
            continue
        first = found[0]
        assert (folder / first.file).is_file()
        assert first.place
        assert first.told != first.recomputed
    assert missed == []


def test_the_first_difference_is_told_in_a_sentence(original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "card")
    rating(tmp_path / "card", random.Random(1))
    said = CliRunner().invoke(app, ["verify", str(tmp_path / "card")])
    assert said.exit_code == 1
    sentence = str(said.exception)
    assert re.search(rf"{RECORDS}, rating of question \d+, turn \d in de by chat, run 0: it says \d", sentence)


@pytest.mark.parametrize("text", ["date: 2026-02-30", "[" * 3000, "a: [1"])
def test_a_file_that_is_no_yaml_is_named(original: Path, tmp_path: Path, text: str) -> None:
    shutil.copytree(original, tmp_path / "card")
    write(tmp_path / "card" / ".eval_results" / "mtbench_x-other.yaml", text)
    with pytest.raises(UserError, match=r"mtbench_x-other\.yaml: no"):
        verify_card(tmp_path / "card")


def test_a_file_too_few_or_too_many_is_a_difference(original: Path, tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    shutil.copytree(original, few)
    shutil.copytree(original, many)
    (file,) = (few / ".eval_results").iterdir()
    file.unlink()
    write(many / ".eval_results" / "mtbench_x-other.yaml", "[]")
    write(many / ".eval_results" / "mine.yaml", "[]")
    assert [one.file for one in verify_card(few).differences] == [f".eval_results/{file.name}"]
    assert [one.file for one in verify_card(many).differences] == [".eval_results/mtbench_x-other.yaml"]


def test_results_without_samples_are_said_to_be_unproven(tmp_path: Path) -> None:
    file = write(tmp_path / "results_1.json", results("de"))
    run("card", make_run(tmp_path / "out"), "--results", file, "--out", tmp_path / "card")
    said = CliRunner().invoke(app, ["verify", str(tmp_path / "card")])
    assert said.exit_code == 3
    assert "mtbench_x_de has no answers and judgments" in said.output


def test_a_published_card_is_verified_by_its_id(original: Path, hub: Hub, tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "out")
    card = make_card(run_dir, [original.parent / "results"], repo_id="ORG/chat")
    push_model(run_dir, card)
    assert verify_place("ORG/chat").differences == ()
    repo = hub.repos["model", "ORG/chat"]
    text = repo.files["README.md"].decode().replace("7", "8", 1)
    repo.add("By hand", **{"README.md": text})
    assert verify_place("ORG/chat").differences[0].file == "README.md"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("nowhere", "is neither a folder"), (".", "There is no .*mtbench_x_records.json, so no number can be recomputed")],
)
def test_what_is_no_card_is_told(place: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["verify", place])
    assert said.exit_code == 1
    assert re.search(sentence, str(said.exception))


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"layout": 2}', '{"layout": 1, "kind": "report"}',
                                  '{"layout": 1, "kind": "card"}',
                                  '{"layout": 1, "kind": "card", "groups": [[{"ratings": 3}]]}'])  # fmt: skip
def test_damaged_records_are_one_sentence(text: str, original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "card")
    (tmp_path / "card" / RECORDS).write_text(text, encoding="utf-8")
    said = CliRunner().invoke(app, ["verify", str(tmp_path / "card")])
    assert said.exit_code == 1
    assert RECORDS in str(said.exception)


def test_a_card_may_keep_no_records(original: Path, tmp_path: Path) -> None:
    results_dir = original.parent / "results"
    run("card", make_run(tmp_path / "out"), "--results", results_dir, "--no-records", "--out", tmp_path / "card")
    assert not (tmp_path / "card" / RECORDS).exists()
    assert RECORDS not in (tmp_path / "card" / "README.md").read_text(encoding="utf-8")
