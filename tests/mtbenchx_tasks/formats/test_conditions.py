"""What judgments were asked under splits them: endpoint and parameters as sent, told alike by ledgers and results."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.shared import jsonl
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.formats.conditions import sent_by_results
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.pairwise.run import start
from mtbenchx_tasks.rating.results_files import write_results
from mtbenchx_tasks.rating.saved_answers import judge_files
from mtbenchx_tasks.report.sections import Section, sections
from tests.doubles.judges import Judges, serve_judges
from tests.doubles.lm_eval_judge import NAME, registered
from tests.doubles.openai_api import serve

OLD_RULE = ("prompt_set", "prompt_language", "prompt_set_sha256", "reference_set", "parser", "rating", "votes")
"""What 0.4 wrote of a judge's settings beside its judgments."""


def judge_twice(
    folder: Path, api: Judges | None, model: str = "gpt-4.1", texts: tuple[str, str] = ("a", "b"), **more: Any
) -> Path:
    """Have two answers of each of two questions judged, results beside the ledger; returns the ledger."""
    file = folder / "mini_en" / "model_answer" / "m.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    jsonl.write(file, [{"question_id": i, "model_id": "m", "choices": [{"turns": list(texts)}]} for i in (1, 2)])
    settings = {
        "model": model,
        "ledger": str(folder / "ledger.sqlite"),
        **({"base_url": api.url} if api else {}),
        **more,
    }
    results = judge_files([file], json.dumps(settings), "en", benchmark="mini")
    write_results(folder / "results", results)
    return folder / "ledger.sqlite"


def told(*paths: Path) -> list[Section]:
    return sections(read_study(paths).ratings)


@pytest.mark.parametrize("place", ["ledger.sqlite", "results"])
def test_two_temperatures_are_two_tables(tmp_path: Path, place: str) -> None:
    with serve_judges() as api:
        for temperature in (0.0, 1.0):
            judge_twice(tmp_path, api, temperature=temperature)
    assert [section.name for section in told(tmp_path / place)] == [
        "judge gpt-4.1, temperature 0.0",
        "judge gpt-4.1, temperature 1.0",
    ]


@pytest.mark.parametrize("place", ["ledger.sqlite", "results"])
def test_two_endpoints_are_two_tables(tmp_path: Path, place: str) -> None:
    urls = []
    for _ in range(2):
        with serve_judges() as api:
            judge_twice(tmp_path, api)
            urls.append(api.url)
    assert {section.name for section in told(tmp_path / place)} == {f"judge gpt-4.1, endpoint {url}" for url in urls}


def test_what_was_sent_counts_and_ledger_and_results_tell_it_alike(tmp_path: Path) -> None:
    with serve_judges() as api:  # it takes no temperature, and max_completion_tokens for max_tokens
        judge_twice(tmp_path, api, "o4-mini", texts=("a", " "), max_tokens=500)
        judge_twice(tmp_path, api, "o4-mini", texts=("a", " "), max_tokens=500, temperature=None)
    (one,) = told(tmp_path)  # a configured 0.0 that wasn't sent is the endpoint's default, as null is
    assert one.conditions.sent == {"endpoint": api.url, "model": "o4-mini", "max_tokens": 500, "system_role": "system"}
    assert [(answer.turn, answer.rating) for answer in one.answers] == [(1, 7), (2, None), (1, 7), (2, None)]
    assert [len(answer.ratings) for answer in one.answers] == [2, 1, 2, 1]  # asked for otherwise, sent alike: two runs


def test_a_system_message_that_was_merged_is_the_users_in_ledger_and_results(tmp_path: Path) -> None:
    with registered() as made_by:
        made_by.template_takes_system = False
        ledger = judge_twice(tmp_path, None, "org/judge", backend=NAME, max_tokens=50)
    (section,) = told(ledger, tmp_path / "results")
    assert section.conditions.sent["system_role"] == "user"
    assert [len(answer.ratings) for answer in section.answers] == [1, 1, 1, 1]  # 2 questions of 2 turns, counted once


def test_a_retry_with_more_room_is_the_same_judge(tmp_path: Path) -> None:
    def reply(request: dict[str, Any]) -> Any:
        from tests.doubles.openai_api import Reply, completion

        cut = request["max_tokens"] == 64 and "[The Start of" in str(request["messages"])
        return Reply(completion("I begin", finish_reason="length")) if cut else "[[7]]"

    with serve(reply) as api:
        judge_twice(tmp_path, api, max_tokens=64)  # type: ignore[arg-type]
    (one,) = told(tmp_path)
    assert one.conditions.sent["max_tokens"] == 64


def test_a_judgment_that_failed_does_not_part_a_run(tmp_path: Path) -> None:
    with serve_judges() as api:
        ledger = judge_twice(tmp_path, api, "o4-mini")
    with sqlite3.connect(ledger) as database:
        database.execute("UPDATE judgment SET state = 'failed', details = '{}' WHERE key = (SELECT judgment FROM use)")
    database.close()
    (one,) = told(ledger)
    assert "temperature" not in one.conditions.sent
    assert sum(answer.rating is None for answer in one.answers) == 1


def test_what_nobody_recorded_of_some_judgments_is_no_second_value() -> None:
    sent = {"temperature": [0.0, "not recorded"], "seed": [1, 2], "top_p": "not recorded"}
    assert sent_by_results({"base_url": "http://e/v1", "sent": sent}) == {
        "endpoint": "http://e/v1",
        "temperature": 0.0,
        "seed": [1, 2],
    }


def as_0_4_wrote(ledger: Path, table: str) -> None:
    """Add to a ledger's rows those that 0.4 left of the same run: its rule was shorter."""
    with sqlite3.connect(ledger) as database:
        names = [name for (name,) in database.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        for row in database.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall():
            values = dict(zip(names, row, strict=True))
            rule = json.loads(values["settings"])
            values["settings"] = json.dumps({name: rule[name] for name in OLD_RULE if name in rule})
            places = ", ".join("?" * len(names))
            database.execute(f"INSERT INTO {table} VALUES ({places})", list(values.values()))
        database.execute("UPDATE judgment SET details = json_remove(details, '$.sent')")
    database.close()


def without_new_rows(ledger: Path) -> None:
    with sqlite3.connect(ledger) as database:
        database.execute("DELETE FROM use WHERE settings LIKE '%endpoint%'")
    database.close()


def test_an_older_release_s_rows_beside_new_ones_of_the_same_judgments_count_once(tmp_path: Path) -> None:
    with serve_judges() as api:
        ledger = judge_twice(tmp_path, api, texts=("a", " "))
    as_0_4_wrote(ledger, "use")
    study = read_study([ledger])
    (one,) = sections(study.ratings)
    assert (len(study.ratings), len(one.answers)) == (4, 4)
    assert all("references_sha256" in item.conditions.task for item in study.ratings)  # what tells more is kept
    assert any("4 judgments stand in it twice" in note for note in study.notes)


def test_an_older_release_s_ledger_tells_what_its_requests_hold(tmp_path: Path) -> None:
    with serve_judges() as api:
        ledger = judge_twice(tmp_path, api)
    as_0_4_wrote(ledger, "use")
    without_new_rows(ledger)
    (old,) = told(ledger)
    sent = {"temperature": 0.0, "max_tokens": 2048, "system_role": "system"}
    assert old.conditions.sent == {"endpoint": api.url, "model": "gpt-4.1", **sent}
    with serve_judges() as other:
        new = judge_twice(tmp_path / "new", other)
    assert [section.name for section in told(ledger, new)] == [
        f"judge gpt-4.1, endpoint {api.url}",
        f"judge gpt-4.1, endpoint {other.url}",
    ]


def test_an_older_release_s_comparisons_count_once(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    with serve_judges() as api:
        settings = JudgeSettings(model="gpt-4.1", base_url=api.url, ledger=str(ledger))
        given = [Answers(model, "en", "mini", {1: (model, model)}) for model in ("a", "b")]
        start(given, "en", settings).preferences()
    as_0_4_wrote(ledger, "comparison")
    study = read_study([ledger])
    assert len(study.preferences) == 2  # one question, two turns
    assert study.preferences[0].conditions.sent["temperature"] == 0.0


def test_native_prompts_of_an_older_release_are_native_v1(tmp_path: Path) -> None:
    with serve_judges() as api:
        ledger = judge_twice(tmp_path, api, prompt_set="native_v1")
        judge_twice(tmp_path, api)
    with sqlite3.connect(ledger) as db:  # as 0.4 wrote it
        db.execute("""UPDATE use SET settings = replace(settings, '"native_v1"', '"native"')""")
    for file in (tmp_path / "results").rglob("results_*.json"):
        file.write_text(file.read_text(encoding="utf-8").replace('"native_v1"', '"native"'), encoding="utf-8")
    found = read_study([ledger, tmp_path / "results"]).ratings
    # two questions of two turns under each of the two sets, from ledger and results alike
    sets = [rating.conditions.prompt["prompt_set"] for rating in found]
    assert sorted(sets) == sorted(["native", "native_v1"] * 4 * (len(found) // 8))
    assert {section.name.count("native_v1") for section in sections(found)} == {0, 1}
