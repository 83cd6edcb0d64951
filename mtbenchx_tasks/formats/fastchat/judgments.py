"""FastChat's judgment files, read into the ledger: what was paid for elsewhere is not paid for again.

A judgment is stored under the key of the request that our own judge would send: the same prompt, model and parameters.
So a published gpt-4_single.jsonl or gpt-4_pair.jsonl answers a later `mtbenchx judge` or `compare` of the same answers.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from hf_datasets.benchmark.judge_prompts import judge_prompts
from hf_datasets.endpoints.client import OPENAI_URL, ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import Name, Row, Text, checked, shown
from mtbenchx_tasks.formats.fastchat.rows import UNREACHED

PARAMETERS = {"temperature": 0.0, "max_tokens": 2048}
"""What FastChat asks a judge with; ours asks a model that is named alone with the same."""


@dataclass(frozen=True)
class Imported:
    """What became of a file's judgments."""

    added: int
    """New in the ledger."""
    known: int
    """There already."""
    failed: int
    """Never judged (`$ERROR$` or empty): left out."""


def import_judgments(ledger: Ledger, file: Path, language: str, prompt_set: str = "mtbench_x") -> Imported:
    """Read a file of single or pairwise judgments.

    Args:
        ledger: Where to.
        file: FastChat's gpt-4_single.jsonl or gpt-4_pair.jsonl, anyone's; a prompt judged again is another run.
        language: Language of its prompts.
        prompt_set: The set whose prompts were used (their system messages aren't in the file).

    Raises:
        UserError: A row is of neither layout, or names an unknown prompt; file and row are named.
    """
    counts, runs = Counter[str](), Counter[str]()
    for request, text in list(_requests(file, language, prompt_set)):  # all is read before anything is stored
        if text.strip() in ("", UNREACHED):
            counts["failed"] += 1
            continue
        run, runs[request.key] = runs[request.key], runs[request.key] + 1
        numbered = replace(request, run=run)
        if ledger.claim(numbered.key, numbered.text):
            ledger.finish(numbered.key, Completion("answered", text, details={"imported": file.name}))
            counts["added"] += 1
        else:
            counts["known"] += 1
    return Imported(counts["added"], counts["known"], counts["failed"])


class _Judge(Row):
    """Who judged with which prompt: both stand in the request's key."""

    judge: Annotated[list[Name], Field(min_length=2, max_length=2)]


class _Single(_Judge):
    user_prompt: Text
    judgment: Text


class _Pair(_Judge):
    g1_user_prompt: Text
    g1_judgment: Text
    g2_user_prompt: Text
    g2_judgment: Text


def _requests(file: Path, language: str, prompt_set: str) -> Iterator[tuple[ChatRequest, str]]:
    prompts = judge_prompts(prompt_set, language)
    what = f"a judgment of {prompt_set!r} in FastChat's layout"
    for number, values in jsonl.numbered(file):
        place = f"{file}, line {number}"
        if "winner" in values and "user_prompt" not in values:
            raise UserError(
                f"{place}: a vote, which holds no judgment that could be kept; name the file to `mtbenchx report` or "
                f"`mtbenchx agreement`."
            )
        row: _Single | _Pair = checked(_kind(values), values, place, what)
        model, name = row.judge
        if name not in prompts:
            raise UserError(f"{place}: not {what} (there is no prompt {shown(name)}); name its set by --prompt-set.")
        for prompt, judgment in _games(row):
            if not prompt and judgment.strip() not in ("", UNREACHED):
                raise UserError(f"{place}: not {what} (the prompt is empty); leave the row out.")
            messages = (
                {"role": "system", "content": prompts[name].system_prompt},
                {"role": "user", "content": prompt},
            )
            yield ChatRequest(OPENAI_URL, model, messages, PARAMETERS), judgment


def _kind(row: Mapping[str, Any]) -> "type[_Single] | type[_Pair]":
    return _Pair if "g1_user_prompt" in row else _Single


def _games(row: _Single | _Pair) -> list[tuple[str, str]]:
    if isinstance(row, _Pair):
        return [(row.g1_user_prompt, row.g1_judgment), (row.g2_user_prompt, row.g2_judgment)]
    return [(row.user_prompt, row.judgment)]
