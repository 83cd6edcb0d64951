"""Where a text holds code: fenced blocks, whole HTML documents, and runs of lines that only a program would have.

MT-Bench-X itself has code outside fences (question 123's reference is a bare HTML page), and its published
translations lost keywords to the engine; so code is looked for by its looks, not by its fences alone.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(
    r"(?P<open>(?:^[ \t]*|(?<=[^\n`])(?=`{3,}[\w+#-]{0,20}[ \t]*\n))(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)\n)"
    r"(?P<code>.*?)(?P<close>(?P=fence)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""A fence opens at the start of a line, or behind a sentence if nothing but a language stands behind it."""
_DOCUMENT = re.compile(
    r"(?<!`)(?:(?:<!doctype\b[^>]*>\s*)?<html\b.*?</html\s*>|<(?P<tag>script|style)\b[^>]*>.*?</(?P=tag)\s*>"
    r"|<\?php\b.*?(?:\?>|\Z))",
    re.IGNORECASE | re.DOTALL,
)
_ARGUMENTS = r"\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)"
"""Balanced brackets, four deep."""
_CERTAIN = re.compile(
    "|".join(
        (
            r"#\s*(?:include\s*[<\"]|define \w).*",
            r"using namespace \w+;",
            r"(?:public|private|protected)\s+(?:static\s+|final\s+)*\w[\w<>\[\]]*\s+\w+.*[({;]",
            r"(?:async\s+)?def \w+\s*\(.*",
            r"class \w+\s*(?:\([\w., =]*\))?:",
            r"(?:export\s+)?(?:async\s+)?function\b\s*\w*\s*\(.*\)\s*\{?.*",
            r"from [\w.]+ import [\w*(][\w*,() ]*",
            r"import .* from ['\"].*['\"];?",
            r"(?:>>>|\.\.\.) \S.*",
            r"#!/\S+.*",
            r"(?:const|let|var) [\w{}\[\], ]+ = .*",
            r"SELECT\b.+\bFROM\b.*|select\s[\w\s.,*()]+\sfrom\s.+;",
            r"(?:pub )?(?:func|fn) \w*\s*\(.*|func \(\w+ \*?\w+\) \w+\(.*",
            r"(?:INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|ALTER TABLE|DROP TABLE)\b.*",
            r"if __name__ == ['\"]__main__['\"]:",
            r"int main\s*\(.*",
            r"std::\w+.*;",
            r"\w[\w:<>*& ]* \**\w+\s*\([^()]*\)\s*\{",
        )
    )
)
"""A line that is code by itself."""
_STRONG = re.compile(
    "|".join(
        (
            r"import [\w.]+(?: as \w+)?(?:, ?[\w.]+(?: as \w+)?)*;?",
            r"(?:if|elif|while|for|with|except)\b.*[()\[\]=<>!].*:",
            r".*[=()<>\])].*[;{]",
            r"\}?\s*(?:else|catch|finally)\b.*\{",
            rf"[\w.:\[\]]+{_ARGUMENTS};?",
            r"@\w[\w.]*(?:\(.*\))?",
            r"[\w.]+ <- [\w.\[\]\"'-]+(?:\(.*\))?",
            r"\"[^\"]+\"\s*:\s*.+",
            r"[\w.#:>+~,*\[\]=\"' -]{1,80}\{",
            r"[a-z-]+:\s*[^;:]+;",
            r"[{}\[\]();]+,?",
            r"return\b.*[()\[\]_=+*/].*",
            r"\$ [a-z][\w-]* .*",
            r"(?:SELECT|FROM|WHERE|JOIN|(?:LEFT|RIGHT|INNER|OUTER) JOIN|GROUP BY|ORDER BY|HAVING|LIMIT|VALUES)\b.*",
            r"package [\w.]+;?|import (?:\w+ )?\"[^\"]+\"|import \(|use \w+(?:::.+)?;|let (?:mut )?\w+.* = .*;",
            r"(?:sudo|pip3? install|git (?:clone|add|commit|push|pull|checkout|init|status)|npm (?:install|run|i))\b.*",
            r"(?:npx|docker (?:run|build|pull|compose)|conda (?:install|create)|apt(?:-get)? install|brew install)\b.*",
            r"(?:cd|mkdir(?: -p)?) [\w./~-]+|curl -.*|wget http.*|chmod [+\d].*|export \w+=.*|\./\w.*",
            r"(?:\w+_\w+|\w+\.[\w.]+|\w+\[.*\]) [-+*/%]?= .*[\w)\]\"'}]",
            r"\w+ [-+*/%]?= (?:[\[{\"'f]|[\w.]+\().*[)\]\"'}]",
        )
    )
)
"""A line that is code in the company of another."""
_WEAK = re.compile(
    r"[ \t]+\S.*|\w+ [-+*/%]?= .*|(?:#|//|/\*|\*|--|<!--).*|"
    r"(?:else|try|finally|do):?|(?:break|continue|pass|end);?|return\b.{0,40}|"
    r"(?:SET|AND|OR|ON)\b.*|(?:echo|tar|ls|rm|cp|mv|make|python3?|node) .*"
)
"""What may stand between and below them."""
_INDENTED = re.compile(r"(?: {4}|\t)\s*(?P<line>\S.*)")
_STATEMENT = re.compile(r"(?!.*\\)(?:(?:for|if|while|switch|try|do)\b.*[({].*[;{}]|[\w.]+ (?:<-|:=|[-+*/]?=) \S.*)")
"""A statement on one line; what holds a backslash is rather a formula."""
_COMMAND = re.compile(r"(?:sudo )?[a-z][\w.-]*(?: [\w./-]+)* --?[a-zA-Z][\w-]*(?:[ =].*)?")
"""A program's name, words, and a flag."""
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|<!--)")
_WORD = re.compile(r"[^\W\d_]{2,}")
ENOUGH = 2
LONGEST_LINE, LONGEST_HEADER = 600, 20
"""Characters of a line that are looked at, and lines of comment that may precede the first line of code."""
SENTENCE = 4
"""Words without any of a program's signs: prose."""


@dataclass(frozen=True)
class Block:
    """A stretch of a text; the blocks of a text, joined, are the text."""

    text: str
    code: bool
    """Whether the stretch is code."""
    language: str = ""
    """What the fence says it is, or `html`; empty if nobody says."""


def split_blocks(text: str) -> list[Block]:
    """Split a text into prose and code; a fence's own lines belong to no code and stand in blocks without letters.

    Args:
        text: Anything.

    Returns:
        Blocks in order, none of them empty.
    """
    blocks: list[Block] = []
    end = 0
    for match in _FENCE.finditer(text):
        blocks += _documents(text[end : match.start()])
        language = match["info"].strip().strip("{}.").split(" ")[0].split(",")[0].lower()
        blocks += [Block(match["open"], True, "text"), Block(match["code"], True, language)]
        blocks.append(Block(match["close"], True, "text"))
        end = match.end()
    return [block for block in [*blocks, *_documents(text[end:])] if block.text]


def _documents(text: str) -> Iterator[Block]:
    end = 0
    for match in _DOCUMENT.finditer(text):
        yield from _runs(text[end : match.start()])
        language = "php" if match[0].lower().startswith("<?php") else "html"
        yield Block(match[0], True, language)
        end = match.end()
    yield from _runs(text[end:])


def _runs(text: str) -> Iterator[Block]:
    """Find runs of code lines in text outside fences."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    prose: list[str] = []
    number = 0
    while number < len(lines):
        length = _run_length(lines[number:]) or int(_stands_alone(lines, number) and _is_indented_code(lines[number]))
        if not length:
            prose.append(lines[number])
            number += 1
            continue
        yield Block("".join(prose), False)
        yield Block("".join(lines[number : number + length]), True)
        prose, number = [], number + length
    yield Block("".join(prose), False)


def _run_length(lines: list[str]) -> int:
    """Return how many of the first lines are code: 0 if they aren't."""
    if not (_weight(lines[0]) or _COMMENT.match(lines[0])):
        return 0
    script = lines[0].startswith("#!")  # nearly anything may follow
    evidence = length = 0
    for number, line in enumerate(lines):
        weight = _weight(line)
        blank = not line.strip()
        if not weight and not blank and not _may_continue(line) and (not script or _is_sentence(line)):
            break
        if not evidence and (number > LONGEST_HEADER or blank or (not weight and not _COMMENT.match(line))):
            return 0  # a heading or a list, then something else
        evidence += weight
        length = length if blank or (_COMMENT.match(line) and not weight) else number + 1
    return length if evidence >= ENOUGH else 0


def _stands_alone(lines: list[str], number: int) -> bool:
    """Tell whether a line stands between blank ones, or where the text begins or ends."""
    beside = lines[max(number - 1, 0) : number] + lines[number + 1 : number + 2]
    return not any(line.strip() for line in beside)


def _is_indented_code(line: str) -> bool:
    """Tell whether a line is indented as Markdown's code is and reads as a statement or a command, not as words."""
    indented = _INDENTED.fullmatch(line.rstrip()[:LONGEST_LINE])
    if indented is None:
        return False
    statement = re.sub(r"\s+(?://|#).*", "", indented["line"])
    return bool(_weight(statement) or _STATEMENT.fullmatch(statement) or _COMMAND.fullmatch(statement))


def _may_continue(line: str) -> bool:
    """Tell whether a line may stand inside a program; an indented sentence may not."""
    return bool(_WEAK.fullmatch(line.rstrip())) and (not _is_sentence(line) or bool(_COMMENT.match(line)))


def _is_sentence(line: str) -> bool:
    return len(_WORD.findall(line)) >= SENTENCE and not re.search(r"[=(){};\[\]_]", line)


def _weight(line: str) -> int:
    """How much a line says for code: 0, 1, or enough by itself."""
    stripped = line.strip()
    if len(stripped) > LONGEST_LINE:
        stripped = stripped[: LONGEST_LINE // 2] + stripped[-LONGEST_LINE // 2 :]
    if _CERTAIN.fullmatch(stripped) or _is_json(stripped):
        return ENOUGH
    return int(bool(_STRONG.fullmatch(stripped)))


def _is_json(line: str) -> bool:
    if not (line.startswith(("{", "[")) and line.endswith(("}", "]")) and '"' in line):
        return False
    try:
        return isinstance(json.loads(line), dict | list)
    except (ValueError, RecursionError):
        return False


def is_code_line(line: str) -> bool:
    """Tell whether a line by itself reads as code (a comment may be code that someone switched off)."""
    return _weight(line) > 0
