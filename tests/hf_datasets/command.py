"""Commands of `mtbenchx data` in this process."""

from dataclasses import dataclass

from typer.testing import CliRunner

from hf_datasets.cli import data
from hf_datasets.shared.errors import UserError


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    """Exit code, as `mtbenchx` would give it."""
    out: str
    """What it printed."""
    error: str
    """What it printed to stderr, or the user's error."""


def run(*arguments: object) -> Ran:
    """Run `mtbenchx data ARGUMENTS`; errors that aren't meant for users are raised."""
    result = CliRunner().invoke(data, [str(one) for one in arguments])
    if isinstance(result.exception, UserError):
        return Ran(1, result.stdout, str(result.exception))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)
