"""A ledger's comparisons, as the report reads them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hf_datasets.benchmark import languages
from hf_datasets.benchmark.languages import AddedLanguage
from hf_datasets.benchmark.questions import questions, revision
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Comparison
from mtbenchx_tasks.formats.ledger.study import read_ledger
from mtbenchx_tasks.records import Decision

RULE = '{"parser": "strict", "votes": 3}'


@pytest.fixture
def portuguese() -> Iterator[AddedLanguage]:
    added = AddedLanguage("pt", {"mini": tuple(replace(one, language="pt") for one in questions("mini", "en"))})
    languages.register(added)
    yield added
    languages.forget()


def games(language: str, of_revision: str) -> list[Comparison]:
    place = ("mini", of_revision, language, 1, 1, 0, "j", RULE, "pair-v2", "a", "b")
    return [Comparison(*place, game, suspicious=False, answer_1="", answer_2="x", judgment=None) for game in (1, 2)]


def test_comparisons_in_an_added_language_have_a_revision_of_their_own(
    tmp_path: Path, portuguese: AddedLanguage
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record_comparisons(games("en", revision("mini")) + games("pt", portuguese.revision("mini")))
    study = read_ledger(ledger.path)
    assert {preference.item.language for preference in study.preferences} == {"en", "pt"}
    assert {preference.decision for preference in study.preferences} == {Decision.FAILED}  # an answer is empty
    assert study.notes == ()


def test_comparisons_on_another_revision_are_left_out_and_told(tmp_path: Path, portuguese: AddedLanguage) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record_comparisons(games("en", portuguese.revision("mini")) + games("pt", revision("mini")))
    study = read_ledger(ledger.path)
    assert study.preferences == ()
    assert {note.partition(": ")[2] for note in study.notes} == {
        f"comparisons on mini revision {portuguese.revision('mini')} are left out: this release has another revision.",
        f"comparisons on mini revision {revision('mini')} are left out: this release has another revision.",
    }
