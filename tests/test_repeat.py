"""tests.repeat draws anew each time, also in CI, where Hypothesis by itself would draw the same again and again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
DRAWN = os.environ.get("MTBENCHX_TEST_DRAWN")


@pytest.mark.skipif(not DRAWN, reason="run by the test below")
@given(numbers=st.lists(st.integers(), min_size=5))
def test_draw(numbers: list[int]) -> None:
    with Path(str(DRAWN)).open("a", encoding="utf-8") as file:
        print(numbers, file=file)


def test_each_time_draws_anew_in_ci_too(tmp_path: Path) -> None:
    file = tmp_path / "drawn.txt"
    test = "tests/test_repeat.py::test_draw"
    environment = {**os.environ, "CI": "true", "MTBENCHX_TEST_DRAWN": str(file)}
    command = [sys.executable, "-m", "tests.repeat", "--times", "2", test]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    drawn = file.read_text(encoding="utf-8").splitlines()
    assert drawn[: len(drawn) // 2] != drawn[len(drawn) // 2 :]
