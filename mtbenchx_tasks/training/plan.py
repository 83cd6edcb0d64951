"""What the whole study takes: trainings, evaluations, the hours that the paper spent, and those that it would take."""

from collections.abc import Iterator
from dataclasses import dataclass

from hf_datasets.benchmark.questions import LANGUAGES
from mtbenchx_tasks.training.hours import H100, gpu_hours, operations

H100_HOURS = {"lima-x": 162, "bactrian-x": 540}
"""Of all seven models of a dataset, training and answers together, as the paper counts what it spent."""
CONFIGS = 7
"""Mixtures of languages, each a training; the others are compared with ENDEFRITES."""
TRAININGS = len(H100_HOURS) * CONFIGS
MODELS = TRAININGS + 1
"""The checkpoints and the base."""
MATCHES = len(H100_HOURS) * (CONFIGS - 1)
EVALUATIONS = MODELS * len(LANGUAGES)

PASSES = 2 * len(LANGUAGES) + 1
"""How often seven trainings read the rows of one language: five single ones, ENDEFRITES five times, sampled once."""
LINEAR = 6_420_000_000
"""Parameters of Teuken 7B's linear layers."""
TOKENS_A_WORD = 1.6
"""Assumed; a base's own: `mtbenchx data tokenizer-fairness`."""
PADDING = 1 + 1 / 2 + 1 / 3 + 1 / 4
"""The longest of a micro-batch of four to their mean, if lengths are exponential: the sum of 1/k up to four."""
MFU_RANGE = (0.45, 0.25)
"""What 7B reaches on H100s, as it is usual; see `hours.MFU`."""
ANSWERS, ANSWER = 160, 1_024
"""Answers of an evaluation, and the tokens of one at most."""
SPEED_RANGE = (2_000, 300)
"""Tokens of answers a second on one GPU, assumed: of an engine with batches, and of transformers."""


@dataclass(frozen=True)
class Dataset:
    """What seven trainings on a dataset read."""

    rows: int
    """Training rows of a language."""
    epochs: int
    """Section 5.1."""
    words: int
    """Of a row, user and assistant (Table 1)."""

    @property
    def tokens(self) -> float:
        """In all seven trainings, without padding."""
        return PASSES * self.rows * self.epochs * self.words * TOKENS_A_WORD


DATASETS = {"lima-x": Dataset(1_030, 7, 39 + 419), "bactrian-x": Dataset(63_667, 3, 27 + 90)}


def training_hours(dataset: Dataset) -> tuple[float, float]:
    """Return the H100 hours of seven trainings, at the better and the worse utilization.

    hours = 6 x parameters of linear layers x tokens x padding / (989e12 x utilization x 3600), with
    tokens = 11 x rows x epochs x words x 1.6 (`operations`, `gpu_hours`).

    Args:
        dataset: What they read.
    """
    work = operations(LINEAR, dataset.tokens * PADDING)
    return gpu_hours(work, MFU_RANGE[0]), gpu_hours(work, MFU_RANGE[1])


def answer_hours() -> tuple[float, float]:
    """Return the hours of all answers, if each is as long as it may be: 75 x 160 x 1,024 tokens / speed / 3600."""
    tokens = EVALUATIONS * ANSWERS * ANSWER
    return tokens / SPEED_RANGE[0] / 3600, tokens / SPEED_RANGE[1] / 3600


def plan_lines() -> Iterator[str]:
    """Yield the plan in sentences; what its judge costs is asked of the judge's room."""
    spent = " + ".join(f"{hours} {name}" for name, hours in H100_HOURS.items())
    parts = {**{name: training_hours(dataset) for name, dataset in DATASETS.items()}, "answers": answer_hours()}
    told = " + ".join(f"{_range(*hours)} {name}" for name, hours in parts.items())
    whole = _range(*(sum(ends) for ends in zip(*parts.values(), strict=True)))
    yield f"{TRAININGS} trainings, and answers of {TRAININGS} checkpoints and the base:"
    yield f"  {spent} = {sum(H100_HOURS.values())} H100 hours in the paper, with a 7B base: what its authors spent."
    yield f"  {told} = {whole} H100 hours for this study, estimated:"
    yield from _formula()
    yield f"{EVALUATIONS} evaluations ({MODELS} models x {len(LANGUAGES)} languages)."


def _formula() -> Iterator[str]:
    best, worst = (f"{share:.0%}" for share in MFU_RANGE)
    tokens = " + ".join(f"{dataset.tokens / 1e6:.0f}M" for dataset in DATASETS.values())
    longest = EVALUATIONS * ANSWERS * ANSWER / 1e6
    yield f"    trainings: 6 x {LINEAR / 1e9:.2f}e9 parameters x tokens x {PADDING:.2f} for padding, at {best}"
    yield f"    to {worst} of {H100 / 1e12:.0f} TFLOP/s;"
    yield f"    tokens: {PASSES} x rows x epochs x words (paper, Table 1) x {TOKENS_A_WORD} = {tokens};"
    yield f"    answers: at most {longest:.1f}M tokens, {SPEED_RANGE[0]:,} to {SPEED_RANGE[1]:,} a second and GPU."
    yield "    Loading, saving, validation not counted; `recipes check` counts a training's own tokens."


def _range(best: float, worst: float) -> str:
    return f"{best:.0f}-{worst:.0f}"
