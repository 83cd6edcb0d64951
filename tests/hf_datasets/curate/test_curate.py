"""`mtbenchx data curate --dump`: dumps in, a review file out, with every rejection counted."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.hf_datasets.command import run
from tests.hf_datasets.curate.dump import HOST, answer, ask, posts, question, row, text, title, write


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def reasons(folder: Path) -> dict[str, tuple[str, str]]:
    return {one["id"]: (one["reason"], one["detail"]) for one in lines(folder / "review.rejects.jsonl")}


def curate(folder: Path, *rows: str, options: tuple[object, ...] = ()) -> list[dict[str, Any]]:
    write(folder, *rows)
    ran = run("curate", "--dump", folder / HOST, "--out", folder / "review.jsonl", "--workers", 1, *options)
    assert ran.code == 0, ran.error
    return lines(folder / "review.jsonl")


def test_a_candidate_has_texts_attribution_and_room_for_a_decision(tmp_path: Path) -> None:
    body = f"<p>{text(2)}</p><pre class='lang-py'><code>x &lt; 1</code></pre><p><a href='y'>link</a><img src='z'></p>"
    (found,) = curate(tmp_path, question(1, AcceptedAnswerId=2), answer(2, 1, Body=body, ContentLicense="CC BY-SA 4.0"))
    assert found == {
        "id": "coffee-1-2",
        "decision": "",
        "rewritten": "",
        "rewritten_question": "",
        "note": "",
        "score": 5,
        "language": "en",
        "source": "stackexchange-coffee",
        "license": "CC-BY-SA-3.0 AND CC-BY-SA-4.0",
        "attribution": found["attribution"],
        "messages": [
            {
                "role": "user",
                "content": f"{title(1)}\n\n{ask(1)}",
            },
            {"role": "assistant", "content": f"{text(2)}\n\n```py\nx < 1\n```\n\nlink"},
        ],
    }
    assert "https://coffee.stackexchange.com/a/2 (CC-BY-SA-4.0)" in found["attribution"]


SPANISH = "El agua debe estar justo por debajo del punto de ebullición cuando toca los granos molidos de café. " * 13
REJECTED = {
    "low score": (answer(2, 1, Score=2), "low score", "2 < 3"),
    "too short": (answer(2, 1, Body=f"<p>{text(2)[:1199]}</p>"), "too short", "1199 < 1200 chars"),
    "too long": (answer(2, 1, Body=f"<p>{text(2, 4200)[:4097]}</p>"), "too long", "4097 > 4096 chars"),
    "phrase": (answer(2, 1, Body=f"<p>In My view. {text(2)}</p>"), "phrase", "my"),
    "phrase of two words": (answer(2, 1, Body=f"<p>As\nmentioned, {text(2)}</p>"), "phrase", "as mentioned"),
    "other language": (answer(2, 1, Body=f"<p>{SPANISH}</p>"), "different languages", "en and es"),
    "no language": (
        answer(2, 1, Body="<pre><code>" + "x = 1;\n" * 200 + "</code></pre>"),
        "language can't be told",
        "of the answer",
    ),
    "empty": (answer(2, 1, Body="<p><img src='x'></p>"), "empty", "the answer"),
    "nested": (answer(2, 1, Body="<blockquote>" * 200), "unreadable markup", "markup nested deeper than 60"),
}


@pytest.mark.parametrize(("bad", "reason", "detail"), REJECTED.values(), ids=REJECTED)
def test_a_rejection_has_a_reason(tmp_path: Path, bad: str, reason: str, detail: str) -> None:
    assert curate(tmp_path, question(1), bad) == []
    assert reasons(tmp_path) == {"coffee-1-2": (reason, detail)}


@pytest.mark.parametrize(
    "body",
    ["<p>mythology and imagery {}</p>", "<p>{}</p><pre><code>my $image;</code></pre>", "<p>{} <code>my</code></p>"],
    ids=["part of a word", "code block", "inline code"],
)
def test_phrases_are_whole_words_outside_code(tmp_path: Path, body: str) -> None:
    assert len(curate(tmp_path, question(1), answer(2, 1, Body=body.format(text(2))))) == 1


def test_phrases_may_be_added_and_the_papers_left_out(tmp_path: Path) -> None:
    more = tmp_path / "phrases.txt"
    more.write_text("# mine\n\nspell*\n", encoding="utf-8")
    spelling, mine = f"<p>Spelling. {text(2)}</p>", f"<p>My {text(4)}</p>"
    rows = [question(1), answer(2, 1, Body=spelling), question(3), answer(4, 3, Body=mine)]
    assert curate(tmp_path, *rows, options=("--phrases", more)) == []
    assert reasons(tmp_path) == {"coffee-1-2": ("phrase", "spelling"), "coffee-3-4": ("phrase", "my")}
    kept = curate(tmp_path, *rows, options=("--phrases", more, "--no-default-phrases"))
    assert [one["id"] for one in kept] == ["coffee-3-4"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--unit", "words", "--min", "300", "--max", "400"), "too short"),  # 1,500 characters are about 210 words
        (("--unit", "words", "--min", "150", "--max", "400"), None),
        (("--scope", "pair", "--max", "1550"), "too long"),  # the answer 1,500, the question about 100
        (("--max", "1550"), None),
        (("--phrase-scope", "pair"), "phrase"),
        (("--language", "de"), "other language"),
        (("--language", "EN"), None),
    ],
)
def test_options_change_what_passes(tmp_path: Path, options: tuple[str, ...], reason: str | None) -> None:
    found = curate(tmp_path, question(1, Title="Is my pot good?"), answer(2, 1), options=options)
    assert [one["reason"] for one in lines(tmp_path / "review.rejects.jsonl")] == ([reason] if reason else [])
    assert len(found) == (reason is None)


def test_every_answer_is_a_candidate_or_rejected(tmp_path: Path) -> None:
    rows = [
        question(1, AcceptedAnswerId=3),
        answer(2, 1, Score=9),
        answer(3, 1, Score=-1),
        answer(4, 1, Score=0),
        question(5, AnswerCount=0),
        answer(6, 77),
        question(8),
        answer(9, 8, Body="<p>short</p>"),
        row(Id=10, PostTypeId=4, Body="wiki"),
        answer(11, 8, Score="?"),
    ]
    kept = curate(tmp_path, *rows)
    assert [one["id"] for one in kept] == ["coffee-1-2"]
    assert reasons(tmp_path) == {
        "coffee-1-3": ("not the best answer", "better: coffee-1-2"),
        "coffee-1-4": ("low score", "0 < 3"),
        "coffee-5": ("question without answer", ""),
        "coffee-77-6": ("answer without question", "no question 77"),
        "coffee-8-9": ("too short", "5 < 1200 chars"),
        "coffee-11": ("unreadable post", "Score is '?'"),
    }
    report = json.loads((tmp_path / "review.report.json").read_text(encoding="utf-8"))
    assert report["rejected"] == dict(Counter(reason for reason, _ in reasons(tmp_path).values()))
    assert (report["pairs"], report["survivors"], report["answer_count_differs"]) == (2, 1, 1)  # question 1: 3, not 1
    assert len(curate(tmp_path, *rows, options=("--per-question", 2))) == 2  # the accepted one too


def test_near_duplicates_of_the_reference_data_and_of_better_answers(tmp_path: Path) -> None:
    words = text(20).split()
    words[10:200:20] = ["other"] * 10  # about one word in twenty
    lima = {"conversations": ["How do I?", text(40).upper().replace(" ", "\n")], "source": "stackexchange"}
    titled = {"messages": [{"role": "user", "content": title(6)}]}
    reference = tmp_path / "lima.jsonl"
    reference.write_text(json.dumps(lima) + "\n", encoding="utf-8")
    other = tmp_path / "mine.jsonl"
    titled["messages"].append({"role": "assistant", "content": "Hot."})
    other.write_text(json.dumps({"id": "w-6", **titled}) + "\n", encoding="utf-8")
    rows = [
        *(question(1), answer(2, 1, Body=f"<p>{' '.join(words)}</p>")),
        *(question(3), answer(20, 3, Score=50)),
        *(question(4), answer(40, 4)),
        *(question(6, Body="<p></p>"), answer(60, 6)),
    ]
    kept = curate(tmp_path, *rows, options=("--against", reference, "--against", other))
    assert [one["id"] for one in kept] == ["coffee-3-20"]
    found = reasons(tmp_path)
    assert found["coffee-1-2"][0] == "near-duplicate of another candidate"
    assert found["coffee-1-2"][1].endswith("like coffee-3-20")  # of the two, the one with 50 votes stays
    assert found["coffee-4-40"] == ("near-duplicate of the reference data", "answer 1.00 like lima row-0")
    assert found["coffee-6-60"] == ("near-duplicate of the reference data", "question 1.00 like mine w-6")


def test_several_answers_of_one_question_are_no_duplicates(tmp_path: Path) -> None:
    assert len(curate(tmp_path, question(1), answer(2, 1), answer(3, 1), options=("--per-question", 2))) == 2


def test_the_number_of_processes_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hf_datasets.shared.processes.FEW", 4)
    rows = [made for number in range(1, 30, 2) for made in (question(number), answer(number + 1, number))]
    write(tmp_path, *rows)
    outputs = []
    for workers in (1, 2):
        out = tmp_path / f"{workers}" / "review.jsonl"
        assert run("curate", "--dump", tmp_path / HOST, "--out", out, "--workers", workers).code == 0
        outputs.append((out.read_bytes(), out.with_name("review.rejects.jsonl").read_bytes()))
    assert outputs[0] == outputs[1]
    assert outputs[0][0].count(b"\n") > 1


def test_a_broken_dump_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    file = write(tmp_path, question(1), answer(2, 1), '  <row Id="3" Body="<" />\n', question(4), answer(5, 4))
    ran = run("curate", "--dump", file, "--out", tmp_path / "review.jsonl")
    assert ran.code == 3
    assert f"skipped: {file}, line 5, byte " in ran.error
    assert [one["id"] for one in lines(tmp_path / "review.jsonl")] == ["coffee-1-2", "coffee-4-5"]


def test_two_sites_with_the_same_ids(tmp_path: Path) -> None:
    write(tmp_path, question(1), answer(2, 1))
    other = [question(1, Title=title(8), Body=f"<p>{ask(8)}</p>"), answer(2, 1, Body=f"<p>{text(9)}</p>")]
    write(tmp_path, *other, name="health.stackexchange.com")
    dumps = ("--dump", tmp_path / HOST, "--dump", tmp_path / "health.stackexchange.com")
    assert run("curate", *dumps, "--out", tmp_path / "review.jsonl").code == 0
    assert [one["id"] for one in lines(tmp_path / "review.jsonl")] == ["coffee-1-2", "medicalsciences-1-2"]


def test_a_site_may_be_named(tmp_path: Path) -> None:
    file = tmp_path / "Posts.xml"
    file.write_bytes(posts(question(1), answer(2, 1)))
    ran = run("curate", "--dump", file, "--out", tmp_path / "review.jsonl")
    assert (ran.code, "add --site" in ran.error) == (1, True)
    assert run("curate", "--dump", file, "--site", "beer", "--out", tmp_path / "review.jsonl").code == 0
    assert lines(tmp_path / "review.jsonl")[0]["id"] == "alcohol-1-2"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "name either dumps"),
        (("--dump", "a", "--review", "b"), 2, "name either dumps"),
        (("--dump", "a.stackexchange.com.7z", "--undecided", "keep"), 2, "goes with --review"),
        (("--dump", "a.stackexchange.com.7z", "--min", "10", "--max", "5"), 2, "no length is from 10 to 5"),
        (("--dump", "a.stackexchange.com.7z"), 1, "a.stackexchange.com.7z is not a file"),
        (("--dump", "a", "--site", "b", "--site", "c"), 2, "2 sites for 1 dumps"),
        (("--dump", "a.7z", "--against", "lima-x"), 1, "data build lima-x"),
        (("--dump", "a.7z", "--phrases", "none.txt"), 1, "none.txt can't be read"),
    ],
)
def test_usage_and_missing_files(arguments: tuple[str, ...], code: int, message: str) -> None:
    ran = run("curate", *arguments)
    assert ran.code == code
    assert message in " ".join(ran.error.replace("│", " ").split())


def test_the_same_dump_twice_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, question(1))
    assert "is named twice" in run("curate", "--dump", file, "--dump", file.parent).error


def test_an_output_that_cannot_be_written_is_a_user_error(tmp_path: Path) -> None:
    write(tmp_path, question(1), answer(2, 1))
    (tmp_path / "file").write_text("")
    ran = run("curate", "--dump", tmp_path / HOST, "--out", tmp_path / "file" / "review.jsonl")
    assert (ran.code, "Can't write" in ran.error) == (1, True)
