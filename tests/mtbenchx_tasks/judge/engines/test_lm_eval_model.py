"""A judge by a model class of lm_eval: what it is asked, what is made of its texts, and every way to have none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.engines.lm_eval_model import LmEvalEngine
from mtbenchx_tasks.judge.engines.local import LocalEngine
from mtbenchx_tasks.judge.settings import JudgeSettings
from tests.doubles.lm_eval_judge import NAME, RegisteredJudge, registered
from tests.mtbenchx_tasks.judge.engines.test_local import network, save_tokenizer

SYSTEM = "Judge strictly, please."


@pytest.fixture
def judge() -> Iterator[type[RegisteredJudge]]:
    with registered() as made_by:
        yield made_by


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger._db.close()


def engine(ledger: Ledger, **others: Any) -> LmEvalEngine:
    return LmEvalEngine(
        JudgeSettings.parse({"backend": NAME, "model": "org/judge", "max_tokens": 50, **others}), ledger
    )


def request(text: str, run: int = 0, **parameters: Any) -> ChatRequest:
    messages = ({"role": "system", "content": SYSTEM}, {"role": "user", "content": text})
    return ChatRequest(NAME, "org/judge", messages, {"temperature": 0.0, "max_tokens": 50, **parameters}, run)


def run(engine: LmEvalEngine, *requests: ChatRequest) -> list[Judged]:
    futures = [engine.submit(request) for request in requests]
    engine.finish()
    return [future.result(0) for future in futures]


def test_all_are_judged_in_one_call_after_the_answers(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    judge.say = staticmethod(lambda prompt: f"Rating: [[{len(prompt.split()[-2])}]]")
    judged = run(engine(ledger), request("xxx"), request("xxxxx"), request("x"))
    assert [one.completion.text for one in judged] == ["Rating: [[3]]", "Rating: [[5]]", "Rating: [[1]]"]
    assert [len(call) for call in judge.made[0].calls] == [3]
    assert len(judge.made) == 1


def test_nothing_is_made_before_there_is_something_to_judge(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    one = engine(ledger)
    one.check()
    one.finish()
    assert not judge.made


def test_the_class_gets_the_model_and_its_arguments(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    run(engine(ledger, backend_args={"max_length": 900, "dtype": "float32"}, batch_size=4), request("a"))
    assert (judge.made[0].pretrained, judge.made[0].max_length) == ("org/judge", 900)
    assert judge.made[0].others == {"dtype": "float32", "batch_size": 4}


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        ({}, {"until": [], "max_gen_toks": 50, "temperature": 0.0, "do_sample": False}),
        ({"temperature": 0.7}, {"until": [], "max_gen_toks": 50, "temperature": 0.7, "do_sample": True}),
        ({"temperature": None}, {"until": [], "max_gen_toks": 50}),
    ],
)
def test_what_was_sent_is_recorded(
    ledger: Ledger, judge: type[RegisteredJudge], parameters: dict[str, Any], sent: dict[str, Any]
) -> None:
    (judged,) = run(engine(ledger), request("a", **parameters))
    assert judge.made[0].calls[0][0].args[1] == sent
    assert judged.completion.details["sent"] == {"parameters": sent, "system_role": "system"}


def test_tokens_are_counted_with_the_models_tokenizer(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    # "<system> Judge strictly, please. <user> a <assistant>": 7 words; "Rating: [[7]]": 2.
    (judged,) = run(engine(ledger), request("a"))
    assert judged.completion.details["usage"] == {"prompt_tokens": 7, "completion_tokens": 2}
    assert "finish_reason" not in judged.completion.details


@pytest.mark.parametrize(("words", "cut_off"), [(49, False), (50, True), (51, True)])
def test_a_text_of_max_tokens_is_cut_off(
    ledger: Ledger, judge: type[RegisteredJudge], words: int, cut_off: bool
) -> None:
    judge.say = staticmethod(lambda prompt: "word " * words)
    (judged,) = run(engine(ledger), request("a"))
    attempts = judged.completion.details.get("attempts", [])
    assert [attempt["finish_reason"] for attempt in attempts] == ["length"] * cut_off


def test_a_judgment_that_was_cut_off_is_asked_again_with_more_room(
    ledger: Ledger, judge: type[RegisteredJudge]
) -> None:
    said = iter(["Rating: [[3]]", "word " * 50, "word " * 60 + "[[8]]"])  # the shortest prompt comes first
    judge.say = staticmethod(lambda prompt: next(said))
    good, again = run(engine(ledger), request("a"), request("a a"))
    assert [[one.args[1]["max_gen_toks"] for one in call] for call in judge.made[0].calls] == [[50, 50], [200]]
    assert (good.completion.text, again.completion.text[-5:]) == ("Rating: [[3]]", "[[8]]")
    (attempt,) = again.completion.details["attempts"]
    assert (attempt["max_tokens"], attempt["usage"]["completion_tokens"]) == (50, 50)
    kept = ledger.judgment(again.key)
    assert kept is not None
    assert kept.text == again.completion.text


def test_a_judgment_that_is_cut_off_twice_or_finds_no_room_says_what_to_change(
    ledger: Ledger, judge: type[RegisteredJudge]
) -> None:
    judge.say = staticmethod(lambda prompt: "word " * 200)
    (twice,) = run(engine(ledger), request("a"))
    assert twice.completion.reason.startswith("cut off at max_tokens=200: raise judge.max_tokens")
    (full,) = run(engine(ledger, backend_args={"max_length": 100}), request("b"))  # 7 of prompt and 200 don't fit
    assert full.completion.reason.startswith("cut off at max_tokens=50: raise judge.max_tokens")
    assert full.completion.text.startswith("word")


def test_a_judge_that_is_of_no_use_is_asked_eight_times(
    ledger: Ledger, judge: type[RegisteredJudge], caplog: pytest.LogCaptureFixture
) -> None:
    judge.say = staticmethod(lambda prompt: "no verdict")
    judged = run(engine(ledger), *(request(str(number)) for number in range(20)))
    assert [len(call) for call in judge.made[0].calls] == [8]
    assert [one.completion.state for one in judged].count("failed") == 12
    assert "Judging stops: of the first 5 judgments of org/judge, which were asked alone, 0 are of use" in caplog.text


def test_a_judge_that_proves_itself_is_asked_the_rest_together_and_the_next_time_all(
    ledger: Ledger, judge: type[RegisteredJudge]
) -> None:
    for numbers in (range(20), range(100, 120)):
        run(engine(ledger), *(request(str(number)) for number in numbers))
    assert [[len(call) for call in made.calls] for made in judge.made] == [[8, 12], [20]]


def test_a_prompt_that_leaves_no_room_fails_and_the_others_are_judged(
    ledger: Ledger, judge: type[RegisteredJudge]
) -> None:
    # The context holds 100 tokens: 6 words around the text, 50 of judgment, so 44 of text fit.
    fits, long = run(engine(ledger, backend_args={"max_length": 100}), request("x " * 44), request("x " * 45))
    assert fits.completion.state == "answered"
    assert (long.completion.state, long.completion.reason) == (
        "failed", "51 tokens of prompt and max_tokens=50 are more than the judge's 100"
    )  # fmt: skip
    assert ledger.judgment(long.key) is None


def test_without_a_tokenizer_nothing_is_counted(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    (judged,) = run(engine(ledger, backend_args={"tokenizer": False, "max_length": 5}), request("a"))
    assert judged.completion.state == "answered"
    assert judged.completion.details.keys() == {"sent"}


@pytest.mark.parametrize("refuses", [False, True])  # the class drops the message without a word, or its template raises
def test_a_template_without_system_role_gets_one_message_and_says_so_once(
    ledger: Ledger, judge: type[RegisteredJudge], caplog: pytest.LogCaptureFixture, refuses: bool
) -> None:
    judge.template_takes_system, judge.template_refuses_system = refuses, refuses
    judged, _ = run(engine(ledger), request("a"), request("bb"))
    assert [record.message.count("has no system role") for record in caplog.records] == [1]
    assert judge.made[0].calls[0][0].args[0] == f"<user> {SYSTEM}\n\na <assistant>"
    assert judged.completion.details["sent"]["system_role"] == "user"


@pytest.mark.parametrize(("said", "state"), [("", "empty"), (" \n", "empty"), (None, "failed"), ([""], "failed")])
def test_no_text_is_no_judgment(ledger: Ledger, judge: type[RegisteredJudge], said: Any, state: str) -> None:
    judge.say = staticmethod(lambda prompt: said)
    assert run(engine(ledger), request("a"))[0].completion.state == state


def test_out_of_memory_is_unscored_and_asked_again(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    def no_memory(prompt: str) -> str:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nmore")

    judge.say = staticmethod(no_memory)
    one = engine(ledger)
    (judged,) = run(one, request("a"))
    assert judged.completion.state == "failed"
    assert judged.completion.reason == "CUDA out of memory. Tried to allocate 2 GiB"
    judge.say = staticmethod(lambda prompt: "Rating: [[2]]")
    assert run(one, request("a"))[0].completion.text == "Rating: [[2]]"


def test_what_the_ledger_holds_is_not_judged_again(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    first, again = (run(engine(ledger), request("a"))[0] for _ in range(2))
    assert first == again
    assert [len(made.calls) for made in judge.made] == [1, 0]


def test_a_model_that_cannot_be_loaded_fails_its_judgments(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    (judged,) = run(engine(ledger, model="unloadable"), request("a"))
    assert judged.completion.state == "failed"
    assert judged.completion.reason == (
        f"The judge 'unloadable' can't be loaded by lm_eval's '{NAME}': CUDA out of memory."
    )


# what can't judge --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "says"),
    [
        ("vlm", r"no judge.backend 'vlm'; did you mean 'vllm'\?"),
        ("xyzzy", "no judge.backend 'xyzzy'; there are openai, local, hf, vllm, sglang and others"),
    ],
)
def test_an_unknown_backend_is_told(ledger: Ledger, backend: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        engine(ledger, backend=backend).check()


@pytest.mark.parametrize("backend", ["vllm", "sglang"])
def test_a_backend_whose_package_is_missing_is_told(ledger: Ledger, backend: str) -> None:
    with pytest.raises(UserError, match=rf"'{backend}' needs a package that isn't installed \(.*\); install it"):
        engine(ledger, backend=backend).check()


def test_a_folder_without_weights_is_told(ledger: Ledger, judge: type[RegisteredJudge], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the folder holds no weights"):
        engine(ledger, model=str(tmp_path)).check()


def test_expected_ratings_are_refused() -> None:
    with pytest.raises(UserError, match="needs the probabilities of tokens"):
        JudgeSettings.parse({"backend": "vllm", "model": "m", "rating": "expected"})


# one model or two --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("difference", "shared"),
    [
        ({}, True),
        ({"pretrained": "org/other"}, False),
        ({"peft": "adapter"}, False),
        ({"model_args": {"model": "org/judge", "dtype": "auto", "seed": 1234}}, True),
        ({"model_args": {"model": "org/judge", "dtype": "float32"}}, False),
        ({"model_args": {"model": "org/judge", "dtype": "auto", "enable_lora": True}}, False),
        ({"model_args": {"model_path": "org/judge", "dtype": "auto"}}, True),
        ({"model_args": {"model": "org/other"}}, False),
    ],
)
def test_only_the_very_same_model_is_shared(
    ledger: Ledger, judge: type[RegisteredJudge], difference: dict[str, Any], shared: bool
) -> None:
    candidate = judge("org/judge")
    vars(candidate).update(difference)
    one = engine(ledger)
    one.attach_model(candidate)
    run(one, request("a"))
    assert (len(candidate.calls) == 1) is shared
    assert len(judge.made) == (1 if shared else 2)


def test_a_candidate_with_the_judges_arguments_is_shared(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    candidate = judge("org/judge")
    candidate.model_args = {"model": "org/judge", "dtype": "float32"}  # type: ignore[attr-defined]
    one = engine(ledger, backend_args={"dtype": "float32"})
    one.attach_model(candidate)
    run(one, request("a"))
    assert judge.made == [candidate]


def test_judgments_stay_out_of_the_candidates_cache(
    ledger: Ledger, judge: type[RegisteredJudge], tmp_path: Path
) -> None:
    from lm_eval.api.model import CachingLM

    candidate = judge("org/judge")
    cached, one = CachingLM(candidate, str(tmp_path / "cache.db")), engine(ledger)
    one.attach_model(cached)
    run(one, request("a"))
    assert len(candidate.calls) == 1
    assert len(cached.dbdict) == 0
    candidate.cache_hook.add_partial("generate_until", ("x", {}), "y")  # the hook is back
    assert len(cached.dbdict) == 1
    cached.dbdict.close()


# identity ----------------------------------------------------------------------------------------------------------


def test_weights_on_disk_are_the_judges_identity(ledger: Ledger, judge: type[RegisteredJudge], tmp_path: Path) -> None:
    keys = []
    for name, weights in (("one", b"x" * 100_000), ("copy", b"x" * 100_000), ("other", b"y" * 100_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(weights)
        keys.append(run(engine(ledger, model=str(tmp_path / name)), request("a"))[0].key)
    assert keys[0] == keys[1] != keys[2]


def test_a_model_that_lies_elsewhere_is_its_name_and_revision(ledger: Ledger, judge: type[RegisteredJudge]) -> None:
    asked = request("a")
    judged = [run(engine(ledger, **given), asked)[0] for given in ({}, {"backend_args": {"revision": "abc123"}})]
    rows = ledger._rows("SELECT json_extract(request, '$.model') AS model FROM judgment ORDER BY at")
    assert [row["model"] for row in rows] == ["org/judge@main", "org/judge@abc123"]
    assert judged[0].key != judged[1].key


# the real thing ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_lm_evals_own_hf_class_writes_what_the_network_writes(ledger: Ledger, tmp_path: Path) -> None:
    network().save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    asked = request("Grüße", max_tokens=6)
    hf, local = (
        {"backend": backend, "model": str(tmp_path), "device": "cpu", "max_tokens": 6} for backend in ("hf", "local")
    )
    (judged,) = run(LmEvalEngine(JudgeSettings.parse(hf), ledger), asked)
    by_hand = LocalEngine(JudgeSettings.parse(local), ledger)  # itself compared with plain forward passes in test_local
    future = by_hand.submit(asked)
    by_hand.finish()
    assert judged.completion.text.strip() == future.result(0).completion.text.strip() != ""
    assert judged.completion.details["sent"]["parameters"]["max_gen_toks"] == 6
    assert judged.key == future.result(0).key  # the same weights, whoever loads them
