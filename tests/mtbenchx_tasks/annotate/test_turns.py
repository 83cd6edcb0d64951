"""People judge another benchmark: ids that are texts, questions of one turn and of three."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from hf_datasets.benchmark import languages
from hf_datasets.benchmark.built_folder import register_built
from hf_datasets.benchmark.others.build import Part, build_other
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.assignment import Policy
from mtbenchx_tasks.annotate.export import export
from mtbenchx_tasks.annotate.status import status
from mtbenchx_tasks.annotate.study import AnnotationStudy, study_of_files
from mtbenchx_tasks.formats.votes import read_votes
from tests.hf_datasets.benchmark.others import sets
from tests.mtbenchx_tasks.annotate.running import Person, make_site, person

LENGTHS = {"q-1": 1, "1.10": 2, "q-3": 3}
"""Question -> its turns."""


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    languages.forget()


def answers(file: Path, lengths: dict[str, int]) -> Path:
    said = {one: [f"{file.stem} says {one}.{n}" for n in range(1, most + 1)] for one, most in lengths.items()}
    rows = [{"question_id": one, "model_id": file.stem, "choices": [{"turns": texts}]} for one, texts in said.items()]
    return sets.write(file, rows)


@pytest.fixture
def study(tmp_path: Path) -> AnnotationStudy:
    rows = [
        {"question_id": one, "category": "tax", "turns": [f"Asked {one}.{n}" for n in range(1, most + 1)]}
        for one, most in LENGTHS.items()
    ]
    file = sets.write(tmp_path / "q/question.jsonl", rows)
    given = sets.write(tmp_path / "r.jsonl", sets.references(["q-3"], turns=1))
    register_built(build_other("law", tmp_path / "law", [Part("en", file, given)])[0])
    return study_of_files([answers(tmp_path / f"{name}.jsonl", LENGTHS) for name in ("one", "other")], benchmark="law")


def until_done(who: Person) -> Iterator[int]:
    while not who.finished:
        yield who.turn
        who.vote("left")


def test_a_person_judges_every_turn_and_sees_all_that_was_said_before(study: AnnotationStudy, tmp_path: Path) -> None:
    with person(make_site(tmp_path, study, policy=Policy(target=1))) as who:
        who.join()
        seen = []
        for turn in until_done(who):
            seen.append(turn)
            (shown,) = re.findall(r"<title>.* · (.*)</title>", who.page)
            assert (
                shown == f"Turn {turn} of {max(LENGTHS[one] for one in LENGTHS if f'Asked {one}.{turn}' in who.page)}"
            )
            assert who.page.count("Question of turn") == turn - 1
            assert who.page.count("What A answered in turn") == turn - 1
            if turn == 3:
                said_before = ("Asked q-3.1", "Asked q-3.2", "one says q-3.2", "Question of turn 2")
                assert all(text in who.page for text in said_before)
    assert Counter(seen) == {1: 3, 2: 2, 3: 1}
    assert [later - earlier for earlier, later in pairwise(seen) if later != 1] == [1, 1, 1]


def test_votes_keep_ids_and_turns(study: AnnotationStudy, tmp_path: Path) -> None:
    site = make_site(tmp_path, study, policy=Policy(target=1))
    with person(site) as who:
        assert len(list(until_done(who.join()))) == 6
    found = status(site.voting.store, study, target=1)
    assert (found.whole.full, found.whole.items) == (6, 6)
    assert found.people[0].questions == 3
    places = {(one, turn) for one, most in LENGTHS.items() for turn in range(1, most + 1)}
    for file in export(site.voting.store, tmp_path / "votes.parquet"):
        if jsonl_or_parquet(file):
            votes = read_votes(file)
            assert {(vote.item.question_id, vote.item.turn) for vote in votes} == places
            assert {vote.item.benchmark for vote in votes} == {"law"}


def jsonl_or_parquet(file: Path) -> bool:
    return file.stat().st_size > 0 and not file.name.endswith(".skips.jsonl")


def test_answers_to_other_turns_are_refused(study: AnnotationStudy, tmp_path: Path) -> None:
    del study
    files = [answers(tmp_path / f"{name}.jsonl", {**LENGTHS, "q-3": 2}) for name in ("one", "other")]
    with pytest.raises(UserError, match="question q-3 has not 3 answers, one per turn, of text"):
        study_of_files(files, benchmark="law")
    assert jsonl.read(files[0])
