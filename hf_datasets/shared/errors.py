"""The errors that users meet, and how commands end. Nobody else states an exit code.

    UserError                  one sentence on the terminal, exit code 1
    ├── LedgerError            the ledger can't keep results: nothing more may be paid for (ledger/layout.py)
    ├── TokenizerError         a model's tokenizer can't be loaded (audit/tokenizers.py)
    ├── UnavailableError       a translator doesn't answer now (translate/engines/engine.py)
    ├── QuotaError             what was paid for is used up
    ├── TooLargeError          it refuses a call for its size
    ├── NoTranslationError     it gives none for one text; others may go on
    ├── TooLongError           a paragraph exceeds what it takes (translate/protect/placeholders.py)
    ├── UnreachedError         an endpoint of batches doesn't answer now (judge/engines/batch/api.py)
    └── UnknownBatchError      it has no batch of that id

All other exceptions are caught in the room that raises them.
"""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ends; a signal ends it with SIGNALLED and the signal's number (130 is Ctrl-C)."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    PARTLY_DONE = 3
    """Something is missing or to be looked at: texts without a translation, findings, unscored answers."""
    SIGNALLED = 128
    INTERRUPTED = 130


class UserError(Exception):
    """A mistake or a fault outside the program, told in one sentence that names the way out.

    The command line prints the sentence and ends with Exit.FAULT; `lm_eval` shows it as the last line of its traceback.
    """
