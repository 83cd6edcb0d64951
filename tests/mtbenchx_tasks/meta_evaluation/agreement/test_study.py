"""Votes and verdicts brought together: first votes, runs, languages, and what has no partner."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.meta_evaluation.agreement.study import gather
from mtbenchx_tasks.records import Decision, Item, Model, Preference, Rater

LETTERS: dict[str, tuple[Decision, str | None]] = {
    "1": (Decision.WIN, "x"),
    "2": (Decision.WIN, "y"),
    "t": (Decision.TIE, None),
    "b": (Decision.BOTH_BAD, None),
    "s": (Decision.SKIP, None),
    "i": (Decision.INCONSISTENT, None),
    "f": (Decision.FAILED, None),
}
CATEGORIES = ("writing", "coding", "math")
MODELS = frozenset({Model("x"), Model("y")})


def votes(
    *columns: str, kind: Literal["person", "judge"] = "person", names: str = "abcdefgh", language: str = "de"
) -> list[Preference]:
    """One text a voter, one letter a question (81, 91, 101 ... of writing, coding, math in turn); `.` is no vote."""
    return [
        Preference(
            Item("", language, 81 + 10 * place, 1, CATEGORIES[place % 3]), MODELS, Rater(name, kind), *LETTERS[letter]
        )
        for name, column in zip(names, columns, strict=False)
        for place, letter in enumerate(column)
        if letter != "."
    ]


def letters(preferences: Iterable[Preference]) -> str:
    """The same letters back."""
    known = {decided: letter for letter, decided in LETTERS.items()}
    return "".join(known[preference.decision, preference.winner] for preference in preferences)


def verdicts(*runs: str, judge: str = "gpt") -> list[Preference]:
    """One text a run of one judge."""
    return [
        replace(vote, rater=Rater(judge), run=run)
        for run, column in enumerate(runs)
        for vote in votes(column, kind="judge")
    ]


def test_votes_and_verdicts_meet_at_their_items() -> None:
    study = gather(votes("12t", "1.b"), verdicts("1i2"))
    assert [letters(one.people) for one in study.contests] == ["11", "2", "tb"]
    assert [letters(one.verdicts["gpt"]) for one in study.contests] == ["1", "i", "2"]
    assert [one.item.question_id for one in study.contests] == [81, 91, 101]
    assert (study.annotators, study.judges, len(study.votes)) == (2, ("gpt",), 5)


def test_a_persons_first_valid_vote_stands_and_skips_are_counted() -> None:
    study = gather(votes("s1") + votes("2", names="a") + votes("1", names="a"))
    assert [letters(one.people) for one in study.contests] == ["2", "1"]
    # submitted: two votes that count, one skip
    assert (study.skipped, study.repeated, study.skip_rate) == (1, 1, 1 / 3)


def test_inconsistent_verdicts_can_be_ties() -> None:
    (one,) = gather(votes("1"), verdicts("i"), inconsistent="tie").contests
    assert letters(one.verdicts["gpt"]) == "t"


def test_runs_stay_apart_and_a_run_that_is_missing_failed() -> None:
    study = gather(votes("11"), verdicts("12", "2."))
    assert [letters(one.verdicts["gpt"]) for one in study.contests] == ["12", "2f"]


def test_runs_in_several_files_are_runs() -> None:
    first, second = verdicts("1"), verdicts("2")
    (one,) = gather(votes("1"), first + second).contests
    assert letters(one.verdicts["gpt"]) == "12"


def test_people_can_be_chosen_by_name() -> None:
    people = votes("1", "2", names="ab")
    named = [
        replace(vote, rater=Rater({"a": "expert_1", "b": "author_1"}[vote.rater.name], "person")) for vote in people
    ]
    assert [letters(one.people) for one in gather(named, annotators="expert*").contests] == ["1"]


def test_a_side_that_tells_no_language_has_the_others() -> None:
    silent = [replace(vote, item=replace(vote.item, language="")) for vote in votes("1")]
    assert [one.item.language for one in gather(silent, verdicts("1")).contests] == ["de"]


def test_nothing_in_common_is_an_error_that_names_both_sides() -> None:
    others = [replace(vote, models=frozenset({Model("x"), Model("z")})) for vote in verdicts("1")]
    with pytest.raises(UserError, match="people compared x, y in de, judges x, z in de"):
        gather(votes("1"), others)


def test_no_vote_is_an_error() -> None:
    with pytest.raises(UserError, match=r"No valid vote of a person was found \(annotators 'expert\*'\)"):
        gather(votes("1"), annotators="expert*")


def test_questions_without_a_number_are_questions() -> None:
    people = [
        replace(vote, item=replace(vote.item, question_id=name)) for vote, name in zip(votes("12"), "pq", strict=True)
    ]
    assert [one.item.question_id for one in gather(people).contests] == ["p", "q"]
