"""Every layout gives the same samples, and every fault names its file and row."""

import gzip
import json
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.instruct.reading.layouts import read_samples
from hf_datasets.records import Message, Sample
from hf_datasets.shared.errors import UserError

Row = Mapping[str, Any]
TALK = (Message("user", "Hi"), Message("assistant", "Hello"))
SYSTEM = Message("system", "Be kind.")
HH = "\n\nHuman: Hi\n\nAssistant: Hello"
OASST = [
    {"message_id": "a", "parent_id": None, "text": "Hi", "role": "prompter", "lang": "en"},
    {"message_id": "b", "parent_id": "a", "text": "Go away", "role": "assistant", "lang": "en", "rank": 1},
    {"message_id": "c", "parent_id": "a", "text": "Hello", "role": "assistant", "lang": "en", "rank": 0},
    {"message_id": "d", "parent_id": "c", "text": "And now?", "role": "prompter", "lang": "en", "rank": None},
    {"message_id": "e", "text": "Nobody answers", "role": "prompter", "lang": "en"},
]
NESTED = {
    "message_tree_id": "a",
    "prompt": {**OASST[0], "replies": [OASST[1], {**OASST[2], "replies": [{**OASST[3], "replies": []}]}]},
}


def json_array(file: Path, rows: list[Row]) -> Path:
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return file


def json_lines(file: Path, rows: list[Row]) -> Path:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


def zipped(write: Callable[[Path, list[Row]], Path]) -> Callable[[Path, list[Row]], Path]:
    def write_zipped(file: Path, rows: list[Row]) -> Path:
        file.write_bytes(gzip.compress(write(file, rows).read_bytes()))
        return file

    return write_zipped


def parquet(file: Path, rows: list[Row]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), file)
    return file


def feather(file: Path, rows: list[Row]) -> Path:
    import pyarrow as pa

    table = pa.Table.from_pylist([dict(row) for row in rows])
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return file


def saved_to_disk(folder: Path, rows: list[Row]) -> Path:
    import datasets

    datasets.Dataset.from_list([dict(row) for row in rows]).save_to_disk(folder)
    return folder


def read(file: Path, **options: Any) -> list[Sample]:
    return list(read_samples(file, **options))


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
                {"role": "ai", "content": "Hello"},
            ]
        },
        {"conversations": ["Hi", "Hello"], "source": "stackexchange"},
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        {"conversations": [{"role": "user", "value": "Hi"}, {"role": "assistant", "value": "Hello"}]},
        {"conversation": [{"human": "Hi", "assistant": "Hello"}]},
        {"data": ["Hi", "Hello"]},
        {"instruction": "Hi", "input": "", "output": "Hello", "id": "alpaca-1"},
        {"instruction": "Hi", "context": "", "response": "Hello", "category": "open_qa"},
        {"instruction": "Hi", "input": "", "output": "Hello", "text": "Below is an instruction. ### Response: Hello"},
        {"inputs": "Hi", "targets": "Hello", "language": "en", "split": "train", "template": "t"},
        {"prompt": "Hi", "completion": "Hello"},
        {"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Hello"}]},
        {"question": "Hi", "response": "Hello", "system_prompt": ""},
        {"chosen": HH, "rejected": HH},
        {"prompt": "Hi", "chosen": "Hello", "rejected": "No"},
        {"chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], "rejected": []},
        {"text": "### Human: Hi### Assistant: Hello"},
        NESTED,
    ],
    ids="-".join,
)
def test_a_layout_is_told_by_its_keys(tmp_path: Path, row: Row) -> None:
    (sample,) = read(json_lines(tmp_path / "x.jsonl", [row]))
    assert sample.messages == TALK


@pytest.mark.parametrize(
    "row",
    [
        {"system": "Be kind.", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        {"system_prompt": "Be kind.", "question": "Hi", "response": "Hello"},
        {"conversation": [{"system": "Be kind.", "input": "Hi", "output": "Hello"}]},
        {
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello"},
            ]
        },
    ],
)
def test_a_system_message_comes_first_and_once(tmp_path: Path, row: Row) -> None:
    assert read(json_lines(tmp_path / "x.jsonl", [row]))[0].messages == (SYSTEM, *TALK)


def test_what_an_instruction_is_about_stands_below_it(tmp_path: Path) -> None:
    row = {"instruction": "Translate.", "input": "Hund", "output": "dog"}
    assert read(json_lines(tmp_path / "x.jsonl", [row]))[0].messages[0] == Message("user", "Translate.\n\nHund")


def test_a_transcript_of_several_turns(tmp_path: Path) -> None:
    row = {"chosen": HH + "\n\nHuman: Why?\n\nNo Human: here\n\nAssistant: Because.", "rejected": ""}
    (sample,) = read(json_lines(tmp_path / "x.jsonl", [row]))
    assert [message.content for message in sample.messages] == ["Hi", "Hello", "Why?\n\nNo Human: here", "Because."]


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_tree_the_best_ranked_path_that_ends_with_an_answer(tmp_path: Path, order: int) -> None:
    (sample,) = read(json_lines(tmp_path / "x.jsonl", OASST[::order]))
    assert (sample.id, sample.language, sample.messages) == ("a", "en", TALK)


@pytest.mark.parametrize(
    "write", [json_array, json_lines, zipped(json_array), zipped(json_lines), parquet, feather, saved_to_disk]
)
def test_a_format_is_told_by_its_content(tmp_path: Path, write: Callable[[Path, list[Row]], Path]) -> None:
    rows = [{"instruction": f"Größe {n} 😀", "input": "", "output": "x" * n, "id": f"alpaca-{n}"} for n in range(2500)]
    samples = read(write(tmp_path / "de", rows))
    assert [sample.id for sample in samples] == [row["id"] for row in rows]
    assert samples[7].messages == (Message("user", "Größe 7 😀"), Message("assistant", "x" * 7))


@pytest.mark.parametrize("text", ['{"data": [%s]}', "\n%s", "\ufeff%s", "\ufeff[%s]", "[\n%s\n]\n"])
def test_json_in_unusual_dress(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text % json.dumps({"prompt": "Hi", "completion": "Hello"}), encoding="utf-8")
    assert read(tmp_path / "x.json")[0].messages == TALK


def test_objects_over_several_lines(tmp_path: Path) -> None:
    text = json.dumps({"prompt": "Hi", "completion": "Hello"}, indent=2)
    (tmp_path / "x.json").write_text(f"{text}\n{text}\n")
    assert [sample.id for sample in read(tmp_path / "x.json")] == ["row-0", "row-1"]


def test_a_built_row_comes_back_as_it_was(tmp_path: Path) -> None:
    sample = Sample("lima-1", "pt-br", "wikihow", "CC-BY-SA-4.0", "coffee, 7, Ada, https://x.example", TALK)
    assert read(json_lines(tmp_path / "x.jsonl", [sample.to_row()])) == [sample]
    assert read(parquet(tmp_path / "x.parquet", [sample.to_row()])) == [sample]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("train_limax_DE.jsonl", "de"),
        ("de.json", "de"),
        ("EN-train-12de45aa00ff.jsonl", "en"),
        ("questions.pt_BR.jsonl", "pt-br"),
        ("fr/xp3_wiki_0.jsonl", "fr"),
        ("train_limax_DE_FR.jsonl", "xx"),
        ("rows.jsonl", "xx"),
        ("no_robots.jsonl", "xx"),
        ("my_chats.jsonl", "xx"),
        ("it_helpdesk.jsonl", "xx"),
        ("no_robots_de.jsonl", "de"),
        ("NO_robots.jsonl", "no"),
        ("lima.it.train.jsonl", "it"),
        ("it/train_0.jsonl", "it"),
    ],
)
def test_the_language_is_in_the_name_of_the_file(tmp_path: Path, name: str, language: str) -> None:
    (tmp_path / "data" / name).parent.mkdir(parents=True)
    json_lines(tmp_path / "data" / name, [{"prompt": "Hi", "completion": "Hello"}])
    assert read(tmp_path / "data", language="xx")[0].language == language


def test_a_word_is_a_code_where_its_neighbour_has_another(tmp_path: Path) -> None:
    for name in ("it_lima", "de_lima", "my_lima", "my_own"):
        json_lines(tmp_path / f"{name}.jsonl", [{"prompt": "Hi", "completion": name}])
    found = {sample.messages[-1].content: sample.language for sample in read(tmp_path, language="xx")}
    assert found == {"it_lima": "it", "de_lima": "de", "my_lima": "my", "my_own": "xx"}


def test_a_language_that_is_told_is_more_than_the_name_of_one_file(tmp_path: Path) -> None:
    file = json_lines(tmp_path / "tr_rows.jsonl", [{"prompt": "Hi", "completion": "Hello"}])
    assert [sample.language for sample in read_samples(file, language="en")] == ["en"]
    assert [sample.language for sample in read_samples(file)] == ["tr"]


def test_a_language_that_is_no_code_is_passed_over(tmp_path: Path) -> None:
    row = {"inputs": "Hi", "targets": "Hello", "language": "Northern Sotho", "language_code": "nso"}
    assert read(json_lines(tmp_path / "x.jsonl", [row]))[0].language == "nso"


def test_a_row_knows_its_language_better_than_the_file(tmp_path: Path) -> None:
    json_lines(tmp_path / "my_data.jsonl", [{"prompt": "Hi", "completion": "Hello", "language": "EN"}])
    assert read(tmp_path / "my_data.jsonl")[0].language == "en"
    json_lines(tmp_path / "rows.jsonl", [{"prompt": "Hi", "completion": "Hello"}])
    assert read(tmp_path / "rows.jsonl")[0].language == "und"


def test_parallel_files_without_ids_stay_parallel(tmp_path: Path) -> None:
    for name in ("train_EN", "train_DE", "val_EN", "val_DE"):
        json_lines(tmp_path / f"{name}.jsonl", [{"conversations": ["Hi", "Hello"]}] * 2)
    assert {(sample.language, sample.id) for sample in read(tmp_path, split="validation")} == {
        ("en", "row-0"),
        ("en", "row-1"),
        ("de", "row-0"),
        ("de", "row-1"),
    }


def test_a_built_folder_is_read_by_config_and_split(tmp_path: Path) -> None:
    for name in ("EN-train", "DE-train", "DE-validation"):
        json_lines(tmp_path / f"{name}.jsonl", [{"id": name, "prompt": "Hi", "completion": "Hello"}])
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- config_name: DE\n  data_files:\n  - {split: train, path: DE-train.jsonl}\n"
        "  - {split: val, path: 'DE-val*.jsonl'}\n- config_name: ENDE\n  data_files:\n"
        "  - {split: train, path: [EN-train.jsonl, DE-train.jsonl]}\n---\n"
    )
    assert [sample.id for sample in read(tmp_path, config="ENDE")] == ["EN-train", "DE-train"]
    assert [sample.id for sample in read(tmp_path, config="DE", split="validation")] == ["DE-validation"]
    for config in (None, "FR"):
        with pytest.raises(UserError, match="choose one of DE, ENDE"):
            read(tmp_path, config=config)
    with pytest.raises(UserError, match="has no split 'validation'"):
        read(tmp_path, config="ENDE", split="validation")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"foo": 1, "bar": 2}], r"x\.jsonl, row 1: unknown layout with the keys foo, bar"),
        ([{"prompt": "Hi", "completion": "Hello"}, {"prompt": 3, "completion": "x"}], r"row 2: prompt is of type int"),
        ([{"messages": [{"role": "judge", "content": "x"}]}], r"row 1: messages\[0\] has the unknown role 'judge'"),
        ([{"messages": [{"who": "judge"}]}], r"row 1: messages\[0\] has the unknown keys who"),
        ([{"messages": ["Hi", 3]}], r"row 1: messages\[0\] is of type str"),
        ([], r"x\.jsonl is empty"),
        ([{"question_id": 81, "turns": ["Hi", "And now?"]}], r"unknown layout with the keys question_id, turns"),
        ([{str(n): {} for n in range(30)}], r"unknown layout with the keys 0, 1, .*, 19 and 10 more"),
    ],
)
def test_a_row_that_is_no_dialogue_is_named(tmp_path: Path, rows: list[Row], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(json_lines(tmp_path / "x.jsonl", rows))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"prompt": "a", "completion": "b"}\n{"prompt": \n', r"x, line 2: not JSON"),
        (b'[{"prompt": "a", "completion": "b"}, {"pro', r"x, row 2: not JSON \(Unterminated string .* at byte 38\)"),
        (
            b'[{"prompt": "a", "completion": "b"}',
            r"x, row 2: not JSON \(the file ends before its array does at byte 35\)",
        ),
        (b'[{"prompt": "a", "completion": "b"} {}]', r"row 2: not JSON \(expected ',' or '\]' .* at byte 36\)"),
        (b'[{"prompt": "a", "completion": "b"}] x', r"row 2: not JSON \(there is more behind the array at byte 37\)"),
        (b'[{"prompt": "\xe4"}]', r"row 1: not JSON \(not UTF-8 \(invalid continuation byte\) at byte 13\)"),
        (b'{"prompt": "\xe4"}\n', r"line 1: not UTF-8 at byte 12"),
        (b"[3]", r"x, row 1: expected a JSON object, found int"),
        (b"prompt;completion\n", r"x is neither JSON, JSON Lines, Parquet nor Arrow, gzipped or not; it begins 'p'"),
        (b"PAR1 and no more", r"x can't be read as Parquet"),
        (b"\xff\xff\xff\xff and no more", r"x is damaged Arrow"),
        (b"\x28\xb5\x2f\xfd", r"x is compressed by zstd; unpack it first"),
        (b"\x1f\x8b\x08 and no more", r"x: broken gzip after row 0, near byte \d+ of 15"),
        (b"", r"x is empty"),
        (b" \n", r"x is empty"),
    ],
)
def test_a_damaged_file_is_named_with_the_place(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read(tmp_path / "x")


def test_a_gzip_that_breaks_off_tells_how_far_it_was_read(tmp_path: Path) -> None:
    import random

    noise = random.Random(1)
    rows = [{"prompt": str(n), "completion": noise.randbytes(500).hex()} for n in range(3000)]
    whole = zipped(json_array)(tmp_path / "en.json.gz", rows).read_bytes()
    (tmp_path / "en.json.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"en\.json\.gz: broken gzip after row 1\d\d\d, near byte \d+ of \d+"):
        read(tmp_path / "en.json.gz")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no .*nowhere; name a data file or a folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(UserError, match="has no files of rows"):
        read(tmp_path)


def said(tmp_path: Path, content: Any, name: str = "parts.jsonl") -> str:
    messages = [{"role": "user", "content": content}, {"role": "assistant", "content": "ok"}]
    (sample,) = read_samples(json_lines(tmp_path / name, [{"messages": messages}]))
    return sample.messages[0].content


def test_a_list_of_parts_is_its_texts(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "What is "}, "on ", {"type": "text", "text": None}, {"text": "it?"}]
    assert said(tmp_path, parts) == "What is on it?"


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({"type": "image", "text": None}, "'image'"),  # Parquet writes null where another part of the column has a text
        ({"type": "image_url", "image_url": {"url": "x"}}, "'image_url'"),
        ({"type": "text", "text": 7}, "'text'"),
        ({"type": ["text"], "text": "a"}, r"\"\['text'\]"),
    ],
)
def test_a_part_that_is_no_text_is_named_with_its_row(tmp_path: Path, part: Any, kind: str) -> None:
    with pytest.raises(UserError, match=rf"parts.jsonl, row 1: messages\[0\].content\[1\] is a part of type {kind}"):
        said(tmp_path, ["What is this?", part])


def test_a_tree_whose_text_is_null_has_none(tmp_path: Path) -> None:
    rows = [OASST[0], {**OASST[2], "text": None}]
    (sample,) = read_samples(json_lines(tmp_path / "tree.jsonl", rows))
    assert [message.content for message in sample.messages] == ["Hi", ""]


def test_ids_that_a_table_turned_into_floats_are_ids(tmp_path: Path) -> None:
    rows = [{"id": number, "prompt": "a", "response": "b"} for number in (3.0, 1.0, "x", 7)]
    assert [sample.id for sample in read_samples(json_lines(tmp_path / "ids.jsonl", rows))] == ["3", "1", "x", "7"]


@pytest.mark.parametrize("value", [1.5, float("nan"), True, ["a"], {"a": 1}])
def test_what_is_no_id_is_named_with_its_row(tmp_path: Path, value: Any) -> None:
    rows = [{"id": "a", "prompt": "a", "response": "b"}, {"id": value, "prompt": "a", "response": "b"}]
    with pytest.raises(UserError, match=r"ids.jsonl, row 2: 'id' is .*, not a text or a whole number"):
        list(read_samples(json_lines(tmp_path / "ids.jsonl", rows)))


@pytest.mark.parametrize("begin", ['{"text": "', '[{"text": "', '\n{"text":\n"'])
def test_a_row_without_end_is_never_whole_in_memory(begin: str, tmp_path: Path) -> None:
    file = tmp_path / "huge.json.gz"
    with gzip.open(file, "wb", 1) as packed:
        packed.write(begin.encode())
        for _ in range(300):
            packed.write(b"x" * 2**20)
    assert file.stat().st_size < 4 * 2**20
    tracemalloc.start()
    with pytest.raises(
        UserError, match=r"huge\.json\.gz, (line|row) 1: not .*\(longer than 64 MB; write one row a line"
    ):
        list(read_samples(file))
    assert tracemalloc.get_traced_memory()[1] < 700 * 2**20  # a row is doubled until it is too long, and decoded
    tracemalloc.stop()
