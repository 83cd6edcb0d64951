"""What a program may import: documented, there, and free of cost until it is used."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mtbenchx_tasks

README = Path(mtbenchx_tasks.__file__).with_name("README.md")


@pytest.mark.parametrize("name", mtbenchx_tasks.__all__)
def test_each_public_name_is_there_and_described(name: str) -> None:
    assert getattr(mtbenchx_tasks, name) is not None
    assert name in dir(mtbenchx_tasks)
    section = README.read_text(encoding="utf-8").partition("## From Python")[2].partition("\n## ")[0]
    assert name in re.findall(r"`(\w+)", section)


def test_the_import_alone_loads_nothing() -> None:
    heavy = ("numpy", "typer", "lm_eval", "datasets", "torch", "openai", "hf_datasets")
    code = f"import sys, mtbenchx_tasks; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match="no attribute 'score'"):
        _ = mtbenchx_tasks.score
