"""FastChat's judgment files, read into the ledger: what was paid for elsewhere is not paid for again.

A judgment is stored under the key of the request that our own judge would send: the same prompt, model and parameters.
So a published gpt-4_single.jsonl or gpt-4_pair.jsonl answers a later `mtbenchx judge` or `compare` of the same answers.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.judge_prompts import judge_prompts
from hf_datasets.endpoints.client import OPENAI_URL, ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError

ERROR = "$ERROR$"
"""What FastChat writes where the judge was never reached; it is no judgment."""
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
    for request, text in _requests(file, language, prompt_set):
        if not text.strip() or text.strip() == ERROR:
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


def _requests(file: Path, language: str, prompt_set: str) -> Iterator[tuple[ChatRequest, str]]:
    prompts = judge_prompts(prompt_set, language)
    for number, row in enumerate(jsonl.read(file), start=1):
        try:
            model, name = row["judge"]
            for prompt, judgment in _games(row):
                messages = (
                    {"role": "system", "content": prompts[name].system_prompt},
                    {"role": "user", "content": row[prompt]},
                )
                yield ChatRequest(OPENAI_URL, model, messages, PARAMETERS), row[judgment]
        except (KeyError, TypeError, ValueError) as error:
            what = f"in FastChat's layout ({type(error).__name__}: {error})"
            raise UserError(f"{file}, row {number}: not a judgment of {prompt_set!r} {what}.") from error


def _games(row: dict[str, Any]) -> list[tuple[str, str]]:
    if "g1_user_prompt" in row:
        return [("g1_user_prompt", "g1_judgment"), ("g2_user_prompt", "g2_judgment")]
    return [("user_prompt", "judgment")]
