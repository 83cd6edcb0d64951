"""Files of a Hub dataset at a commit: through the real client, from a double of the Hub; refusals say what to click."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hf_datasets import sources
from hf_datasets.instruct.build import build
from hf_datasets.instruct.plan import BuildRequest
from hf_datasets.instruct.reading.layouts import read_samples
from hf_datasets.shared.errors import UserError
from tests.doubles.hub import Hub
from tests.doubles.hub_store import Blob, Commit, Repo
from tests.hf_datasets.instruct import toy


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hub: Hub) -> Hub:
    """No mirror, an empty cache, a Hub."""
    from huggingface_hub import constants

    monkeypatch.delenv("MTBENCHX_SOURCES", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub_cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_token"))
    return hub


def stock(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str, files: dict[str, bytes], *, gated: bool = False
) -> Repo:
    """Put files into the dataset that a pin names, and pin their commit."""
    pinned = sources.source(name)
    repo = hub.make("dataset", pinned.repo, gated=gated)
    repo.commits.append(Commit("data", {path: Blob(data) for path, data in files.items()}))
    known = {name: replace(pinned, revision=repo.head.oid)}
    real = sources.source
    monkeypatch.setattr(sources, "source", lambda asked: known.get(asked) or real(asked))
    return repo


def lima_files(folder: Path, train: int = 1030, val: int = 52) -> dict[str, bytes]:
    toy.lima(folder, train=train, val=val)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_lima_x_is_built_from_the_published_files(online: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stock(online, monkeypatch, "lima_x", lima_files(tmp_path / "files"))
    _, built = build(BuildRequest("lima-x", configs="sampled,DE"), tmp_path / "lima-x")
    assert not built.remarks
    assert built.configs["DE"]["train"].rows == 1030
    shares = [sample.language for sample in read_samples(tmp_path / "lima-x", config="sampled", split="train")]
    assert {language: shares.count(language) for language in toy.STUDY} == dict.fromkeys(toy.STUDY, 206)
    card = (tmp_path / "lima-x" / "README.md").read_text(encoding="utf-8")
    assert f"`{sources.label('lima_x')}/train_limax_DE.jsonl`" in card
    online.log.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    build(BuildRequest("lima-x", configs="DE"), tmp_path / "lima-x")
    assert not online.asked("GET", "limax")


def test_a_published_set_of_another_size_is_told(online: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stock(online, monkeypatch, "lima_x", lima_files(tmp_path / "files", train=1029))
    _, built = build(BuildRequest("lima-x", configs="DE"), tmp_path / "lima-x")
    assert built.remarks == ("1,029 rows a language were found for train; the paper has 1,030.",)


def test_a_validation_set_of_ones_own_beside_the_published_training_set(
    online: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stock(online, monkeypatch, "lima_x", lima_files(tmp_path / "files"))
    own = toy.write_lines(tmp_path / "own_DE.jsonl", [{"id": "own", "conversations": ["Q", "A"]}])
    _, built = build(BuildRequest("lima-x", configs="DE", validation=own), tmp_path / "lima-x")
    assert built.remarks == ("1 rows a language were found for validation; the paper has 52.",)
    card = (tmp_path / "lima-x" / "README.md").read_text(encoding="utf-8")
    assert "The validation rows of this folder are from local files" in card


def test_a_file_in_another_folder_is_found(online: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(online, monkeypatch, "lima_x", {"data/train_limax_DE.jsonl": b"{}\n", "README.md": b""})
    assert sources.fetch("lima_x", "train_limax_DE.jsonl").read_bytes() == b"{}\n"
    with pytest.raises(UserError, match=r"lamarr-org/Lima-X has no file train_limax_PT\.jsonl at revision"):
        sources.fetch("lima_x", "train_limax_PT.jsonl")


def lima_rows() -> bytes:
    return "".join(
        json.dumps({"conversations": [f"Q{n}", f"A{n}"], "source": "wikihow"}) + "\n" for n in range(3)
    ).encode()


def test_lima_is_read_by_those_who_accepted_its_terms(
    online: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repo = stock(online, monkeypatch, "lima", {"train.jsonl": lima_rows()}, gated=True)
    repo.accepted.add("me")
    file = toy.write_lines(tmp_path / "val.jsonl", [{"conversations": ["Q", "A"]}])
    request = BuildRequest("lima-x", languages="EN", source="GAIR/lima", validation=file, configs="EN")
    assert build(request, tmp_path / "x")[1].configs["EN"]["train"].rows == 3


def test_lima_gets_the_published_validation_set_and_never_its_own_rows(
    online: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stock(online, monkeypatch, "lima", {"train.jsonl": lima_rows()})
    stock(online, monkeypatch, "lima_x", lima_files(tmp_path / "files"))
    build(BuildRequest("lima-x", languages="EN", source="GAIR/lima", configs="EN"), tmp_path / "x")
    train, validation = (
        list(read_samples(tmp_path / "x", config="EN", split=split)) for split in ("train", "validation")
    )
    assert (len(train), len(validation)) == (3, 52)
    assert not {sample.messages for sample in train} & {sample.messages for sample in validation}
    card = (tmp_path / "x" / "README.md").read_text(encoding="utf-8")
    assert f"`{sources.label('lima_x')}/val_limax_EN.jsonl`" in card


def test_terms_not_accepted(online: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(online, monkeypatch, "lima", {"train.jsonl": lima_rows()}, gated=True)
    with pytest.raises(
        UserError,
        match=r"account of your token may not read it yet: open https://huggingface\.co/datasets/GAIR/lima, click",
    ):
        sources.fetch("lima", "train.jsonl")


def test_no_token(online: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(online, monkeypatch, "lima", {"train.jsonl": lima_rows()}, gated=True)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(
        UserError, match=r"not signed in: open https://huggingface\.co/datasets/GAIR/lima, click 'Agree .*HF_TOKEN"
    ):
        sources.fetch("lima", "train.jsonl")


def test_a_wrong_token(online: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(online, monkeypatch, "lima", {"train.jsonl": lima_rows()}, gated=True)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(
        UserError, match=r"The Hub doesn't let you read GAIR/lima \(401\): make a new read token"
    ) as caught:
        sources.fetch("lima", "train.jsonl")
    assert "hf_wrong" not in str(caught.value)


def test_a_hub_that_fails_and_a_machine_without_network(online: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(online, monkeypatch, "lima", {"train.jsonl": lima_rows()})
    online.fail("GET", ".*train.jsonl", 418)
    with pytest.raises(UserError, match=r"can't give train\.jsonl of GAIR/lima now \(418\); try again later"):
        sources.fetch("lima", "train.jsonl")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        UserError, match=r"Can't download train\.jsonl .* holds lima/.*/train\.jsonl, or name local files"
    ):
        sources.fetch("lima", "train.jsonl")


def test_a_mirror_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    revision = sources.source("bactrian_x").revision
    toy.bactrian(tmp_path / "bactrian_x" / revision / "data", ["en"])
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path))
    assert sources.fetch("bactrian_x", "data/en.json.gz").is_relative_to(tmp_path)
    _, built = build(BuildRequest("bactrian-x", languages="EN"), tmp_path / "x")
    assert built.remarks == ("60 rows a language were found; the paper has 67,017.",)
    with pytest.raises(
        UserError, match=r"de\.json\.gz is missing from the mirror; copy it there from https://huggingface"
    ):
        build(BuildRequest("bactrian-x", languages="DE"), tmp_path / "x")
    with pytest.raises(UserError, match="Bactrian-X has no 'xx'; it has af, ar"):
        build(BuildRequest("bactrian-x", languages="XX"), tmp_path / "x")
