"""Posts to pairs: every answer is chosen or has a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.curate.filters import attribution
from hf_datasets.curate.pairs import AnsweredQuestion, select
from hf_datasets.curate.posts import Post, Posts, Thread
from hf_datasets.curate.rows import RowReader
from hf_datasets.curate.sites import host, host_of_file, license_of, short_name
from hf_datasets.shared.errors import UserError
from tests.hf_datasets.curate.dump import HOST, answer, question, row
from tests.hf_datasets.curate.dump import posts as posts_xml


@pytest.fixture
def posts(tmp_path: Path) -> Iterator[Posts]:
    found = Posts(tmp_path / "posts.sqlite")
    yield found
    found.close()


def fill(posts: Posts, *rows: str) -> Posts:
    reader = RowReader("Posts.xml", lambda values: posts.add(HOST, values))
    reader.feed(posts_xml(*rows))
    reader.close()
    posts.index()
    return posts


def post(identifier: int, score: int) -> Post:
    return Post(HOST, identifier, score, "CC-BY-SA-3.0", "user 1", "", "<p>a</p>")


def asked(accepted: int | None) -> Post:
    return Post(HOST, 1, 0, "CC-BY-SA-3.0", "user 2", "Title", "<p>q</p>", accepted, 3)


def test_answers_may_come_before_their_question(posts: Posts) -> None:
    (thread,) = fill(posts, answer(9, 5), answer(2, 5), question(5)).threads()
    assert (thread.question.id, [one.id for one in thread.answers]) == (5, [2, 9])


def test_an_answer_count_that_disagrees_loses_nothing(posts: Posts) -> None:
    rows = [question(1, AnswerCount=7), answer(2, 1), question(3, AnswerCount=None), answer(4, 3)]
    assert [len(thread.answers) for thread in fill(posts, *rows).threads()] == [1, 1]


def test_kinds_and_faults_are_counted(posts: Posts) -> None:
    wiki = row(Id=50, PostTypeId=4, CreationDate="2015-01-27T20:33:23.170", Score=0, Body="wiki")
    fill(
        posts,
        question(1),
        answer(2, 1),
        answer(2, 1),
        wiki,
        row(Id=51, PostTypeId=7, Body=""),
        answer(60, 1, Score="many"),
        answer(61, 1, Body=None),
        answer(62, 1, CreationDate="soon"),
        answer(63, 1, ParentId=None),
        row(Body="no type"),
    )
    assert posts.counts == {
        "questions": 1,
        "answers": 1,
        "other posts": 3,
        "repeated post": 1,
        "unreadable post": 4,
    }
    assert [(identifier, why) for _, identifier, why in posts.refused][1:] == [
        ("60", "unreadable post: Score is 'many'"),
        ("61", "unreadable post: no Body"),
        ("62", "unreadable post: Invalid isoformat string: 'soon'"),
        ("63", "unreadable post: no ParentId"),
    ]


def test_an_answer_without_its_question_is_an_orphan(posts: Posts) -> None:
    assert list(fill(posts, question(1), answer(2, 1), answer(3, 99)).orphans()) == [(HOST, 3, 99)]


@pytest.mark.parametrize(
    ("scores", "accepted", "most", "chosen"),
    [
        ([1, 2], None, 1, []),
        ([1, 2], 10, 1, [10]),  # accepted, whatever its score
        ([3, 9, 5], 10, 1, [11]),  # the best, not the accepted one
        ([5, 5, 5], 11, 1, [11]),  # of equals the accepted one
        ([5, 5, 5], None, 1, [10]),  # or the older
        ([3, 9, 5], None, 2, [11, 12]),
        ([-4], 10, 3, [10]),
    ],
)
def test_the_best_eligible_answer(scores: list[int], accepted: int | None, most: int, chosen: list[int]) -> None:
    answers = tuple(post(10 + number, score) for number, score in enumerate(scores))
    pairs, rejected = select(Thread(asked(accepted), answers), 3, most)
    assert [pair.answer.id for pair in pairs] == chosen
    assert len(pairs) + len(rejected) == len(scores)


@given(st.lists(st.integers(-5, 20), max_size=8), st.integers(0, 8), st.integers(1, 4), st.integers(-2, 10))
def test_every_answer_is_chosen_or_has_a_reason(scores: list[int], accepted: int, most: int, least: int) -> None:
    answers = tuple(post(10 + number, score) for number, score in enumerate(scores))
    pairs, rejected = select(Thread(asked(10 + accepted), answers), least, most)
    ids = [pair.id for pair in pairs] + [one.id for one in rejected]
    assert sorted(ids) == (sorted(f"coffee-1-{one.id}" for one in answers) or ["coffee-1"])
    assert all(one.reason for one in rejected)


@pytest.mark.parametrize(
    ("content_license", "created", "expected"),
    [
        ("", "2011-04-07T23:59:59.999", "CC-BY-SA-2.5"),
        ("", "2011-04-08T00:00:00.000", "CC-BY-SA-3.0"),
        ("", "2018-05-01T12:00:00.000", "CC-BY-SA-3.0"),
        ("", "2018-05-02T00:00:00.000", "CC-BY-SA-4.0"),
        ("CC BY-SA 4.0", "2010-01-01T00:00:00.000", "CC-BY-SA-4.0"),
        ("All rights reserved", "2020-01-01T00:00:00.000", "other"),
    ],
)
def test_the_licence_of_a_day(content_license: str, created: str, expected: str) -> None:
    assert license_of(content_license, created) == expected


@pytest.mark.parametrize(
    ("name", "expected", "short"),
    [
        ("coffee", "coffee.stackexchange.com", "coffee"),
        ("health.stackexchange.com", "medicalsciences.stackexchange.com", "medicalsciences"),
        ("Health", "medicalsciences.stackexchange.com", "medicalsciences"),
        ("stackoverflow.com", "stackoverflow.com", "stackoverflow"),
        ("es.stackoverflow", "es.stackoverflow.com", "es.stackoverflow"),
        ("mathoverflow", "mathoverflow.net", "mathoverflow"),
        ("health.meta.stackexchange.com", "medicalsciences.meta.stackexchange.com", "medicalsciences.meta"),
        ("https://coffee.stackexchange.com/", "coffee.stackexchange.com", "coffee"),
    ],
)
def test_sites(name: str, expected: str, short: str) -> None:
    assert host(name) == expected
    assert short_name(expected) == short


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("coffee.stackexchange.com.7z", "coffee.stackexchange.com"),
        ("stackoverflow.com-Posts.7z", "stackoverflow.com"),
        ("health.stackexchange.com/Posts.xml", "medicalsciences.stackexchange.com"),
        ("coffee.stackexchange.com.xml", "coffee.stackexchange.com"),
        ("coffee.meta.stackexchange.com_Posts.xml", "coffee.meta.stackexchange.com"),
    ],
)
def test_the_site_of_a_file(tmp_path: Path, file: str, expected: str) -> None:
    assert host_of_file(tmp_path / file) == expected


@pytest.mark.parametrize("file", ["Posts.xml", "dump/Posts.xml", "coffee.7z", "my posts.xml"])
def test_a_file_that_does_not_tell_its_site_asks_for_it(tmp_path: Path, file: str) -> None:
    with pytest.raises(UserError, match="add --site"):
        host_of_file(tmp_path / file)


def test_a_site_must_be_a_name() -> None:
    with pytest.raises(UserError, match="can't be a site's name"):
        host("../etc")


def test_attribution_names_site_ids_authors_addresses_and_licences() -> None:
    first = Post(HOST, 1, 0, "CC-BY-SA-2.5", "user 2", "T", "q")
    second = Post(HOST, 9, 0, "CC-BY-SA-4.0", "alice", "", "a")
    assert attribution(AnsweredQuestion(first, second)) == (
        "coffee.stackexchange.com: question 1 by https://coffee.stackexchange.com/users/2, "
        "https://coffee.stackexchange.com/q/1 (CC-BY-SA-2.5); answer 9 by alice, "
        "https://coffee.stackexchange.com/a/9 (CC-BY-SA-4.0); changed: HTML to Markdown, links and images removed"
    )
    assert "answer 9 by an unnamed user" in attribution(AnsweredQuestion(first, Post(HOST, 9, 0, "other", "", "", "a")))
