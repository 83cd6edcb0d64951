# ruff: noqa: B023  (a reader is called at once)
"""Damaged inputs of the commands that examine judges: each is read, or refused in one line; nothing else is raised.

What formats/test_fuzz.py and hf_datasets/test_foreign_files.py read isn't repeated here.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hf_datasets.benchmark.questions import questions
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import content_hash
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.formats.equating import read_equating, write_equating
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.judge.engines.plan import Planner
from mtbenchx_tasks.judge.request_files import read_results
from mtbenchx_tasks.judge.settings import JudgeSettings, parse_judges
from mtbenchx_tasks.meta_evaluation.agreement.judged import note_pairs, read_material
from mtbenchx_tasks.meta_evaluation.equating.anchors import EquatingRequest, gather
from mtbenchx_tasks.meta_evaluation.equating.cli import _read_families
from mtbenchx_tasks.meta_evaluation.equating.fit import fit
from mtbenchx_tasks.rating.saved_answers import note_files
from mtbenchx_tasks.report.printed.paper import paper_report
from mtbenchx_tasks.report.tables.ranking import ranking_tables
from mtbenchx_tasks.stats.equating.panel import Column
from mtbenchx_tasks.stats.equating.scale import RatedModel, predict
from tests.foreign import ODD, damaged_lines, damaged_rows, damaged_text, lines
from tests.mtbenchx_tasks.meta_evaluation.equating.places import ANCHORS, BOTH, judged

INPUTS = int(os.environ.get("MTBENCHX_FUZZ", "12"))
"""Damaged inputs of each entrance."""
LONGEST = 1500
"""Characters of a sentence."""
MINI = questions("mini", "de")
PARTS = [{"type": "text", "text": "Warum?", "image": None}]
LMARENA = {
    "id": "0c5c", "evaluation_session_id": "s1", "model_a": "a", "model_b": "b", "winner": "both_bad", "language": "de",
    "conversation_a": [{"role": "user", "content": PARTS}, {"role": "assistant", "content": PARTS}],
    "conversation_b": [{"role": "user", "content": PARTS}, {"role": "assistant", "content": PARTS}],
    "evaluation_order": 1, "is_code": False,
}  # fmt: skip
SAID = [{"role": "user", "content": "Pourquoi ?"}, {"role": "assistant", "content": "Parce que."}]
COMPARIA = {
    "id": "77", "model_a_name": "a", "model_b_name": "b", "chosen_model_name": "b", "both_equal": False,
    "session_hash": "h", "languages": ["fr"], "conversation_a": SAID, "conversation_b": SAID,
}  # fmt: skip
TALK = [{"role": role, "content": text} for text in MINI[0].turns for role in ("user", "assistant")]
LMSYS = {
    "question_id": MINI[0].question_id, "model_a": "a", "model_b": "b", "winner": "model_a", "judge": "expert_0",
    "turn": 2, "conversation_a": TALK, "conversation_b": TALK,
}  # fmt: skip
BARE = {name: value for name, value in LMSYS.items() if not name.startswith("conversation")}
ANSWERS = [
    {"question_id": MINI[0].question_id, "model_id": model, "choices": [{"index": 0, "turns": ["eins", "zwei"]}]}
    for model in "ab"
]
PAPER = (
    b"language,turn,kind,model,family,mixture,writing,roleplay,reasoning,math,coding,extraction,stem,humanities,avg\n"
    b"EN,both,model,Lima-EN,Lima,EN,5.1,5.1,2.0,1.35,1.95,2.8,4.25,5.35,3.49\n"
    b"EN,1,model,Lima-ENDEFRITES,Lima,ENDEFRITES,4.68,5.2,3.4,1.15,2.05,2.6,5.5,6.2,3.85\n"
)
OTHERS = (
    b"table,category,positional_bias_percent\nTable 2,Stem,30.00\nTable 2,all,27.50\n",
    b"table,turn,category,gpt4_human,upper_limit,human_human\nTable 3,1,All,39,59,56\nTable 3,2,All,40,62,52\n",
)
CELLS = (
    b"nan",
    b"inf",
    b"-1",
    b"",
    b"1e9",
    b"1_0",
    b"x",
    b'"',
    b'"a,b"',
    b"EN",
    b"both",
    b"\xe9",
    b",",
    b"\n",
    b"0" * 200_000,
)


def refused(place: str, read: Callable[[], object]) -> str:
    """Let an entrance read; return what it did wrong, "" if it read or refused in one sentence."""
    try:
        read()
    except UserError as error:
        fits = "\n" not in str(error) and len(str(error)) < LONGEST
        return "" if fits else f"{place}: several lines, or too long: {str(error)[:200]!r}"
    except Exception as error:
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        return f"{place}: {type(error).__name__} at {where}: {str(error)[:100]}"
    return ""


def each(name: str) -> Iterator[tuple[str, Random]]:
    for seed in range(INPUTS):
        yield f"{name} {seed}", Random(f"{name} {seed}")


@pytest.fixture
def settings(tmp_path: Path) -> JudgeSettings:
    judge = {"model": "gpt-4", "base_url": "http://127.0.0.1:9/v1", "ledger": str(tmp_path / "ledger.sqlite")}
    return parse_judges([json.dumps(judge)])[0]


@pytest.mark.parametrize(
    ("name", "row"), [("lmarena", LMARENA), ("comparia", COMPARIA), ("lmsys", LMSYS), ("without texts", BARE)]
)
def test_votes_that_a_judge_is_put_beside(
    name: str, row: dict[str, Any], tmp_path: Path, settings: JudgeSettings
) -> None:
    """Every request is rendered, and nothing is sent; the same files are ranked."""

    def judge(file: Path) -> None:
        material = read_material([file], [tmp_path / "a.jsonl"], [], told)
        note_pairs(material.pairs, settings, 3, Planner({}))

    told = Told("de", "mini") if row in (LMSYS, BARE) else Told("de")
    wrong = []
    for place, random in each(name):
        file = tmp_path / "votes.jsonl"
        sound = {**row, "id": "sound", "question_id": 2} if random.random() < 0.5 else row
        file.write_bytes(damaged_lines([sound, row], random))
        (tmp_path / "a.jsonl").write_bytes(damaged_lines(ANSWERS, random) if random.random() < 0.5 else lines(ANSWERS))
        wrong.append(refused(place, lambda: judge(file)))
        wrong.append(refused(place, lambda: ranking_tables(read_study([file], told).preferences, style=True)))
    assert not list(filter(None, wrong))


def test_tables_of_a_paper(tmp_path: Path) -> None:
    wrong = []
    for place, random in each("paper"):
        (tmp_path / "a.csv").write_bytes(damaged_table(PAPER, random))
        (tmp_path / "b.csv").write_bytes(damaged_table(random.choice(OTHERS), random))
        wrong.append(refused(place, lambda: paper_report(tmp_path, tmp_path / "out", figures=False)))
    assert not list(filter(None, wrong))


def damaged_table(table: bytes, random: Random) -> bytes:
    """Put something odd into a cell of a CSV, or into its bytes."""
    if random.random() < 0.2:
        return damaged_text(table, random)
    cells = table.split(b",")
    cells[random.randrange(len(cells))] = random.choice(CELLS)
    return b",".join(cells)


@pytest.fixture(scope="module")
def equating(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("anchors")
    wanted = EquatingRequest("gpt-4", "new")
    made = fit(gather(read_study([judged(folder, ANCHORS, BOTH)]), wanted), wanted)
    write_equating(folder / "equating.json", made)
    found: dict[str, Any] = json.loads((folder / "equating.json").read_text("utf-8"))
    return found


def test_an_equating(tmp_path: Path, equating: dict[str, Any]) -> None:
    """One that was changed by hand and given a hash of its own predicts, or is refused."""

    def predicted(file: Path) -> None:
        for scale in read_equating(file).scales.values():
            predict(scale, RatedModel({Column(81, 1, "writing"): 5.0, Column(82, 2, "roleplay"): 7.0}))

    wrong = []
    for place, random in each("equating"):
        (content,) = damaged_rows([{name: value for name, value in equating.items() if name != "hash"}], random)
        with contextlib.suppress(ValueError, TypeError, UnicodeEncodeError):
            content = {**content, "hash": content_hash(content)}
        text = json.dumps(content).encode()
        (tmp_path / "e.json").write_bytes(damaged_text(text, random) if random.random() < 0.2 else text)
        wrong.append(refused(place, lambda: predicted(tmp_path / "e.json")))
    assert not list(filter(None, wrong))


def test_families(tmp_path: Path) -> None:
    wrong = []
    for place, random in each("families"):
        (tmp_path / "f.yaml").write_bytes(damaged_text(b"vicuna-7b: llama\ngemma: google\n", random))
        wrong.append(refused(place, lambda: _read_families(tmp_path / "f.yaml")))
    assert not list(filter(None, wrong))


def test_results_of_a_batch(tmp_path: Path, settings: JudgeSettings) -> None:
    (tmp_path / "answers.jsonl").write_bytes(lines(ANSWERS[:1]))
    wrong = []
    for place, random in each("batch"):
        planner = note_files([tmp_path / "answers.jsonl"], [settings], "de", benchmark="mini")
        (engine,) = planner.engines.values()
        engine.ledger = Ledger(tmp_path / f"{place}.sqlite")
        rows = [result(key) for key in engine.requests]
        (tmp_path / "r.jsonl").write_bytes(damaged_lines(rows, random))
        wrong.append(refused(place, lambda: read_results([tmp_path / "r.jsonl"], [engine])))
        engine.ledger.close()
    assert not list(filter(None, wrong))


def result(key: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": "Rating: [[7]]"}
    body = {
        "id": "x", "model": "gpt-4-0613", "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }  # fmt: skip
    return {"custom_id": key, "response": {"status_code": 200, "body": body}, "error": None}


def test_settings_of_a_judge() -> None:
    sound = {
        "model": "gpt-4", "base_url": "http://127.0.0.1:9/v1", "temperature": 0.0, "max_tokens": 2048, "runs": 2,
        "rating": "text", "parser": "last", "prompt_set": "native", "extra_headers": {"api-key": "KEY"}, "timeout": 9.0,
        "extra_body": {"chat_template_kwargs": {"enable_thinking": False}}, "reasoning_effort": "low", "seed": 1,
        "concurrency": 4, "system_role": "user", "top_logprobs": 5, "backend": "openai", "prompt_language": "en",
    }  # fmt: skip
    wrong = []
    for place, random in each("settings"):
        given = {**sound, random.choice(list(sound)): random.choice(ODD)}
        wrong.append(refused(place, lambda: JudgeSettings.parse(given)))
        (given,) = damaged_rows([sound], random)
        wrong.append(refused(place, lambda: JudgeSettings.parse(given)))
        text = json.dumps(given) if random.random() < 0.8 else json.dumps(given)[: random.randrange(60)] or "{"
        wrong.append(refused(place, lambda: parse_judges([text])))
    assert not list(filter(None, wrong))
