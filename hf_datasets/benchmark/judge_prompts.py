"""Judge prompt sets: which prompts exist, in which language, and our repairs of the published ones.

- `mtbench_x`: the authors' translations, byte for byte (English is FastChat's original).
- `mtbench_x_v1_1`: the same with delimiters and wording repaired, and the German draft with a fourth vote made
  readable. Each repair is one line of edits/judge_prompts.jsonl, keyed by file and hash.
- `native`: ours, in five languages, with a fourth vote everywhere. A judge is told to check what the question lays
  down, and how long the answer is where that is limited; tie and both bad mean what people are told that they mean.
- `native_v1`: ours up to release 0.4, where its name was `native`. Nothing new is made of it.
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
PUBLISHED, REPAIRED, NATIVE, NATIVE_V1 = "mtbench_x", "mtbench_x_v1_1", "native", "native_v1"
PROMPT_SETS = (PUBLISHED, REPAIRED, NATIVE)
OURS = {NATIVE: Path("mini"), NATIVE_V1: Path("mini", NATIVE_V1)}
"""Sets written for this project -> where they lie."""
DRAFT = "judge_prompts_v2.jsonl"
"""Upstream's pairwise prompts with a fourth vote; they exist in German only."""
BOTH_BAD = "-both-bad"
"""Ends the name of a pairwise prompt that offers the fourth vote."""


def judge_prompts(prompt_set: str, language: str) -> MappingProxyType[str, JudgePrompt]:
    """Return the prompts of one set in one language, by name.

    Args:
        prompt_set: One of PROMPT_SETS, or `native_v1`.
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
    if prompt_set in OURS:
        prompts = _ours(prompt_set, language)
    elif prompt_set == PUBLISHED:
        prompts = [JudgePrompt(**row) for row in jsonl.read(_published_file(language, "judge_prompts.jsonl"))]
    elif prompt_set == REPAIRED:
        prompts = _repaired(language)
    else:
        raise UserError(f"There is no prompt set {prompt_set!r}; choose one of {', '.join((*PROMPT_SETS, NATIVE_V1))}.")
    return MappingProxyType({prompt.name: prompt for prompt in prompts})


def prompt_set_hash(prompt_set: str, language: str) -> str:
    """Return the sha256 (hex) of a whole set in one language, as it stands in results."""
    prompts = judge_prompts(prompt_set, language)
    return content_hash({name: prompt.sha256 for name, prompt in prompts.items()})


def name_by_hash(prompt_set: str, language: str, sha256: str) -> str:
    """Return the name that a set of ours has now: what was `native` in release 0.4 and earlier is `native_v1`.

    Args:
        prompt_set: The name that was recorded.
        language: Of the prompts.
        sha256: The set's hash that was recorded.
    """
    is_earlier = prompt_set == NATIVE and (HERE / OURS[NATIVE_V1] / _file_name(language)).is_file()
    return NATIVE_V1 if is_earlier and sha256 == prompt_set_hash(NATIVE_V1, language) else prompt_set


def _file_name(language: str) -> str:
    return f"judge_prompts.{language}.jsonl"


def _ours(prompt_set: str, language: str) -> list[JudgePrompt]:
    file = HERE / OURS[prompt_set] / _file_name(language)
    if not file.is_file():
        raise UserError(f"The prompt set {prompt_set!r} has no language {language!r}; set prompt_language to 'en'.")
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
