"""The card on disk, and model and card on the Hub: one commit, nothing private in it."""

import json
from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from model_cards.collect import UserFacts, make_card
from model_cards.publish import card_files, push_model, write_card
from tests.commands import run
from tests.doubles.hub import Hub
from tests.model_cards.files import RECIPE, make_run, results, write
from tests.model_cards.test_card import build

REPO = "ORG/chat"


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_model_and_card_arrive_in_one_commit_and_nothing_private_does(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = build(tmp_path, results("de"))
    run = tmp_path / "out"
    (run / "training_args.bin").write_bytes(b"\0/home/someone")
    before = snapshot(run)
    push_model(run, card)
    repo = hub.repos["model", REPO]
    assert set(repo.files) == {
        *("README.md", "mtbench_x_records.json", ".eval_results/mtbench_x-gpt-4-mtbench_x.yaml"),
        *("model.safetensors", "config.json", "tokenizer.json"),
    }
    assert repo.history == ["Publish chat with its card"]
    assert b"written by mtbench-x" in repo.files["README.md"]
    assert json.loads(repo.files["config.json"]) == {
        "architectures": ["LlamaForCausalLM"],
        "_name_or_path": "ORG/base-7b",
    }
    assert b"/home/someone" not in b"".join(repo.files.values())
    assert (
        "Not uploaded, since no model needs it: checkpoint-48/, notes.txt, training_args.bin" in capsys.readouterr().out
    )
    assert snapshot(run) == before
    assert push_model(run, card).commit is None


def test_the_hub_shows_the_results(hub: Hub, tmp_path: Path) -> None:
    from huggingface_hub import HfApi

    push_model(tmp_path / "out", build(tmp_path, results("de", "fr")))
    found = HfApi().model_info(REPO, expand=["evalResults"]).eval_results
    assert found is not None
    assert {(entry.task_id, entry.value) for entry in found} == {("mtbench_x_de", 7.5), ("mtbench_x_fr", 7.5)}


def test_new_weights_and_results_replace_the_old_ones_and_users_files_stay(hub: Hub, tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    (run / "model.safetensors").unlink()
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    write(run / "model.safetensors.index.json", {"weight_map": shards})
    for name in shards.values():
        (run / name).write_bytes(b"\0" + name.encode())
    push_model(run, build(tmp_path, results("de")))
    repo = hub.repos["model", REPO]
    repo.add("By hand", notes__md="mine", **{"extra.safetensors": b"mine", ".eval_results__mine.yaml": "[]"})
    for name in [*shards.values(), "model.safetensors.index.json"]:
        (run / name).unlink()
    (run / "model.safetensors").write_bytes(b"\0whole")
    pushed = push_model(run, build(tmp_path, results("de", judge={"prompt_set": "native"})))
    assert set(pushed.deleted) == {
        *shards.values(),
        "model.safetensors.index.json",
        ".eval_results/mtbench_x-gpt-4-mtbench_x.yaml",
    }
    assert {"notes/md", "extra.safetensors", ".eval_results/mine.yaml", "model.safetensors"} <= set(repo.files)


def test_a_folder_without_weights_is_not_published(hub: Hub, tmp_path: Path) -> None:
    (make_run(tmp_path / "out") / "model.safetensors").unlink()
    with pytest.raises(UserError, match="holds no weights"):
        push_model(tmp_path / "out", build(tmp_path))
    assert hub.log == []


@pytest.mark.parametrize("folder", ["/home/someone/base", "base", "runs/base"])
def test_an_adapter_names_no_folder_of_ours_but_the_bases_hub_id(hub: Hub, tmp_path: Path, folder: str) -> None:
    run = tmp_path / "adapter"
    (tmp_path / "runs" / "base").mkdir(parents=True)
    modules = ["model.layers.0.q_proj", "model.layers.1.q_proj", "v_proj"]
    write(run / "adapter_config.json", {"base_model_name_or_path": folder, "r": 8, "target_modules": modules})
    (run / "adapter_model.safetensors").write_bytes(b"\0adapter")
    card = make_card(run, [], repo_id=REPO)
    assert b"An adapter for `base`" in card_files(card)["README.md"]
    with pytest.raises(UserError, match=r"names as its base base, which is no model on the Hub.*pass --base-model ORG"):
        push_model(run, card)
    assert hub.log == []
    told = make_card(run, [], repo_id=REPO, told=UserFacts(base="ORG/base-7b"))
    push_model(run, told)
    files = hub.repos["model", REPO].files
    assert json.loads(files["adapter_config.json"])["base_model_name_or_path"] == "ORG/base-7b"
    readme = files["README.md"].decode()
    for fact in ("library_name: peft", "base_model: ORG/base-7b", "| `lora_r` | `8` |",
                 "| `lora_target_modules` | `q_proj, v_proj` |", "| `use_peft` | `true` |"):  # fmt: skip
        assert fact in readme, fact
    assert not any(b"/home/someone" in content for content in files.values())


@pytest.mark.parametrize(("name", "published"), [("teuken", "ORG/base-7b"), ("ORG/other", "ORG/other")])
def test_a_bare_folder_in_a_config_is_the_bases_name_too(hub: Hub, tmp_path: Path, name: str, published: str) -> None:
    card = build(tmp_path)
    write(tmp_path / "out" / "config.json", {"_name_or_path": name})
    push_model(tmp_path / "out", card)
    assert json.loads(hub.repos["model", REPO].files["config.json"]) == {"_name_or_path": published}


def test_a_damaged_config_is_not_published(hub: Hub, tmp_path: Path) -> None:
    (make_run(tmp_path / "out") / "generation_config.json").write_text('{"a"')
    with pytest.raises(UserError, match=r"generation_config.json is damaged"):
        push_model(tmp_path / "out", build(tmp_path))


def test_trls_own_card_is_replaced_on_disk_but_a_users_is_not(tmp_path: Path) -> None:
    card = build(tmp_path, results("de"))
    run = tmp_path / "out"
    write_card(card, run)
    assert "written by mtbench-x" in (run / "README.md").read_text()
    write_card(card, run)
    write(tmp_path / "mine" / "README.md", "# My project\n")
    with pytest.raises(UserError, match="was written by hand"):
        write_card(card, tmp_path / "mine")
    assert (tmp_path / "mine" / "README.md").read_text() == "# My project\n"


def test_a_card_leaves_no_results_of_an_earlier_one(tmp_path: Path) -> None:
    write_card(build(tmp_path, results("de")), tmp_path / "card")
    (tmp_path / "card" / ".eval_results" / "mine.yaml").write_text("[]")
    write_card(build(tmp_path, results("de", judge={"prompt_set": "native"})), tmp_path / "card")
    assert set(snapshot(tmp_path / "card")) == {
        *(
            "README.md",
            ".eval_results/mine.yaml",
            ".eval_results/mtbench_x-gpt-4-native.yaml",
            "mtbench_x_records.json",
        ),
    }


def test_a_card_over_our_own_card_says_the_same(tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    first = write_card(build(tmp_path, results("de")), run)[0].read_bytes()
    assert write_card(build(tmp_path, results("de")), run)[0].read_bytes() == first


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    write(tmp_path / "file", "")
    with pytest.raises(UserError, match="Can't write"):
        write_card(build(tmp_path), tmp_path / "file" / "card")


def test_the_command_writes_and_pushes(hub: Hub, tmp_path: Path) -> None:
    make_run(tmp_path / "out")
    write(tmp_path / "results.json", results("de"))
    write(tmp_path / "r.yaml", RECIPE)
    facts = ("out", "--results", "results.json", "--recipe", "r.yaml", "--set", "dataset_config=DE", "--out", "card")
    done = run("card", *facts, "--push", "--repo-id", REPO, "--private", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    repo = hub.repos["model", REPO]
    assert repo.private
    assert repo.files["README.md"] == (tmp_path / "card" / "README.md").read_bytes()
    assert f"{hub.url}/{REPO}: 6 files added or changed, in one commit" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("out",), "Nothing to do"),
        (("out", "--push"), "--push needs --repo-id"),
        (("nowhere", "--out", "card"), "There is no run folder nowhere"),
    ],
)
def test_the_command_tells_what_is_missing(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run("card", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"mtbenchx: {message}")


def test_a_card_without_told_facts_still_is_one(tmp_path: Path) -> None:
    assert make_card(make_run(tmp_path / "out"), [], told=UserFacts(name="x")).name == "x"
