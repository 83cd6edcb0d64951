"""The task in the stock harness, with a real judge protocol on loopback."""

import json
import logging
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lm_eval.api.task import ConfigurableTask

from hf_datasets.benchmark.questions import question_set_hash, questions
from hf_datasets.ledger.store import open_ledger
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.prices import Price
from mtbenchx_tasks.judge.probe import trial
from tests.doubles.model import Model
from tests.doubles.openai_api import Api, Reply, error, is_probe
from tests.harness import LANGUAGES, evaluate, metric
from tests.mini import ANSWERS, QUESTIONS
from tests.sources import needs_sources

DE = "mtbench_x_mini_de"


@pytest.fixture
def judge(api: Api, tmp_path: Path) -> dict[str, Any]:
    return {"model": "gpt-4", "base_url": api.url, "ledger": str(tmp_path / "ledger.sqlite")}


def test_five_languages_take_two_calls_and_turn_2_holds_the_own_turn_1(judge: dict[str, Any]) -> None:
    model = Model()
    evaluate(model, "mtbench_x_mini", judge)
    first, second = model.prompts
    assert (len(first), len(second)) == (5 * QUESTIONS, 5 * QUESTIONS)
    for opening, reply in zip(first, second, strict=True):
        assert reply.startswith(opening + model.answer(opening))


@pytest.mark.sources
@needs_sources
def test_the_question_set_is_asked_judged_and_recorded(api: Api, judge: dict[str, Any]) -> None:
    model = Model()
    results = evaluate(model, "mtbench_x_de", {**judge, "question_set": "corrected"}, limit=1)
    mended = "eine kürzlich angetretene"  # question 81
    assert [mended in prompt for prompt in model.prompts[0]] == [True]
    assert any(mended in json.dumps(body, ensure_ascii=False) for body in api.judgments)
    recorded = results["configs"]["mtbench_x_de"]["metadata"]["judge"]
    expected = question_set_hash("mtbench_x", "de", "corrected")
    assert (recorded["question_set"], recorded["question_set_sha256"]) == ("corrected", expected)


def test_every_answer_is_judged_while_the_next_are_generated(api: Api, judge: dict[str, Any]) -> None:
    class Slow(Model):
        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            answers = super().generate_until(requests, disable_tqdm)
            while len(api.judgments) < QUESTIONS * len(self.waves):  # else the test's time limit tells
                pass
            return answers

    evaluate(Slow(), DE, judge)
    assert len(api.judgments) == ANSWERS


def test_what_a_backend_makes_of_an_answer_in_the_end_is_what_counts(api: Api, judge: dict[str, Any]) -> None:
    class Trimming(Model):
        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            return [f"{answer} In the end." for answer in super().generate_until(requests, disable_tqdm)]

    model = Trimming()
    results = evaluate(model, DE, judge, limit=1)
    (sample,) = results["samples"][DE]
    assert all(answers[0].endswith("In the end.") for answers in sample["resps"])
    used = open_ledger(Path(judge["ledger"]))._rows("SELECT answer FROM use")
    assert [row["answer"].endswith("In the end.") for row in used] == [True, True]
    assert len(api.judgments) == 4


def test_nobody_guesses_whose_answer_it_is_where_prompts_are_one_object(api: Api, judge: dict[str, Any]) -> None:
    class Same(Model):
        def apply_chat_template(self, chat_history: Any, add_generation_prompt: bool = True) -> str:
            return "one and the same object"

    answers = iter("abcd")
    evaluate(Same(lambda _: next(answers)), DE, judge, limit=2)
    assert len(api.judgments) == 4  # a guess would be judged too, beside the answer


def test_metrics_by_hand(api: Api, judge: dict[str, Any]) -> None:
    # Questions 1 and 2 (writing) get 4 in turn 1 and 8 in turn 2, question 3 (roleplay) 10 and 7.
    openings = [question.turns[0] for question in questions("mini", "de")]

    def rate(request: dict[str, Any]) -> str:
        prompt = request["messages"][-1]["content"]
        number = next((i for i, opening in enumerate(openings, start=1) if opening in prompt), 1)
        second = questions("mini", "de")[number - 1].turns[1] in prompt
        return f"Bewertung: [[{(8 if second else 4) if number < 3 else (7 if second else 10)}]]"

    api.answer = rate
    results = evaluate(Model(lambda prompt: "Das ist eine Antwort auf Deutsch."), DE, judge, limit=3)
    assert metric(results, DE, "score") == pytest.approx((4 + 8 + 4 + 8 + 10 + 7) / 6)
    assert metric(results, DE, "turn_1") == pytest.approx((4 + 4 + 10) / 3)
    assert metric(results, DE, "turn_2") == pytest.approx((8 + 8 + 7) / 3)
    assert metric(results, DE, "writing") == 6
    assert metric(results, DE, "category_mean") == pytest.approx((6 + 8.5) / 2)
    # Question means 6, 6, 8.5: standard deviation 2.5 / sqrt(3), over sqrt(3) questions.
    assert metric(results, DE, "score_stderr") == pytest.approx(2.5 / 3)
    assert metric(results, DE, "answer_language") == 1  # turn 2 of question 3 asks for Portuguese and stays out
    assert metric(results, DE, "unscored") == 0
    assert "math,gpt-4" not in results["results"][DE]


def test_group_is_the_mean_over_languages(api: Api, judge: dict[str, Any]) -> None:
    api.answer = lambda request: "[[9]]" if "You are an impartial judge" in str(request) else "[[4]]"
    results = evaluate(Model(), "mtbench_x_mini", judge, limit=1)
    assert results["groups"]["mtbench_x_mini"]["score,gpt-4"] == pytest.approx((9 + 4 * 4) / 5)
    assert results["groups"]["mtbench_x_mini"]["score_stderr,gpt-4"] == "N/A"


def test_failed_judgments_are_in_no_mean(api: Api, judge: dict[str, Any]) -> None:
    api.answer = lambda request: "no verdict" if len(api.judgments) % 2 else "[[8]]"
    results = evaluate(Model(), DE, {**judge, "concurrency": 1}, limit=4)
    assert metric(results, DE, "score") == 8
    assert metric(results, DE, "unscored") == 0.5


def test_all_failed_is_nan_and_the_run_survives(api: Api, judge: dict[str, Any]) -> None:
    api.answer = lambda request: "[[7]]" if is_probe(request) else error(400, "no")
    results = evaluate(Model(), "mtbench_x_mini", judge, limit=2)
    assert math.isnan(metric(results, DE, "score"))
    assert math.isnan(results["groups"]["mtbench_x_mini"]["score,gpt-4"])
    assert metric(results, DE, "unscored") == 1


def test_an_empty_answer_is_never_judged(api: Api, judge: dict[str, Any]) -> None:
    model = Model(lambda prompt: "" if prompt.count("<user>") == 2 else "Antwort")
    results = evaluate(model, DE, judge, limit=2)
    assert len(model.prompts[1]) == 2
    assert len(api.judgments) == 2
    assert metric(results, DE, "unscored") == 0.5
    assert math.isnan(metric(results, DE, "turn_2"))


def test_temperature_follows_the_category_unless_the_user_sets_it(judge: dict[str, Any]) -> None:
    model = Model()
    evaluate(model, DE, judge)
    by_category = {question.turns[0]: question.category for question in questions("mini", "de")}
    for prompt, settings in model.waves[0]:
        category = by_category[prompt.removeprefix("<user>").removesuffix("<assistant>")]
        expected = {"writing": 0.7, "roleplay": 0.7, "stem": 0.1, "humanities": 0.1}.get(category, 0.0)
        assert (settings["temperature"], settings["do_sample"]) == (expected, expected > 0)
        assert (settings["max_gen_toks"], settings["until"]) == (1024, [])
    evaluate(model, DE, judge, gen_kwargs={"temperature": 0.3})
    assert {settings["temperature"] for wave in model.waves[2:] for _, settings in wave} == {0.3}


def test_settings_of_a_run_are_not_those_of_the_next_run_in_the_same_process(judge: dict[str, Any]) -> None:
    given, silent = Model(), Model()
    evaluate(given, DE, judge, limit=1, gen_kwargs={"max_gen_toks": 5, "until": ["."]})
    evaluate(silent, DE, judge, limit=1)
    assert [(one["max_gen_toks"], one["until"]) for wave in given.waves for _, one in wave] == [(5, ["."])] * 2
    assert [(one["max_gen_toks"], one["until"]) for wave in silent.waves for _, one in wave] == [(1024, [])] * 2


def test_without_chat_template_plain_roles_and_their_stop(judge: dict[str, Any]) -> None:
    model = Model()
    evaluate(model, DE, judge, limit=1, apply_chat_template=False, system_instruction="Be kind.")
    opening = questions("mini", "de")[0].turns[0]
    assert model.prompts[0][0] == f"Be kind.\n### Human: {opening}\n### Assistant:"
    assert model.waves[0][0][1]["until"] == ["### Human:"]


def test_system_instruction_comes_first(judge: dict[str, Any]) -> None:
    model = Model()
    evaluate(model, DE, judge, limit=1, system_instruction="Be kind.")
    assert all(wave[0].startswith("<system>Be kind.<user>") for wave in model.prompts)


def test_predict_only_needs_no_judge(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    results = evaluate(Model(), DE, limit=2, predict_only=True)
    assert api.requests == []
    assert [len(sample["resps"]) for sample in results["samples"][DE]] == [2, 2]


def test_samples_choose_questions(judge: dict[str, Any]) -> None:
    model = Model()
    results = evaluate(model, DE, judge, samples={DE: [4, 9]})
    assert [sample["doc"]["question_id"] for sample in results["samples"][DE]] == [5, 10]
    assert metric(results, DE, "coding") == 7


def test_repeats_are_conversations_of_their_own(tmp_path: Path, api: Api, judge: dict[str, Any]) -> None:
    text = "task: thrice\nclass: !function mtbenchx_tasks.task.MTBenchXMini\nlanguage: de\nrepeats: 3\n"
    (tmp_path / "thrice.yaml").write_text(text, encoding="utf-8")
    answers = iter(f"Antwort {number}" for number in range(12))
    model = Model(lambda prompt: next(answers))
    results = evaluate(model, "thrice", judge, folder=tmp_path, limit=2)
    assert [f"Antwort {number}<user>" in prompt for number, prompt in enumerate(model.prompts[1])] == [True] * 6
    assert len(results["samples"]["thrice"][0]["score"]) == 2  # one rating per turn: the mean of its three answers
    assert len(api.judgments) == 12


def test_response_cache_serves_both_turns(judge: dict[str, Any], tmp_path: Path) -> None:
    model, cache = Model(), str(tmp_path / "responses")
    once = evaluate(model, DE, judge, use_cache=cache, gen_kwargs={"temperature": 0})
    again = evaluate(model, DE, judge, use_cache=cache, gen_kwargs={"temperature": 0})
    assert len(model.waves) == 2
    assert metric(once, DE, "score") == metric(again, DE, "score")


def test_request_cache_is_never_read(judge: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    # It would hold questions and references of an earlier day, whatever set is asked for now; and reading it runs code.
    def load(*_: object, cache: bool = False, **__: object) -> None:
        assert not cache

    def save(*_: object, **__: object) -> None:
        raise AssertionError("the cache was written")

    home = ConfigurableTask.build_all_requests.__module__
    monkeypatch.setattr(f"{home}.load_from_cache", load)
    monkeypatch.setattr(f"{home}.save_to_cache", save)
    first, second = Model(), Model()
    evaluate(first, DE, judge, limit=3)
    evaluate(second, DE, judge, cache_requests=True, limit=3)
    assert first.prompts == second.prompts


def test_request_cache_never_brings_old_settings_back(
    judge: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lm_eval.caching.cache.PATH", str(tmp_path))
    evaluate(Model(), DE, judge, cache_requests=True, limit=1, gen_kwargs={"max_gen_toks": 5})
    model = Model()
    evaluate(model, DE, judge, cache_requests=True, limit=1, gen_kwargs={"max_gen_toks": 7})
    assert [settings["max_gen_toks"] for wave in model.waves for _, settings in wave] == [7, 7]


def test_a_disk_that_fills_up_loses_no_score(judge: dict[str, Any]) -> None:
    class Filling(Model):
        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            open_ledger(Path(judge["ledger"])).execute("PRAGMA max_page_count=1")
            return super().generate_until(requests, disable_tqdm)

    results = evaluate(Filling(lambda prompt: prompt + "x" * 50_000), DE, judge, limit=2)
    samples = results["samples"][DE]
    assert metric(results, DE, "unscored") > 0
    assert all(len(turn[0]) > 50_000 for sample in samples for turn in sample["resps"])


def test_runs_are_averaged_per_answer_and_stored_apart(api: Api, judge: dict[str, Any]) -> None:
    api.answer = lambda request: f"[[{max(1, len(api.judgments))}]]"
    results = evaluate(Model(), DE, {**judge, "runs": 3, "concurrency": 1}, limit=1)
    # Turn 1 is judged 1, 2, 3 and turn 2 is judged 4, 5, 6.
    assert (metric(results, DE, "turn_1"), metric(results, DE, "turn_2")) == (2, 5)


def test_a_finished_run_repeated_asks_nothing(api: Api, judge: dict[str, Any]) -> None:
    once = evaluate(Model(), DE, judge)
    asked = len(api.judgments)
    again = evaluate(Model(), DE, {**judge, "concurrency": 3})  # another engine on the same ledger
    assert (asked, len(api.judgments)) == (ANSWERS, ANSWERS)
    assert once["results"][DE] == again["results"][DE]


@pytest.mark.parametrize(
    ("answered", "left"), [(QUESTIONS, [QUESTIONS]), (QUESTIONS + 4, [QUESTIONS - 4]), (5, [QUESTIONS - 5, QUESTIONS])]
)
def test_an_interrupted_run_resumes_its_answers_and_judgments(
    api: Api, judge: dict[str, Any], answered: int, left: list[int]
) -> None:
    given = iter(range(answered))

    def answer(prompt: str) -> str:
        if next(given, None) is None:
            raise KeyboardInterrupt
        return f"An answer to: {prompt[-40:]}"

    with pytest.raises(KeyboardInterrupt):
        evaluate(Model(answer), DE, judge)
    model = Model()
    results = evaluate(model, DE, {**judge, "resume": True, "concurrency": 2})
    assert [len(wave) for wave in model.waves] == left
    assert len(api.judgments) == ANSWERS
    assert metric(results, DE, "score") == 7


def test_another_model_is_never_resumed(judge: dict[str, Any]) -> None:
    evaluate(Model(), DE, judge)
    other = Model()
    other.model = "another"
    evaluate(other, DE, {**judge, "resume": True})
    assert len(other.waves) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(401, "bad key sk-secret-of-the-test"), "OPENAI_API_KEY"),
        (error(404, "no such model"), "has no model 'gpt-4'"),
        (Reply(b"<html>", headers={"Content-Type": "text/html"}), "chat completions"),
    ],
)
def test_a_dead_judge_is_told_before_anything_is_generated(
    api: Api, judge: dict[str, Any], answer: Reply, said: str
) -> None:
    api.answer = lambda request: answer
    model = Model()
    with pytest.raises(UserError, match=said) as caught:
        evaluate(model, DE, judge)
    assert model.waves == []
    assert "sk-secret" not in str(caught.value)


def test_no_key_names_the_ways_out(tmp_path: Path) -> None:
    model = Model()
    with pytest.raises(UserError) as caught:
        evaluate(model, DE, {"ledger": str(tmp_path / "ledger.sqlite")})
    assert all(way in str(caught.value) for way in ("OPENAI_API_KEY", '"local"', "--predict_only", "mtbenchx judge"))
    assert model.waves == []


def test_an_unwritable_ledger_is_told_before_anything_is_generated(judge: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    model = Model()
    with pytest.raises(UserError, match="ledger"):
        evaluate(model, DE, {**judge, "ledger": str(tmp_path / "file" / "ledger.sqlite")})
    assert model.waves == []


def test_unknown_settings_are_refused_by_name(judge: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"'modle'; did you mean 'model'\?"):
        evaluate(Model(), DE, {**judge, "modle": "gpt-4"})


def test_results_hold_the_resolved_settings_and_nothing_foreign(judge: dict[str, Any]) -> None:
    judge["base_url"] = judge["base_url"].replace("http://", "http://user:hunter2@")
    results = evaluate(Model(), DE, judge, limit=1, metadata={"auth_token": "hf_secret"})
    text = json.dumps(results, default=str)
    assert "hunter2" not in text
    assert "hf_secret" not in text
    settings = results["configs"][DE]["metadata"]["judge"]
    assert (settings["model"], settings["prompt_set"], settings["runs"]) == ("gpt-4", "native", 1)
    assert settings["snapshots"] == ["gpt-4-0613"]
    assert len(settings["prompt_set_sha256"]) == 64


def test_tasks_are_all_registered() -> None:
    from lm_eval.tasks import TaskManager

    from mtbenchx_tasks.harness.linking import tasks_path

    manager = TaskManager(include_path=str(tasks_path()), include_defaults=False)
    names = {f"{group}_{language}" for group in ("mtbench_x", "mtbench_x_mini") for language in LANGUAGES}
    assert set(manager.all_subtasks) == names
    assert set(manager.all_groups) == {"mtbench_x", "mtbench_x_mini"}


def test_all_tasks_share_one_sum_and_one_limit(
    api: Api, judge: dict[str, Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A judgment costs 11 x $100 + 7 x $100 a million = $0.0018; two languages of one question make four, and each
    # language's probe two more. What is set aside for one is more: every byte of its prompt, and five times max_tokens.
    price = Price.flat(100, 100)
    monkeypatch.setattr("mtbenchx_tasks.judge.engines.factory.required_price", lambda *_: price)
    monkeypatch.setattr("mtbenchx_tasks.harness.opening.price_of", lambda *_: price)
    tasks = [DE, "mtbench_x_mini_it"]
    with caplog.at_level(logging.INFO, "lm_eval.mtbenchx"):
        results = evaluate(Model(), tasks, {**judge, "max_cost": 30, "max_tokens": 20}, limit=1)
    (told,) = [line for line in caplog.messages if "4 judgments by gpt-4 in de, it" in line]
    assert "no more than $30 is spent" in told
    assert "Spent $0.01 of $30.00." in caplog.messages
    assert [metric(results, task, "unscored") for task in tasks] == [0, 0]
    none = evaluate(Model(lambda _: "Anders."), tasks, {**judge, "max_cost": 0.0001, "max_tokens": 20}, limit=1)
    assert [metric(none, task, "unscored") for task in tasks] == [1, 1]
    assert "not asked: judge.max_cost 0.00 is reached" in caplog.text


def test_nothing_is_generated_until_the_probe_of_every_language_is_answered(api: Api, judge: dict[str, Any]) -> None:
    question, _ = trial("it")
    api.answer = lambda request: "Non saprei." if question.turns[0] in str(request) else "[[7]]"
    model = Model()
    with pytest.raises(UserError, match=r"no verdict that can be read in a trial; it ends in 'Non saprei\.'"):
        evaluate(model, [DE, "mtbench_x_mini_it"], judge, limit=1)
    assert (model.prompts, api.judgments) == ([], [])


def test_a_useless_judge_stops_and_results_are_written(api: Api, judge: dict[str, Any]) -> None:
    api.answer = lambda request: "[[7]]" if is_probe(request) else "I like it."
    results = evaluate(Model(), DE, {**judge, "max_tokens": 64})
    assert len(api.judgments) <= 8
    assert metric(results, DE, "unscored") == 1


def test_results_say_what_was_sent(api: Api, judge: dict[str, Any]) -> None:
    def answer(request: dict[str, Any]) -> Reply | str:
        if "temperature" in request:
            return Reply(
                {"error": {"message": "`temperature` is deprecated for this model.", "param": "temperature"}}, 400
            )
        return "[[7]]"

    api.answer = answer
    results = evaluate(Model(), DE, {**judge, "max_tokens": 64}, limit=1)
    written = results["configs"][DE]["metadata"]["judge"]
    assert written["temperature"] == "the endpoint's default"
    assert written["sent"] == {"max_tokens": 64, "system_role": "system", "temperature": "the endpoint's default"}
    assert "max_tokens" not in written


def test_a_chat_template_that_is_not_applied_is_told(judge: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    model = Model()
    model.tokenizer = SimpleNamespace(chat_template="{{ messages }}")
    evaluate(model, DE, judge, limit=1, apply_chat_template=False)
    assert "add --apply_chat_template" in caplog.text
    caplog.clear()
    evaluate(model, DE, judge, limit=1)
    assert "add --apply_chat_template" not in caplog.text


def test_a_tokenizer_that_isnt_loaded_is_left_alone(judge: dict[str, Any]) -> None:
    class Dummy(Model):
        @property
        def tokenizer(self) -> Any:
            raise OSError("no network")  # as lm_eval's own dummy model does

    assert evaluate(Dummy(), DE, judge, limit=1, apply_chat_template=False)["results"][DE]
