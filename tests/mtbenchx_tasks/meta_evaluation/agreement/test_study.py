"""Votes and verdicts brought together: first votes, runs, languages, and what has no partner."""

from dataclasses import replace

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.votes import Vote
from mtbenchx_tasks.meta_evaluation.agreement.study import gather

LETTERS = {"1": "model_1", "2": "model_2", "t": "tie", "b": "both_bad", "s": "skip", "i": "inconsistent", "f": "failed"}
CATEGORIES = ("writing", "coding", "math")


def votes(
    *columns: str, kind: str = "human", turn: int = 1, names: str = "abcdefgh", language: str = "de"
) -> list[Vote]:
    """One text a voter, one letter a question (81, 91, 101 ... of writing, coding, math in turn); `.` is no vote."""
    return [
        Vote(
            question_id=81 + 10 * place,
            turn=turn,
            category=CATEGORIES[place % 3],
            language=language,
            annotator=name,
            kind=kind,  # type: ignore[arg-type]
            model_1="x",
            model_2="y",
            winner=LETTERS[letter],
        )
        for name, column in zip(names, columns, strict=False)
        for place, letter in enumerate(column)
        if letter != "."
    ]


def verdicts(*runs: str, judge: str = "gpt", **options: object) -> list[Vote]:
    """One text a run of one judge."""
    return [
        replace(vote, annotator=judge, run=run)
        for run, column in enumerate(runs)
        for vote in votes(column, kind="judge", **options)  # type: ignore[arg-type]
    ]


def test_votes_and_verdicts_meet_at_their_items() -> None:
    study = gather(votes("12t", "1.b"), verdicts("1i2"))
    assert [one.people for one in study.compared] == [("model_1", "model_1"), ("model_2",), ("tie", "both_bad")]
    assert [one.verdicts["gpt"] for one in study.compared] == [("model_1",), ("inconsistent",), ("model_2",)]
    assert [one.item.question_id for one in study.compared] == [81, 91, 101]
    assert (study.annotators, study.judges, len(study.ballots)) == (2, ("gpt",), 5)


def test_a_persons_first_valid_vote_stands_and_skips_are_counted() -> None:
    study = gather(votes("s1") + votes("2", names="a") + votes("1", names="a"))
    assert [one.people for one in study.compared] == [("model_2",), ("model_1",)]
    # submitted: two votes that count, one skip
    assert (study.skipped, study.repeated, study.skip_rate) == (1, 1, 1 / 3)


def test_inconsistent_verdicts_can_be_ties() -> None:
    (one,) = gather(votes("1"), verdicts("i"), inconsistent="tie").compared
    assert one.verdicts == {"gpt": ("tie",)}


def test_runs_stay_apart_and_a_run_that_is_missing_failed() -> None:
    study = gather(votes("11"), verdicts("12", "2."))
    assert [one.verdicts["gpt"] for one in study.compared] == [("model_1", "model_2"), ("model_2", "failed")]


def test_runs_in_several_files_are_runs() -> None:
    first, second = verdicts("1"), verdicts("2")
    (one,) = gather(votes("1"), first + second).compared
    assert one.verdicts == {"gpt": ("model_1", "model_2")}


def test_people_can_be_chosen_by_name() -> None:
    people = votes("1", "2", names="ab")
    named = [replace(vote, annotator={"a": "expert_1", "b": "author_1"}[vote.annotator]) for vote in people]
    assert [one.people for one in gather(named, annotators="expert*").compared] == [("model_1",)]


def test_a_side_that_tells_no_language_has_the_others() -> None:
    silent = [replace(vote, language=None) for vote in votes("1")]
    assert [one.item.language for one in gather(silent, verdicts("1")).compared] == ["de"]


def test_nothing_in_common_is_an_error_that_names_both_sides() -> None:
    others = [replace(vote, model_2="z") for vote in verdicts("1")]
    with pytest.raises(UserError, match="people compared x, y in de, judges x, z in de"):
        gather(votes("1"), others)


def test_no_vote_is_an_error() -> None:
    with pytest.raises(UserError, match=r"no valid vote of a person \(annotators 'expert\*'\)"):
        gather(votes("1"), annotators="expert*")


def test_questions_without_a_number_are_questions() -> None:
    people = [replace(vote, question_id=name) for vote, name in zip(votes("12"), "pq", strict=True)]
    assert [one.item.question_id for one in gather(people).compared] == [-2, -1]
