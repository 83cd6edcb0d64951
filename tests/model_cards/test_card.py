"""A card says what was recorded, says what wasn't, and nothing else; the Hub accepts its metadata."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResultEntry, ModelCard, parse_eval_result_entries
from markdown_it import MarkdownIt
from markdown_it.token import Token

from model_cards.card import Card, languages_of
from model_cards.collect import UserFacts, make_card, on_hub
from model_cards.licences import Terms
from model_cards.publish import card_files
from mtbenchx_tasks.judge.sent import DEFAULT
from tests.doubles import hub_yaml
from tests.doubles.hub import Hub
from tests.model_cards.files import RECIPE, make_run, results, state, write


def build(tmp_path: Path, *files: dict[str, Any], told: UserFacts | None = None, **options: Any) -> Card:
    paths = [write(tmp_path / f"results_{n}.json", content) for n, content in enumerate(files)]
    recipe = write(tmp_path / "lima_x.yaml", RECIPE)
    run = tmp_path / "out"
    if not run.exists():
        make_run(run)
    options = {"recipe": recipe, "overrides": ["dataset_config=ENDEFRITES"], "repo_id": "ORG/chat", **options}
    return make_card(run, paths, told=told or UserFacts(base_license="apache-2.0"), **options)


def readme(card: Card) -> str:
    return card_files(card)["README.md"].decode()


def test_the_facts_are_there(tmp_path: Path) -> None:
    text = readme(build(tmp_path, results("de", "fr")))
    for fact in (
        "A fine-tuned version of `ORG/base-7b`, trained on `lima-x`, mixture `ENDEFRITES`",
        "base model: `ORG/base-7b` at revision `abc123`",
        "(every sample in each of en, de, fr, it, es)",
        "| `learning_rate` | `1e-05` |",
        "| `chat_template_path` | `chat.jinja` |",
        "| 2 | 32 | 1.2000 |",
        "The last epoch is not the best: epoch 2 had the lowest validation loss (1.2000).",
        "What the validation loss is a mean of is not recorded.",
        "evaluated as `ORG/chat`, on 2026-01-01, with lm_eval `0.4.13`",
        "judge: `gpt-4` (version: `gpt-4-0613`), at a local server",
        "prompts: `mtbench_x`, in the question's language; sha256 de `0123456789ab`, fr `0123456789ab`",
        "reference answers: `published`",
        "the judge's parameters configured: `temperature 0.0, max_tokens 2048`",
        "| de | 7.50 ± 0.25 | 7.50 | 7.50 | 7.50 (2 of 8 categories) | 90.0 % | 0.0 % | 160 / 160 |",
        "| mean of 2 | 7.50 | 7.50 | 7.50 | 7.50 |  |  |  |",
        "| writing | 7.50 | 7.50 |",
        "**Non-commercial use only**: the training data say so.",
        "Fine-tuned on: en, de, fr, it, es. Evaluated in: de, fr.",
        "arXiv:2402.13703",
        "- TRL: 1.16.0",
    ):
        assert fact in text, fact


def test_the_commands_are_exact(tmp_path: Path) -> None:
    judge = {"runs": 3, "prompt_set": "native"}
    text = readme(build(tmp_path, results("de", "fr", judge=judge)))
    (block,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert block.splitlines() == [
        "# lima_x.yaml had the sha256 391338f4940b5f25f3e215c96d91d31116602b2a280a477613f22baea4b7ae93",
        "mtbenchx data build lima-x",
        "trl sft --config lima_x.yaml --dataset_config ENDEFRITES --output_dir out",
        "lm_eval run --model hf --model_args pretrained=ORG/chat,dtype=bfloat16 --tasks mtbench_x_de,mtbench_x_fr "
        """--apply_chat_template --metadata '{"judge": {"model": "gpt-4", "prompt_set": "native", "runs": 3}}' """
        "--log_samples",
    ]


def test_parameters_are_those_that_were_sent(tmp_path: Path) -> None:
    """The endpoint took no temperature, and one German judgment was asked again with more room: one table still."""
    files = []
    for language, room in (("de", [64, 256]), ("fr", 64)):
        sent = {"max_completion_tokens": room, "temperature": DEFAULT}
        content = results(language, judge={"sent": sent, "temperature": DEFAULT})
        del content["configs"][f"mtbench_x_{language}"]["metadata"]["judge"]["max_tokens"]
        files.append(content)
    text = readme(build(tmp_path, *files))
    assert text.count("### MT-Bench-X, judged by") == 1
    default = "temperature: the endpoint's default"
    assert (
        f"the judge's parameters sent: `max_completion_tokens 64 and 256, {default}` (de); "
        f"sent: `max_completion_tokens 64, {default}` (fr)"
    ) in text
    assert "configured" not in text
    settings = '{"judge": {"model": "gpt-4", "prompt_set": "mtbench_x", "temperature": null, "max_tokens": 64}}'
    assert f"--metadata '{settings}'" in text


def test_judges_that_were_sent_other_parameters_stand_apart(tmp_path: Path) -> None:
    judges = [{"sent": {"temperature": 0.0, "reasoning_effort": effort}} for effort in ("low", "high")]
    text = readme(build(tmp_path, *(results(x, judge=judge) for x, judge in zip(("de", "fr"), judges, strict=True))))
    assert text.count("### MT-Bench-X, judged by") == 2


def test_neither_secrets_nor_local_paths(tmp_path: Path) -> None:
    card = build(tmp_path, results("de", model="/home/someone/out"))
    everything = b"".join(card_files(card).values()).decode()
    for private in ("hunter2", "/home/someone", "someone", "hf_x", "9999", "ledger", str(tmp_path), "OPENAI_API_KEY"):
        assert private not in everything, private


def test_different_judges_get_tables_and_files_of_their_own(tmp_path: Path) -> None:
    card = build(tmp_path, results("de", "fr"), results("de", judge={"prompt_set": "native"}, score=3.0))
    text = readme(card)
    assert text.count("### MT-Bench-X, judged by `gpt-4`") == 2
    files = {path: yaml.safe_load(text) for path, text in card_files(card).items() if path.startswith(".eval")}
    assert {path: [entry["value"] for entry in entries] for path, entries in files.items()} == {
        ".eval_results/mtbench_x-gpt-4-mtbench_x.yaml": [7.5, 7.5],
        ".eval_results/mtbench_x-gpt-4-native.yaml": [3.0],
    }


def test_two_versions_of_one_judge_do_not_share_a_file(tmp_path: Path) -> None:
    card = build(tmp_path, results("de"), results("de", judge={"snapshots": ["gpt-4-0314"]}))
    assert ".eval_results/mtbench_x-gpt-4-mtbench_x-2.yaml" in card_files(card)


def test_the_hub_accepts_the_metadata_and_reads_the_results(tmp_path: Path) -> None:
    card = build(tmp_path, results("de", unscored=0.0125))
    text = readme(card)
    assert hub_yaml.problems(text, "model") == []
    data = ModelCard(text).data
    assert (data.base_model, data.license, data.language) == ("ORG/base-7b", "other", ["en", "de", "fr", "it", "es"])
    assert data.model_name == "chat"
    assert data.eval_results is not None
    scores = {result.metric_type: result.metric_value for result in data.eval_results}
    assert scores["mtbench_x_score"] == 7.5
    assert data.eval_results[0].dataset_type == "ORG/mtbench-x"
    (entry,) = parse_eval_result_entries(
        yaml.safe_load(card_files(card)[".eval_results/mtbench_x-gpt-4-mtbench_x.yaml"])
    )
    assert entry == EvalResultEntry(
        dataset_id="ORG/mtbench-x",
        task_id="mtbench_x_de",
        value=7.5,
        date="2026-01-01T00:00:00Z",
        notes="scale 1 to 10; judge gpt-4 (gpt-4-0613); prompts mtbench_x sha256 0123456789ab; questions published; "
        "references published; 1 judge run(s); parameters configured: "
        "`temperature 0.0, max_tokens 2048`; 158 of 160 answers scored",
    )


def test_a_score_that_is_missing_is_nowhere_a_number(tmp_path: Path) -> None:
    card = build(tmp_path, results("de", score=float("nan"), unscored=1.0))
    text = readme(card)
    assert "| de |  |  |  |  | 90.0 % | 100.0 % | 0 / 160 |" in text
    assert "model-index" not in text
    assert set(card_files(card)) == {"README.md", "mtbench_x_records.json"}


def test_a_part_of_the_questions_is_called_a_part(tmp_path: Path) -> None:
    content = results("de")
    content["n-samples"] = {"mtbench_x_de": {"original": 80, "effective": 10}}
    card = build(tmp_path, content)
    text = readme(card)
    assert "**partial**: de: only 10 of 80 questions were asked" in text
    assert "| de | 7.50 ± 0.25 (10 of 80 questions) |" in text
    assert "| 20 / 20 |" in text
    assert "model-index" not in text
    assert set(card_files(card)) == {"README.md", "mtbench_x_records.json"}


def test_a_part_of_the_questions_is_metadata_only_if_asked_for(tmp_path: Path) -> None:
    content = results("de", "fr")
    content["n-samples"]["mtbench_x_de"] = {"original": 80, "effective": 10}
    path = ".eval_results/mtbench_x-gpt-4-mtbench_x.yaml"
    whole, both = build(tmp_path, content), build(tmp_path, content, partial=True)
    written = [parse_eval_result_entries(yaml.safe_load(card_files(card)[path])) for card in (whole, both)]
    tasks = [[entry.task_id for entry in entries] for entries in written]
    assert tasks == [["mtbench_x_fr"], ["mtbench_x_de", "mtbench_x_fr"]]
    assert "| mean of 2, partial |" in readme(whole)
    indices = [readme(card).split("---")[1].count("mtbench_x_score") for card in (whole, both)]
    assert indices == [1, 2]


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/p.png)",
    "a | b",
    "a``` b",
    "`a` <b>b</b>",
    "a\n```\n<b>b</b>",
    "a\n\n# Title",
    "www.evil.example",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_others_are_never_markup(tmp_path: Path, name: str) -> None:
    """CommonMark's own reader finds only what a card with a harmless name has: no HTML, no link, no heading more."""
    judge = {"model": name, "snapshots": [name], "prompt_set": name}
    hostile = build(tmp_path, results("de", model=name, judge=judge), told=UserFacts(name=name), repo_id=None)
    harmless = build(tmp_path, results("de"), told=UserFacts(name="chat"), repo_id=None)
    assert _markup(readme(hostile)) == _markup(readme(harmless))
    shown = " ".join(name.split())
    assert shown in [text.strip() for text in _code_spans(readme(hostile))]


def _tokens(text: str) -> Iterator[Token]:
    body = text.split("\n---\n", 1)[1]
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        yield from (token, *(token.children or ()))


def _markup(text: str) -> list[str]:
    plain = ("text", "code_inline", "softbreak")
    return [token.type for token in _tokens(text) if token.type not in plain]


def _code_spans(text: str) -> list[str]:
    return [token.content for token in _tokens(text) if token.type == "code_inline"]


def test_what_nobody_recorded_is_listed_and_not_invented(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    text = readme(make_card(tmp_path / "empty", []))
    assert "A model of which no training is recorded here." in text
    assert "fine-tun" not in text.split("## Use")[0]
    assert "- sft" not in text.split("---")[1]
    assert (
        "Not recorded, and therefore not in this card: base model, training data, mixture, recipe, hyper-parameters, "
        "number of devices, validation losses, licence of the training data, licence of the base model, library "
        "versions, results."
    ) in text
    assert "# training: the recipe is not recorded" in text
    assert hub_yaml.problems(text, "model") == []
    assert "license" not in text.split("---")[1]


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ("true", "The weights are those of the best checkpoint (`checkpoint-32`)."),
        ("false", "The weights are those of the last epoch."),
        (None, "Whether the weights are the last or the best epoch's is not recorded."),
    ],
)
def test_which_epoch_the_weights_are_of(tmp_path: Path, kept: str | None, sentence: str) -> None:
    run = make_run(tmp_path / "out")
    write(run / "trainer_state.json", state(best_model_checkpoint="/home/someone/out/checkpoint-32"))
    overrides = [f"load_best_model_at_end={kept}"] if kept else []
    assert sentence in readme(build(tmp_path, overrides=overrides))


def test_a_last_epoch_that_is_the_best_is_said_to_be(tmp_path: Path) -> None:
    write(make_run(tmp_path / "out") / "trainer_state.json", state((2.0, 1.0)))
    assert "The last epoch has the lowest validation loss." in readme(build(tmp_path))


def test_equal_losses_make_the_last_epoch_the_best(tmp_path: Path) -> None:
    write(make_run(tmp_path / "out") / "trainer_state.json", state((1.0, 1.0)))
    assert "The last epoch has the lowest validation loss." in readme(build(tmp_path))


def test_records_that_end_early_are_said_to(tmp_path: Path) -> None:
    write(make_run(tmp_path / "out") / "trainer_state.json", state(max_steps=112))
    text = readme(build(tmp_path, overrides=["load_best_model_at_end=false"]))
    assert "The newest record is of step 48 of 112; what came after is not recorded." in text


def test_a_base_model_on_disk_is_no_hub_id(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    write(tmp_path / "base" / "README.md", "---\nlicense: llama3\n---\n")
    card = build(tmp_path, told=UserFacts(base=str(tmp_path / "base")))
    assert (card.base, card.base_id) == ("base", None)
    text = readme(card)
    assert "base_model" not in text
    assert "license: other\nlicense_name: terms-of-base-model-and-training-data" in text


def test_the_base_of_trls_own_card_goes_before_the_recipes(tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    card = (run / "README.md").read_text(encoding="utf-8")
    write(run / "README.md", card.replace("ORG/base-7b", "ORG/other-1b"))
    text = readme(build(tmp_path))
    assert "A fine-tuned version of `ORG/other-1b`" in text
    assert "--model_name_or_path ORG/other-1b" in text


def test_a_base_that_only_the_recipe_names_is_said_to_be_so(tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    write(run / "README.md", "---\ntags: [trl]\n---\n")  # TRL's card after a base from a folder
    assert "as the recipe names it (the run itself doesn't record its base)" in readme(build(tmp_path))
    assert "as the recipe names it" not in readme(build(tmp_path, told=UserFacts(base="ORG/base-7b")))


def test_a_run_of_so_many_steps_says_so(tmp_path: Path) -> None:
    text = readme(build(tmp_path, overrides=["max_steps=2"]))
    assert "| `max_steps` | `2` |" in text
    assert "`num_train_epochs`" not in text  # the trainer didn't heed it


def test_a_prepared_base_tells_what_it_was_made_from(tmp_path: Path) -> None:
    write(tmp_path / "base" / "README.md", "---\nbase_model: ORG/base-7b\n---\n")
    card = build(tmp_path, told=UserFacts(base="base"))
    assert (card.base, card.base_id, card.base_terms) == ("ORG/base-7b", "ORG/base-7b", None)


def test_a_name_without_namespace_is_no_hub_id(tmp_path: Path) -> None:
    assert "base_model" not in readme(build(tmp_path, told=UserFacts(base="base-on-another-machine")))


def test_licences_are_looked_up_on_the_hub(hub: Hub, tmp_path: Path) -> None:
    from huggingface_hub import HfApi

    hub.make("model", "ORG/base-7b").add("Card", **{"README.md": "---\nlicense: llama3\n---\n"})
    hub.make("dataset", "ORG/data").add("Card", **{"README.md": "---\nlicense: cc-by-nc-4.0\nlanguage: [pt]\n---\n"})
    told = UserFacts(dataset="ORG/data")
    card = build(tmp_path, told=told, lookup=on_hub(HfApi()), overrides=["dataset_config=sampled"])
    assert (card.base_terms, card.data_terms) == (Terms("llama3"), Terms("cc-by-nc-4.0"))
    assert card.languages == ("pt",)
    assert build(tmp_path, told=UserFacts(dataset="ORG/nowhere"), lookup=on_hub(HfApi())).data_terms is None


def test_the_datas_card_tells_licence_and_languages(tmp_path: Path) -> None:
    write(tmp_path / "lima-x" / "README.md", "---\nlicense: cc-by-nc-4.0\nlanguage: [en, pt]\n---\n")
    card = build(tmp_path, overrides=["dataset_config=sampled"])
    assert card.languages == ("en", "pt")
    assert "license: cc-by-nc-4.0\n" in readme(card)


@pytest.mark.parametrize(
    ("mixture", "languages"),
    [
        ("DE", "de"),
        ("ENDEFRITES", "en de fr it es"),
        ("mini_ENDEFRITES", "en de fr it es"),
        ("DEFRITES_sampled", "de fr it es"),
        ("sampled", "xx"),
        ("default", ""),
        (None, ""),
    ],
)
def test_languages_of_a_mixture(mixture: str | None, languages: str) -> None:
    assert languages_of(mixture, ("xx",)) == tuple(languages.split())
