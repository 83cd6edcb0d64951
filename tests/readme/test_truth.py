"""What pages list is what the code has: settings, presets, options of the changelog's newest part, moved modules."""

import dataclasses
import re
from pathlib import Path

import pytest

from mtbenchx_tasks.judge.presets import PRESETS
from mtbenchx_tasks.judge.settings import JudgeSettings
from tests.readme.pages import ROOT, pages
from tests.readme.test_commands import MTBENCHX, below

TASKS = (ROOT / "mtbenchx_tasks" / "README.md").read_text(encoding="utf-8")
NEWEST = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1]


def first_cells(heading: str) -> set[str]:
    """Return the names between backticks in the first column of the table that begins with a heading."""
    table = TASKS[TASKS.index(heading) :].partition("\n\n")[0]
    return {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}


def test_the_table_of_settings_has_every_setting_and_no_other() -> None:
    assert first_cells("| setting | default") == {field.name for field in dataclasses.fields(JudgeSettings)}


def test_the_table_of_presets_has_every_preset_with_its_model() -> None:
    assert first_cells("| preset | model") == set(PRESETS)
    assert all(f"`{preset.model}`" in TASKS for preset in PRESETS.values())


def test_options_that_the_changelog_names_exist() -> None:
    ours = {
        name for _, command in below(MTBENCHX) for one in command.params for name in (*one.opts, *one.secondary_opts)
    }
    of_lm_eval = {"--cache_requests"}
    assert set(re.findall(r"--[a-z][a-z0-9_-]+", NEWEST)) - of_lm_eval - ours == set()


def test_modules_that_moved_are_where_the_changelog_says() -> None:
    moves = re.findall(r"^- `([\w/]+)`: (.*?)(?=^- |\Z)", NEWEST.partition("The house:")[2], re.MULTILINE | re.DOTALL)
    new = [
        (room, part.partition("->")[2].strip(" .\n").partition(";")[0])
        for room, body in moves
        for part in body.split(",")
        if "->" in part
    ]
    assert len(new) > 40
    gone = [
        f"{room}/{name}"
        for room, name in new
        if not ((ROOT / room / f"{name}.py").is_file() or (ROOT / room / name).is_dir())
    ]
    assert gone == []


def anchors(page: Path) -> set[str]:
    """Return the addresses of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)", page.read_text(encoding="utf-8"))
    for file, anchor in links:
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), file
        assert not anchor or anchor in anchors(target), f"{file}#{anchor}"
