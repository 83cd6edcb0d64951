"""One end for every command: Ctrl-C, SIGTERM (Slurm, Kubernetes, `timeout`) and SIGHUP (a closed terminal, ssh).

All of them raise KeyboardInterrupt in the main thread, so that what is under way is finished and kept as at Ctrl-C.
"""

import os
import signal
import threading
from collections.abc import Sequence
from types import FrameType

from hf_datasets.shared.errors import Exit

ALL = ("SIGINT", "SIGTERM", "SIGHUP")
OF_A_LIBRARY = ("SIGTERM", "SIGHUP")
"""What a program that isn't ours may leave to us: Ctrl-C is its own."""


class Ending:
    """Turns the first signal into KeyboardInterrupt; later ones change nothing, but a second Ctrl-C ends at once.

    A signal that is ignored (`nohup`) or that another part of the program handles stays as it is, and so does one that
    this system doesn't have.

    Args:
        names: Which signals.
    """

    def __init__(self, names: Sequence[str] = ALL) -> None:
        self.number: int | None = None
        """The signal that came; None: none."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in names:
            known = getattr(signal, name, None)
            if known is not None and signal.getsignal(known) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(known, self._come)

    @property
    def code(self) -> int:
        """The exit code that a shell expects."""
        return Exit.SIGNALLED + self.number if self.number else Exit.INTERRUPTED

    def _come(self, number: int, _: FrameType | None) -> None:
        if self.number is None:
            self.number = number
            raise KeyboardInterrupt(f"ended by {signal.Signals(number).name}")
        if number == signal.SIGINT:
            os._exit(self.code)
