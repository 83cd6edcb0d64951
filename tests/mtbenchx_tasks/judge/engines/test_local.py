"""The local judge: exact probabilities, one forward pass a judgment, and a fingerprint of its weights."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger, LedgerError
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.engine import Judged
from mtbenchx_tasks.judge.engines.local import LocalEngine
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.verdict import verdict
from mtbenchx_tasks.judge.weights import weights_hash
from tests.tiny_networks import CONFIGS, naive, network

TEMPLATE = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}\n{% endfor %}<assistant>"
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEMPLATE
pytestmark = pytest.mark.usefixtures("one_thread")


# the engine --------------------------------------------------------------------------------------------------------


def save_tokenizer(folder: Path, template: str | None = TEMPLATE) -> None:
    """Save a tokenizer of bytes."""
    special = ["<pad>", "<bos>", "<eos>", "<unk>"]
    alphabet = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(alphabet)}, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=template, **names).save_pretrained(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny judge on disk."""
    folder = tmp_path_factory.mktemp("judge")
    network().save_pretrained(folder)
    save_tokenizer(folder)
    return folder


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger._db.close()


def settings(folder: Path, **others: Any) -> JudgeSettings:
    return JudgeSettings.parse(
        {"backend": "local", "model": str(folder), "rating": "expected", "device": "cpu", **others}
    )


def request(text: str, lead_in: str = "Rating: [[", **others: Any) -> ChatRequest:
    messages = ({"role": "system", "content": "Judge."}, {"role": "user", "content": text})
    return ChatRequest("local", "judge", messages, {"rating": "expected", "lead_in": lead_in}, **others)


class Candidate:
    """An lm_eval model, of which a local judge may take the weights; counts what passes through it."""

    def __init__(self, folder: Path, model: Any = None) -> None:
        self.pretrained, self.peft, self.delta = str(folder), None, None
        self.device = torch.device("cpu")
        self.model = model or network()
        self.passes, self.widths = 0, list[int]()
        self.model.register_forward_pre_hook(self._count)

    def _count(self, _: object, tokens: Any) -> None:
        self.passes += 1
        self.widths.append(tokens[0].shape[1])


def run(engine: LocalEngine, *requests: ChatRequest) -> list[Judged]:
    futures = [engine.submit(request) for request in requests]
    engine.finish()
    return [future.result(0) for future in futures]


def tokenize(folder: Path, text: str) -> list[int]:
    return list(PreTrainedTokenizerFast.from_pretrained(folder)(text, add_special_tokens=False)["input_ids"])


PROMPT = "<system>Judge.\n<user>Grüße\n<assistant>"


def test_an_expected_rating_is_that_of_a_full_forward_pass(folder: Path, ledger: Ledger) -> None:
    (judged,) = run(LocalEngine(settings(folder), ledger), request("Grüße"))
    prompt, endings = tokenize(folder, PROMPT + "Rating: [["), [tokenize(folder, f"{n}]]") for n in range(1, 11)]
    weights = torch.tensor([naive(network(), prompt, ending) for ending in endings]).exp()
    expected = float((weights * torch.arange(1, 11)).sum() / weights.sum())
    assert verdict(judged.completion, rating="expected").rating == pytest.approx(expected, abs=1e-4)
    assert 1 <= expected <= 10


def test_a_written_judgment_is_what_the_judge_writes(folder: Path, ledger: Ledger) -> None:
    (judged,) = run(LocalEngine(settings(folder, rating="text", max_tokens=6), ledger), request("Grüße", lead_in=""))
    model, prompt = network(), tokenize(folder, PROMPT)
    written = list[int]()
    while len(written) < 6:  # greedily, without cache
        written.append(int(model(torch.tensor([prompt + written]), use_cache=False).logits[0, -1].argmax()))
    text = PreTrainedTokenizerFast.from_pretrained(folder).decode(written, skip_special_tokens=True)
    assert (judged.completion.state, judged.completion.text) == ("answered", text)
    assert judged.completion.details == {
        "finish_reason": "length",  # 6 tokens and no end
        "usage": {"prompt_tokens": len(prompt), "completion_tokens": 6},
        "sent": {"parameters": {"rating": "expected", "lead_in": ""}, "system_role": "system"},
    }
    assert ledger.judgment(judged.key) == judged.completion


def test_a_sampled_judgment_is_repeatable_and_runs_differ(folder: Path, ledger: Ledger, tmp_path: Path) -> None:
    sampled = settings(folder, rating="text", temperature=2.0, max_tokens=20)
    first = [run(LocalEngine(sampled, ledger), request("x", run=number))[0].completion.text for number in (0, 1)]
    again = run(LocalEngine(sampled, Ledger(tmp_path / "other.sqlite")), request("x"))[0].completion.text
    assert first[0] == again != first[1]


def test_batches_change_nothing(folder: Path, ledger: Ledger, tmp_path: Path) -> None:
    requests = [request("x" * length) for length in (3, 90, 40, 7)]
    together = run(LocalEngine(settings(folder, batch_size=3), ledger), *requests)
    alone = run(LocalEngine(settings(folder, batch_size=1), Ledger(tmp_path / "other.sqlite")), *requests)
    for one, other in zip(together, alone, strict=True):
        assert one.key == other.key
        assert one.completion.details["ratings"] == pytest.approx(other.completion.details["ratings"], rel=1e-3)


def test_what_prompts_share_is_read_once_and_changes_nothing(folder: Path, ledger: Ledger, tmp_path: Path) -> None:
    requests = [request("x" * 100 + tail) for tail in ("a", "b", "c")]
    engine, candidate = LocalEngine(settings(folder), ledger), Candidate(folder)
    engine.attach_model(candidate)
    shared = run(engine, *requests)
    alone = []
    for number, one in enumerate(requests):
        alone += run(LocalEngine(settings(folder), Ledger(tmp_path / f"{number}.sqlite")), one)
    tail = len("a\n<assistant>Rating: [[")
    endings = 2 * 9 + 2  # `1`, `1]` to `9`, `9]`; `10`, `10]`: the last byte of each needn't be read
    prompts = [width for width in candidate.widths if width > 3]  # the first prompt's endings also one by one
    begin = len("<system>Judge.\n<user>") + 100
    assert prompts[0] == begin + tail
    assert prompts[-2:] == [tail + endings, tail + endings]
    for one, other in zip(shared, alone, strict=True):
        assert one.key == other.key
        assert one.completion.details["ratings"] == pytest.approx(other.completion.details["ratings"], rel=1e-4)
    assert shared[0].completion.details["ratings"] != pytest.approx(shared[1].completion.details["ratings"], rel=1e-3)


def test_a_second_run_needs_no_forward_pass(folder: Path, ledger: Ledger) -> None:
    candidate, passes = Candidate(folder), list[int]()
    judged = []
    for _ in range(2):
        engine = LocalEngine(settings(folder), ledger)
        engine.attach_model(candidate)
        judged.append(run(engine, request("a"), request("b")))
        passes.append(candidate.passes)
    assert judged[0] == judged[1]
    assert passes[0] == passes[1] > 0


def test_other_weights_at_the_same_place_judge_anew(folder: Path, ledger: Ledger) -> None:
    keys = []
    for seed in (0, 1):
        engine = LocalEngine(settings(folder), ledger)
        engine.attach_model(Candidate(folder, network(seed=seed)))
        keys.append(run(engine, request("a"))[0].key)
    assert keys[0] != keys[1]


def test_equal_requests_have_equal_results(folder: Path, ledger: Ledger) -> None:
    one, other = run(LocalEngine(settings(folder), ledger), request("a"), request("a"))
    assert one == other


def test_equal_requests_are_judged_once(folder: Path, ledger: Ledger) -> None:
    engine, candidate, passes = LocalEngine(settings(folder), ledger), Candidate(folder), list[int]()
    engine.attach_model(candidate)
    for requests in ([request("a")], [request("b"), request("b")]):
        candidate.passes = 0
        run(engine, *requests)
        passes.append(candidate.passes)
    assert passes[0] == passes[1]


def test_out_of_memory_is_unscored_and_asked_again(folder: Path, ledger: Ledger) -> None:
    def out_of_memory(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    engine, candidate = LocalEngine(settings(folder), ledger), Candidate(folder)
    hook = candidate.model.register_forward_pre_hook(out_of_memory)
    engine.attach_model(candidate)
    (judged,) = run(engine, request("a"))
    assert (judged.completion.state, "allocate memory" in judged.completion.reason) == ("failed", True)
    hook.remove()
    assert run(engine, request("a"))[0].completion.state == "answered"


def test_too_long_a_prompt_fails_and_the_others_are_judged(folder: Path, ledger: Ledger) -> None:
    short, long = run(LocalEngine(settings(folder, batch_size=2), ledger), request("x"), request("x" * 230))
    assert short.completion.state == "answered"
    assert long.completion.state == "failed"
    assert long.completion.reason == "the prompt is longer than the local judge's context"
    assert ledger.judgment(long.key) is None


DEAF = "{% for m in messages if m['role'] == 'user' %}<user>{{ m['content'] }}\n{% endfor %}<assistant>"


@pytest.mark.parametrize("template", [NO_SYSTEM, DEAF])
def test_a_template_without_system_role_gets_one_message_says_so_once_and_is_recorded(
    folder: Path, ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture, template: str
) -> None:
    network().save_pretrained(tmp_path)
    save_tokenizer(tmp_path, template)
    joined, _ = run(LocalEngine(settings(tmp_path), ledger), request("Hi"), request("Ho"))
    assert joined.completion.details["sent"]["system_role"] == "user"
    assert [record.message.count("has no system role") for record in caplog.records] == [1]
    message = ({"role": "user", "content": "Judge.\n\nHi"},)
    plain = ChatRequest("local", "judge", message, {"rating": "expected", "lead_in": "Rating: [["})
    assert run(LocalEngine(settings(tmp_path), ledger), plain)[0].completion == joined.completion


def test_instructions_stand_in_the_users_message_where_that_is_asked(
    folder: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    (asked,) = run(LocalEngine(settings(folder, system_role="user"), ledger), request("Hi"))
    assert asked.completion.details["sent"]["system_role"] == "user"
    assert not caplog.records


def test_nothing_queued_loads_nothing(ledger: Ledger) -> None:
    LocalEngine(settings(Path("/nowhere")), ledger).finish()


def test_stop_cancels_what_is_queued(folder: Path, ledger: Ledger) -> None:
    engine = LocalEngine(settings(folder), ledger)
    future = engine.submit(request("a"))
    engine.stop()
    engine.finish()
    assert future.cancelled()


def test_when_the_disk_filled_up_before_judging_judgments_are_still_used(folder: Path, ledger: Ledger) -> None:
    engine = LocalEngine(settings(folder), ledger)
    engine.check(())
    ledger._db.execute("PRAGMA max_page_count=1")
    assert run(engine, request("a"))[0].completion.state == "answered"


def test_when_the_disk_fills_up_judgments_are_still_used(folder: Path, ledger: Ledger) -> None:
    engine, candidate = LocalEngine(settings(folder), ledger), Candidate(folder)
    candidate.model.register_forward_pre_hook(lambda *_: ledger._db.execute("PRAGMA max_page_count=1") and None)
    engine.attach_model(candidate)
    judged = run(engine, *[request("x" * 150 + str(number)) for number in range(9)])  # more than fits into one page
    assert {one.completion.state for one in judged} == {"answered"}


# what can't judge --------------------------------------------------------------------------------------------------


def refusal(folder: Path, ledger: Ledger) -> str:
    with pytest.raises(UserError) as refused:
        LocalEngine(settings(folder), ledger).check(())
    assert str(folder) in str(refused.value)
    return str(refused.value)


def test_a_missing_folder_is_told(tmp_path: Path, ledger: Ledger) -> None:
    assert "can't be loaded" in refusal(tmp_path / "none", ledger)


def test_an_empty_folder_is_told(tmp_path: Path, ledger: Ledger) -> None:
    (tmp_path / "empty").mkdir()
    assert "can't be loaded" in refusal(tmp_path / "empty", ledger)


def test_a_base_model_is_told(tmp_path: Path, ledger: Ledger) -> None:
    save_tokenizer(tmp_path, None)
    (tmp_path / "model.safetensors").touch()
    assert "has no chat template" in refusal(tmp_path, ledger)


def test_missing_weights_are_told(tmp_path: Path, ledger: Ledger) -> None:
    save_tokenizer(tmp_path)
    CONFIGS["llama"].save_pretrained(tmp_path)
    (judged,) = run(LocalEngine(settings(tmp_path), ledger), request("a"))
    assert judged.completion.state == "failed"  # told when the answers are there: they aren't lost for it
    assert str(tmp_path) in judged.completion.reason


def test_a_full_ledger_is_told_before_anything_is_loaded(ledger: Ledger) -> None:
    ledger._db.execute("PRAGMA max_page_count=1")
    with pytest.raises(LedgerError, match="free the disk"):
        LocalEngine(settings(Path("/nowhere")), ledger).check(())


# sharing weights ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("difference", "shared"),
    [
        ({}, True),
        ({"peft": "adapter"}, False),
        ({"delta": "delta"}, False),
        ({"pretrained": "/elsewhere"}, False),
        ({"pretrained": None}, False),
        ({"device": torch.device("meta")}, False),
    ],
)
def test_only_the_very_same_model_is_shared(
    folder: Path, ledger: Ledger, difference: dict[str, Any], shared: bool
) -> None:
    candidate, engine = Candidate(folder), LocalEngine(settings(folder), ledger)
    vars(candidate).update(difference)
    engine.attach_model(candidate)
    run(engine, request("a"))
    assert bool(candidate.passes) is shared


@pytest.mark.parametrize("form", ["{}/", "{}/../{name}", "{link}"])
def test_a_folder_is_the_same_by_any_name(folder: Path, ledger: Ledger, tmp_path: Path, form: str) -> None:
    (tmp_path / "link").symlink_to(folder)
    candidate, engine = Candidate(folder), LocalEngine(settings(folder), ledger)
    candidate.pretrained = form.format(folder, name=folder.name, link=tmp_path / "link")
    engine.attach_model(candidate)
    run(engine, request("a"))
    assert candidate.passes


def test_without_a_device_the_candidates_is_taken(folder: Path, ledger: Ledger) -> None:
    candidate, engine = Candidate(folder), LocalEngine(settings(folder, device=None), ledger)
    engine.attach_model(candidate)
    run(engine, request("a"))
    assert candidate.passes


def test_a_model_behind_an_endpoint_shares_nothing(ledger: Ledger) -> None:
    LocalEngine(settings(Path("/nowhere")), ledger).attach_model(object())


# fingerprints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(network().state_dict()))
def test_a_retrained_tensor_changes_the_hash(name: str) -> None:
    model = network()
    before = weights_hash(model)
    with torch.no_grad():
        model.state_dict()[name].add_(1e-4)
    assert weights_hash(model) != before


def test_type_and_shape_change_the_hash() -> None:
    zeros = [
        torch.nn.Linear(2, 8, bias=False),
        torch.nn.Linear(8, 2, bias=False),
        torch.nn.Linear(2, 8, bias=False, dtype=torch.bfloat16),
    ]
    for layer in zeros:
        torch.nn.init.zeros_(layer.weight)
    assert len({weights_hash(layer) for layer in zeros}) == 3


def test_a_hash_does_not_depend_on_the_place(folder: Path, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.save_pretrained(tmp_path / "copy")
    assert weights_hash(model) == weights_hash(AutoModelForCausalLM.from_pretrained(tmp_path / "copy"))
    assert weights_hash(model) == weights_hash(network())
