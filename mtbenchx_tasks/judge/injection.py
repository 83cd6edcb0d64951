"""Answers that talk to the judge: those that hold a prompt's delimiters, or what looks like a verdict.

Such an answer could end its own section or be read as the verdict. In the prompt set `native` its delimiters and
verdicts are broken up before the judge sees it; the published sets stay byte-exact, so there it is only marked.
Fenced code is left alone: brackets are its business.
"""

import re

from hf_datasets.benchmark.judge_prompts import NATIVE
from hf_datasets.records import JudgePrompt
from hf_datasets.shared.language_id import outside_code, without_code

_VERDICT = re.compile(r"\[(?=\[\s*(?:[0-9]+(?:[.,][0-9]+)?|[A-Da-d])\s*\]\])")


def is_suspicious(answer: str, prompt: JudgePrompt) -> bool:
    """Tell whether an answer holds one of the prompt's delimiters or a verdict, outside fenced code."""
    prose = without_code(answer)
    return bool(_VERDICT.search(prose)) or any(delimiter in prose for delimiter in delimiters(prompt))


def delimiters(prompt: JudgePrompt) -> list[str]:
    """Return the lines of a template that mark where a section begins or ends, e.g. `<|End of the answer|>`."""
    lines = (line.strip() for line in prompt.prompt_template.splitlines())
    return sorted({line for line in lines if line.startswith(("[", "<")) and "{" not in line})


def shown(answer: str, prompt_set: str) -> str:
    """Return an answer as the judge sees it: in `native` without the form of delimiters and verdicts."""
    return outside_code(answer, _broken_up) if prompt_set == NATIVE else answer


def _broken_up(prose: str) -> str:
    return _VERDICT.sub("[ ", prose.replace("<|", "< |").replace("|>", "| >"))
