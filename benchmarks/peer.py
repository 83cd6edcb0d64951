"""FastChat (PyPI fschat 0.2.36, openai 0.28) in an environment of its own, .cache/bench/fschat, made at the first call.

It imports torch and transformers, which it finds in the environment that runs the benchmark.
"""

import os
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from measure import CACHE

from hf_datasets.jsonl import read, write
from hf_datasets.sources import fetch

FOLDER = CACHE / "fschat"
BENCH = Path("data/mt_bench")
"""FastChat's data folder, relative to where it is called."""
WORDS = "The trip to the island was a joy and every day of it held something new to see and to taste. "


def fastchat_python() -> Path:
    """Return FastChat's Python, making its environment at the first call."""
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    marker = FOLDER / "ready"
    if not marker.is_file():
        venv.create(FOLDER, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for packages in (["--no-deps", "fschat==0.2.36", "openai==0.28.1", "shortuuid"], ["anthropic>=0.3"]):
            done = subprocess.run([*pip, *packages], capture_output=True, text=True, check=False)
            if done.returncode:  # pip also complains about what FastChat finds in this script's environment
                sys.exit(f"{FOLDER} can't be made:\n{done.stderr[-3000:]}")
        marker.touch()
    (library,) = FOLDER.glob("[Ll]ib/**/site-packages")
    (library / "zz_project.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
    return python


def lay_out(folder: Path, models: Sequence[str], first: int) -> list[Path]:
    """Write FastChat's data folder: questions, references and prompts as published, answers of ours.

    Args:
        folder: Where both are called.
        models: Names of the models that answered.
        first: Only the first questions.

    Returns:
        The models' files of answers.
    """
    source = "data/mt_bench_EN"
    for path in ("question.jsonl", "reference_answer/gpt-4.jsonl"):
        target = folder / BENCH / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fetch("mtbench_x", f"{source}/{path}"), target)
    shutil.copyfile(fetch("mtbench_x", f"{source}/judge_prompts.jsonl"), folder / "data" / "judge_prompts.jsonl")
    asked = [row["question_id"] for row in read(folder / BENCH / "question.jsonl")][:first]
    for model in models:
        rows = [
            {
                "question_id": question,
                "model_id": model,
                "choices": [{"index": 0, "turns": [f"{model}, {question}, {turn}: {WORDS * 12}" for turn in (1, 2)]}],
            }
            for question in asked
        ]
        write(folder / BENCH / "model_answer" / f"{model}.jsonl", rows)
    return [folder / BENCH / "model_answer" / f"{model}.jsonl" for model in models]
