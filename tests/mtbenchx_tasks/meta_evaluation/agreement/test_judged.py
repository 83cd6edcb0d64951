"""`mtbenchx judges agreement`: a judge on the pairs that people voted on."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from hf_datasets import sources
from hf_datasets.benchmark.questions import questions
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.cli import app
from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.meta_evaluation.agreement.judged import GPT4_FILE, PEOPLE_FILE, PUBLIC, read_material
from tests.doubles.openai_api import Api
from tests.sources import needs_sources

GOOD, POOR = "A good answer.", "A poor one."
MINI = {question.question_id: question.turns for question in questions("mini", "de")}


def said(turns: tuple[str, ...], answer: str) -> list[dict[str, str]]:
    """A conversation in which every question has the same answer."""
    pairs = ((("user", turn), ("assistant", answer)) for turn in turns)
    return [{"role": role, "content": text} for pair in pairs for role, text in pair]


def row(number: int, winner: str, person: str, turn: int = 1, turns: tuple[str, ...] | None = None) -> dict[str, Any]:
    """A row of lmsys/mt_bench_human_judgments: `a` answers well, `b` badly."""
    asked = turns or MINI[number]
    return {
        "question_id": number,
        "model_a": "a",
        "model_b": "b",
        "winner": winner,
        "judge": person,
        "conversation_a": said(asked, GOOD),
        "conversation_b": said(asked, POOR),
        "turn": turn,
    }


# Of four pairs two people each: both for a; one for a, one for b; both for b; one tie alone on a second turn.
VOTES = [
    *(row(1, "model_a", person) for person in ("expert_1", "expert_2")),
    *(row(2, winner, person) for winner, person in (("model_a", "expert_1"), ("model_b", "expert_2"))),
    *(row(3, "model_b", person) for person in ("expert_1", "expert_2")),
    row(1, "tie", "expert_1", turn=2),
]


def prefers_good(request: dict[str, Any]) -> str:
    text = request["messages"][-1]["content"]
    return "[[A]]" if text.find(GOOD) < text.find(POOR) else "[[B]]"


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> str:
    api.answer = prefers_good
    return json.dumps({"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")})


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    jsonl.write(tmp_path / "votes.jsonl", VOTES)
    return tmp_path / "votes.jsonl"


def run(*arguments: str) -> Any:
    command = ["judges", "agreement", *arguments, "--language", "de", "--benchmark", "mini"]
    return CliRunner().invoke(app, command, env={"COLUMNS": "200"}, catch_exceptions=False)


def test_a_judge_is_asked_about_each_pair_once_and_put_beside_people(
    judge: str, votes: Path, api: Api, tmp_path: Path
) -> None:
    done = run("--judge", judge, "--votes", str(votes), "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert len(api.judgments) == 4 * 2  # four pairs, both orders
    # Most people: a, none (one each), b, tie; the judge says a four times: one of three.
    (cells,) = [line.split("│")[1:-1] for line in done.stdout.splitlines() if "gpt-4" in line and " de " in line]
    assert [cell.strip() for cell in cells[:3]] == ["gpt-4", "de", "33.3"]
    assert [cell.strip() for cell in cells[4:]] == ["3", "1"]
    found = json.loads((tmp_path / "out" / "agreement.json").read_text("utf-8"))
    (agreed,) = [
        one for one in found["statistics"]
        if (one["statistic"], one["stratum"], one["turn"], one["tie_mode"]) == ("judge_human", "all", "all", "four")
    ]  # fmt: skip
    assert agreed["value"] == pytest.approx(3 / 7)  # of seven votes three are for a
    run("--judge", judge, "--votes", str(votes))
    assert len(api.judgments) == 8


def test_the_plan_asks_nobody(judge: str, votes: Path, api: Api) -> None:
    done = run("--judge", judge, "--votes", str(votes), "--plan")
    assert "0 of 8 judgments are in the ledger, 8 are left to ask." in " ".join(done.stdout.split())
    assert api.requests == []


def test_answers_of_one_s_own_study_stand_in_files(judge: str, api: Api, tmp_path: Path) -> None:
    bare = [{name: value for name, value in one.items() if not name.startswith("conv")} for one in VOTES]
    jsonl.write(tmp_path / "bare.jsonl", bare)
    for model, text in (("a", GOOD), ("b", POOR)):
        choices = [{"index": 0, "turns": [text, text]}]
        rows = ({"question_id": number, "model_id": model, "choices": choices} for number in (1, 2, 3))
        (tmp_path / "answers").mkdir(exist_ok=True)
        jsonl.write(tmp_path / "answers" / f"{model}.jsonl", rows)
    done = run("--judge", judge, "--votes", str(tmp_path / "bare.jsonl"), "--answers", str(tmp_path / "answers"))
    assert done.exit_code == 0
    assert len(api.judgments) == 8
    asked = [request["messages"][-1]["content"] for request in api.judgments]  # several at a time, in any order
    assert any(MINI[1][0] in text for text in asked)
    with pytest.raises(UserError, match="--answers"):
        run("--judge", judge, "--votes", str(tmp_path / "bare.jsonl"))


def test_another_benchmark_s_questions_are_those_of_the_conversations(tmp_path: Path) -> None:
    rows = [row(7, "model_a", "arena_user_1", turns=("Wie spät ist es?",))]
    jsonl.write(tmp_path / "votes.jsonl", rows)
    material = read_material([tmp_path / "votes.jsonl"], [], [], Told("de", "arena"))
    (pair,) = material.pairs
    assert pair.question.turns == ("Wie spät ist es?",)
    assert pair.answers == {"a": (GOOD,), "b": (POOR,)}


def test_votes_of_public_arenas_are_read_with_their_language(judge: str, api: Api, tmp_path: Path) -> None:
    def parts(text: str) -> list[dict[str, Any]]:
        return [{"type": "text", "text": text, "image": None}]

    lmarena = {
        **{"id": "0c5c7d1a-1", "evaluation_session_id": "s1", "model_a": "a", "model_b": "b", "winner": "both_bad"},
        **{"language": "de", "evaluation_order": 1, "is_code": False},
        "conversation_a": [{"role": "user", "content": parts("Warum?")}, {"role": "assistant", "content": parts(GOOD)}],
        "conversation_b": [{"role": "user", "content": parts("Warum?")}, {"role": "assistant", "content": parts(POOR)}],
    }
    comparia = {
        **{"id": "77", "model_a_name": "a", "model_b_name": "b", "chosen_model_name": "b", "both_equal": False},
        **{"session_hash": "h", "languages": ["fr"], "conversation_a": said(("Pourquoi ?",), GOOD)},
        "conversation_b": said(("Pourquoi ?",), POOR),
    }
    long = {**comparia, "id": "78", "conversation_a": said(("a", "b", "c"), GOOD)}
    file = tmp_path / "arena.parquet"
    pq.write_table(pa.Table.from_pylist([lmarena]), file)
    jsonl.write(tmp_path / "comparia.jsonl", [comparia, long])
    material = read_material([file, tmp_path / "comparia.jsonl"], [], [])
    assert [(vote.item.language, vote.decision.value, vote.winner) for vote in material.people] == [
        ("de", "both_bad", None),
        ("fr", "win", "b"),
        ("fr", "win", "b"),
    ]
    assert [pair.question.turns for pair in material.pairs] == [("Warum?",), ("Pourquoi ?",)]
    assert material.notes[-1] == "1 of 3 pairs with votes lack an answer to a turn; they aren't judged."
    files = ("--votes", str(file), "--votes", str(tmp_path / "comparia.jsonl"))
    command = ["judges", "agreement", "--judge", judge, *files]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "200"}, catch_exceptions=False)
    assert done.exit_code == 0
    assert len(api.judgments) == 4
    assert " fr " in done.stdout


def test_a_language_that_nothing_tells_is_asked_for(judge: str, tmp_path: Path) -> None:
    jsonl.write(tmp_path / "votes.jsonl", [row(7, "model_a", "arena_user_1", turns=("Warum?",))])
    command = ["judges", "agreement", "--judge", judge, "--votes", str(tmp_path / "votes.jsonl")]
    with pytest.raises(UserError, match="--language"):
        CliRunner().invoke(app, command, catch_exceptions=False)


def test_what_is_not_judged_is_counted_with_its_reason(judge: str, api: Api, tmp_path: Path) -> None:
    """Of six pairs one: the others are a whole conversation, without texts, or lack a part of question or answer."""
    asked = ("Warum?",)
    rows = [
        row(7, "tie", "expert_1", turns=asked),
        {**row(8, "tie", "expert_1", turns=asked), "turn": None},
        {name: value for name, value in row(9, "tie", "expert_1", turns=asked).items() if not name.startswith("conv")},
        {**row(10, "tie", "expert_1", turns=asked), "conversation_b": said(asked, "  ")},
        {**row(11, "tie", "expert_1", turns=asked), "conversation_a": said(asked, "x")[:1]},
        {**row(12, "tie", "expert_1", turns=("",)), "question_id": 12},
    ]  # fmt: skip
    jsonl.write(tmp_path / "votes.jsonl", rows)
    command = ["judges", "agreement", "--judge", judge, "--votes", str(tmp_path / "votes.jsonl"), "--language", "de"]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "200"}, catch_exceptions=False)
    assert done.exit_code == 0
    assert len(api.judgments) == 2
    for reason in (
        "are on whole conversations, which judge prompts don't compare",
        "have no texts (--answers names files of them)",
        "have an empty answer",
        "lack an answer to a turn",
        "lack the question's text",
    ):
        assert f"1 of 6 pairs with votes {reason}; they aren't judged." in done.stderr


def test_a_third_turn_is_judged_by_prompts_that_have_one_and_told_before_anybody_is_asked(
    judge: str, api: Api, tmp_path: Path
) -> None:
    turns = ("Eins?", "Zwei?", "Drei?")
    jsonl.write(tmp_path / "votes.jsonl", [row(7, "tie", "expert_1", turn, turns) for turn in (1, 3)])
    command = ["judges", "agreement", "--votes", str(tmp_path / "votes.jsonl"), "--language", "de", "--judge"]
    published = json.dumps({**json.loads(judge), "prompt_set": "native_v1"})
    with pytest.raises(UserError, match="no prompt for a third turn"):
        CliRunner().invoke(app, [*command, published], catch_exceptions=False)
    assert api.requests == []
    assert CliRunner().invoke(app, [*command, judge], catch_exceptions=False).exit_code == 0
    assert sum("Drei?" in str(request) for request in api.judgments) == 2


def test_what_has_no_effect_is_told(judge: str, votes: Path, tmp_path: Path) -> None:
    unmet = {**row(9, "model_a", "gpt-9"), "model_a": "x", "conversation_a": [], "conversation_b": []}
    jsonl.write(tmp_path / "others.jsonl", [unmet])
    command = ("--judge", judge, "--votes", str(votes), "--answers", str(tmp_path))
    done = run(*command, "--judgments", str(tmp_path / "others.jsonl"))
    assert "The votes hold the answers they are on; --answers isn't read." in done.stderr
    assert "No verdict of gpt-9 is on what people voted on" in done.stderr
    other = CliRunner().invoke(app, ["judges", "agreement", *command, "--language", "de", "--benchmark", "mtbench-x"])
    assert "mtbench-x is no benchmark known here (mtbench_x, mini;" in other.stderr


@needs_sources
def test_the_public_votes_are_read_from_the_pinned_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of our own in the pinned place: the real ones are not to be had without a network."""
    real = sources.mirror()
    assert real is not None
    (tmp_path / "mtbench_x").symlink_to(real / "mtbench_x")
    pinned = sources.source(PUBLIC)
    assert (pinned.revision, pinned.licence) == ("f7d2896d2cc5d80f8b55c2bbc722613555233c25", "CC-BY-4.0")
    turns = questions("mtbench_x", "en")[0].turns
    for name, person in ((PEOPLE_FILE, "expert_1"), (GPT4_FILE, "gpt4_pair")):
        file = tmp_path / PUBLIC / pinned.revision / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist([row(81, "model_a", person, turns=turns)]), file)
    monkeypatch.setenv(sources.MIRROR_VARIABLE, str(tmp_path))
    material = read_material([], [], [])
    assert [vote.rater.name for vote in material.people] == ["expert_1"]
    assert [vote.rater.name for vote in material.others] == ["gpt4_pair"]
    (pair,) = material.pairs
    assert (pair.item.benchmark, pair.item.language, pair.item.category) == ("mtbench_x", "en", "writing")
    assert pair.question == questions("mtbench_x", "en")[0]


@pytest.mark.parametrize("language", ["../../x", "é" * 300, "de/..", "klingon"])
def test_a_language_of_a_vote_is_never_a_path(judge: str, api: Api, tmp_path: Path, language: str) -> None:
    jsonl.write(tmp_path / "votes.jsonl", [{**row(7, "tie", "expert_1", turns=("Warum?",)), "language": language}])
    with pytest.raises(UserError, match="The prompt set 'native' has no language"):
        CliRunner().invoke(
            app,
            ["judges", "agreement", "--judge", judge, "--votes", str(tmp_path / "votes.jsonl")],
            catch_exceptions=False,
        )
    assert api.requests == []
