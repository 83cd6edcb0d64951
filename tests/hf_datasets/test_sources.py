"""Upstream files: from a mirror or a download, never unverified, and every failure says what to do."""

import gc
import hashlib
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hf_datasets import sources
from hf_datasets.benchmark import judge_prompts
from hf_datasets.benchmark import questions as mtbench_x
from hf_datasets.benchmark.build import build_mtbench_x
from hf_datasets.shared.errors import UserError
from hf_datasets.sources import Source, fetch
from tests.sources import needs_sources

CONTENT = b'{"a": 1}\n'
PINNED = Source("toy", "r1", "CC0-1.0", "", {"data/x.jsonl": hashlib.sha256(CONTENT).hexdigest()})


@dataclass
class Upstream:
    """A web server on loopback."""

    url: str = ""
    content: bytes = CONTENT
    status: int = 200
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    state = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.content)))
            self.end_headers()
            self.wfile.write(state.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
        server.shutdown()


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No mirror, an empty cache."""
    monkeypatch.delenv("MTBENCHX_SOURCES", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    return tmp_path / "cache"


def pin(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    pinned = replace(PINNED, url=base + "/{revision}/{path}")
    monkeypatch.setattr(sources, "source", lambda _: pinned)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A mirror with the one toy file, pinned."""
    pin(monkeypatch, "https://upstream.example")
    file = tmp_path / "mirror" / "toy" / "r1" / "data" / "x.jsonl"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path / "mirror"))
    return file


def test_a_download_is_kept(online: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, upstream.url)
    first, second = fetch("toy", "data/x.jsonl"), fetch("toy", "data/x.jsonl")
    assert first == second
    assert first.read_bytes() == CONTENT
    assert first.is_relative_to(online)
    assert upstream.asked == ["/r1/data/x.jsonl"]


def test_a_corrupt_download_is_refused(online: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, upstream.url)
    upstream.content = b"<html>login</html>"
    with pytest.raises(UserError, match=rf"{upstream.url}/r1/data/x\.jsonl no longer has the pinned content"):
        fetch("toy", "data/x.jsonl")
    assert not [path for path in online.rglob("*") if path.is_file()]


def test_a_damaged_cached_file_is_downloaded_again(
    online: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, upstream.url)
    fetch("toy", "data/x.jsonl").write_bytes(b"damaged")
    assert fetch("toy", "data/x.jsonl").read_bytes() == CONTENT
    assert len(upstream.asked) == 2


def assert_tells_the_ways_out(message: str, base: str) -> None:
    assert "\n" not in message
    assert message.endswith(".")
    for part in (f"{base}/r1/data/x.jsonl", "MTBENCHX_SOURCES", "toy/r1/data/x.jsonl", "mini benchmark"):
        assert part in message


def test_offline_one_sentence_tells_the_ways_out(online: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound, not listening: the connection is refused
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        pin(monkeypatch, base)
        with pytest.raises(UserError) as caught:
            fetch("toy", "data/x.jsonl")
    assert_tells_the_ways_out(str(caught.value), base)


# pooch leaves a 404's connection to the garbage collector
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_file_that_is_gone_upstream_tells_the_ways_out(
    online: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, upstream.url)
    upstream.status = 404
    with pytest.raises(UserError) as caught:
        fetch("toy", "data/x.jsonl")
    message = str(caught.value)
    del caught
    gc.collect()
    assert_tells_the_ways_out(message, upstream.url)


def test_a_mirror_is_read_in_place(mirror: Path) -> None:
    assert fetch("toy", "data/x.jsonl") == mirror.resolve()


def test_a_relative_mirror_becomes_absolute(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mirror.parents[4])
    monkeypatch.setenv("MTBENCHX_SOURCES", "mirror")
    assert fetch("toy", "data/x.jsonl") == mirror.resolve()


def test_a_missing_mirror_file_is_named_with_its_url(mirror: Path) -> None:
    mirror.unlink()
    with pytest.raises(UserError, match=r"x\.jsonl is missing .* https://upstream\.example/r1/data/x\.jsonl"):
        fetch("toy", "data/x.jsonl")


def test_a_changed_mirror_file_is_named_with_both_hashes(mirror: Path) -> None:
    mirror.write_bytes(CONTENT + b"\n")
    found, expected = hashlib.sha256(CONTENT + b"\n").hexdigest(), PINNED.files["data/x.jsonl"]
    with pytest.raises(UserError, match=rf"x\.jsonl is not the pinned file .*{found[:12]}.*{expected[:12]}"):
        fetch("toy", "data/x.jsonl")


def test_a_variable_that_names_no_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTBENCHX_SOURCES", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"MTBENCHX_SOURCES=.*nowhere is not a folder .*unset it"):
        fetch("mtbench_x", "data/mt_bench_EN/question.jsonl")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the real mirror, to be damaged; what was read from the real one is forgotten."""
    copy = tmp_path / "copy"
    shutil.copytree(sources.mirror() or tmp_path, copy)
    monkeypatch.setenv("MTBENCHX_SOURCES", str(copy))
    for cached in (mtbench_x._packaged, judge_prompts._packaged):
        cached.cache_clear()
    yield copy / "mtbench_x" / sources.source("mtbench_x").revision / "data"
    for cached in (mtbench_x._packaged, judge_prompts._packaged):
        cached.cache_clear()


@pytest.mark.sources
@needs_sources
def test_a_build_names_the_missing_file(copied: Path, tmp_path: Path) -> None:
    (copied / "mt_bench_IT" / "question.jsonl").unlink()
    with pytest.raises(UserError, match=r"mt_bench_IT/question\.jsonl is missing from the mirror"):
        build_mtbench_x(tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.sources
@needs_sources
def test_a_build_names_the_damaged_file(copied: Path, tmp_path: Path) -> None:
    file = copied / "mt_bench_ES" / "judge_prompts.jsonl"
    file.write_bytes(file.read_bytes().replace(b"|>", b">", 1))
    with pytest.raises(UserError, match=r"mt_bench_ES/judge_prompts\.jsonl is not the pinned file"):
        build_mtbench_x(tmp_path / "out")
    assert not (tmp_path / "out").exists()
