"""What people judge: read from answer files, checked, kept in the database."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.codes import SECRET_VARIABLE, code_hash, cookie_secret, new_code
from mtbenchx_tasks.annotate.pages import Pages
from mtbenchx_tasks.annotate.people import invite
from mtbenchx_tasks.annotate.serve import AppOptions, check_consent, warnings
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.study import AnnotationStudy, self_naming, study_of_files
from mtbenchx_tasks.annotate.texts import ConsentFacts, consent_text, consent_version, languages, texts
from mtbenchx_tasks.annotate.voting import Voting
from tests.mtbenchx_tasks.annotate.running import ONE, OTHER, answer_file, make_study
from tests.sources import needs_sources


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [answer_file(tmp_path / f"{number}.jsonl", f"org/model-{number}") for number in range(3)]


def test_all_pairs_or_those_with_a_baseline(files: list[Path]) -> None:
    zero, one, two = (f"org/model-{number}" for number in range(3))
    assert study_of_files(files, "en").pairs == ((zero, one), (zero, two), (one, two))
    assert study_of_files(files, "en", baseline=one).pairs == ((one, zero), (one, two))
    assert len(study_of_files(files, "en").items) == 16 * 3


def test_lm_evals_samples_are_answers_too(tmp_path: Path) -> None:
    for model in ("a", "b"):
        rows = [
            {"doc": {"question_id": number, "language": "it"}, "resps": [[f"{model} one"], [f"{model} two"]]}
            for number in (1, 2)
        ]
        (tmp_path / f"org__{model}").mkdir()
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"org__{model}" / "samples_mtbench_x_mini_it_2026-01-01T00-00-00.jsonl").write_text(
            text, encoding="utf-8"
        )
    study = study_of_files(sorted(tmp_path.glob("*/*.jsonl")))
    assert (study.language, study.benchmark, [q.question_id for q in study.questions]) == ("it", "mini", [1, 2])
    assert study.answers["a"][2] == ("a one", "a two")


@pytest.mark.sources
@needs_sources
def test_the_published_benchmark_shows_the_references_of_its_turn(tmp_path: Path) -> None:
    row = {"question_id": "111_DE", "choices": [{"turns": ["eins", "zwei"]}]}
    for model in ("a", "b"):
        (tmp_path / f"{model}.jsonl").write_text(json.dumps({**row, "model_id": model}) + "\n", encoding="utf-8")
    given = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    published, corrected = study_of_files(given), study_of_files(given, reference_set="corrected")
    assert (published.language, published.benchmark, published.questions[0].category) == ("de", "mtbench_x", "math")
    assert len(published.questions[0].reference) == 2
    assert published.digest == AnnotationStudy.from_row(json.loads(json.dumps(published.to_row()))).digest
    assert len(corrected.questions) == 1


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda row: {**row, "question_id": 77}, "question 77, which the benchmark doesn't have"),
        (lambda row: {**row, "choices": [{"turns": ["only one"]}]}, "not two answers, one per turn, of text"),
        (lambda row: {**row, "choices": [{"turns": ["one", None]}]}, r"turns\[1\] must be text, not None"),
        (lambda row: {**row, "question_id": "1_DE"}, "answers in 'de'"),
    ],
)
def test_answers_that_do_not_fit_are_named(
    files: list[Path], break_it: Callable[[dict[str, object]], dict[str, object]], told: str
) -> None:
    rows = [json.loads(line) for line in files[1].read_text(encoding="utf-8").splitlines()]
    rows = [break_it(rows[0]), *rows[1:]] if "answers in" not in told else [break_it(rows[0])]
    files[1].write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(UserError, match=told):
        study_of_files(files, "en")


def test_a_question_that_one_model_lacks_is_named(files: list[Path]) -> None:
    lines = files[2].read_text(encoding="utf-8").splitlines()
    files[2].write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="don't answer the same questions: 16"):
        study_of_files(files, "en")


def test_an_answer_that_looks_empty_is_not_shown_and_is_named(tmp_path: Path) -> None:
    def answer(model: str, question_id: int, turn: int) -> str:
        return "\u200b" if (model, question_id, turn) == (OTHER, 5, 2) else "fine"

    study = make_study(answer=answer)
    pages, store = Pages(study), Store(tmp_path / "votes.sqlite")
    assert pages.blank == [(OTHER, 5, 2)]
    assert 5 not in {item.question_id for item in pages.items}
    assert len(pages.items) == 15
    told = warnings(store, study, pages)
    assert any("question 5" in line and "turn 2" in line for line in told)
    assert any("Nobody is invited yet" in line for line in told)


def test_an_answer_that_names_a_model_is_shown_with_a_warning(tmp_path: Path) -> None:
    def answer(model: str, question_id: int, turn: int) -> str:
        return "I am Alpha-7B, at your service." if (model, question_id, turn) == (ONE, 3, 1) else "alphabet-7bit"

    study = make_study(answer=answer)
    assert self_naming(study) == [(ONE, 3, 1)]
    assert any("3 (turn 1)" in line for line in warnings(Store(tmp_path / "v.sqlite"), study, Pages(study)))


def test_an_empty_answer_is_shown_as_empty() -> None:
    study = make_study(answer=lambda _model, _question, _turn: "")
    assert len(Pages(study).items) == 16


def test_votes_on_one_study_never_mix_with_anothers(tmp_path: Path) -> None:
    store, study, other = Store(tmp_path / "votes.sqlite"), make_study(), make_study("de")
    (name,) = invite(store, [code_hash("a")])
    store.set_study(other)
    store.set_study(study)  # nobody voted yet
    assignment = Voting(store, study).assign(name)
    assert assignment is not None
    Voting(store, study).vote(name, assignment.id, "tie")
    store.set_study(study)
    with pytest.raises(UserError, match="votes on other answers"):
        store.set_study(other)
    again = store.study()
    assert again is not None
    assert again.digest == study.digest


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.sqlite") as db:
        db.execute("CREATE TABLE judgment (x)")
    db.close()
    with pytest.raises(UserError, match="not of a study"):
        Store(tmp_path / "other.sqlite")
    with sqlite3.connect(tmp_path / "other.sqlite") as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("judgment",)]
    db.close()


def test_pseudonyms_are_never_given_twice(tmp_path: Path) -> None:
    store = Store(tmp_path / "votes.sqlite")
    first = invite(store, [code_hash("a"), code_hash("b")])
    assert sorted(first) == ["expert_1", "expert_2"]
    store.withdraw("expert_2")
    assert invite(store, [code_hash("c")]) == ["expert_3"]
    with pytest.raises(UserError, match="no annotator 'expert_9'"):
        store.withdraw("expert_9")


def test_codes_are_many_and_read_well() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert not set("".join(codes)) & set("01ILOU")
    assert code_hash("abcd efgh") == code_hash("ABCD-EFGH") != code_hash("ABCD-EFGI")


def test_the_secret_comes_from_the_environment_or_a_private_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    made = cookie_secret(tmp_path / "votes.sqlite")
    assert len(made) == 64
    assert cookie_secret(tmp_path / "votes.sqlite") == made
    assert (tmp_path / "votes.sqlite.secret").stat().st_mode & 0o077 == 0
    monkeypatch.setenv(SECRET_VARIABLE, "a secret of sixteen or more")
    assert cookie_secret(tmp_path / "votes.sqlite") == "a secret of sixteen or more"
    monkeypatch.setenv(SECRET_VARIABLE, "short")
    with pytest.raises(UserError, match="longer secret"):
        cookie_secret(tmp_path / "votes.sqlite")


def test_every_language_says_everything() -> None:
    assert set(languages()) == {"en", "de", "fr", "it", "es"}
    english = texts("en")
    for language in languages():
        said = texts(language)
        assert said.keys() == english.keys()
        for key, text in said.items():
            assert type(text) is type(english[key])
            if isinstance(text, str):
                assert text.strip()
                assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key]))
            else:
                assert [set(re.findall(r"\{\w+\}", line)) for line in text] == [
                    set(re.findall(r"\{\w+\}", line)) for line in english[key]
                ]


@pytest.mark.parametrize("language", languages())
def test_the_consent_text_tells_what_is_so_of_the_study(language: str) -> None:
    here = consent_text(language, ConsentFacts(80))
    there = consent_text(
        language, ConsentFacts(20, contact="Dr Example, study@x.example", kept_until="2027-12-31", on_hub=True)
    )
    assert "80" in here
    assert all(
        word in there for word in ("20", "Dr Example, study@x.example", "2027-12-31", "Hugging Face", "18", "30")
    )
    assert not [word for word in ("Hugging Face", "2027") if word in here]
    assert not re.search(r"[{}]|  ", here + there)
    assert here.count("\n\n") + 1 == there.count("\n\n")  # who runs it


@pytest.mark.parametrize(
    ("language", "version"),
    [
        ("de", "f3a47e4c4176"),
        ("en", "cd2c8c19fded"),
        ("es", "f61e361c43d3"),
        ("fr", "0bedf44f687c"),
        ("it", "fd1e27c4d379"),
    ],
)
def test_who_agreed_before_other_numbers_of_turns_were_told_need_not_agree_again(language: str, version: str) -> None:
    """A new text asks everybody once more: change these only with words that people must read."""
    assert consent_version(consent_text(language, ConsentFacts(80))) == version


@pytest.mark.parametrize("language", languages())
def test_the_consent_text_counts_no_turns_that_the_questions_lack(language: str) -> None:
    one, two, three = (consent_text(language, ConsentFacts(80, turns)) for turns in ({1}, {2}, {1, 3}))
    words = texts(language)
    assert (words["in_two_turns"] in two, words["in_turns"].format(turns=3) in three) == (True, True)
    assert one == two.replace(words["in_two_turns"], "")


@pytest.mark.parametrize(
    ("options", "host", "told"),
    [
        ({}, "0.0.0.0", "name yourself and an address by --contact"),
        ({}, None, "name yourself and an address by --contact"),
        ({"contact": "me", "kept_until": "soon"}, None, "'soon' is no day"),
        ({}, "127.0.0.1", None),
        ({"consent": "as the board approved it"}, "0.0.0.0", None),
        ({"contact": "me", "kept_until": "2027-12-31"}, None, None),
    ],
)
def test_beyond_this_machine_people_are_told_who_runs_the_study(
    options: dict[str, str], host: str | None, told: str | None
) -> None:
    if told is None:
        check_consent(AppOptions(**options), host)  # type: ignore[arg-type]
        return
    with pytest.raises(UserError, match=told):
        check_consent(AppOptions(**options), host)  # type: ignore[arg-type]
