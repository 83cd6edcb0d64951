"""Rows of a ledger that another program or a broken disk changed: told in one sentence."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hf_datasets.ledger.store import LedgerError
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import shown

DAMAGE = (
    LedgerError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    sqlite3.Error,
)
"""What a JSON column of another shape leads to, wherever it is looked into."""
LONGEST = 600


@contextmanager
def damage_told(path: Path | str, remedy: str = "leave it out") -> Iterator[None]:
    """Tell a row of another shape as a user's error.

    Raises:
        UserError: Something within raised because a row is damaged; the ledger is named.
    """
    try:
        yield
    except UserError as error:
        if len(str(error)) <= LONGEST:
            raise
        raise UserError(f"{path} can't be read as a ledger ({shown(str(error))}); {remedy}.") from error
    except DAMAGE as error:
        reason = f"{type(error).__name__}: {shown(str(error))}"
        raise UserError(f"{path} can't be read as a ledger: it holds a damaged row ({reason}); {remedy}.") from error
