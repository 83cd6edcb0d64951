"""The judge prompts of somebody's set, in FastChat's layout: whole where they are needed, each fit to be sent."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from hf_datasets.benchmark.configs import lost_of
from hf_datasets.benchmark.judge_prompts import NATIVE, judge_prompts, of_turn, verdict_lead_in
from hf_datasets.benchmark.others.files import rows_of
from hf_datasets.benchmark.others.questions import Remarks
from hf_datasets.records import JudgePrompt, Question
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import BENCHMARK_ROW, record

SINGLE, GUIDED_SINGLE, PAIR, GUIDED_PAIR = "single-v1", "single-math-v1", "pair-v2", "pair-math-v1"


def read_prompts(file: Path, questions: Sequence[Question], remarks: Remarks) -> dict[str, JudgePrompt]:
    """Read the judge prompts of a set.

    Args:
        file: FastChat's judge_prompts.jsonl, anyone's.
        questions: What they are to judge.
        remarks: Where prompts that are no use, and ones that lack, are noted.

    Raises:
        UserError: A row is no prompt; a prompt lost a placeholder or its verdicts; or one that rates answers lacks.
    """
    found: dict[str, JudgePrompt] = {}
    known = judge_prompts(NATIVE, "en")
    for place, row in rows_of(file):
        prompt = record(JudgePrompt, row, place, BENCHMARK_ROW)
        if prompt.name not in known:
            remarks.lines.append(f"the judge prompt {prompt.name[:60]!r} is left out: FastChat's names are known only")
            continue
        if lost := lost_of(prompt):
            raise UserError(f"{place}: judge prompt {prompt.name!r} lost {lost}; correct it, or leave the file out.")
        if found.get(prompt.name, prompt) != prompt:
            raise UserError(
                f"{place}: judge prompt {prompt.name!r} stands in the file before, in other words; keep one."
            )
        found[prompt.name] = prompt
    _check_whole(file, found, questions, remarks)
    return found


def _check_whole(file: Path, found: dict[str, JudgePrompt], questions: Sequence[Question], remarks: Remarks) -> None:
    if lacking := [name for name in _needed(questions, SINGLE, GUIDED_SINGLE) if name not in found]:
        raise UserError(f"{file} lacks the judge prompts {', '.join(lacking)}; add them, or leave the file out.")
    if lacking := [name for name in _needed(questions, PAIR, GUIDED_PAIR) if name not in found]:
        remarks.lines.append(f"the judge prompts {', '.join(lacking)} lack: compare with prompt_set {NATIVE!r}")
    without = [name for name, prompt in found.items() if prompt.type == "single" and not verdict_lead_in(prompt)]
    if without:
        remarks.lines.append(
            f"the judge prompts {', '.join(without)} show no example such as `Rating: [[5]]`: judge.rating 'expected' "
            "can't begin a verdict with their words"
        )


def _needed(questions: Iterable[Question], plain: str, guided: str) -> list[str]:
    """Return the names of the prompts that judge the turns of questions."""
    names = dict.fromkeys(
        of_turn(guided if len(question.reference) >= turn else plain, turn)
        for question in questions
        for turn in range(1, len(question.turns) + 1)
    )
    return list(names)
