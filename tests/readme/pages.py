"""The commands that our pages show: those in blocks of code, and those between backticks in a sentence."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELL, SESSION, PYTHON = ("sh", "bash"), ("console", "text", ""), "python"
"""Blocks whose every line is a command; those of what a terminal shows, where a command follows `$ `."""
NO_PAGES = {"CHANGELOG.md", "benchmarks/RESULTS.md", "model_cards/template.md"}
"""What was, what was measured, and what has gaps."""
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`(mtbenchx [^`]+|lm_eval [^`]+|make [^`]+)`(?!`)")
ASSIGNED = re.compile(r"^(\w+)=(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code."""

    page: str
    line: int
    """Of its first line, counted from 1."""
    kind: str
    """The word behind the fence."""
    text: str


@dataclass(frozen=True)
class Command:
    """A command as a page shows it, with the shell's variables of its block filled in."""

    page: str
    line: int
    words: tuple[str, ...]
    whole: bool = True
    """Whether it can be typed as it stands: not one that a sentence cuts short."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {shlex.join(self.words)}"


def pages() -> list[Path]:
    """Every Markdown file of the project but NO_PAGES."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if name not in NO_PAGES]


def blocks(page: Path) -> Iterator[Block]:
    """Yield a page's blocks of code."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 2
        yield Block(page.relative_to(ROOT).as_posix(), line, found[1], found[2])


def commands(page: Path) -> Iterator[Command]:
    """Yield a page's commands, those of its blocks first."""
    for block in blocks(page):
        yield from _of_block(block)
    text = page.read_text(encoding="utf-8")
    prose = FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for found in INLINE.finditer(prose):
        line = prose.count("\n", 0, found.start()) + 1
        yield Command(page.relative_to(ROOT).as_posix(), line, tuple(split(found[1])), whole=False)


def _of_block(block: Block) -> Iterator[Command]:
    variables: dict[str, str] = {}
    for line, text in _logical_lines(block):
        words = split(text)
        while words and (assigned := ASSIGNED.match(words[0])):  # judge='{...}'
            variables[assigned[1]] = assigned[2]
            words = words[1:]
        words = [re.sub(r"\$(\w+)", lambda found: variables.get(found[1], found[0]), word) for word in words]
        for one in pipeline(words):
            yield Command(block.page, line, tuple(one), whole="..." not in one)


def _logical_lines(block: Block) -> Iterator[tuple[int, str]]:
    """Yield commands with the number of their first line; what a terminal answers is left out."""
    lines = block.text.splitlines()
    place = 0
    while place < len(lines):
        first, text = place, lines[place]
        while text.endswith("\\") or (_is_shown(block, lines[first]) and _goes_on(lines, place)):
            place += 1
            text = f"{text.removesuffix(chr(92))} {lines[place].strip()}"
        place += 1
        if block.kind in SHELL and text.strip():
            yield block.line + first, text
        elif _is_shown(block, lines[first]):
            yield block.line + first, text.removeprefix("$ ")


def _is_shown(block: Block, line: str) -> bool:
    return block.kind in SESSION and line.startswith("$ ")


def _goes_on(lines: list[str], place: int) -> bool:
    return place + 1 < len(lines) and lines[place + 1].startswith("    ")


def split(text: str) -> list[str]:
    words = shlex.shlex(text, posix=True, punctuation_chars="|&;")
    words.whitespace_split = True
    return list(words)


def pipeline(words: list[str]) -> Iterator[list[str]]:
    """Yield the commands between `&&`, `||`, `|` and `;`."""
    one: list[str] = []
    for word in words:
        if set(word) <= set("|&;"):
            if one:
                yield one
            one = []
        else:
            one.append(word)
    if one:
        yield one
