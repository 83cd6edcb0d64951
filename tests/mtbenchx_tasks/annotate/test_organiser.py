"""Who runs a study: how it goes, codes, and the page behind a token."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.assignment import Policy
from mtbenchx_tasks.annotate.codes import ORGANISER_VARIABLE, code_hash, organiser_token
from mtbenchx_tasks.annotate.journal import Journal
from mtbenchx_tasks.annotate.people import block, found, invite, label, people, reissue
from mtbenchx_tasks.annotate.replay import restore
from mtbenchx_tasks.annotate.server import reach
from mtbenchx_tasks.annotate.status import status
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.study import other_language
from mtbenchx_tasks.annotate.website import Site
from mtbenchx_tasks.cli import app, main
from tests.mtbenchx_tasks.annotate.running import CODE, Person, code, make_site, make_study, person

TOKEN = "a token of sixteen or more"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path, make_study(number=2), codes=4, policy=Policy(target=2), organiser=TOKEN)


def judged(site: Site) -> dict[str, str]:
    """Anna and Berta judge question 1 and 2; Carla stops after one vote; the fourth never comes. Code -> pseudonym."""
    for number, choices in enumerate((["left"] * 4, ["left", "tie", "skip", "skip"], ["tie"])):
        with person(site) as somebody:
            somebody.join(code(number))
            for choice in choices:
                somebody.vote(choice)
    return {code(number): str(site.voting.store.invited(code_hash(code(number)))) for number in range(4)}


def test_how_a_study_goes_by_hand(site: Site) -> None:
    names = judged(site)
    told = status(site.voting.store, site.voting.study, 2)
    of = {one.person.name: one for one in told.people}
    anna, berta, carla, nobody = (of[names[code(number)]] for number in range(4))
    assert [(one.votes, one.skips, one.questions) for one in (anna, berta, carla)] == [(4, 0, 2), (2, 2, 2), (1, 0, 0)]
    assert [one.state for one in (anna, berta, carla, nobody)] == ["judges", "judges", "judges", "not begun"]
    assert anna.stopped_at is None
    assert carla.stopped_at is not None
    assert carla.stopped_at[1] == 2
    assert (told.whole.votes, told.whole.skips, told.whole.items) == (7, 2, 4)
    assert sum(one.votes for one in told.questions) == sum(one.votes for one in told.categories) == 7
    assert told.whole.agreement.n_pairs >= 2
    assert told.whole.full == told.whole.agreement.n_items
    assert told.seconds is not None


def test_codes_are_found_noted_renewed_and_blocked(tmp_path: Path) -> None:
    store = Store(tmp_path / "db.sqlite", recorder=Journal(tmp_path / "journals"))
    names = invite(store, [code_hash("one"), code_hash("two")], ["Anna, wave 1"])
    assert [one.name for one in found(store, "anna")] == [names[0]]
    assert [one.name for one in found(store, "o-n-e")] == [names[0]]
    assert found(store, "nobody") == []
    new = reissue(store, names[0])
    assert store.invited(code_hash("one")) is None
    assert store.invited(code_hash(new)) == names[0]
    block(store, names[1])
    assert store.invited(code_hash("two")) is None
    assert store.annotator(names[1]) is None
    label(store, names[1], "Ben")
    again = Store(tmp_path / "again.sqlite")
    restore(again, tmp_path / "journals")  # all of it outlives the disk
    assert people(again) == people(store)
    assert again.invited(code_hash(new)) == names[0]
    block(store, names[1], False)
    assert store.invited(code_hash("two")) == names[1]
    store.withdraw(names[0])
    assert [one.label for one in people(store) if one.withdrawn] == [""]
    for change in (lambda: reissue(store, names[0]), lambda: label(store, "expert_9", "x")):
        with pytest.raises(UserError, match=r"withdrew|has no annotator"):
            change()


def test_somebody_who_is_blocked_while_judging_stores_nothing_more(site: Site) -> None:
    with person(site) as anna:
        anna.join()
        block(site.voting.store, site.voting.store.invited(code_hash(CODE)) or "")
        assert anna.vote().status_code == 403
        assert "Invitation code" in anna.see()
    assert site.voting.store.rows("SELECT * FROM vote") == []


# the page -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def organiser(site: Site) -> Iterator[Person]:
    judged(site)
    with person(site) as somebody:
        somebody.page = somebody.client.post("/organiser", data={"token": TOKEN}).text
        yield somebody


def test_the_page_shows_the_study_to_whoever_has_the_token(site: Site, organiser: Person) -> None:
    label(site.voting.store, "expert_1", "<b>Anna</b>")
    shown = organiser.see("/organiser")
    for word in ("7 votes, 2 skips", "expert_4", "not begun", "turn 2", "pairs of votes", "&lt;b&gt;Anna"):
        assert word in shown
    assert TOKEN not in shown
    assert not [model for model in site.voting.study.answers if model in shown]


def test_nobody_else_sees_or_changes_anything(site: Site) -> None:
    with person(site) as anna:
        anna.join()
        csrf = anna.field("csrf")
        for path in ("/organiser", "/organiser/"):
            assert "expert_2" not in anna.see(path)
        for form in ({"csrf": csrf, "act": "block", "name": "expert_1"}, {"act": "invite"}, {}):
            assert anna.client.post("/organiser/code", data=form).status_code == 403
        tries = [anna.client.post("/organiser", data={"token": f"guess {n} ü"}).status_code for n in range(12)]
        assert tries == [403] * 10 + [429] * 2
        anna.client.cookies.set("organiser", site.signer.cookie("organiser"))  # signed, but not for this
        assert "How the study goes" not in anna.see("/organiser")
    assert not [one for one in people(site.voting.store) if one.blocked]
    with person(make_site(Path(site.voting.store.path.parent / "other"))) as anybody:
        assert anybody.client.get("/organiser").status_code == 404  # without a token there is no page


def test_codes_are_changed_on_the_page(site: Site, organiser: Person) -> None:
    def change(act: str, name: str = "expert_1", text: str = "") -> str:
        form = {"csrf": organiser.field("csrf"), "act": act, "name": name, "text": text}
        organiser.page = organiser.client.post("/organiser/code", data=form).text
        return organiser.page

    assert "Dora" in change("label", text="Dora")
    assert "Unblock" in change("block")
    assert "Unblock" not in change("unblock")
    told = change("reissue")
    (new,) = [word for word in told.replace("<", " ").replace(">", " ").split() if word.count("-") == 3]
    assert site.voting.store.invited(code_hash(new)) == "expert_1"
    assert new not in organiser.see("/organiser")
    change("invite", text="Emil")
    assert [one.label for one in people(site.voting.store)][-1] == "Emil"
    organiser.see("/organiser")
    csrf = organiser.field("csrf")
    for act, name in (("label", "expert_99"), ("explode", "expert_1")):
        form = {"csrf": csrf, "act": act, "name": name}
        assert organiser.client.post("/organiser/code", data=form).status_code == 400
    organiser.client.post("/organiser/leave", data={"csrf": csrf})
    assert "How the study goes" not in organiser.see("/organiser")


def test_a_token_that_is_too_short_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ORGANISER_VARIABLE, raising=False)
    assert organiser_token() is None
    monkeypatch.setenv(ORGANISER_VARIABLE, "short")
    with pytest.raises(UserError, match="shorter than 16"):
        organiser_token()


# the command line ---------------------------------------------------------------------------------------------------


def test_status_plan_and_codes_on_the_command_line(site: Site, tmp_path: Path) -> None:
    names = judged(site)
    db = str(site.voting.store.path)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["annotate", *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    shown = run("status", "--db", db, "--target", "2")
    assert "7 votes, 2 skips of 4 people" in shown
    assert "items with 2 votes" in shown
    told = json.loads(run("status", "--db", db, "--json"))
    assert (told["whole"]["votes"], len(told["people"]), told["people"][0]["person"]["name"]) == (7, 4, "expert_1")
    noted = run("invite", "--label", "Anna", "--label", "Ben", "--db", db).splitlines()
    assert [line.split("  ")[2] for line in noted] == ["Anna", "Ben"]
    given, name, _ = noted[0].split("  ")
    assert run("code", given, "--db", db) == f"{name}  Anna\n"
    assert run("code", "anna", "--block", "--db", db) == f"{name}  blocked  Anna\n"
    assert run("code", name, "--unblock", "--label", "Anna B.", "--db", db) == f"{name}  Anna B.\n"
    assert site.voting.store.invited(code_hash(run("code", names[CODE], "--new", "--db", db).strip())) == names[CODE]
    assert "takes 30 people and 1120 votes" in run("plan")
    assert "150 questions with 3 raters would" in run("plan", "--questions", "16")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("status",), "There is no database"),
        (("code", "x"), "There is no database"),
        (("invite",), "How many people?"),
        (("plan", "--agreement", "0.1"), "isn't between chance"),
    ],
)
def test_a_users_error_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["mtbenchx", "annotate", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert told in capsys.readouterr().err


def test_answers_in_another_language_are_told() -> None:
    def english(_model: str, _question: int, _turn: int) -> str:
        return "This is certainly an answer in English, and it is long enough to tell the language of the text."

    (sentence, *_) = other_language(make_study("de", answer=english))
    assert "look like 'en', but the questions shown are 'de'" in sentence
    assert other_language(make_study("en", answer=english)) == []


def test_who_can_reach_the_app_is_told() -> None:
    assert "http://127.0.0.1:8000/ on this machine; nobody else" in reach("127.0.0.1", 8000)
    assert "http://[::1]:80/ on this machine" in reach("::1", 80)
    assert "every address, port 80: http://NAME-OF-THIS-MACHINE:80/" in reach("0.0.0.0", 80)
    assert "https" in reach("10.0.0.7", 80)
