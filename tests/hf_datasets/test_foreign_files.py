# ruff: noqa: B023  (a reader is called at once)
"""Files of others are read, or refused in one sentence: no reader ends in a traceback, whatever stands in a file."""

import gzip
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hf_datasets.audit.check import check
from hf_datasets.audit.parallel_texts import parallel_texts
from hf_datasets.audit.statistics import statistics
from hf_datasets.benchmark import languages
from hf_datasets.benchmark.build import flagged
from hf_datasets.benchmark.built_folder import register_built
from hf_datasets.benchmark.card import added_section
from hf_datasets.benchmark.judge_prompts import judge_prompts
from hf_datasets.benchmark.questions import questions
from hf_datasets.benchmark.task_files import refuse_code
from hf_datasets.benchmark.translated_folder import read_translation
from hf_datasets.curate.posts import Posts
from hf_datasets.curate.review import reviewed
from hf_datasets.curate.rows import RowReader
from hf_datasets.hub.folder import ParquetTable, columns_of, parquet_name, write_card, write_table
from hf_datasets.instruct.build import build
from hf_datasets.instruct.plan import BuildRequest
from hf_datasets.instruct.reading.layouts import read_samples
from hf_datasets.records import Question
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.documents import read_document
from hf_datasets.translate.review.comparison import compare, read_labels, target_language, texts_of
from hf_datasets.translate.review.edits import read_edits
from hf_datasets.translate.review.marks import read_marks
from mtbenchx_tasks.training.trl_arguments import yaml_keys
from tests.foreign import damaged_lines, damaged_rows, damaged_text, lines

EACH = int(os.environ.get("FOREIGN_FILES", "15"))
"""Damaged files for each reader."""
LONGEST = 1500
"""Characters of a sentence."""
Rows = list[dict[str, Any]]
MESSAGES = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}]
LAYOUTS: dict[str, Rows] = {
    "messages": [{"id": "a", "language": "en", "messages": MESSAGES, "source": "s"}] * 2,
    "sharegpt": [{"id": 1, "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}],
    "alpaca": [{"instruction": "Do", "input": "it", "output": "done", "system": "Be kind."}],
    "hh": [{"prompt": "Hi", "chosen": [{"role": "assistant", "content": "Hello"}]}],
    "transcript": [{"chosen": "\n\nHuman: Hi\n\nAssistant: Hello"}],
    "oasst": [
        {"message_id": "a", "parent_id": None, "text": "Hi", "role": "prompter", "lang": "en"},
        {"message_id": "b", "parent_id": "a", "text": "Hello", "role": "assistant", "lang": "en", "rank": 0},
    ],
    "tree": [{"message_tree_id": "a", "prompt": {"text": "Hi", "role": "prompter", "lang": "en",
              "replies": [{"text": "Hello", "role": "assistant", "rank": 0, "replies": []}]}}],
    "by language": [{"en": "Hi", "de": "Hallo"}, {"translation": {"en": "Hi", "de": "Hallo"}}],
    "questions": [{"question_id": "81_EN", "category": "math", "turns": ["One?", "Two?"], "reference": ["1", "2"]}],
    "answers": [{"question_id": "81_EN", "choices": [{"index": 0, "turns": ["1", "2"]}]}],
}  # fmt: skip
REPORT: dict[str, Any] = {
    "engine": "deepl", "source": "en", "target": "PT", "language": "pt", "formality": "more", "texts": 3, "edited": 1,
    "failed": [], "flags": {"language": 2}, "marks": {"by_mark": {"code": {"proposed": 1}}},
}  # fmt: skip
CURATION = {"pairs": 3, "survivors": 1, "rejected": {"short": 2}}
TASK = b"task: a\nclass: !function mtbenchx_tasks.task.MTBenchX\nlanguage: 'pt'\ndataset_kwargs: {revision: 'x'}\n"
POSTS = (
    b'<?xml version="1.0"?>\n<posts>\n<row Id="1" PostTypeId="1" Score="3" Body="&lt;p&gt;Q" AcceptedAnswerId="2" '
    b'CreationDate="2015-03-01" Title="T" AnswerCount="1" />\n<row Id="2" PostTypeId="2" ParentId="1" Score="5" '
    b'Body="A" CreationDate="2015-03-01" OwnerUserId="7" />\n</posts>\n'
)
RECIPE = b"learning_rate: 1.0e-5\ndatasets:\n  - path: a\nmax_length: 2048\n"


def refused(read: Callable[[], object]) -> None:
    """Let a reader read; anything but a result or one sentence is a failure."""
    said = ""
    try:
        read()
    except UserError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < LONGEST
    said.encode()


def each(name: str, seeds: Iterable[int] = range(EACH)) -> Iterable[Random]:
    return (Random(f"{name} {seed}") for seed in seeds)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_of_any_layout(layout: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.de.jsonl"
    for random in each(layout):
        data = damaged_lines(LAYOUTS[layout], random)
        if random.random() < 0.2:
            rows = damaged_rows(LAYOUTS[layout], random)
            data = damaged_text(json.dumps(rows, indent=1).encode(), random)
        file.write_bytes(damaged_text(gzip.compress(data), random) if random.random() < 0.1 else data)
        refused(lambda: list(read_samples(file)))
        refused(lambda: statistics(file))
        refused(lambda: check(file, {}, 0.7))
        refused(lambda: parallel_texts(file))
        refused(lambda: read_document(str(file), "en"))
        refused(lambda: read_document(str(file), target_language([str(file)], None)))


def test_parquet(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for random in each("parquet"):
        layout = random.choice(list(LAYOUTS.values()))
        file = tmp_path / "rows.parquet"
        try:
            pq.write_table(pa.Table.from_pylist(damaged_rows(layout, random)), file)
        except (pa.ArrowException, AttributeError, ValueError, TypeError, OverflowError):
            continue  # such rows have no place in Parquet
        if random.random() < 0.5:
            file.write_bytes(damaged_text(file.read_bytes(), random))
        refused(lambda: list(read_samples(file)))
        refused(lambda: check(file, {}, 0.7))


def test_a_build_of_damaged_rows(tmp_path: Path) -> None:
    rows = [{"id": f"a-{n}", "language": "en", "messages": MESSAGES, "license": "x", "source": "y"} for n in range(3)]
    for random in each("build"):
        (tmp_path / "train.jsonl").write_bytes(damaged_lines(rows[:2], random))
        (tmp_path / "valid.jsonl").write_bytes(lines(rows[2:]))
        request = BuildRequest(
            "lima-x", "EN", source=str(tmp_path / "train.jsonl"), validation=tmp_path / "valid.jsonl"
        )
        refused(lambda: build(request, tmp_path / "out"))


def test_cards_of_built_folders(tmp_path: Path) -> None:
    table = ParquetTable(columns_of(Question), [questions("mini", "en")[0].to_row()])
    name = parquet_name("mini_pt-test", table)
    write_table(tmp_path, name, table)
    configs = [
        {"config_name": config, "default": config == "all", "data_files": [{"split": "test", "path": [name]}]}
        for config in ("all", "mini_pt", "judge_prompts_pt")
    ]
    odd = ("/etc/*", "../*", "data/**/**", "**", "~/x", "data/\0", "")
    for random in each("card"):
        entries = damaged_rows(configs, random)
        if random.random() < 0.3:
            entries[1] = {"config_name": "mini_pt", "data_files": random.choice(odd)}
        write_card(tmp_path, {"configs": random.choice((entries, 7, entries[0]))}, "text")
        if random.random() < 0.3:
            (tmp_path / "README.md").write_bytes(damaged_text((tmp_path / "README.md").read_bytes(), random))
        refused(lambda: register_built(tmp_path))
        refused(lambda: list(read_samples(tmp_path)))
        refused(lambda: check(tmp_path, {}, 0.7))
        languages.forget()


def test_folders_of_translations(tmp_path: Path) -> None:
    asked = [{**question.to_row(), "language": "pt"} for question in questions("mini", "en")]
    prompts = [{"prompt_set": "native", **vars(prompt)} for prompt in judge_prompts("native", "en").values()]
    for random in each("translation"):
        parts = [asked, prompts, [REPORT], [CURATION]]
        at = random.randrange(4)
        data = [damaged_lines(part, random) if number == at else lines(part) for number, part in enumerate(parts)]
        names = ("q.jsonl", "p.jsonl", "q.report.json", "c.report.json")
        for name, content in zip(names, data, strict=True):
            (tmp_path / name).write_bytes(content)
        refused(lambda: added_section([read_translation(tmp_path)]))
        refused(lambda: flagged([tmp_path]))


def test_what_people_write_beside_a_translation(tmp_path: Path) -> None:
    source = tmp_path / "q.jsonl"
    source.write_bytes(lines(LAYOUTS["questions"]))
    document = read_document(str(source), "en")
    row = {"id": "81", "field": "turns[0]", "source_sha256": "0" * 64, "text": "x", "language": "pt", "side": "A",
           "label": "odd", "mark": "code", "state": "proposed", "outcomes": {"pt": {"outcome": "ok"}}}  # fmt: skip
    file = tmp_path / "beside.jsonl"
    texts = texts_of(document)
    comparison = compare(texts, texts, document, {}, ("en", "pt"))
    for random in each("beside"):
        file.write_bytes(damaged_lines([row], random))
        refused(lambda: read_edits(file, "pt"))
        refused(lambda: read_marks(file, document))
        refused(lambda: read_labels(file, comparison))


def test_reviews_and_dumps(tmp_path: Path) -> None:
    row = {"id": "a", "decision": "keep", "rewritten": "", "rewritten_question": "", "note": "", "score": 3,
           "language": "en", "source": "s", "license": "x", "attribution": "",
           "messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}  # fmt: skip
    file = tmp_path / "review.jsonl"
    for random in each("review"):
        file.write_bytes(damaged_lines([row], random))
        refused(lambda: list(reviewed(file, "keep")))
        dump = damaged_text(POSTS, random)
        if random.random() < 0.3:
            dump = POSTS.replace(
                random.choice((b'"1"', b'"3"', b'"5"', b'"7"')), b'"%d"' % random.choice((2**70, -1, 0))
            )
        refused(lambda: posts_of(dump, tmp_path))


def posts_of(dump: bytes, folder: Path) -> None:
    (folder / "posts.sqlite").unlink(missing_ok=True)
    posts = Posts(folder / "posts.sqlite")
    try:
        reader = RowReader("Posts.xml", lambda row: posts.add("coffee.stackexchange.com", row))
        reader.feed(dump)
        reader.close()
        posts.index()
        list(posts.threads())
        list(posts.orphans())
    finally:
        posts.close()


def test_yaml_of_others(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    for random in each("yaml"):
        (tmp_path / "tasks" / "a.yaml").write_bytes(damaged_text(TASK, random))
        refused(lambda: refuse_code(tmp_path))
        (tmp_path / "recipe.yaml").write_bytes(damaged_text(RECIPE, random))
        refused(lambda: yaml_keys(["--config", str(tmp_path / "recipe.yaml")]))
