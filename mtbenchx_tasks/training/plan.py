"""What the paper's whole study takes: trainings, evaluations, and GPU hours as the paper counts them."""

from collections.abc import Iterator

from hf_datasets.benchmark.questions import LANGUAGES

H100_HOURS = {"lima-x": 162, "bactrian-x": 540}
"""Of all seven models of a dataset, training and answers together, as the paper counts."""
CONFIGS = 7
"""Mixtures of languages, each a training; the others are compared with ENDEFRITES."""
TRAININGS = len(H100_HOURS) * CONFIGS
MODELS = TRAININGS + 1
"""The checkpoints and the base."""
MATCHES = len(H100_HOURS) * (CONFIGS - 1)


def plan_lines() -> Iterator[str]:
    """Yield the plan in sentences; what its judge costs is asked of the judge's room."""
    hours = " + ".join(f"{hours} {name}" for name, hours in H100_HOURS.items())
    yield f"{TRAININGS} trainings, and answers of {TRAININGS} checkpoints and the base:"
    yield f"  {hours} = {sum(H100_HOURS.values())} H100 hours in the paper, with a 7B base."
    yield f"{MODELS * len(LANGUAGES)} evaluations ({MODELS} models x {len(LANGUAGES)} languages)."
