"""One tree of errors: whatever users may meet hangs from UserError and stands in its picture; no name is two."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from hf_datasets.shared import errors

ROOT = Path(__file__).parents[3]
SOURCES = [file for room in ("hf_datasets", "mtbenchx_tasks", "model_cards") for file in (ROOT / room).rglob("*.py")]
CAUGHT_IN_THEIR_ROOM = {
    "DamagedError",  # translate: a fragment is asked for again
    "DialogueError",  # instruct/reading: file and row are added
    "JsonError",  # instruct/reading: file and row are added
    "TooDeepError",  # curate: a pair is rejected
    "UnreadableError",  # endpoints: a completion that failed
    "NoReplyError",
    "VoteRefusedError",  # annotate: a page that says why a vote isn't taken
    "StoreClosedError",  # annotate: a page that says that another process takes the votes
    "ExpiredError",
    "StopError",
}


@cache
def bases() -> list[tuple[str, str]]:
    """(class, its first base) of every exception."""
    texts = (file.read_text("utf-8") for file in SOURCES)
    classes = [node for text in texts if re.search(r"^ *class \w+\(.*(Error|Exception)", text, re.MULTILINE)
               for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef) and node.bases]  # fmt: skip
    found = [(node.name, ast.unparse(node.bases[0]).rpartition(".")[2]) for node in classes]
    return [(name, base) for name, base in found if base == "Exception" or base.endswith("Error")]


def test_what_users_meet_hangs_from_one_error() -> None:
    assert [name for name, count in Counter(name for name, _ in bases()).items() if count > 1] == []
    users = {"UserError"}
    for _ in bases():
        users |= {name for name, base in bases() if base in users}
    others = {name for name, _ in bases() if not name.startswith("_")} - users
    assert others <= CAUGHT_IN_THEIR_ROOM
    assert set(re.findall(r"\w+Error", str(errors.__doc__))) == users


def test_exit_codes_stand_in_one_place() -> None:
    stated = re.compile(r"(typer\.Exit|sys\.exit)\([1-9]")
    assert [str(file) for file in SOURCES if stated.search(file.read_text("utf-8"))] == []
