"""The peers, from the package registry into environments of their own under .cache/bench, made at the first call.

FastChat is fschat 0.2.36 with openai 0.28; it imports torch and transformers, which it finds in the environment that
runs the benchmark. datatrove brings all it needs.
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

from hf_datasets.shared.jsonl import read, write
from hf_datasets.sources import fetch

BENCH = Path("data/mt_bench")
"""FastChat's data folder, relative to where it is called."""
WORDS = "The trip to the island was a joy and every day of it held something new to see and to taste. "


def fastchat_python() -> Path:
    """Return the Python of FastChat's environment."""
    packages = ["fschat==0.2.36", "openai==0.28.1", "shortuuid"]
    python = environment("fschat", ["--no-deps", *packages], ["anthropic>=0.3"])
    (library,) = (CACHE / "fschat").glob("[Ll]ib/**/site-packages")
    (library / "zz_project.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
    return python


def datatrove_python() -> Path:
    """Return the Python of datatrove's environment."""
    return environment("datatrove", ["datatrove[processing]==0.10.1", "spacy", "orjson"])


def environment(name: str, *installs: Sequence[str]) -> Path:
    """Return the Python of an environment, making it at the first call.

    Args:
        name: Its folder.
        installs: Arguments of each `pip install`.
    """
    folder = CACHE / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    marker = folder / "ready"
    if not marker.is_file():
        venv.create(folder, with_pip=True, clear=True)
        for install in installs:
            command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *install]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:  # pip also complains about what FastChat finds in this script's environment
                sys.exit(f"{folder} can't be made:\n{done.stderr[-3000:]}")
        marker.touch()
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
