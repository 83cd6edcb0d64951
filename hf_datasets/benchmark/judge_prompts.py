"""Judge prompt sets: which prompts exist, in which language, and our repairs of the published ones.

- `mtbench_x`: the authors' translations, byte for byte (English is FastChat's original).
- `mtbench_x_v1_1`: the same with delimiters and wording repaired, and the German draft with a fourth vote made
  readable. Each repair is one line of edits/judge_prompts.jsonl, keyed by file and hash.
- `native`: ours, in five languages, with a fourth vote everywhere. A judge is told to check what the question lays
  down, and how long the answer is where that is limited; tie and both bad mean what people are told that they mean.
- `native_v1`: ours up to release 0.4, where its name was `native`. Nothing new is made of it.
"""

import re
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hf_datasets import sources
from hf_datasets.benchmark import languages as added
from hf_datasets.records import JudgePrompt, content_hash
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import is_code
from hf_datasets.shared.rows import LONGEST

HERE = Path(__file__).parent
PUBLISHED, REPAIRED, NATIVE, NATIVE_V1 = "mtbench_x", "mtbench_x_v1_1", "native", "native_v1"
PROMPT_SETS = (PUBLISHED, REPAIRED, NATIVE)
OURS = {NATIVE: Path("mini"), NATIVE_V1: Path("mini", NATIVE_V1)}
"""Sets written for this project -> where they lie."""
PROMPTS_FILE = "judge_prompts.jsonl"
DRAFT = "judge_prompts_v2.jsonl"
"""Upstream's pairwise prompts with a fourth vote; they exist in German only."""
BOTH_BAD = "-both-bad"
"""Ends the name of a pairwise prompt that offers the fourth vote."""


SECOND_TURN, LATER_TURN = "-multi-turn", "-later-turn"
"""What ends the name of a prompt that judges a second turn, and a third or later one."""
_EXAMPLE = re.compile(r"""([^\s\[\]():：「」『』“”‘’«»"']+[\s\u200e\u200f]?[:：][\s\u200e\u200f]?\[\[)[0-9]+\]\]""")
"""A prompt's own example of a verdict: `Bewertung: [[5]]`, `評価：[[5]]`, `रेटिंग: [[5]]`."""


def of_turn(name: str, turn: int) -> str:
    """Return the name of the prompt that judges a turn (from 1), of that of the first: `single-v1-multi-turn`."""
    return name + ("" if turn == 1 else SECOND_TURN if turn == 2 else LATER_TURN)  # noqa: PLR2004


def for_turns(template: str, turns: int) -> str:
    """Return a prompt's template with a place for each of so many turns.

    Templates show one earlier turn (`{question_1}`) and the judged one (`{question_2}`): of the parts between blank
    lines, those of the earlier turn are repeated.
    """
    if turns <= 2:  # noqa: PLR2004
        return template
    parts: list[str] = []
    for is_earlier, run in groupby(template.split("\n\n"), key=lambda part: "_1}" in part):
        numbers = range(1, turns) if is_earlier else [turns]
        shown, last = list(run), "_1}" if is_earlier else "_2}"
        parts += [part.replace(last, f"_{number}}}") for number in numbers for part in shown]
    return "\n\n".join(parts)


def verdict_lead_in(prompt: JudgePrompt) -> str:
    """Return the words before the number in a prompt's example of a verdict, e.g. `Bewertung: [[`; "" without one.

    Words are whatever stands before the colon without a space, in any script; the colon may be a full-width one.
    """
    found = _EXAMPLE.findall(prompt.system_prompt + "\n" + prompt.prompt_template)
    return str(found[-1]) if found else ""


def judge_prompts(prompt_set: str, language: str) -> MappingProxyType[str, JudgePrompt]:
    """Return the prompts of one set in one language, by name.

    Args:
        prompt_set: One of PROMPT_SETS, `native_v1`, or an added benchmark's own (see languages.py).
        language: Lower-case language code; one of the package's or an added one (see languages.py).

    Raises:
        UserError: The set doesn't exist, or not in that language; or its files can't be had.
    """
    ours = added.find_prompts(prompt_set, language)
    return MappingProxyType(dict(ours)) if ours else _packaged(prompt_set, language)


def named_prompt(prompt_set: str, language: str, name: str) -> JudgePrompt | None:
    """Return one prompt of a set; of ours that of a later turn is the second turn's in other words (`last question`).

    Args:
        prompt_set: As for `judge_prompts`.
        language: Lower-case language code.
        name: Of the prompt, e.g. what `of_turn` returns.

    Raises:
        UserError: As `judge_prompts`.
    """
    known = judge_prompts(prompt_set, language)
    if name in known or LATER_TURN not in name or not has_later_turns(prompt_set, language):
        return known.get(name)
    second = known.get(name.replace(LATER_TURN, SECOND_TURN))
    return second and _of_later_turn(second, name, language)


def has_later_turns(prompt_set: str, language: str) -> bool:
    """Tell whether a set judges third and later turns in a language."""
    if added.find_prompts(prompt_set, language) is None and prompt_set == NATIVE:
        return language in _later_words()
    return any(LATER_TURN in name for name in judge_prompts(prompt_set, language))


def _of_later_turn(second: JudgePrompt, name: str, language: str) -> JudgePrompt:
    texts = {part: getattr(second, part) for part in ("system_prompt", "prompt_template", "length_note")}
    for old, new in _later_words()[language]:
        texts = {part: text.replace(old, new) for part, text in texts.items()}
    return replace(second, name=name, **texts)


@cache
def _later_words() -> dict[str, list[tuple[str, str]]]:
    """What prompts for a second turn say, and what it is for a later one, by language."""
    rows = jsonl.read(HERE / "mini" / "later_turns.jsonl")
    return {row["language"]: [(old, new) for old, new in row["replace"]] for row in rows}


def later_turns_hash(prompt_set: str, language: str) -> str:
    """Return the sha256 (hex) of the prompts for later turns, which is no part of the set's own."""
    seconds = [name for name in judge_prompts(prompt_set, language) if SECOND_TURN in name]
    later = [named_prompt(prompt_set, language, name.replace(SECOND_TURN, LATER_TURN)) for name in seconds]
    return content_hash({prompt.name: prompt.sha256 for prompt in later if prompt})


def has_prompts(prompt_set: str, language: str) -> bool:
    """Tell whether a set that is known has prompts in a language; nothing is downloaded."""
    if added.find_prompts(prompt_set, language):
        return True
    if prompt_set in OURS:
        return _our_file(prompt_set, language).is_file()
    return prompt_set in PROMPT_SETS and _path(language, PROMPTS_FILE) in sources.source("mtbench_x").files


@cache
def _packaged(prompt_set: str, language: str) -> MappingProxyType[str, JudgePrompt]:
    if not is_code(language):  # of somebody's file: it must not become a path
        raise UserError(
            f"The prompt set {prompt_set!r} has no language {language[:LONGEST]!r}; set prompt_language to 'en'."
        )
    if prompt_set in OURS:
        prompts = _ours(prompt_set, language)
    elif prompt_set == PUBLISHED:
        prompts = [JudgePrompt(**row) for row in jsonl.read(_published_file(language, PROMPTS_FILE))]
    elif prompt_set == REPAIRED:
        prompts = _repaired(language)
    else:
        known = [*PROMPT_SETS, NATIVE_V1, *added.added_prompt_sets()]
        if prompt_set in known:
            raise UserError(f"The prompt set {prompt_set!r} has no language {language!r}; choose another set.")
        raise UserError(f"There is no prompt set {prompt_set!r}; choose one of {', '.join(known)}.")
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
    is_earlier = prompt_set == NATIVE and _our_file(NATIVE_V1, language).is_file()
    return NATIVE_V1 if is_earlier and sha256 == prompt_set_hash(NATIVE_V1, language) else prompt_set


def _our_file(prompt_set: str, language: str) -> Path:
    return HERE / OURS[prompt_set] / f"judge_prompts.{language}.jsonl"


def _ours(prompt_set: str, language: str) -> list[JudgePrompt]:
    file = _our_file(prompt_set, language)
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
    prompts = _with_edits(language, PROMPTS_FILE)
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
