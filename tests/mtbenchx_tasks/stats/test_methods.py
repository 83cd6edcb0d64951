"""METHODS.md names every public statistic, tests that exist, and is cited by headings that it has."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
METHODS = (ROOT / "mtbenchx_tasks" / "METHODS.md").read_text(encoding="utf-8")
PACKAGES = ("hf_datasets", "mtbenchx_tasks", "model_cards")
NAMED = set(re.findall(r"`(\w+)`", METHODS))


def functions(folder: str) -> Iterator[str]:
    for file in sorted((ROOT / folder).rglob("*.py")):
        yield from re.findall(r"^def (\w+)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_every_public_statistic_is_described() -> None:
    public = {name for name in functions("mtbenchx_tasks/stats") if not name.startswith("_")}
    assert public - NAMED == set(), "describe it in mtbenchx_tasks/METHODS.md, with formula, source and test"


def test_every_test_that_is_named_exists() -> None:
    tests = {name for name in NAMED if name.startswith("test_")}
    assert len(tests) > 30
    assert tests - set(functions("tests")) == set()


def test_every_citation_is_a_heading() -> None:
    headings = set(re.findall(r"^## (.*)$", METHODS, flags=re.MULTILINE))
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    cited = {
        heading
        for file in files
        for clause in re.findall(
            r'METHODS\.md, ("[^"]+"(?: and "[^"]+")*)', re.sub(r"\s+", " ", file.read_text("utf-8"))
        )
        for heading in re.findall(r'"([^"]+)"', clause)
    }
    assert len(cited) >= 5
    assert cited - headings == set()


def test_no_docstring_cites_what_is_not_here() -> None:
    """The project's notes were kept elsewhere once; a reader has only this repository."""
    places = [*PACKAGES, "tests", "benchmarks"]
    foreign = re.compile(r"notes[:, ]+(D\d|section|human|peers)|\bpeers 1\d\b|\bDESIGN\b")
    here = Path(__file__)
    citing = [
        f"{file.relative_to(ROOT)}:{number}"
        for place in places
        for file in sorted((ROOT / place).rglob("*.py"))
        if file != here
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if foreign.search(line)
    ]
    assert citing == []
