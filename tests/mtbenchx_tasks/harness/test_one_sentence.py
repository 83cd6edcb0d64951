"""Under lm_eval's command our errors end in one sentence; elsewhere they are exceptions."""

import logging
import sys

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.harness.one_sentence import install


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[type[BaseException]]:
    """What the hook that was there before is told."""
    found: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: found.append(kind))
    return found


@pytest.mark.parametrize("program", ["/usr/bin/lm_eval", "lm-eval", "C:/venv/lm_eval.exe", "/x/lm_eval/__main__.py"])
def test_lm_evals_command_tells_a_sentence(
    program: str, told: list[type[BaseException]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", [program, "run"])
    install()
    install()
    for error in (UserError("Set a key."), ValueError("ours"), KeyboardInterrupt()):
        sys.excepthook(type(error), error, None)
    assert told == [ValueError]
    assert next(line.message for line in caplog.records if line.levelno == logging.ERROR) == "Set a key."
    assert "the same command goes on" in caplog.text


def test_a_users_program_is_left_alone(told: list[type[BaseException]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["study.py"])
    install()
    sys.excepthook(UserError, UserError("x"), None)
    assert told == [UserError]
