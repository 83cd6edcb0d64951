"""Options of the stock trainer that the recipes' page names in a line each: what a CPU can show of them."""

from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from model_cards.collect import make_card
from model_cards.publish import push_model
from mtbenchx_tasks.training.check import check, load_splits
from mtbenchx_tasks.training.trl_arguments import read_settings
from tests.doubles.hub import Hub
from tests.mtbenchx_tasks.training.trl_runs import curve, flags, history, train

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torch.*")
ONE_EPOCH = ("--num_train_epochs", "1", "--logging_steps", "1")
MIXTURE = """
datasets:
- {path: lima-x, name: EN, split: train}
- {path: bactrian-x, name: DE, split: "train[:50%]"}
test_split_size: 4
"""


def mixture(desk: Path, text: str = MIXTURE) -> list[str]:
    recipe = desk / "recipes" / "lima_x.yaml"
    (desk / "recipes" / "mine.yaml").write_text(recipe.read_text(encoding="utf-8") + text, encoding="utf-8")
    return flags("mine", "EN", "out", *ONE_EPOCH, "--dataset_test_split", "test", "--gradient_accumulation_steps", "1")


def test_datasets_are_mixed_by_the_trainers_own_list(desk: Path) -> None:
    arguments = mixture(desk)
    splits = load_splits(read_settings(arguments))
    assert {name: rows.num_rows for name, rows in splits.items()} == {"train": 8, "test": 4}  # 8 of EN, 4 of 8 of DE
    assert {language for rows in splits.values() for language in rows["language"]} == {"en", "de"}
    assert check(arguments, batch=4).problems == ()
    train(arguments)
    assert len(curve(desk / "out")) == 2  # 8 rows by 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MIXTURE.replace("name: EN", "name: XX"), r"`datasets:` of the recipe can't be mixed: .*XX"),
        (MIXTURE.replace("split: train}", "splits: train}", 1), r"trl would stop at: .*keyword argument 'splits'"),
        (MIXTURE.partition("test_split")[0], r"the mixture has no split 'test'; pass --dataset_test_split"),
    ],
)
def test_a_mixture_that_trl_would_stop_at_is_told(desk: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_splits(read_settings(mixture(desk, text)))


def test_packing_leaves_fewer_steps_of_fuller_rows(desk: Path) -> None:
    """Eight rows of some 40 or 80 tokens: two steps of four rows each; as packs of 240 tokens there are fewer rows."""
    train(flags("lima_x", "EN", "rows", *ONE_EPOCH))
    packed = ("--packing", "true", "--eval_packing", "false", "--max_length", "240")
    train(flags("lima_x", "EN", "packs", *ONE_EPOCH, *packed))
    assert (len(curve(desk / "rows")), len(curve(desk / "packs"))) == (2, 1)
    tokens = {name: history(desk / name)[-1]["eval_num_tokens"] for name in ("rows", "packs")}
    assert tokens["rows"] == tokens["packs"]  # nothing is lost


def test_trls_own_push_is_followed_by_ours(desk: Path, hub: Hub) -> None:
    repo = "ORG/chat"
    pushing = ("--push_to_hub", "true", "--hub_model_id", repo, "--hub_strategy", "end", "--hub_private_repo", "true")
    train(flags("lima_x", "EN", "out", "--max_steps", "1", *pushing))
    found = hub.repos["model", repo]
    assert found.private
    assert {"model.safetensors", "chat_template.jinja", "training_args.bin", "README.md"} <= set(found.files)
    assert b"mtbench-x" not in found.files["README.md"]  # TRL's card: no mixture, no losses, no licence
    card = make_card(Path("out"), [], recipe=Path("recipes/lima_x.yaml"), repo_id=repo, overrides=["dataset_config=EN"])
    push_model(Path("out"), card)
    assert b"written by mtbench-x" in hub.repos["model", repo].files["README.md"]
