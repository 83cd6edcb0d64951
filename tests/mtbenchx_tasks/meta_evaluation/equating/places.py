"""FastChat's files of two judges who rated the same answers, and of models that only the new one rated."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from hf_datasets.shared import jsonl

QUESTIONS = tuple(range(81, 161, 5))
"""Two of each category."""
ANCHORS = {
    "llama-a": 3.5, "llama-b": 4.5, "qwen-a": 4.2, "qwen-b": 5.6, "gemma-a": 5.0, "gemma-b": 6.6, "mistral-a": 5.8,
    "mistral-b": 7.2, "phi-a": 6.2, "phi-b": 7.6, "falcon-a": 7.0, "falcon-b": 8.0,
}  # fmt: skip
"""Name -> the new judge's mean, about."""
SPRING, AUTUMN = (datetime(2024, month, 1, tzinfo=UTC).timestamp() for month in (4, 10))


def row(model: str, judge: str, question: int, turn: int, score: float, **other: Any) -> dict[str, Any]:
    prompt = f"[The Start of Assistant's Answer]\nAnswer of {model}\n[The End of Assistant's Answer]"
    return {
        **{"question_id": question, "model": model, "judge": [judge, "single-v1"], "user_prompt": prompt},
        **{"judgment": f"[[{score}]]", "score": score, "turn": turn, "tstamp": SPRING, **other},
    }


def ratings(model: str, level: float, chance: np.random.Generator) -> dict[tuple[int, int], float]:
    """Return (question, turn) -> a rating, their mean at `level`."""
    places = [(question, turn) for turn in (1, 2) for question in QUESTIONS]
    noise = chance.normal(0, 1.0, len(places))
    values = np.clip(level + noise - noise.mean(), 1, 10)
    return {place: round(float(value), 2) for place, value in zip(places, values, strict=True)}


def write(file: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    jsonl.write(file, [dict(one) for one in rows])
    return file


def judged(
    folder: Path, models: Mapping[str, float], judges: Mapping[str, tuple[float, float]], seed: int = 0, **other: Any
) -> Path:
    """Write each judge's file: judge -> (level, slope) of its ratings as a line of the models' means.

    Each judge errs by half a point an answer; a judge's file is mt_bench_en/model_judgment/<judge>_single.jsonl.
    """
    chance = np.random.default_rng(seed)
    language = other.pop("language", "en")
    rows: dict[str, list[dict[str, Any]]] = {judge: [] for judge in judges}
    for model, mean in models.items():
        truth = ratings(model, mean, chance)
        for judge, (level, slope) in judges.items():
            for (question, turn), value in truth.items():
                said = float(np.clip(level + slope * value + chance.normal(0, 0.5), 1, 10))
                rows[judge].append(row(model, judge, question, turn, round(said, 2), **other))
    for judge, found in rows.items():
        write(folder / f"mt_bench_{language}" / "model_judgment" / f"{judge}_single.jsonl", found)
    return folder


BOTH = {"gpt-4": (2.0, 0.7), "new": (0.0, 1.0)}
"""The old judge says 2 + 0.7 of what the new one says."""
