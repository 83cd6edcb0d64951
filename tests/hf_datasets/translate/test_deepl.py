"""DeepL through its official client: batches, limits, faults, and what is never paid twice."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.ledger.translations import claim, engines
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.engines.deepl import DeepL
from hf_datasets.translate.engines.engine import LanguagePair, QuotaError, UnavailableError
from hf_datasets.translate.sending import calls
from hf_datasets.translate.translator import SourceText, Translation, Translator
from tests.doubles.deepl_api import KEY, DeepLApi, Refusal

PAIR = LanguagePair("en", "PT-PT")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def texts(count: int) -> list[SourceText]:
    return [SourceText(f"text number {number} of many") for number in range(count)]


def translate(ledger: Ledger, items: list[SourceText], **options: object) -> Translation:
    return Translator(DeepL(), PAIR, ledger, **options).translate(items)  # type: ignore[arg-type]


def test_what_is_sent(deepl: DeepLApi, ledger: Ledger) -> None:
    done = translate(ledger, [SourceText("keep `x<y` & go")])
    assert done.texts == ["KEEP `x<y` & GO"]
    (request,) = deepl.requests
    assert request["text"] == ['keep <x i="0">`x&lt;y`</x> &amp; go']
    assert request["target_lang"] == "PT-PT"
    assert request["source_lang"] == "EN"
    assert request["formality"] == "prefer_more"
    assert (request["tag_handling"], request["ignore_tags"]) == ("xml", ["x"])
    # outside of tags: "keep " 5, "`x&lt;y`" 8, " &amp; go" 9
    assert done.billed == 22
    assert [engine.characters for engine in engines(ledger)] == [22]


def test_a_repeated_run_sends_nothing(deepl: DeepLApi, ledger: Ledger) -> None:
    first, again = translate(ledger, texts(120)), translate(ledger, texts(120))
    assert first.texts == again.texts == [item.text.upper() for item in texts(120)]
    assert sorted(len(request["text"]) for request in deepl.requests) == [20, 50, 50]
    assert (first.sent, again.sent, again.billed) == (120, 0, 0)


def test_equal_texts_are_paid_once(deepl: DeepLApi, ledger: Ledger) -> None:
    assert translate(ledger, [SourceText("the same")] * 3).texts == ["THE SAME"] * 3
    assert len(deepl.translated) == 1


def test_what_determines_a_translation_makes_another_request(deepl: DeepLApi, ledger: Ledger) -> None:
    for pair in (
        PAIR,
        LanguagePair("en", "PT-BR"),
        LanguagePair("en", "PT-PT", "prefer_less"),
        LanguagePair("es", "PT-PT"),
    ):
        Translator(DeepL(), pair, ledger).translate([SourceText("a text")])
    translate(ledger, [SourceText("a text", "in a context")])
    assert len(deepl.translated) == 5


def test_a_turn_goes_with_what_stands_before_it(deepl: DeepLApi, ledger: Ledger) -> None:
    translate(ledger, [SourceText("a first turn"), SourceText("a second turn", "a first turn")])
    assert {request.get("context"): request["text"] for request in deepl.requests} == {
        None: ["a first turn"],
        "a first turn": ["a second turn"],
    }


def test_calls_stay_under_the_limits(ledger: Ledger) -> None:
    items = [SourceText(f"{number} " + "é" * 8000) for number in range(10)]
    plan = Translator(DeepL(), PAIR, ledger).plan(items)
    # as JSON each é is 6 bytes: 48 kB a text, two fit into 100 KiB
    assert [len(call) for call in calls(plan.missing, DeepL())] == [2] * 5


def test_a_text_over_the_limit_is_cut_at_its_paragraphs(deepl: DeepLApi, ledger: Ledger) -> None:
    text = "\n\n".join(f"paragraph {number} " + "word " * 4000 for number in range(8))
    done = translate(ledger, [SourceText(text)])
    assert done.texts == [text.upper()]
    assert len(deepl.requests) > 1


def test_a_paragraph_over_the_limit_is_refused_and_the_others_go_on(deepl: DeepLApi, ledger: Ledger) -> None:
    done = translate(ledger, [SourceText("word " * 30_000), SourceText("short")])
    assert done.texts == [None, "SHORT"]
    assert "A paragraph of 149,999 characters" in done.failed[0] or "150,000" in done.failed[0]


def test_the_quota_ends_at_text_700_and_the_next_run_pays_for_330(deepl: DeepLApi, ledger: Ledger) -> None:
    deepl.most_translations = 700
    first = translate(ledger, texts(1030))
    assert isinstance(first.stopped, QuotaError)
    assert (first.sent, first.texts.count(None), first.failed, len(deepl.translated)) == (700, 330, {}, 700)
    deepl.most_translations = None
    second = translate(ledger, texts(1030))
    assert (second.sent, second.stopped) == (330, None)
    assert sorted(deepl.translated) == sorted(item.text for item in texts(1030))


def test_the_rest_of_a_quota_is_used_up(deepl: DeepLApi, ledger: Ledger) -> None:
    deepl.most_translations = 73
    assert translate(ledger, texts(100)).sent == 73


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (Refusal(429, headers={"Retry-After": "1"}), "DeepL has too much to do (429, 4 retries); try again later."),
        (Refusal(503), "DeepL can't be reached at"),
        (Refusal(400, "Value for 'formality' not supported."), "(400): Bad request, message: Value for 'formality'"),
        (Refusal(418, "teapot"), "DeepL answers 418"),
    ],
)
def test_what_deepl_says_becomes_one_sentence(deepl: DeepLApi, ledger: Ledger, refusal: Refusal, sentence: str) -> None:
    deepl.refuse = lambda request: refusal
    done = translate(ledger, texts(3))
    assert sentence in str(done.stopped)
    assert "\n" not in str(done.stopped)
    assert done.texts == [None] * 3


def test_a_storm_of_429_is_waited_out(deepl: DeepLApi, ledger: Ledger) -> None:
    storm = iter([Refusal(429), Refusal(503), Refusal(429)])
    deepl.refuse = lambda request: next(storm, None)
    assert translate(ledger, texts(3)).sent == 3


def test_a_request_that_is_too_large_is_halved(deepl: DeepLApi, ledger: Ledger) -> None:
    deepl.refuse = lambda request: Refusal(413) if len(request["text"]) > 2 or "a huge one" in request["text"] else None
    done = translate(ledger, [*texts(9), SourceText("a huge one")])
    assert done.texts[:9] == [item.text.upper() for item in texts(9)]
    assert "refuses a request for its size (413). It has 10 characters" in done.failed[9]


def test_a_wrong_key_is_told_and_never_shown(deepl: DeepLApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", "wrong-key")
    done = translate(ledger, texts(1))
    assert "DeepL refused the key in DEEPL_AUTH_KEY (403)" in str(done.stopped)
    assert "wrong-key" not in str(done.stopped)


def test_no_key_is_told(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPL_AUTH_KEY", raising=False)
    assert "set DEEPL_AUTH_KEY" in str(translate(ledger, texts(1)).stopped)


def test_no_server_is_told(deepl: DeepLApi, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPL_SERVER_URL", "http://127.0.0.1:9")
    stopped = translate(ledger, texts(1)).stopped
    assert isinstance(stopped, UnavailableError)
    assert "DeepL can't be reached at http://127.0.0.1:9 (the connection is refused, " in str(stopped)


@pytest.mark.parametrize(
    ("key", "server", "host"),
    [
        ("k", "", "https://api.deepl.com"),
        ("k:fx", "", "https://api-free.deepl.com"),  # as DeepL's client has it: free accounts' keys end so
        ("k:fx", "https://me:secret@mirror.example/deepl", "https://mirror.example/deepl"),
    ],
)
def test_the_server_is_that_of_the_account(key: str, server: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", key)
    monkeypatch.setenv("DEEPL_SERVER_URL", server)
    assert DeepL().endpoint == host
    if not server:
        assert DeepL()._client._server_url == host


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DEEPL_SERVER_URL", "api.deepl.com", "DEEPL_SERVER_URL is no URL of a server"),
        ("DEEPL_SERVER_URL", "ftp://x", "DEEPL_SERVER_URL is no URL of a server"),
        ("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem", "REQUESTS_CA_BUNDLE names /nowhere/ca.pem, which isn't there"),
    ],
)
def test_a_wrong_server_or_authority_is_one_sentence(
    variable: str, value: str, sentence: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", "k")
    monkeypatch.setenv(variable, value)
    assert sentence in str(translate(ledger, texts(1)).stopped)


def test_a_key_in_clear_text_is_warned_of(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", "k")
    monkeypatch.setenv("DEEPL_SERVER_URL", "http://mirror.example")
    assert DeepL()._client
    assert "goes to http://mirror.example in clear text" in caplog.text


def test_an_authority_of_ones_own_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text("", encoding="utf-8")
    monkeypatch.setenv("DEEPL_AUTH_KEY", "k")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    assert DeepL()._client._client._session.verify == str(tmp_path / "ca.pem")


def test_languages_are_deepls_own(deepl: DeepLApi) -> None:
    engine = DeepL()
    assert engine.pair("en", "pt", "default").target == "PT-PT"
    assert engine.pair("de", "EN", "default").target == "EN-US"
    assert engine.pair("en", "pt-br", "default").target == "PT-BR"
    with pytest.raises(UserError, match="DeepL doesn't translate to 'TLH'; it has DE, EN-GB"):
        engine.pair("en", "tlh", "default")
    with pytest.raises(UserError, match="DeepL doesn't translate from 'TLH'"):
        engine.pair("tlh", "de", "default")


def test_a_strict_formality_that_a_language_lacks_is_told(deepl: DeepLApi, ledger: Ledger) -> None:
    done = Translator(DeepL(), LanguagePair("en", "SV", "more"), ledger).translate([SourceText("a text")])
    assert "'formality' is not supported" in str(done.stopped)
    soft = Translator(DeepL(), LanguagePair("en", "SV", "prefer_more"), ledger).translate([SourceText("a text")])
    assert soft.texts == ["A TEXT"]


def test_a_lost_placeholder_is_asked_for_again_without_it(deepl: DeepLApi, ledger: Ledger) -> None:
    original = deepl._translation

    def forgetful(request: dict[str, object], text: str) -> dict[str, object]:
        found = original(request, text)
        return {**found, "text": found["text"].replace('<x i="0">{a}</x>', "")}

    deepl._translation = forgetful  # type: ignore[method-assign]
    done = translate(ledger, [SourceText("from {a} on")])
    assert (done.texts, done.retried) == (["FROM {a} ON"], 1)
    assert sorted(deepl.translated) == ["from", 'from <x i="0">{a}</x> on', "on"]
    assert translate(ledger, [SourceText("from {a} on")]).sent == 0


def test_what_stays_wrong_fails(deepl: DeepLApi, ledger: Ledger) -> None:
    deepl.speak = lambda text, target: "</x>"
    done = translate(ledger, [SourceText("from {a} on"), SourceText("plain")])
    assert done.texts == [None, None]
    assert done.failed == {0: "a placeholder is broken", 1: "a placeholder is broken"}


def test_settings_that_the_client_lacks(deepl: DeepLApi, ledger: Ledger) -> None:
    import deepl as client

    translate(ledger, texts(1))
    assert client.http_client.min_connection_timeout == 60
    assert client.http_client.max_network_retries == 4


def test_two_processes_never_pay_for_one_text(deepl: DeepLApi, ledger: Ledger) -> None:
    with Ledger(ledger.path) as other:
        plan = Translator(DeepL(), PAIR, ledger).plan(texts(2))
        claim(other, {plan.missing[0].key: plan.missing[0].text}, "deepl")
        done = translate(ledger, texts(2))
        assert done.failed == {0: "another process is translating it"}
    assert translate(ledger, texts(2)).texts[0] == "TEXT NUMBER 0 OF MANY"


KILLED = """
from hf_datasets.ledger.store import Ledger
from hf_datasets.translate.engines.deepl import DeepL
from hf_datasets.translate.engines.engine import LanguagePair
from hf_datasets.translate.translator import SourceText, Translator
import sys
items = [SourceText(f"text number {number} of many", f"context {number}") for number in range(40)]
DeepL.concurrency = 1
Translator(DeepL(), LanguagePair("en", "PT-PT"), Ledger(__import__("pathlib").Path(sys.argv[1]))).translate(items)
"""


def test_what_was_answered_survives_kill_9(deepl: DeepLApi, tmp_path: Path) -> None:
    path = tmp_path / "killed.sqlite"
    said, killed = deepl.speak, threading.Event()

    def five(text: str, target: str) -> str:
        if len(deepl.translated) >= 5:
            killed.wait(60)
        return said(text, target)

    deepl.speak = five
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], cwd=Path(__file__).parents[3])
    while len(deepl.translated) < 5 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = list(deepl.translated)
    killed.set()
    items = [SourceText(f"text number {number} of many", f"context {number}") for number in range(40)]
    done = translate(Ledger(path), items)
    assert None not in done.texts
    assert (len(before), 40 - done.sent) == (5, 4)  # the one that was in flight is asked for again


def test_an_unwritable_ledger_stops_before_more_is_paid(deepl: DeepLApi, ledger: Ledger) -> None:
    ledger.execute("CREATE TRIGGER full BEFORE UPDATE ON translation BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    with pytest.raises(LedgerError, match="disk is full"):
        translate(ledger, [SourceText("a", str(number)) for number in range(50)])
    assert len(deepl.translated) <= DeepL.concurrency


def test_the_key_is_in_no_file(deepl: DeepLApi, ledger: Ledger) -> None:
    translate(ledger, texts(2))
    assert KEY.encode() not in ledger.path.read_bytes()


def test_merge_and_stats_know_translations(deepl: DeepLApi, ledger: Ledger, tmp_path: Path) -> None:
    from mtbenchx_tasks.judge.costs import summary

    translate(ledger, texts(3))
    other = Ledger(tmp_path / "other.sqlite")
    assert other.merge(ledger.path) == (0, 0, 0, 3)
    assert other.merge(ledger.path) == (0, 0, 0, 0)
    assert translate(other, texts(3)).sent == 0
    # three texts of 21 characters
    assert "deepl into PT-PT: 3 translations; 63 characters billed" in summary(other)
