"""Under lm_eval's own command a user's mistake ends in one sentence; in a program of the user's it stays an exception.

lm_eval loads the candidate before it imports anything of ours, so that this is the earliest that a mistake can be told.
"""

import functools
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from hf_datasets.shared.errors import UserError

log = logging.getLogger("lm_eval.mtbenchx")
COMMANDS = ("lm_eval", "lm-eval")
Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def install() -> None:
    """Have this process tell our errors in one sentence, if it is lm_eval's command; again and again does no harm."""
    installed = isinstance(sys.excepthook, functools.partial) and sys.excepthook.func is _tell
    if _is_lm_eval(sys.argv[0] if sys.argv else "") and not installed:
        sys.excepthook = functools.partial(_tell, sys.excepthook)


def _is_lm_eval(program: str) -> bool:
    path = Path(program)
    return path.stem in COMMANDS or (path.name == "__main__.py" and path.parent.name in COMMANDS)


def _tell(otherwise: Hook, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if isinstance(error, UserError):
        log.error("%s", error)
        log.debug("Where it was found", exc_info=(kind, error, where))
    elif isinstance(error, KeyboardInterrupt):
        log.error("interrupted; what was paid for is in the ledger, and the same command goes on from there.")
    else:
        otherwise(kind, error, where)
