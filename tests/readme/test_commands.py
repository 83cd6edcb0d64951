"""Every command that a page shows exists, with each of its options: read by the programs' own parsers, none is run."""

import ast
import importlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from mtbenchx_tasks.cli import app
from mtbenchx_tasks.harness.linking import tasks_path
from tests.readme.pages import PYTHON, ROOT, Command, blocks, commands, pages, pipeline, split

CUT_SHORT = {"MissingParameter", "BadOptionUsage", "NoArgsIsHelpError"}
"""Mistakes of what a sentence shows in part: an argument lacks, an option's value, a sub-command."""
UsageError = typer.BadParameter.__mro__[1]  # click's, which newer releases of typer bring with them
MTBENCHX: Any = typer.main.get_command(app)
SHOWN = [command for page in pages() for command in commands(page)]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
RECIPES = ROOT / "recipes" / "README.md"
OF_SNAKEMAKE = {"--executor", "--unlock", "--rerun-incomplete", "--config", "--dry-run", "--cores", "--jobs"}
OF_OTHERS = {"export", "vllm", "docker", "git", "cd", "hf", "python", "python3", "."}
"""Programs that are not ours and not installed with the tests; each is named, so that no slip passes for one."""


def checked(program: str) -> list[Command]:
    return [command for command in SHOWN if command.words[0] == program]


def test_no_page_shows_a_program_that_no_test_knows() -> None:
    known = {"mtbenchx", "lm_eval", "trl", "snakemake", "pip", "make"} | OF_OTHERS
    assert [str(command) for command in SHOWN if command.words[0] not in known] == []


# mtbenchx --------------------------------------------------------------------------------------------------------


def below(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield a command and all below it, each with the words that call it."""
    yield " ".join(path), command
    for name, one in getattr(command, "commands", {}).items():
        yield from below(one, (*path, name))


def examples() -> Iterator[Command]:
    """Yield the examples that stand below the commands' help."""
    for path, command in below(MTBENCHX):
        for shown in re.findall(r"`(mtbenchx [^`]*)`", command.epilog or ""):
            for words in pipeline(split(shown)):
                if words[0] == "mtbenchx":
                    yield Command(f"mtbenchx {path} --help", 0, tuple(words))


@pytest.mark.parametrize("command", [*checked("mtbenchx"), *examples()], ids=str)
def test_mtbenchx_takes_what_is_shown(command: Command) -> None:
    parse(command)


@pytest.mark.parametrize(
    "wrong", ["judges --base-ur http://x", "data bild mtbench-x", "ledger export", "judge a --run 2"]
)
def test_what_mtbenchx_does_not_take_is_found(wrong: str) -> None:
    with pytest.raises((UsageError, AssertionError)):
        parse(Command("README.md", 1, ("mtbenchx", *wrong.split())))


def parse(command: Command) -> None:
    """Read a command by mtbenchx's own parser; one that a sentence cuts short may lack what is required."""
    words = list(command.words[1:])
    words = words[: words.index(">")] if ">" in words else words
    here = MTBENCHX
    while words and not words[0].startswith("-") and (known := getattr(here, "commands", None)):
        assert words[0] in known, f"{command}: there is no command {words[0]!r}"
        here, words = known[words[0]], words[1:]
    try:
        here.make_context(here.name, list(words))
    except UsageError as error:
        if command.whole or type(error).__name__ not in CUT_SHORT:
            raise


def options_named_alone(page: Path) -> set[str]:
    return set(re.findall(r"`(--[a-z][a-z0-9_-]*)", page.read_text(encoding="utf-8")))


def of_mtbenchx() -> set[str]:
    return {
        name for _, command in below(MTBENCHX) for one in command.params for name in (*one.opts, *one.secondary_opts)
    }


def test_options_that_a_page_names_alone_are_ours_or_lm_evals() -> None:
    named = {option: page.name for page in pages() if page != RECIPES for option in options_named_alone(page)}
    assert set(named) - of_mtbenchx() - of_lm_eval() - OF_SNAKEMAKE - {"--help"} == set(), named


@pytest.mark.slow
def test_options_that_the_recipes_page_names_alone_are_trls_too() -> None:
    named = options_named_alone(RECIPES)
    assert named - of_mtbenchx() - of_lm_eval() - of_trl() - OF_SNAKEMAKE - {"--accelerate_config"} == set()


# lm_eval ---------------------------------------------------------------------------------------------------------


def lm_eval_parser() -> Any:
    from lm_eval._cli.harness import HarnessCLI

    return HarnessCLI()._parser


def of_lm_eval() -> set[str]:
    parser = lm_eval_parser()
    runs = next(action for action in parser._actions if action.choices).choices["run"]
    return set(runs._option_string_actions)


@pytest.mark.parametrize("command", checked("lm_eval"), ids=str)
def test_lm_eval_takes_what_is_shown_and_its_tasks_exist(command: Command) -> None:
    words = [word.replace(", ...}", "}") for word in command.words[1:] if word != "..."]
    read = lm_eval_parser().parse_args(words)
    bundled = {file.stem for file in tasks_path().glob("*.yaml")}
    built = re.compile(r"mtbench_x(_mini)?_pt|ja_mt_bench")  # made by the commands above them
    for task in read.tasks.split(",") if isinstance(read.tasks, str) else read.tasks or ():
        assert task in bundled or (built.fullmatch(task) and read.include_path), f"{command}: no task {task}"


# others ----------------------------------------------------------------------------------------------------------


def of_trl() -> set[str]:
    from accelerate.commands.launch import launch_command_parser
    from trl.scripts.sft import make_parser

    return set(make_parser()._option_string_actions) | set(launch_command_parser()._option_string_actions)


@pytest.mark.slow
@pytest.mark.parametrize("command", checked("trl"), ids=str)
def test_trl_takes_what_is_shown_and_its_recipe_exists(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    options = [word for word in command.words if word.startswith("--")]
    assert command.words[1] == "sft"
    assert set(options) <= of_trl() | {"--config", "--accelerate_config"}
    recipe = command.words[command.words.index("--config") + 1]
    assert (ROOT / recipe).is_file(), recipe


@pytest.mark.parametrize("command", checked("snakemake"), ids=str)
def test_snakemakes_workflow_exists(command: Command) -> None:
    workflow = command.words[command.words.index("-s") + 1]
    assert (ROOT / workflow.replace("$(mtbenchx recipes)", "recipes")).is_file(), workflow


@pytest.mark.parametrize("command", checked("pip"), ids=str)
def test_pip_installs_extras_that_there_are(command: Command) -> None:
    extras = re.findall(r"(?:\.|mtbench-x)\[([a-z,]+)\]", " ".join(command.words))
    assert {extra for found in extras for extra in found.split(",")} <= set(EXTRAS)


@pytest.mark.parametrize("command", checked("make"), ids=str)
def test_make_has_the_target(command: Command) -> None:
    targets = [word for word in command.words[1:] if "=" not in word]
    assert targets
    assert set(targets) <= set(TARGETS)


# Python and JSON --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "block", [block for page in pages() for block in blocks(page) if block.kind == PYTHON],
    ids=lambda block: f"{block.page}:{block.line}",
)  # fmt: skip
def test_python_can_be_read_and_what_it_imports_of_ours_is_there(block: Any) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.Import):
            assert all(importlib.util.find_spec(name.name) for name in node.names)
        if isinstance(node, ast.ImportFrom):
            assert all(hasattr(importlib.import_module(str(node.module)), name.name) for name in node.names)


def judges_shown() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every judge's settings that a page shows, in a command or between backticks."""
    for page in pages():
        for found in re.findall(
            r"\{\"(?:judge|model|backend|preset)\": .*?\}(?=['`])", page.read_text(encoding="utf-8")
        ):
            if "..." not in found and "$" not in found:
                read = json.loads(found)
                yield f"{page.relative_to(ROOT)}: {found}", read.get("judge", read)


@pytest.mark.parametrize(("place", "settings"), list(judges_shown()))
def test_a_judges_settings_are_taken(place: str, settings: dict[str, Any]) -> None:
    from mtbenchx_tasks.judge.settings import JudgeSettings

    assert JudgeSettings.parse(settings).model, place
