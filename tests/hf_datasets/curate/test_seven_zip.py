"""Posts.xml out of .7z archives, whole and damaged."""

import random
from pathlib import Path

import py7zr
import pytest

from hf_datasets.curate.dumps import size, stream
from hf_datasets.shared.errors import UserError
from tests.hf_datasets.command import run
from tests.hf_datasets.curate.dump import HOST, answer, posts, question

POSTS = posts(question(1), answer(2, 1))
LZMA, BZIP2 = [{"id": py7zr.FILTER_LZMA2, "preset": 1}], [{"id": py7zr.FILTER_BZIP2}]


def archive(folder: Path, *, name: str = "Posts.xml", filters: object = None, **more: bytes) -> Path:
    file = folder / f"{HOST}.7z"
    with py7zr.SevenZipFile(file, "w", filters=filters) as opened:
        opened.writestr(more.pop("before", b"<badges></badges>"), "Badges.xml")
        opened.writestr(more.pop("content", POSTS), name)
        opened.writestr(b"<users></users>", "Users.xml")
    return file


def content(file: Path) -> bytes:
    pieces: list[bytes] = []
    stream(file, pieces.append)
    return b"".join(pieces)


@pytest.mark.parametrize("filters", [None, LZMA, BZIP2], ids=["default", "LZMA2", "BZip2"])
@pytest.mark.parametrize("name", ["Posts.xml", "coffee.stackexchange.com/Posts.xml", "posts.XML"])
def test_posts_are_found_in_an_archive(tmp_path: Path, filters: object, name: str) -> None:
    file = archive(tmp_path, name=name, filters=filters)
    assert content(file) == POSTS
    assert size(file) == len(POSTS)


def test_curation_reads_an_archive(tmp_path: Path) -> None:
    ran = run("curate", "--dump", archive(tmp_path), "--out", tmp_path / "review.jsonl")
    assert ran.code == 0
    assert '"id": "coffee-1-2"' in (tmp_path / "review.jsonl").read_text(encoding="utf-8")


def test_a_cut_archive_cannot_be_opened(tmp_path: Path) -> None:
    file = archive(tmp_path)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(UserError, match="an archive's list of files is at its end, so this one is cut"):
        content(file)


def test_damage_in_the_middle_keeps_what_was_read(tmp_path: Path) -> None:
    rows = [made for number in range(1, 4000, 2) for made in (question(number), answer(number + 1, number))]
    noise = random.Random(1).randbytes(100)
    file = archive(tmp_path, content=posts(*rows), filters=BZIP2)
    data = file.read_bytes()
    middle = len(data) * 3 // 4
    file.write_bytes(data[:middle] + noise + data[middle + len(noise) :])
    pieces: list[bytes] = []
    try:
        damage = stream(file, pieces.append)
    except UserError as error:  # the noise lies in the first block that was unpacked
        damage = str(error)
    assert "is damaged" in damage
    assert posts(*rows).startswith(b"".join(pieces)[:1000])


def test_other_archives_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no Posts.xml \(but Badges.xml, Comments.xml, Users.xml\)"):
        content(archive(tmp_path, name="Comments.xml"))
    file = tmp_path / "locked.7z"
    with py7zr.SevenZipFile(file, "w", password="x") as opened:
        opened.writestr(POSTS, "Posts.xml")
    with pytest.raises(UserError, match="is locked by a password"):
        content(file)
    several = tmp_path / "several.7z"
    with py7zr.SevenZipFile(several, "w") as opened:
        opened.writestr(POSTS, "a/Posts.xml")
        opened.writestr(POSTS, "b/Posts.xml")
    with pytest.raises(UserError, match="holds several"):
        content(several)


def test_what_the_reader_refuses_is_not_blamed_on_the_archive(tmp_path: Path) -> None:
    def refuse(data: bytes) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        stream(archive(tmp_path), refuse)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 5,000,000 equal bytes pack into less than 5,000, a thousandth; posts pack into a tenth
    monkeypatch.setattr("hf_datasets.curate.dumps.SMALL_BYTES", 1_000_000)
    file = archive(tmp_path, content=b"a" * 5_000_000)
    assert file.stat().st_size < 5_000
    for use in (size, content):
        with pytest.raises(UserError, match=r"says that it holds 5000000 bytes of Posts\.xml"):
            use(file)
