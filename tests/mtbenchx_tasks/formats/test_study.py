"""What a report reads: each layout, the same thing twice, what may not be put in one table, and broken files."""

import json
from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import Answers
from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.pairwise.run import start
from mtbenchx_tasks.records import PEOPLE, Decision
from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.stats.cells import average_of, mean_of
from tests.doubles.model import Model
from tests.doubles.openai_api import Api
from tests.harness import evaluate
from tests.mtbenchx_tasks.studies import samples, single, singles


def test_failed_judgments_are_counted_and_no_number(tmp_path: Path) -> None:
    rows = [single("m", 81, 8), single("m", 82, -1, judgment="$ERROR$"), single("m", 83, 85)]
    study = read_study([singles(tmp_path / "gpt-4_single.jsonl", rows)], Told("en"))
    assert [rating.value for rating in study.ratings] == [8, None, None]
    assert [rating.reason for rating in study.ratings] == ["", "the judge was not reached", "verdict out of range"]


def test_a_row_that_stands_twice_counts_once_and_a_second_judgment_is_a_run(tmp_path: Path) -> None:
    again = single("m", 81, 6, tstamp=2.0)
    rows = [single("m", 81, 8), single("m", 81, 8), again]
    study = read_study([singles(tmp_path / "s.jsonl", rows)], Told("en"))
    assert [(rating.run, rating.value) for rating in study.ratings] == [(0, 8), (1, 6)]
    assert any("1 rows stand in it twice" in note for note in study.notes)
    (answer,) = sections(study.ratings)[0].answers
    assert answer.rating == 7  # mean of both runs


@pytest.mark.parametrize(
    ("folder", "question", "language"), [("x", "81_DE", "de"), ("mt_bench_FR", 81, "fr"), ("x", 81, "en")]
)
def test_the_language_is_told_by_ids_or_the_folder(
    tmp_path: Path, folder: str, question: int | str, language: str
) -> None:
    file = singles(tmp_path / folder / "model_judgment" / "gpt-4_single.jsonl", [single("m", question, 5)])
    study = read_study([file])
    assert {rating.item.language for rating in study.ratings} == {language}
    assert bool(study.notes) == (folder == "x" and question == 81)  # taken for English, and said so


def test_the_samples_and_the_ledger_of_one_run_count_once(api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: f"[[{1 + len(str(request['messages'])) % 10}]]"
    ledger = tmp_path / "ledger.sqlite"
    judge = {"model": "gpt-4", "base_url": api.url, "ledger": str(ledger)}
    results = evaluate(Model(), "mtbench_x_mini_de", judge, limit=4, log_samples=True)
    file = tmp_path / "org__double" / "samples_mtbench_x_mini_de_2026-01-01T00-00-00.jsonl"
    rows = results["samples"]["mtbench_x_mini_de"]
    from lm_eval.utils import handle_non_serializable

    singles(file, json.loads(json.dumps(rows, default=handle_non_serializable)))
    about = {"results": results["results"], "configs": results["configs"], "model_name": "double"}
    text = json.dumps(about, default=handle_non_serializable)
    (tmp_path / "org__double" / "results_2026-01-01T00-00-00.json").write_text(text, encoding="utf-8")
    alone = read_study([ledger])
    both = read_study([tmp_path])
    assert len(alone.ratings) == len(both.ratings) == 8  # 4 questions, 2 turns
    assert sorted(rating.value or 0 for rating in alone.ratings) == sorted(rating.value or 0 for rating in both.ratings)
    assert any("8 ratings were read twice" in note for note in both.notes)
    assert len({rating.model.name for rating in both.ratings}) == 1
    answers = sections(both.ratings)[0].answers
    harness = results["results"]["mtbench_x_mini_de"]
    assert average_of(answers).value == pytest.approx(harness["category_mean,gpt-4"])
    assert mean_of(answers).value == pytest.approx(harness["score,gpt-4"])
    assert alone.costs[0].judgments == 8 + 2  # and the probe's


def test_a_ledger_is_not_written_to(api: Api, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    evaluate(Model(), "mtbench_x_mini_en", {"model": "gpt-4", "base_url": api.url, "ledger": str(ledger)}, limit=1)
    before = ledger.read_bytes()
    read_study([ledger])
    assert ledger.read_bytes() == before


def test_models_of_one_name_and_other_weights_are_told_apart(tmp_path: Path) -> None:
    samples(tmp_path / "a", "m", {81: 5.0}, name="alice/m")
    samples(tmp_path / "b", "m", {81: 7.0}, name="bob/m", answer="eine andere Antwort")
    study = read_study([tmp_path])
    assert {rating.model.name for rating in study.ratings} == {"alice/m", "bob/m"}
    assert any("2 models are named m" in note for note in study.notes)


def test_samples_alone_tell_the_organisation_by_their_folder(tmp_path: Path) -> None:
    for organisation, rating in (("alice", 5.0), ("bob", 7.0)):
        file = samples(tmp_path / organisation, "m", {81: rating}, answer=f"Antwort von {organisation}")
        next(file.parent.glob("results_*.json")).unlink()
        file.parent.rename(file.parent.with_name(f"{organisation}__m"))
    ratings = read_study([tmp_path]).ratings
    assert {(rating.model.name, rating.value) for rating in ratings} == {("alice/m", 5.0), ("bob/m", 7.0)}


def test_two_results_of_one_model_on_one_question_are_refused(tmp_path: Path) -> None:
    one = samples(tmp_path, "m", {81: 5.0})
    other = samples(tmp_path, "m", {81: 7.0}, stamp="2026-02-02T00-00-00.000000", answer="eine andere Antwort")
    with pytest.raises(UserError) as told:
        read_study([tmp_path])
    assert str(one) in str(told.value)
    assert str(other) in str(told.value)


def test_the_same_folder_twice_counts_once(tmp_path: Path) -> None:
    samples(tmp_path, "m", {81: 5.0, 82: None})
    assert len(read_study([tmp_path, tmp_path]).ratings) == 4


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        ({"prompt_set": "native"}, "prompt set native"),
        ({"prompt_set_sha256": "other"}, "prompt sha256 other"),
        ({"reference_set": "corrected"}, "reference set corrected"),
    ],
)
def test_ratings_under_other_conditions_are_sections_of_their_own(
    tmp_path: Path, judge: dict[str, str], told: str
) -> None:
    samples(tmp_path / "a", "m", {81: 5.0})
    samples(tmp_path / "b", "n", {81: 7.0}, judge=judge)
    found = sections(read_study([tmp_path]).ratings)
    assert len(found) == 2
    assert any(told in one.name for one in found)


def test_the_prompts_of_two_languages_have_two_hashes_and_are_one_section(tmp_path: Path) -> None:
    samples(tmp_path, "m", {81: 5.0}, language="de")
    samples(tmp_path, "m", {81: 5.0}, language="fr", stamp="2026-01-02T00-00-00.000000")
    (one,) = sections(read_study([tmp_path]).ratings)
    assert one.languages == ("de", "fr")


def test_votes_of_people_are_read_and_each_counts(tmp_path: Path) -> None:
    vote = {"question_id": 81, "model_a": "b", "model_b": "a", "winner": "model_a", "turn": 1, "language": "de"}
    rows = [{**vote, "judge": "expert_1"}, {**vote, "judge": "expert_2", "winner": "tie"}]
    study = read_study([singles(tmp_path / "votes.jsonl", rows)])
    assert [(one.conditions.judge, one.winner or one.decision.value) for one in study.preferences] == [
        (PEOPLE, "b"),
        (PEOPLE, "tie"),
    ]


def test_a_folder_s_unknown_files_are_notes_and_a_named_one_is_an_error(tmp_path: Path) -> None:
    samples(tmp_path, "m", {81: 5.0})
    (tmp_path / "other.json").write_text('{"a": 1}', encoding="utf-8")
    assert any("other.json" in note for note in read_study([tmp_path]).notes)
    with pytest.raises(UserError, match="of no layout"):
        read_study([tmp_path / "other.json"])


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("gpt-4_single.jsonl", '{"question_id": 81, "mod', "not JSON"),
        ("gpt-4_single.jsonl", "", "is empty"),
        ("results_2026.json", '{"results": {', "half-written"),
        ("ledger.sqlite", "no database", "of no layout"),
        ("samples_mtbench_x_de_2026-01-01T00-00-00.jsonl", '{"doc": {}, "resps": [], "filter": "x"}', "line 1"),
        ("s.jsonl", json.dumps(single("m", 81, 5, turn=0)), "turn must be a whole number from 1 to 100, not 0"),
    ],
)
def test_broken_files_are_named_in_one_sentence(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        read_study([tmp_path / name])
    assert told in str(error.value)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_nothing_judged_says_what_would_be(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No judgments in"):
        read_study([tmp_path])
    with pytest.raises(UserError, match="There is no"):
        read_study([tmp_path / "none"])


def test_answers_beside_judgments_give_texts_and_lengths(tmp_path: Path) -> None:
    singles(tmp_path / "gpt-4_single.jsonl", [single("a", 81, 8, user_prompt="[Answer]\none\n[End]")])
    pair = {"question_id": 81, "model_1": "a", "model_2": "b", "g1_winner": "tie", "g2_winner": "tie", "turn": 1}
    singles(tmp_path / "gpt-4_pair.jsonl", [{**pair, "judge": ["gpt-4", "pair-v2"]}])
    for model, texts in (("a", ["one", "two"]), ("b", ["three", "four"])):
        row = {"question_id": 81, "model_id": model, "choices": [{"turns": texts}]}
        singles(tmp_path / "model_answer" / f"{model}.jsonl", [row])
    asked = {"question_id": 81, "category": "writing", "turns": ["Write!", "Again!"]}
    singles(tmp_path / "question.jsonl", [asked])
    study = read_study([tmp_path], Told("en", "mtbench_x"))
    assert [rating.answer for rating in study.ratings] == ["one"]
    assert [sorted(map(len, one.answers.values())) for one in study.preferences] == [[3, 5]]
    assert study.questions["mtbench_x", "en", 81] == ("Write!", "Again!")


def test_english_prompts_for_every_language_are_one_section(tmp_path: Path) -> None:
    for day, language in enumerate(("de", "en"), start=1):
        about = {"language": language, "stamp": f"2026-01-0{day}T00-00-00.000000"}
        samples(tmp_path, "m", {81: 5.0}, judge={"prompt_language": "en", "prompt_set_sha256": "e"}, **about)
    (one,) = sections(read_study([tmp_path]).ratings)
    assert one.languages == ("en", "de")


def test_files_that_hold_no_judgments_are_passed_over_in_a_folder(tmp_path: Path) -> None:
    import sqlite3

    import pyarrow as pa
    import pyarrow.parquet as pq

    samples(tmp_path, "m", {81: 5.0})
    pq.write_table(pa.table({"id": [1]}), tmp_path / "data.parquet")
    with sqlite3.connect(tmp_path / "other.sqlite") as database:
        database.execute("CREATE TABLE x (y)")
    database.close()
    notes = " ".join(read_study([tmp_path]).notes)
    assert "data.parquet" in notes
    assert "other.sqlite" in notes


def test_comparisons_of_a_ledger_have_lengths_and_their_conditions(api: Api, tmp_path: Path) -> None:
    api.answer = lambda request: "[[A]]"  # whoever is shown first: every outcome is inconsistent
    settings = JudgeSettings(model="gpt-4", base_url=api.url, ledger=str(tmp_path / "ledger.sqlite"))
    given = [Answers(model, "de", "mini", {1: (text, text)}) for model, text in (("a", "kurz"), ("b", "länger"))]
    start(given, "de", settings).preferences()
    study = read_study([tmp_path / "ledger.sqlite"])
    assert [one.decision for one in study.preferences] == [Decision.INCONSISTENT] * 2
    assert {tuple(sorted(map(len, one.answers.values()))) for one in study.preferences} == {(4, 6)}
    assert study.preferences[0].conditions.rule["votes"] == "3"
    assert study.preferences[0].conditions.prompt["prompt_set"] == "native"


def test_a_damaged_ledger_is_named(api: Api, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    evaluate(Model(), "mtbench_x_mini_en", {"model": "gpt-4", "base_url": api.url, "ledger": str(ledger)}, limit=2)
    study = read_study([ledger])  # with its write-ahead log, while it is open
    assert len(study.ratings) == 4
    half = tmp_path / "half.sqlite"
    half.write_bytes(ledger.read_bytes()[:6000])
    with pytest.raises(UserError) as told:
        read_study([half])
    assert str(half) in str(told.value)


def test_other_tasks_of_a_results_folder_are_passed_over(tmp_path: Path) -> None:
    file = samples(tmp_path, "m", {81: 5.0})
    other = file.with_name("samples_hellaswag_2026-01-01T00-00-00.000000.jsonl")
    singles(other, [{"doc_id": 0, "doc": {"query": "x"}, "resps": [[[0.0, True]]], "filter": "none"}])
    assert len(read_study([tmp_path]).ratings) == 2
    with pytest.raises(UserError, match="not a sample of a mtbench_x task"):
        read_study([other.rename(other.with_name("named.jsonl"))])


def test_judgments_of_several_choices_are_repeats_and_no_two_generations(tmp_path: Path) -> None:
    texts = ("first", "second")
    choices = [{"turns": [text, text]} for text in texts]
    singles(tmp_path / "model_answer" / "m.jsonl", [{"question_id": 81, "model_id": "m", "choices": choices}])
    prompts = [f"[The Start]\n{text}\n[The End]" for text in texts]
    rows = [single("m", 81, score, user_prompt=prompt) for score, prompt in zip((4, 8), prompts, strict=True)]
    singles(tmp_path / "model_judgment" / "gpt-4_single.jsonl", rows)
    study = read_study([tmp_path], Told("en"))
    assert [(rating.repeat, rating.run, rating.value) for rating in study.ratings] == [(0, 0, 4), (1, 0, 8)]
    assert any("of 2 answers of m to each question the first is taken" in note for note in study.notes)
    other = [*rows, single("m", 81, 10, user_prompt="[The Start]\nthird\n[The End]")]
    singles(tmp_path / "model_judgment" / "gpt-4_single.jsonl", other)
    study = read_study([tmp_path], Told("en"))
    assert len(study.ratings) == 2
    assert any("1 judgments of m are of other answers" in note for note in study.notes)
