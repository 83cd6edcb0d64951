"""The app over real HTTP, as a browser without JavaScript uses it."""

import os
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from markupsafe import escape

from mtbenchx_tasks.annotate.assignment import Policy
from mtbenchx_tasks.annotate.people import invite
from mtbenchx_tasks.annotate.server import Connection
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.website import Site
from tests.mtbenchx_tasks.annotate.running import CODE, ONE, OTHER, Person, code, make_site, make_study, person, serving
from tests.mtbenchx_tasks.annotate.test_journal import Full


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path, codes=3)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server, since a test client would tidy up paths and HEAD."""
    with serving(make_site(tmp_path_factory.mktemp("server"))) as url:
        yield url


@pytest.fixture
def anna(site: Site) -> Iterator[Person]:
    with person(site) as somebody:
        yield somebody.join()


def votes(site: Site) -> list[sqlite3.Row]:
    return site.voting.store.rows("SELECT * FROM vote ORDER BY rowid")


def test_a_vote_is_mapped_from_side_to_model_as_it_is_written(site: Site, anna: Person) -> None:
    for choice in ("left", "right", "tie", "both_bad", "skip"):
        # the text of answer A tells whose it is: "first" is model ONE's
        answers = re.findall(r"(first|second) answer to \d+, turn (\d)", anna.page)
        left, right = [ONE if whose == "first" else OTHER for whose, turn in answers if int(turn) == anna.turn]
        assert anna.vote(choice).status_code == 200
        assert votes(site)[-1]["winner"] == {"left": left, "right": right}.get(choice, choice)
    assert [vote["choice"] for vote in votes(site)] == ["left", "right", "tie", "both_bad", "skip"]
    assert all(vote["ms"] >= 0 for vote in votes(site))


def test_turn_2_follows_at_once_and_shows_turn_1_on_its_own_sides(site: Site, anna: Person) -> None:
    assert anna.turn == 1
    first = re.findall(r"answer to (\d+), turn 1", anna.page)[0]
    anna.vote("skip")  # even after a skip
    assert anna.turn == 2
    shown = re.findall(r"(first|second) answer to (\d+), turn (\d)", anna.page)
    assert {question for _, question, _ in shown} == {first}
    assert [int(turn) for _, _, turn in shown] == [1, 2, 1, 2]  # A's first answer stands with A's second one
    assert shown[0][0] == shown[1][0] != shown[2][0] == shown[3][0]


def test_each_turn_shows_its_own_reference_and_question(tmp_path: Path) -> None:
    study = make_study()
    question = next(question for question in study.questions if question.reference)
    site = make_site(tmp_path, study)
    site.voting.items = [item for item in site.voting.items if item.question_id == question.question_id]
    with person(site) as anna:
        anna.join()
        assert "Reference answer to turn 1" in anna.page
        assert "Reference answer to turn 2" not in anna.page
        anna.vote()
        assert "Question of turn 1" in anna.page
        assert "Question, turn 2" in anna.page
        assert "Reference answer to turn 2" in anna.page
        assert "Reference answer to turn 1" not in anna.page


def test_undo_takes_the_last_vote_back_once_and_shows_it_on_the_same_sides(site: Site, anna: Person) -> None:
    shown = re.findall(r"(first|second) answer", anna.page)
    anna.vote("left")
    form = {"csrf": anna.field("csrf"), "undo": anna.field("undo")}
    anna.undo()
    assert votes(site) == []
    assert anna.turn == 1
    assert re.findall(r"(first|second) answer", anna.page) == shown
    anna.vote("right")
    anna.vote("tie")
    anna.client.post("/undo", data=form)  # the old form again: that vote isn't the last any more
    assert [vote["choice"] for vote in votes(site)] == ["right", "tie"]


def test_progress_counts_questions_and_ends_with_thanks(tmp_path: Path) -> None:
    site = make_site(tmp_path, make_study(number=3), policy=Policy(per_annotator=2))
    with person(site) as anna:
        anna.join()
        seen = []
        while not anna.finished:
            seen.append(re.search(r"Question \d of \d · Turn \d of 2", anna.page)[0])  # type: ignore[index]
            anna.vote()
    expected = [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert seen == [f"Question {number} of 2 · Turn {turn} of 2" for number, turn in expected]
    assert len(votes(site)) == 4


def test_no_model_is_named_anywhere(site: Site, anna: Person) -> None:
    pages = [anna.page, anna.vote().text, anna.see("/withdraw"), anna.see("/static/keys.js"), anna.see("/health")]
    told = "\n".join(pages) + "\n".join(f"{key}: {value}" for key, value in anna.client.get("/").headers.items())
    ours = re.sub(r'<div class="text\b.*?</div>', "", told, flags=re.DOTALL).replace('class="pair"', "")
    assert 'class="text"' in told  # questions may hold any word, e.g. repair
    assert 'class="text' not in ours
    for word in ("alpha", "beta", "org/", "left_model", "question_id", "pair"):
        assert word not in ours


@pytest.mark.parametrize(
    ("language", "rate_only", "left"),
    [
        ("en", "Rate only turn 1.", "A is better"),
        ("de", "Bewerten Sie nur Runde 1.", "A ist besser"),
        ("fr", "Évaluez uniquement le tour 1.", "A est meilleure"),
        ("it", "Valuti solo il turno 1.", "A è migliore"),
        ("es", "Valore solo el turno 1.", "A es mejor"),
    ],
)
def test_the_app_speaks_the_studys_language(tmp_path: Path, language: str, rate_only: str, left: str) -> None:
    site = make_site(tmp_path, make_study(language), ui=language, sparse_ties=True)
    with person(site) as anna:
        anna.join()
        assert f'<html lang="{language}">' in anna.page
        assert rate_only in anna.page
        assert left in anna.page
        assert escape(site.texts["sparse"]) in anna.page
        assert (escape(site.texts["translated"]) in anna.page) == (language != "en")
        anna.vote("tie")
    assert [vote["sparse_ties"] for vote in votes(site)] == [1]


def test_nothing_is_shown_before_consent_and_its_text_is_kept(site: Site) -> None:
    with person(site) as anna:
        anna.page = anna.client.post("/join", data={"code": CODE}).text
        assert "answer to" not in anna.page
        csrf = anna.field("csrf")
        assert anna.client.post("/vote", data={"csrf": csrf, "choice": "left", "assignment": "x"}).status_code == 403
        assert anna.client.post("/consent", data={"csrf": csrf, "version": "of yesterday"}).status_code == 400
        version = anna.field("version")
        anna.client.post("/consent", data={"csrf": csrf, "version": version})
    (kept,) = site.voting.store.rows("SELECT * FROM annotator JOIN consent_text ON version = consent_version")
    assert (kept["version"], kept["text"]) == (version, site.consent)
    assert kept["consent_at"] > 0


def test_a_changed_consent_text_is_asked_for_again(tmp_path: Path) -> None:
    with person(make_site(tmp_path)) as anna:
        anna.join().vote()
    with person(make_site(tmp_path, consent="You agree to **more** now.")) as anna:
        anna.page = anna.client.post("/join", data={"code": CODE}).text
        assert "<strong>more</strong>" in anna.page
        assert anna.client.post("/vote", data={"csrf": anna.field("csrf"), "choice": "tie"}).status_code == 403
        anna.join()
        assert anna.turn == 2


# refusals: none of them leaves a row ---------------------------------------------------------------------------------


def test_without_our_cookie_nothing_is_stored(site: Site, anna: Person) -> None:
    form = anna.form()
    for cookies in ({}, {"annotator": "forged"}, {"annotator": "ImV4cGVydF8xIg.abc.def"}):
        with person(site) as nobody:
            stranger = nobody.client
            stranger.cookies.update(cookies)
            assert stranger.post("/vote", data=form).status_code == 403
            assert stranger.post("/undo", data={**form, "undo": form["assignment"]}).status_code == 403
            assert stranger.post("/withdraw", data=form).status_code == 403
            assert "answer to" not in stranger.get("/").text
    assert votes(site) == []


def test_anothers_assignment_is_refused(site: Site, anna: Person) -> None:
    with person(site) as berta:
        berta.join(code(1))
        stolen = {**berta.form(), "assignment": anna.field("assignment")}
        assert berta.client.post("/vote", data=stolen).status_code == 403
        assert berta.client.post("/vote", data={**berta.form(), "csrf": anna.field("csrf")}).status_code == 403
    assert votes(site) == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"csrf": "0" * 64}, 403),
        ({"csrf": ""}, 403),
        ({"csrf": "ü"}, 403),
        ({"choice": "model_a"}, 400),
        ({"choice": ""}, 400),
        ({"assignment": "unknown"}, 403),
        ({"assignment": ""}, 403),
        ({"assignment": "' OR 1=1 --"}, 403),
    ],
)
def test_a_form_that_is_not_the_pages_is_refused(site: Site, anna: Person, change: dict[str, str], status: int) -> None:
    done = anna.client.post("/vote", data={**anna.form(), **change})
    assert done.status_code == status
    assert "Nothing was stored" in done.text
    assert votes(site) == []


def test_a_turn_that_was_not_shown_yet_is_refused(site: Site, anna: Person) -> None:
    (hidden,) = site.voting.store.rows("SELECT id FROM assignment WHERE turn = 2")
    assert anna.client.post("/vote", data={**anna.form(), "assignment": hidden["id"]}).status_code == 403
    assert votes(site) == []


def test_a_replayed_vote_changes_nothing(site: Site, anna: Person) -> None:
    form = anna.form("left")
    anna.vote("left")
    assert anna.client.post("/vote", data={**form, "choice": "right"}).status_code == 200
    assert [vote["choice"] for vote in votes(site)] == ["left"]


def test_twenty_identical_posts_at_once_are_one_vote(site: Site) -> None:
    with serving(site) as url, httpx.Client(base_url=url, follow_redirects=True, trust_env=False) as client:
        form, cookies = Person(client).join().form(), dict(client.cookies)

        def post(_: int) -> int:
            return httpx.post(f"{url}/vote", data=form, cookies=cookies, trust_env=False).status_code

        with ThreadPoolExecutor(20) as pool:
            assert set(pool.map(post, range(20))) == {303}
    assert len(votes(site)) == 1


def test_an_expired_assignment_is_refused_and_its_item_free_again(tmp_path: Path) -> None:
    now = [1000.0]
    site = make_site(tmp_path, make_study(number=1), codes=2, policy=Policy(target=1), clock=lambda: now[0])
    with person(site) as anna:
        anna.join()
        form = anna.form()
        with person(site) as berta:
            berta.join(code(1))
            assert berta.finished  # the only item is reserved
            now[0] += 1801
            berta.see()
            assert not berta.finished
            done = anna.client.post("/vote", data=form)
            assert done.status_code == 410
            assert "open for too long" in done.text
            assert berta.vote().status_code == 200
    assert len(votes(site)) == 1


def test_looking_at_the_page_renews_the_reservation(tmp_path: Path) -> None:
    now = [1000.0]
    site = make_site(tmp_path, clock=lambda: now[0])
    with person(site) as anna:
        anna.join()
        for _ in range(3):
            now[0] += 1700
            anna.see()
        assert anna.vote().status_code == 200
    assert votes(site)[0]["ms"] == 3 * 1700 * 1000  # from the first showing


def test_too_many_votes_a_minute_are_refused(tmp_path: Path) -> None:
    site = make_site(tmp_path, votes_per_minute=3)
    with person(site) as anna:
        anna.join()  # the consent is a form, too
        answers = [anna.client.post("/vote", data=anna.form(), follow_redirects=False) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 429, 429]
    assert answers[-1].headers["retry-after"] == "5"


def test_guessing_codes_is_slowed_down(tmp_path: Path) -> None:
    site = make_site(tmp_path, votes_per_minute=3)
    with person(site) as anna:
        told = [anna.client.post("/join", data={"code": f"GUESS{n}"}) for n in range(4)]
    assert [answer.status_code for answer in told] == [403, 403, 403, 429]
    assert not any("set-cookie" in answer.headers for answer in told)


def test_wrong_codes_of_others_lock_nobody_out(tmp_path: Path) -> None:
    """Behind a proxy all have one address; so the right code is let in while wrong ones are slowed down."""
    site = make_site(tmp_path, votes_per_minute=3, codes=2)
    with person(site) as mallory, person(site) as anna:
        wrong = [mallory.client.post("/join", data={"code": f"GUESS{n}"}).status_code for n in range(9)]
        assert wrong == [403] * 3 + [429] * 6
        assert "Before you begin" in anna.client.post("/join", data={"code": CODE}).text
        again = [anna.client.post("/join", data={"code": CODE}).status_code for _ in range(3)]
        assert again == [200, 200, 429]  # one code: three a minute
        assert anna.client.post("/join", data={"code": code(1)}).status_code == 200


@pytest.mark.parametrize("site_of_the_form", ["cross-site", "same-site"])
def test_a_form_of_another_site_is_refused(site: Site, anna: Person, site_of_the_form: str) -> None:
    done = anna.client.post("/vote", data=anna.form(), headers={"Sec-Fetch-Site": site_of_the_form})
    assert done.status_code == 403
    assert votes(site) == []


def test_a_code_may_be_typed_carelessly(site: Site) -> None:
    with person(site) as anna:
        assert anna.client.post("/join", data={"code": " aaaa bbbb cccc dddd"}).status_code == 200


def test_withdrawing_deletes_every_vote_and_ends_the_code(site: Site, anna: Person) -> None:
    anna.vote()
    anna.vote()
    anna.see("/withdraw")
    assert "deleted" in anna.client.post("/withdraw", data={"csrf": anna.field("csrf")}).text
    assert votes(site) == []
    assert site.voting.store.rows("SELECT * FROM assignment") == []
    assert anna.client.post("/join", data={"code": CODE}).status_code == 403
    assert anna.client.get("/").status_code == 200  # the page that asks for a code


def test_logging_out_ends_the_cookie_for_whoever_has_it(site: Site, anna: Person) -> None:
    kept = dict(anna.client.cookies)
    anna.client.post("/leave", data={"csrf": anna.field("csrf")})
    with person(site) as thief:
        thief.client.cookies.update(kept)
        assert "Invitation code" in thief.see()
        assert thief.client.post("/vote", data={"csrf": "x", "choice": "tie"}).status_code == 403
    assert "annotator" not in anna.client.cookies
    assert "Invitation code" in anna.see()


# the server's manners ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/health", 200),
        ("GET", "/static/style.css", 200),
        ("HEAD", "/static/keys.js", 200),
        ("GET", "/static/favicon.svg", 200),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/votes", 404),
        ("GET", "/export", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/votes.sqlite", 404),
        ("GET", "/vote", 405),
        ("PUT", "/vote", 405),
        ("DELETE", "/", 405),
        ("POST", "/", 405),
        ("POST", "/vote", 403),
        ("POST", "/join", 403),
    ],
)
def test_every_answer_carries_the_policy(server: str, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, f"{server}{path}", trust_env=False)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers or "Python" not in answer.headers["server"]
    if method == "HEAD":
        assert answer.content == b""


def test_a_form_that_is_too_long_or_not_a_form_is_refused(site: Site, anna: Person) -> None:
    assert anna.client.post("/vote", data={**anna.form(), "more": "x" * 70_000}).status_code == 413
    assert anna.client.post("/vote", json={"choice": "left"}).status_code in (400, 403)
    assert anna.client.post("/vote", files={"choice": b"left"}, data={"csrf": anna.field("csrf")}).status_code == 400
    assert votes(site) == []


def test_a_request_that_does_not_arrive_whole_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "seconds", 0.4)
    parts = (b"", b"GET / HT", b"POST /join HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\ncode=")
    with serving(make_site(tmp_path)) as url:
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        for part in parts:
            with socket.create_connection(address) as half:
                half.sendall(part)
                half.settimeout(0.1)
                begun = time.monotonic()
                while time.monotonic() - begun < 10:
                    with suppress(TimeoutError):
                        if not half.recv(1000):
                            break
                    with suppress(OSError):
                        half.sendall(b"x" if part else b"")  # dripping doesn't help
                assert 0.2 < time.monotonic() - begun < 8
        with httpx.Client(base_url=url, trust_env=False) as client:  # one that is whole stays
            assert client.get("/health").text == "ok\n"
            time.sleep(0.6)
            assert client.get("/health").text == "ok\n"


@pytest.mark.skipif(os.name != "posix", reason="files' modes are a Unix thing")
def test_only_its_owner_reads_the_database_that_an_earlier_version_left_open(tmp_path: Path) -> None:
    file = tmp_path / "votes.sqlite"
    Store(file).close()
    file.chmod(0o644)
    store = Store(file)
    invite(store, ["hash"])
    assert {kept.name: kept.stat().st_mode & 0o077 for kept in tmp_path.iterdir()} == {
        "votes.sqlite": 0,
        "votes.sqlite-wal": 0,
        "votes.sqlite-shm": 0,
    }


def test_a_login_outlasts_a_clock_that_is_set_back(anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    assert "Rate only turn 1" in anna.see()


def test_the_cookie_is_out_of_reach_of_scripts(site: Site) -> None:
    with person(site) as anna:
        told = anna.client.post("/join", data={"code": CODE}, follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in told
    assert "SameSite=lax" in told
    assert CODE not in told


def test_inside_a_space_the_cookie_and_the_frame_are_allowed(tmp_path: Path) -> None:
    with person(make_site(tmp_path, embedded=True)) as anna:
        told = anna.client.post("/join", data={"code": CODE}, follow_redirects=False)
    assert "SameSite=none" in told.headers["set-cookie"]
    assert "Secure" in told.headers["set-cookie"]
    assert "frame-ancestors https://huggingface.co" in told.headers["content-security-policy"]
    assert "x-frame-options" not in told.headers


# what isn't stored is never acknowledged -----------------------------------------------------------------------------


def test_a_locked_database_is_503_and_no_vote(tmp_path: Path) -> None:
    site = make_site(tmp_path, busy=0.05)
    with person(site) as anna:
        anna.join()
        other = sqlite3.connect(tmp_path / "votes.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        form = anna.form()
        told = anna.client.post("/vote", data=form)
        other.execute("ROLLBACK")
        other.close()
        assert told.status_code == 503
        assert told.headers["retry-after"]
        assert "Nothing was stored" in told.text
        assert votes(site) == []
        assert anna.client.post("/vote", data=form).status_code == 200  # the same form a moment later
    assert len(votes(site)) == 1


def test_a_full_disk_is_503_and_no_vote(tmp_path: Path) -> None:
    site = make_site(tmp_path, make_study(models=(ONE, OTHER, "org/gamma-7b")), votes_per_minute=1000)
    with person(site) as anna:
        anna.join()
        pages = site.voting.store.rows("PRAGMA page_count")[0][0]
        site.voting.store.rows(f"PRAGMA max_page_count={pages}")
        stored = 0
        while "Nothing was stored" not in anna.page:  # 96 votes don't fit into what is left of the pages
            done = anna.client.post("/vote", data=anna.form(), follow_redirects=False)
            stored += done.status_code == 303
            anna.page = done.text or anna.client.get("/").text
        assert len(votes(site)) == stored
        site.voting.store.rows("PRAGMA max_page_count=1000000")
        anna.see()
        assert anna.vote().status_code == 200
    assert len(votes(site)) == stored + 1


def test_a_journal_that_cannot_be_written_is_503_and_no_vote(tmp_path: Path) -> None:
    site = make_site(tmp_path, recorder=Full("vote"))
    with person(site) as anna:
        assert anna.join().vote().status_code == 503
    assert votes(site) == []
