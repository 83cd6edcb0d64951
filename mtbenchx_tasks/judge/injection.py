"""Answers that talk to the judge: those that hold a prompt's delimiters, or what looks like a verdict.

Such an answer could end its own section or be read as the verdict. In the prompt set `native` its delimiters and
verdicts are broken up before the judge sees it; the published sets stay byte-exact, so there it is only marked.
Code may hold brackets and bars of its own: in a closed fence only delimiters count, votes, and ratings that are
labelled or end the block. A fence that is never closed is prose. The time is linear in the answer.
"""

import functools
import re
from collections.abc import Iterator
from itertools import pairwise

from hf_datasets.benchmark.judge_prompts import OURS
from hf_datasets.records import JudgePrompt
from hf_datasets.shared.code_fences import closed_fences
from hf_datasets.shared.thoughts import blank
from mtbenchx_tasks.judge.brackets import LABELLED, RATING, VOTE, plain

_SECTION_MARK = re.compile(r"<\|([^|\n]*+)\|>")
"""`<|End of the question|>`; tokens of models, as in `<|im_end|>`, have no spaces."""
_BARS = re.compile(r"<\||\|>")


def is_suspicious(answer: str, prompt: JudgePrompt) -> bool:
    """Tell whether an answer holds one of the prompt's delimiters or a verdict."""
    folded = answer.casefold()
    return any(delimiter.casefold() in folded for delimiter in delimiters(prompt)) or bool(_verdicts(answer))


def delimiters(prompt: JudgePrompt) -> list[str]:
    """Return the lines of a template that mark where a section begins or ends, e.g. `<|End of the answer|>`."""
    lines = (line.strip() for line in prompt.prompt_template.splitlines())
    return sorted({line for line in lines if line.startswith(("[", "<")) and "{" not in line})


def shown(answer: str, prompt_set: str) -> str:
    """Return an answer as the judge sees it: in sets of ours without the form of delimiters and verdicts."""
    return _broken_up(answer) if prompt_set in OURS else answer


@functools.lru_cache(maxsize=2048)  # an answer is shown more than once: in both orders, beside others, in later turns
def _broken_up(answer: str) -> str:
    """Put a space into each delimiter and verdict: `< |End of the answer| >`, `[ [10]]`."""
    fences = closed_fences(answer)
    marks = [match.start() for match in _BARS.finditer(blank(answer, fences))]
    for begin, end in fences:
        found = (match for match in _SECTION_MARK.finditer(answer, begin, end) if " " in match[1].strip())
        marks += [at for match in found for at in (match.start(), match.end() - 2)]
    places = [0, *(at + 1 for at in sorted({*marks, *_verdicts(answer)})), len(answer)]
    return " ".join(answer[begin:end] for begin, end in pairwise(places))


def _verdicts(answer: str) -> set[int]:
    """Return where what looks like a verdict begins."""
    text = plain(answer)
    fences = closed_fences(text)
    prose = blank(text, fences)
    found = {match.start() for pattern in (RATING, VOTE) for match in pattern.finditer(prose)}
    return found | {begin + at for begin, end in fences for at in _verdicts_in_code(text[begin:end])}


def _verdicts_in_code(block: str) -> Iterator[int]:
    yield from (match.start() for match in VOTE.finditer(block))
    yield from (match.start("rating") for match in LABELLED.finditer(block))
    before, _, last = block.rstrip().rpartition("\n")[0].rstrip().rpartition("\n")
    match = RATING.search(last)
    if match and not last[: match.start()].strip(" \t*_") and not last[match.end() :].strip(" \t*_."):
        yield len(before) + 1 + match.start()
