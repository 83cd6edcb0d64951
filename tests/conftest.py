"""What every test starts from: no key of the developer's, no network, no shared ledger."""

import functools
import gc
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
import typer.testing
from hypothesis import settings

from tests.doubles import hub as hub_double
from tests.doubles.openai_api import Api, serve

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: its threads spin, and tests share their cores
# A run draws what it drew the last time, so that none fails by chance; `python -m tests.repeat` draws anew. Without a
# deadline, as shared machines are slow. (In CI, Hypothesis' own profile would draw the same even for tests.repeat.)
settings.register_profile("same draws", deadline=None, derandomize=True)
settings.register_profile("new draws", deadline=None, derandomize=False, database=None)
settings.load_profile("same draws")
# To put our commands together takes as long as most tests that call one: in a process it is done once.
typer.main.get_command = typer.testing._get_command = functools.cache(typer.main.get_command)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import without the garbage collector, which then leaves alone what stays: a quarter of the time of collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have slow tests: the many short ones fill up what time is left on each core."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("caches")
    return (str(folder / str(number)) for number in itertools.count())


@pytest.fixture(autouse=True)
def _isolated(_caches: Iterator[str]) -> None:
    """Make no folder: that takes longer than most tests."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        os.environ.pop(name, None)
    os.environ.update(HF_HUB_OFFLINE="1", XDG_CACHE_HOME=next(_caches))


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """`mtbenchx`, `trl`, `torchrun` and `lm_eval`, for the PATH of commands."""
    from tests import forked_programs

    with forked_programs.programs() as folder:
        yield folder


@pytest.fixture
def programs_first(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands that a test types find those programs."""
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A judge that gives every answer a 7; set `api.answer` to change its mind."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test")
    with serve(lambda request: "Fine. Rating: [[7]]") as running:
        yield running


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[hub_double.Hub]:
    """A Hub on loopback, where `me` of `ORG` is logged in: for this process, and for those it starts."""
    from huggingface_hub import constants

    with hub_double.serve() as running:
        settings = {
            "HF_ENDPOINT": running.url,
            "HF_TOKEN": hub_double.WRITER,
            "HF_HOME": str(tmp_path / "hf_home"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, running.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        _forget_endpoint()
        yield running
        _forget_endpoint()


def _forget_endpoint() -> None:
    """Let transformers, if it is imported, make its client of the Hub anew: it keeps the endpoint of its first use."""
    if module := sys.modules.get("transformers.utils.hub"):
        vars(module)["_hf_api"] = None
