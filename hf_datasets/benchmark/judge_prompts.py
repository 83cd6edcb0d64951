"""Judge prompt sets: which prompts exist, in which language, and our repairs of the published ones.

- `mtbench_x`: the authors' translations, byte for byte (English is FastChat's original).
- `mtbench_x_v1_1`: the same with broken delimiters repaired, and the German draft with a fourth vote made readable.
  Each repair is one line of edits/judge_prompts.jsonl, keyed by file and hash.
- `native`: ours, in five languages, with a fourth vote everywhere.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hf_datasets import sources
from hf_datasets.benchmark import languages as added
from hf_datasets.records import JudgePrompt, content_hash
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError

HERE = Path(__file__).parent
PUBLISHED, REPAIRED, NATIVE = "mtbench_x", "mtbench_x_v1_1", "native"
PROMPT_SETS = (PUBLISHED, REPAIRED, NATIVE)
DRAFT = "judge_prompts_v2.jsonl"
"""Upstream's pairwise prompts with a fourth vote; they exist in German only."""
BOTH_BAD = "-both-bad"
"""Ends the name of a pairwise prompt that offers the fourth vote."""


def judge_prompts(prompt_set: str, language: str) -> MappingProxyType[str, JudgePrompt]:
    """Return the prompts of one set in one language, by name.

    Args:
        prompt_set: One of PROMPT_SETS.
        language: Lower-case language code; one of the package's or an added one (see languages.py).

    Raises:
        UserError: The set doesn't exist, or not in that language; or its files can't be had.
    """
    ours = added.find(language)
    if ours and prompt_set in ours.prompts:
        return MappingProxyType(dict(ours.prompts[prompt_set]))
    return _packaged(prompt_set, language)


@cache
def _packaged(prompt_set: str, language: str) -> MappingProxyType[str, JudgePrompt]:
    if prompt_set == NATIVE:
        prompts = _native(language)
    elif prompt_set == PUBLISHED:
        prompts = [JudgePrompt(**row) for row in jsonl.read(_published_file(language, "judge_prompts.jsonl"))]
    elif prompt_set == REPAIRED:
        prompts = _repaired(language)
    else:
        raise UserError(f"There is no prompt set {prompt_set!r}; choose one of {', '.join(PROMPT_SETS)}.")
    return MappingProxyType({prompt.name: prompt for prompt in prompts})


def prompt_set_hash(prompt_set: str, language: str) -> str:
    """Return the sha256 (hex) of a whole set in one language, as it stands in results."""
    prompts = judge_prompts(prompt_set, language)
    return content_hash({name: prompt.sha256 for name, prompt in prompts.items()})


def _native(language: str) -> list[JudgePrompt]:
    file = HERE / "mini" / f"judge_prompts.{language}.jsonl"
    if not file.is_file():
        raise UserError(f"The prompt set 'native' has no language {language!r}; set prompt_language to 'en'.")
    return [JudgePrompt(**row) for row in jsonl.read(file)]


def _path(language: str, name: str) -> str:
    return f"data/mt_bench_{language.upper()}/{name}"


def _published_file(language: str, name: str) -> Path:
    path = _path(language, name)
    if path not in sources.source("mtbench_x").files:
        raise UserError(f"MT-Bench-X has no judge prompts in {language!r}; set prompt_language to 'en'.")
    return sources.fetch("mtbench_x", path)


def _repaired(language: str) -> list[JudgePrompt]:
    prompts = _with_edits(language, "judge_prompts.jsonl")
    if _path(language, DRAFT) in sources.source("mtbench_x").files:
        prompts += [replace(prompt, name=prompt.name + BOTH_BAD) for prompt in _with_edits(language, DRAFT)]
    return prompts


def _with_edits(language: str, name: str) -> list[JudgePrompt]:
    file, path = _published_file(language, name), _path(language, name)
    pinned = sources.source("mtbench_x").files[path]
    edits = [edit for edit in jsonl.read(HERE / "edits" / "judge_prompts.jsonl") if edit["file"] == path]
    stale = [edit for edit in edits if edit["sha256"] != pinned]
    if stale:
        raise UserError(f"edits/judge_prompts.jsonl is stale: {path} is now {pinned[:12]}...; check each edit of it.")
    text = file.read_text(encoding="utf-8")
    for edit in edits:
        text = _apply(edit, text)
    return [JudgePrompt(**row) for row in jsonl.parse(text.split("\n"), f"{file} (repaired)")]


def _apply(edit: dict[str, Any], text: str) -> str:
    """Replace exactly `count` occurrences in the raw file."""
    found = text.count(edit["old"])
    if found != edit["count"]:
        raise UserError(
            f"edits/judge_prompts.jsonl: {edit['old']!r} occurs {found} times in {edit['file']}, not {edit['count']}."
        )
    return text.replace(edit["old"], edit["new"])
