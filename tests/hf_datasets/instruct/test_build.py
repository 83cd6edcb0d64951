"""lima-x and bactrian-x as their users meet them: built from files, loaded by `load_dataset`."""

import gzip
import itertools
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from hf_datasets.instruct.build import build
from hf_datasets.instruct.plan import BuildRequest
from hf_datasets.instruct.reading.layouts import read_samples
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import STUDY
from tests.hf_datasets.instruct import toy

NINE = ["EN", "DE", "FR", "IT", "ES", "ENDEFRITES", "sampled", "DEFRITES", "DEFRITES_sampled"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    toy.lima(folder / "lima")
    toy.bactrian(folder / "bactrian")
    return folder


@pytest.fixture(scope="module")
def lima(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(BuildRequest("lima-x", source=str(sources / "lima")), tmp_path_factory.mktemp("built") / "lima-x")[0]


@pytest.fixture(scope="module")
def bactrian(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    request = BuildRequest("bactrian-x", source=str(sources / "bactrian"))
    return build(request, tmp_path_factory.mktemp("built") / "bactrian-x")[0]


def load(folder: Path, config: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, Any]]]:
    import datasets

    monkeypatch.chdir(folder.parent)
    found = datasets.load_dataset(folder.name, config, cache_dir=str(folder.parent / "cache"))
    return {split: rows.to_list() for split, rows in found.items()}


def configs(folder: Path) -> dict[str, Any]:
    front = (folder / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    return {one["config_name"]: one for one in yaml.safe_load(front)["configs"]}


def data(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / "data").iterdir()}


def make(request: BuildRequest, folder: Path) -> Path:
    return build(request, folder)[0]


def test_a_language(lima: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = load(lima, "DE", monkeypatch)
    assert (len(found["train"]), len(found["validation"])) == (30, 7)
    assert found["train"][3] == {
        "id": "lima-3",
        "language": "de",
        "source": "stackexchange",
        "license": "other",
        "attribution": "",
        "messages": [
            {"role": "user", "content": "de train 3.0"},
            {"role": "assistant", "content": "de train 3.1"},
            {"role": "user", "content": "de train 3.2"},
            {"role": "assistant", "content": "de train 3.3"},
        ],
    }
    assert found["validation"][0]["id"] == "lima-val-0"


def test_all_languages(lima: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for split, rows in load(lima, "ENDEFRITES", monkeypatch).items():
        count = {"train": 30, "validation": 7}[split]
        assert Counter(row["language"] for row in rows) == dict.fromkeys(STUDY, count)
        assert set(Counter(row["id"] for row in rows).values()) == {5}


@pytest.mark.parametrize(("config", "languages"), [("sampled", 5), ("DEFRITES_sampled", 4)])
def test_sampled(lima: Path, monkeypatch: pytest.MonkeyPatch, config: str, languages: int) -> None:
    for split, rows in load(lima, config, monkeypatch).items():
        count = {"train": 30, "validation": 7}[split]
        assert len({row["id"] for row in rows}) == len(rows) == count
        shares = Counter(row["language"] for row in rows).values()
        assert len(shares) == languages
        assert max(shares) - min(shares) <= 1
        assert all(row["messages"][0]["content"].startswith(row["language"]) for row in rows)


def test_the_configs_and_no_default(lima: Path) -> None:
    listed = configs(lima)
    assert list(listed) == [*NINE, *(f"mini_{name}" for name in NINE)]
    assert not [name for name, config in listed.items() if config.get("default")]


def test_joined_configs_copy_nothing(bactrian: Path) -> None:
    listed = {
        name: {entry["split"]: entry["path"] for entry in config["data_files"]}
        for name, config in configs(bactrian).items()
    }
    assert listed["ENDEFRITES"]["train"] == [path for code in NINE[:5] for path in listed[code]["train"]]
    assert listed["DEFRITES"]["validation"] == [path for code in NINE[1:5] for path in listed[code]["validation"]]
    files = {path for config in listed.values() for paths in config.values() for path in paths}
    assert files == {f"data/{name}" for name in data(bactrian)}
    assert len(files) == (5 + 2) * 2


def test_bactrian_is_split_by_id_the_same_in_every_language(bactrian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {config: load(bactrian, config, monkeypatch) for config in NINE}
    ids = {
        config: {split: {row["id"] for row in rows} for split, rows in splits.items()}
        for config, splits in found.items()
    }
    for splits in ids.values():
        assert splits == ids["EN"]
        assert not splits["train"] & splits["validation"]
    assert (len(ids["EN"]["train"]), len(ids["EN"]["validation"])) == (57, 3)  # floor(60 / 20) = 3
    row = next(row for row in found["DE"]["train"] if row["id"] == "alpaca-1" or row["id"] == "alpaca-5")
    number = row["id"].split("-")[1]
    assert row["messages"] == [
        {"role": "user", "content": f"de instruction {number}\n\nde input {number}"},
        {"role": "assistant", "content": f"de réponse {number} 😀"},
    ]
    assert (row["source"], row["license"]) == ("alpaca", "CC-BY-NC-4.0")


def test_no_order_and_no_number_of_processes_changes_a_byte(bactrian: Path, tmp_path: Path) -> None:
    toy.bactrian(tmp_path / "other")
    for file in (tmp_path / "other").iterdir():
        rows = json.loads(gzip.decompress(file.read_bytes()))
        random.Random(7).shuffle(rows)
        toy.write_lines(tmp_path / "other" / f"z_{file.name.split('.')[0]}.jsonl", rows)
        file.unlink()
    request = BuildRequest("bactrian-x", source=str(tmp_path / "other"), processes=2)
    assert data(make(request, tmp_path / "again")) == data(bactrian)


def test_another_seed_is_another_mixture(bactrian: Path, sources: Path, tmp_path: Path) -> None:
    again = make(BuildRequest("bactrian-x", source=str(sources / "bactrian"), seed=7), tmp_path / "x")
    assert not set(data(again)) & set(data(bactrian))


def test_any_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.bactrian(tmp_path / "source", ["en", "pt", "sw"])
    request = BuildRequest("bactrian-x", languages="EN,PT", source=str(tmp_path / "source"))
    folder = make(request, tmp_path / "bactrian-x")
    assert list(configs(folder)) == ["EN", "PT", "ENPT", "sampled"]
    assert {row["language"] for row in load(folder, "sampled", monkeypatch)["train"]} == {"en", "pt"}


def test_only_some_configs(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = BuildRequest("lima-x", configs="DEFRITES_sampled,mini_EN", source=str(sources / "lima"))
    folder = make(request, tmp_path / "lima-x")
    assert list(configs(folder)) == ["DEFRITES_sampled", "mini_EN"]
    assert len(load(folder, "mini_EN", monkeypatch)["train"]) == 32


def test_the_mini_set_needs_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path))  # an empty mirror
    folder = make(BuildRequest("lima-x", configs="mini"), tmp_path / "lima-x")
    assert list(configs(folder)) == [f"mini_{name}" for name in NINE]
    found = load(folder, "mini_sampled", monkeypatch)
    assert (len(found["train"]), len(found["validation"])) == (32, 8)
    joined = load(folder, "mini_ENDEFRITES", monkeypatch)
    assert len(joined["train"]) == 160
    assert any(len(row["messages"]) > 2 for rows in joined.values() for row in rows)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "\nlicense: apache-2.0\n" in card
    assert "| `Apache-2.0` | 200 |" in card


def test_a_built_folder_is_a_source_too(lima: Path, bactrian: Path, tmp_path: Path) -> None:
    assert data(make(BuildRequest("bactrian-x", source=str(bactrian)), tmp_path / "b")) == data(bactrian)
    assert data(make(BuildRequest("lima-x", source=str(lima)), tmp_path / "l")) == data(lima)
    assert len(list(read_samples(lima, config="sampled", split="train"))) == 30


def test_a_downloaded_dataset_is_read_by_its_card(lima: Path, tmp_path: Path) -> None:
    source = toy.lima(tmp_path / "source")
    listed = [
        {"config_name": code, "data_files": [{"split": s, "path": f"{s}_limax_{code}.jsonl"} for s in ("train", "val")]}
        for code in ("EN", "DE", "FR", "IT", "ES")
    ]
    (source / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': listed})}---\n")
    assert data(make(BuildRequest("lima-x", source=str(source)), tmp_path / "l")) == data(lima)


def test_a_folder_a_language(lima: Path, tmp_path: Path) -> None:
    for file in toy.lima(tmp_path / "source").iterdir():
        split, _, code = file.stem.split("_")
        file.parent.joinpath(code.lower()).mkdir(exist_ok=True)
        file.rename(file.parent / code.lower() / f"{split}.jsonl")
    assert data(make(BuildRequest("lima-x", source=str(tmp_path / "source")), tmp_path / "l")) == data(lima)


def test_one_file_whose_rows_say_their_language(bactrian: Path, tmp_path: Path) -> None:
    rows = [{**toy.bactrian_row(code, number), "language": code} for code in STUDY for number in range(60)]
    random.Random(1).shuffle(rows)
    file = toy.write_lines(tmp_path / "my_rows.jsonl", rows)
    assert data(make(BuildRequest("bactrian-x", source=str(file)), tmp_path / "x")) == data(bactrian)


def test_a_validation_set_of_ones_own_keeps_licence_and_attribution(sources: Path, tmp_path: Path) -> None:
    rows = [
        {
            "id": f"coffee-{number}",
            "language": code,
            "source": "coffee.stackexchange.com",
            "license": "CC-BY-SA-4.0",
            "attribution": f"coffee {number}, Ada",
            "messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": code}],
        }
        for code in STUDY
        for number in range(3)
    ]
    file = toy.write_lines(tmp_path / "validation.jsonl", rows)
    request = BuildRequest("lima-x", source=str(sources / "lima"), validation=file, configs="ENDEFRITES")
    folder = make(request, tmp_path / "lima-x")
    found = list(read_samples(folder, config="ENDEFRITES", split="validation"))
    assert len(found) == 15
    assert {(sample.license, sample.attribution[:6]) for sample in found} == {("CC-BY-SA-4.0", "coffee")}
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "The rows of this folder are from local files" in card
    assert "15 rows are under CC BY-SA and stay under it" in card
    assert "- 3 rows a language were found for validation; the paper has 52." in card


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{n}", ["lima", "lima-val"]),
        ("{n}_{CODE}", ["lima", "lima-val"]),
        ("{CODE}_{n}", ["lima", "lima-val"]),
        ("{split}-{n}-{code}", ["train", "val"]),
        ("{code}-{split}-{n}", ["train", "val"]),
    ],
)
def test_ids_that_count_anew_or_carry_their_language_are_parallel(
    tmp_path: Path, pattern: str, names: list[str]
) -> None:
    for code, split in itertools.product(("en", "de"), ("train", "val")):
        ids = [pattern.format(n=n, split=split, code=code, CODE=code.upper()) for n in range(4)]
        rows = [{"conversations": [f"{code} {split} {one}", "A"], "id": one} for one in ids]
        toy.write_lines(tmp_path / f"{split}_limax_{code.upper()}.jsonl", rows)
    folder = make(BuildRequest("lima-x", languages="EN,DE", configs="ENDE", source=str(tmp_path)), tmp_path / "lima-x")
    found = [sample.id for sample in read_samples(folder, config="ENDE")]
    assert found == [f"{name}-{n}" for name in (names[0], names[0], names[1], names[1]) for n in range(4)]


def test_the_card_satisfies_the_hub(lima: Path, bactrian: Path) -> None:
    from huggingface_hub import DatasetCard

    said = DatasetCard.load(lima / "README.md").data.to_dict()
    assert (said["license"], said["license_name"]) == ("other", "as-lima-cc-by-nc-sa-or-stricter")
    assert said["license_link"] == "https://huggingface.co/datasets/GAIR/lima"
    assert said["language"] == list(STUDY)
    assert DatasetCard.load(bactrian / "README.md").data.to_dict()["license"] == "cc-by-nc-4.0"
    card = (lima / "README.md").read_text(encoding="utf-8")
    for line in ("| `ENDEFRITES` | train | 150 |", "| `sampled` | validation | 7 |", "| `train_limax_DE.jsonl` | `"):
        assert line in card
    assert not [word for word in card.split() if word.startswith("$")]


@pytest.mark.slow
def test_trl_reads_the_built_folder(lima: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_utils = pytest.importorskip("trl.data_utils")
    import datasets

    monkeypatch.chdir(lima.parent)
    found = datasets.load_dataset("lima-x", name="ENDEFRITES", cache_dir=str(lima.parent / "cache"))
    assert {"train", "validation"} <= set(found)  # dataset_train_split, dataset_test_split
    assert data_utils.is_conversational(found["train"][0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "lima-y"}, "no instruction data 'lima-y'; there are lima-x, bactrian-x"),
        ({"empty": "maybe"}, "--empty is keep, drop or error, not 'maybe'"),
        ({"name": "bactrian-x", "validation": Path("x")}, "--validation belongs to lima-x"),
        ({"configs": "ENPT"}, r"no config 'ENPT' over these --languages; it has EN, DE, .*mini_DEFRITES_sampled, mini"),
        ({"configs": "mini", "languages": "EN,PT"}, "no config 'mini' over these --languages; it has EN, PT, ENPT"),
        ({"configs": ","}, "--configs names no config"),
        ({"name": "bactrian-x", "configs": "mini"}, "bactrian-x has no config 'mini'"),
        ({"languages": "EN,XY"}, r"has no file in 'xy'; its files are in de, en, es, fr, it"),
        ({"languages": "EN,DE", "source": "GAIR/lima"}, "GAIR/lima is English; say --languages EN"),
        ({"source": "nowhere"}, "There is no nowhere"),
    ],
)
def test_what_cannot_be_built_is_said(sources: Path, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    request = BuildRequest(**{"name": "lima-x", "source": str(sources / "lima"), **options})
    with pytest.raises(UserError, match=message):
        make(request, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def as_published(folder: Path, *, joined: int = 30) -> Path:
    """Add published mixtures: the joined one with so many rows a language, and the sampled one."""
    for split, count in (("train", 30), ("val", 7)):
        rows = [toy.lima_row(code, split, n) for n in range(min(count, joined)) for code in STUDY]
        sampled = [toy.lima_row(STUDY[n % 5], split, n) for n in reversed(range(count))]
        toy.write_lines(folder / f"{split}_limax_EN_DE_FR_IT_ES.jsonl", rows)
        toy.write_lines(folder / f"{split}_limax_EN_DE_FR_IT_ES_sampled.jsonl", sampled)
    return folder


def test_mixtures_as_their_authors_published_them(tmp_path: Path) -> None:
    source = as_published(toy.lima(tmp_path / "source"))
    request = BuildRequest("lima-x", configs="EN,ENDEFRITES,sampled", source=str(source), published_mixtures=True)
    folder, built = build(request, tmp_path / "lima-x")
    assert built.configs["ENDEFRITES"]["train"].files[0] == built.configs["EN"]["train"].files[0]  # nothing copied
    found = list(read_samples(folder, config="sampled", split="train"))
    assert [(sample.id, sample.language) for sample in found] == [(f"lima-{n}", STUDY[n % 5]) for n in range(30)]
    assert "hold the rows that its authors published" in (folder / "README.md").read_text(encoding="utf-8")


def test_a_published_mixture_that_is_not_all_rows_has_its_own_file(tmp_path: Path) -> None:
    source = as_published(toy.lima(tmp_path / "source"), joined=29)
    request = BuildRequest("lima-x", configs="ENDEFRITES", source=str(source), published_mixtures=True)
    _, built = build(request, tmp_path / "lima-x")
    assert built.configs["ENDEFRITES"]["train"].rows == 145
    assert len(built.configs["ENDEFRITES"]["train"].files) == 1


def test_a_published_mixture_with_a_foreign_row_is_named(tmp_path: Path) -> None:
    source = as_published(toy.lima(tmp_path / "source"))
    toy.write_lines(source / "val_limax_EN_DE_FR_IT_ES_sampled.jsonl", [{"conversations": ["foreign", "row"]}])
    request = BuildRequest("lima-x", configs="sampled", source=str(source), published_mixtures=True)
    with pytest.raises(UserError, match=r"sampled\.jsonl, row 1 stands in no language's own file"):
        build(request, tmp_path / "lima-x")


def test_the_card_tells_how_the_rows_were_made(sources: Path, tmp_path: Path) -> None:
    source = toy.lima(tmp_path / "source", ["en", "pt"])
    report = {
        "engine": "deepl",
        "source": "EN",
        "target": "PT-BR",
        "formality": "prefer_more",
        "texts": 90,
        "edited": 4,
        "failed": [],
        "flags": {"untranslated": 2, "number": 0},
        "marks": {"rows": 3, "by_mark": {"code": {"confirmed": 3}}, "outcomes": {"code": {"ok": 2, "erroneous": 1}}},
    }
    (source / "train_limax_PT.report.json").write_text(json.dumps(report))
    curated = {"pairs": 62021, "rejected": {"too_short": 61000}, "survivors": 84}
    (source / "validation.report.json").write_text(json.dumps(curated))
    toy.write_lines(source / "train_limax_PT.review.jsonl", [{"id": "x", "text": "no dialogue"}])
    request = BuildRequest("lima-x", languages="EN,PT", configs="ENPT", source=str(source))
    card = (make(request, tmp_path / "x") / "README.md").read_text(encoding="utf-8")
    for line in (
        "90 texts, 4 of them edited by people, 0 without a translation. Seen by rules: untranslated 2.",
        "| `code` | confirmed 3 | ok 2, erroneous 1 |",
        "| too_short | 61,000 |",
    ):
        assert line in card
    (source / "validation.report.json").write_text("{")
    with pytest.raises(UserError, match=r"validation\.report\.json can't be read"):
        make(request, tmp_path / "x")
