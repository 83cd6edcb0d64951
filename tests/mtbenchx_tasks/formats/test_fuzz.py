"""Damaged files of every layout: each is read, or refused in one line that names it; nothing else is ever raised."""

import contextlib
import copy
import json
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_datasets.ledger.store import Ledger, open_ledger
from hf_datasets.records import Comparison, Completion, Use, canonical_json
from hf_datasets.shared.errors import UserError
from model_cards.groups import read_groups as read_results
from mtbenchx_tasks.formats.answers import read_models
from mtbenchx_tasks.formats.fastchat.export import export
from mtbenchx_tasks.formats.fastchat.judgments import import_judgments
from mtbenchx_tasks.formats.fastchat.pairs import read_pairs
from mtbenchx_tasks.formats.ledger.pairs import export_pairs
from mtbenchx_tasks.formats.votes import read_votes
from mtbenchx_tasks.meta_evaluation.agreement.results import results
from mtbenchx_tasks.meta_evaluation.agreement.study import gather
from mtbenchx_tasks.report.groups import read_groups
from mtbenchx_tasks.report.make import make_report

INPUTS = int(os.environ.get("MTBENCHX_FUZZ", "12"))
"""Damaged files of each layout and reader."""
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 81, 81.0, 81.5, 2, 3, 10**400, -(10**20), 1e308, float("nan"), float("inf")),
    *("", " ", "x", "81", "81_DE", "_", "\x00", "a\nb", "\ud800", "🙂" * 400, "=1+1", "<b>", "../../x", "1e999", "tie"),
    *([], [[]], [None], ["a"], [1, 2], {}, {"a": {}}, [{"turns": None}], {"turns": ["a"]}, [["a", "b"]], "No", "nan"),
)
QUESTION = {"question_id": 81, "category": "writing", "turns": ["Write!", "Again!"]}
ANSWER = {"question_id": 81, "model_id": "m", "choices": [{"index": 0, "turns": ["one", "two"]}], "tstamp": 1.0}
SINGLE = {
    **{"question_id": 81, "model": "m", "judge": ["gpt-4", "single-v1"], "user_prompt": "shown", "turn": 1},
    **{"judgment": "[[8]]", "score": 8, "tstamp": 1.0},
}
PAIR = {
    **{"question_id": 81, "model_1": "a", "model_2": "b", "g1_winner": "model_1", "g2_winner": "tie", "turn": 1},
    **{"judge": ["gpt-4", "pair-v2"], "g1_user_prompt": "p", "g1_judgment": "[[A]]", "g2_user_prompt": "q"},
    **{"g2_judgment": "[[C]]", "tstamp": 1.0},
}
SAID = [{"role": "user", "content": "Write!"}, {"role": "assistant", "content": "one"}]
VOTE = {
    **{"question_id": 81, "model_a": "a", "model_b": "b", "winner": "model_a", "judge": "expert_0", "turn": 1},
    **{"language": "en", "category": "writing", "conversation_a": SAID, "conversation_b": SAID},
}
DOC = {"question_id": 81, "language": "de", "category": "writing", "turns": ["Schreib!", "Weiter!"]}
VERDICT = [8.0, "[[8]]", "", None, "gpt-4-0613"]
SAMPLE = {"doc": DOC, "filter": "gpt-4", "resps": [["one"], ["two"]], "filtered_resps": [[VERDICT], [VERDICT]]}
JUDGE = {"model": "gpt-4", "prompt_set": "mtbench_x", "prompt_set_sha256": "a", "prompt_language": "same"}
TASK = "mtbench_x_de"
RESULTS = {
    "results": {TASK: {"score,gpt-4": 8.0, "score_stderr,gpt-4": "N/A", "writing,gpt-4": 8.0, "unscored,gpt-4": 0.0}},
    "configs": {TASK: {"metadata": {"version": 1.0, "benchmark": {"name": "mtbench_x", "language": "de",
                                                                  "revision": "x"}, "judge": JUDGE}}},
    "n-samples": {TASK: {"original": 80, "effective": 1}}, "versions": {TASK: 1.0}, "model_name": "org/m",
    "model_source": "hf", "date": 1.7e9, "config": {"gen_kwargs": {}, "model_args": {}},
}  # fmt: skip
GROUPS = {"models": {"m": {"label": "M", "family": "f", "mixture": "DE", "language": "de"}}, "order": ["m"]}


def damaged(value: Any, random_: random.Random) -> Any:
    """Return a copy with one place, one time in three two or more, changed, taken out or doubled."""
    value = copy.deepcopy(value)
    for _ in range(random_.choice((1, 1, 2, 4))):
        places = list(walk(value))
        if places:
            within, key = random_.choice(places)
            act = random_.random()
            if act < 0.75 or isinstance(within, list):
                within[key] = copy.deepcopy(random_.choice(ODD))
            elif act < 0.9:
                del within[key]
            else:
                within[str(key) + random_.choice(("", "_", "\ud800"))] = random_.choice(ODD)
    return value


def walk(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from walk(inner)


def text_of(rows: list[Any], random_: random.Random) -> bytes:
    """Return JSON Lines, one time in four with a fault of the text itself."""
    lines = [json.dumps(row) for row in rows]
    raw = "\n".join(lines).encode()
    fault = random_.choice((None,) * 12 + ("cut", "bytes", "deep", "digits", "nul", "bom", "array", "blank", "utf16"))
    place = random_.randrange(1, len(raw))
    return {
        None: raw, "cut": raw[:place], "bytes": raw[:place] + b"\xff\xfe" + raw[place:],
        "deep": raw + b'\n{"question_id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "digits": raw + b'\n{"question_id": ' + b"9" * 5000 + b"}", "nul": raw[:place] + b"\0" + raw[place:],
        "bom": b"\xef\xbb\xbf" + raw, "array": b"[" + raw + b"]", "blank": b"\n\n" + raw + b"\n \n",
        "utf16": raw.decode().encode("utf-16"),
    }[fault]  # fmt: skip


def lines(*rows: dict[str, Any], name: str) -> Callable[[Path, random.Random], Path]:
    """Return what makes a file of a sound row and damaged ones."""

    def make(folder: Path, random_: random.Random) -> Path:
        file = folder / name
        sound = [row for row in rows if random_.random() < 0.7]
        file.write_bytes(text_of([*sound, *(damaged(row, random_) for row in rows)], random_))
        return file

    return make


def samples(folder: Path, random_: random.Random) -> Path:
    """Samples with results beside them, either damaged."""
    inner = folder / "org__m"
    inner.mkdir()
    file = inner / f"samples_{TASK}_2026-01-01T00-00-00.jsonl"
    file.write_bytes(text_of([SAMPLE, damaged(SAMPLE, random_)], random_))
    if random_.random() < 0.7:
        about = damaged(RESULTS, random_) if random_.random() < 0.5 else RESULTS
        (inner / "results_2026-01-01T00-00-00.json").write_bytes(text_of([about], random_))
    return file


def results_file(folder: Path, random_: random.Random) -> Path:
    """Results with samples beside them, either damaged."""
    samples(folder, random_)
    file = folder / "org__m" / "results_2026-01-01T00-00-00.json"
    file.write_bytes(text_of([damaged(RESULTS, random_)], random_))
    return file


def csv_votes(folder: Path, random_: random.Random) -> Path:
    file = folder / "votes.csv"
    row = damaged({key: value for key, value in VOTE.items() if not isinstance(value, list)}, random_)
    table = ",".join(map(str, row)) + "\n" + ",".join(str(value).replace("\n", " ") for value in row.values())
    extra = random_.choice(("", ',"' + "x" * 200_000 + '"', ",,,", "\n\n", '"'))
    file.write_bytes((table + extra).encode("utf-8", "replace"))
    return file


def parquet_votes(folder: Path, random_: random.Random) -> Path:
    file = folder / "votes.parquet"
    try:
        pq.write_table(pa.Table.from_pylist([damaged(VOTE, random_), VOTE]), file)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError, TypeError, ValueError):  # not to be had in Parquet
        pq.write_table(pa.table({"winner": [random_.choice((1, None, "tie"))]}), file)
    raw = file.read_bytes()
    if random_.random() < 0.3:
        file.write_bytes(raw[: random_.randrange(len(raw))])
    return file


def ledger(folder: Path, random_: random.Random) -> Path:
    """A ledger whose JSON columns were damaged."""
    file = folder / "ledger.sqlite"
    store = Ledger(file)
    request = {"endpoint": "https://x", "model": "gpt-4", "messages": [{"role": "user", "content": "p"}],
               "parameters": {"temperature": 0.0}, "run": 0}  # fmt: skip
    rule = canonical_json({"parser": "last", "rating": "text", "votes": 3, "prompt_set": "native"})
    store.claim("k", canonical_json(request))
    details = {"usage": {"prompt_tokens": 1, "completion_tokens": 1}, "snapshot": "s"}
    store.finish("k", Completion("answered", "[[8]]", details=details))
    use = Use("m", "", "mini", "r", 1.0, "de", 1, 1, 0, 0, "gpt-4", rule, "single-v1", False, "one", "k")
    store.record([use])
    place = ("mini", "r", "de", 1, 1, 0, "gpt-4", rule, "pair-v2", "a", "b")
    store.record_comparisons([Comparison(*place, game, False, "one", "two", "k") for game in (1, 2)])
    store.close() if hasattr(store, "close") else store._db.close()
    column, table, whole = random_.choice(
        (("details", "judgment", details), ("request", "judgment", request), ("settings", "use", json.loads(rule)),
         ("settings", "comparison", json.loads(rule)), ("question_id", "use", {}), ("turn", "use", {}),
         ("text", "judgment", {}), ("answer", "use", {}))
    )  # fmt: skip
    odd = random_.choice(("", "null", "[]", "{", "9" * 5000, "[" * 5000, b"\xff", 7, 1e300, "é" * 9))
    value = json.dumps(damaged(whole, random_)) if whole and random_.random() < 0.7 else odd
    with sqlite3.connect(file) as database, contextlib.suppress(sqlite3.Error):
        database.execute(f"UPDATE {table} SET {column} = ?", (value,))
    database.close()
    return file


def groups(folder: Path, random_: random.Random) -> Path:
    file = folder / "groups.yaml"
    deep = random_.random() < 0.1  # two seconds each
    file.write_bytes(b"[" * 10_000 if deep else text_of([damaged(GROUPS, random_)], random_))
    return file


Reader = Callable[[Path], object]
QUIET: dict[str, Any] = {"figures": False}


def reported(file: Path) -> object:
    return make_report([file], file.parent / "out", **QUIET, questions="81" if len(str(file)) % 2 else None)


def agreed(file: Path) -> object:
    votes = read_votes(file)
    return results(gather([vote for vote in votes if vote.kind == "human"], votes), {}, 2)


CASES: dict[str, tuple[Callable[[Path, random.Random], Path], Reader]] = {
    "answers": (lines(ANSWER, ANSWER | {"question_id": 82}, name="m.jsonl"), read_models),
    "samples": (samples, read_models),
    "pairs": (lines(PAIR, name="gpt-4_pair.jsonl"), lambda file: read_pairs(file, "en")),
    "votes": (lines(VOTE, name="votes.jsonl"), read_votes),
    "votes of games": (lines(PAIR, name="pair.jsonl"), read_votes),
    "votes csv": (csv_votes, read_votes),
    "votes parquet": (parquet_votes, read_votes),
    "agreement": (lines(VOTE, VOTE | {"judge": "gpt4_pair"}, name="votes.jsonl"), agreed),
    "import single": (
        lines(SINGLE, name="s.jsonl"),
        lambda file: import_judgments(open_ledger(file.with_name("l.sqlite")), file, "de", "native"),
    ),
    "import pair": (
        lines(PAIR, name="p.jsonl"),
        lambda file: import_judgments(open_ledger(file.with_name("l.sqlite")), file, "de", "native"),
    ),
    "report singles": (lines(SINGLE, SINGLE | {"model": "n"}, name="gpt-4_single.jsonl"), reported),
    "report pairs": (lines(PAIR, PAIR | {"turn": 2}, name="gpt-4_pair.jsonl"), reported),
    "report votes": (lines(VOTE, VOTE | {"judge": "gpt4_pair"}, name="votes.jsonl"), reported),
    "report votes csv": (csv_votes, reported),
    "report parquet": (parquet_votes, reported),
    "report samples": (samples, reported),
    "report folder": (lambda folder, random_: results_file(folder, random_).parent.parent, reported),
    "report answers": (lines(ANSWER, name="m.jsonl"), reported),
    "report questions": (lines(QUESTION, name="question.jsonl"), reported),
    "report ledger": (ledger, reported),
    "report agreement": (
        lines({"statistics": [{"a": 1}], "people": {"votes": 3}, "settings": {}}, name="agreement.json"),
        reported,
    ),
    "export ledger": (ledger, lambda file: export(open_ledger(file), file.parent / "x")),
    "export pairs": (ledger, lambda file: export_pairs(open_ledger(file), file.parent / "x")),
    "groups": (groups, read_groups),
    "card": (results_file, lambda file: read_results([file])),
}


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path: Path, name: str) -> None:
    make, read = CASES[name]
    failures = []
    for seed in range(INPUTS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        file = make(folder, random.Random(f"{name} {seed}"))
        try:
            read(file)
        except UserError as error:
            if "\n" in str(error) or len(str(error)) > 1500:
                failures.append(f"{seed}: several lines or too long: {str(error)[:200]!r}")
        except Exception as error:
            trace = error.__traceback__
            while trace and trace.tb_next:
                trace = trace.tb_next
            where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
            failures.append(f"{seed}: {type(error).__name__} at {where}: {str(error)[:100]}")
    assert not failures, "\n".join(failures[:10])
