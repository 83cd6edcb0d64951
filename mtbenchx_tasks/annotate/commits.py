"""Keeps the dataset of a Space equal to the journals on its disk: soon after each change, and at the end."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hf_datasets.hub.errors import status_of
from mtbenchx_tasks.annotate.journal import JOURNALS, Journal, forget
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.votes_dataset import COMMIT_SECONDS, WRITER, VotesDataset, writer_in

SECONDS = 60.0
"""Between two commits of the votes: the Hub takes 128 an hour."""
WATCH_SECONDS = 10.0
"""Between two looks at who takes the votes."""
HANDOVER_SECONDS = 30.0
"""How long a process waits for the one before it to take no more votes."""
LAST_SECONDS, LAST_TRY = 7.0, 3.0
"""For the last commit, and for one try at it: a container that is stopped has ten seconds."""
WITHDRAWAL_SECONDS = 10.0
"""Somebody who withdraws waits for the dataset at most so long."""
PAUSE = 0.5
State = tuple[int, int]
"""Size and time of a file."""


class Commits:
    """Commits what changed, every minute at the most; see the module's text.

    Args:
        dataset: Where the journals go.
        store: Whose changes they hold; it is closed when another process takes over.
        journal: The one of this process, in the folder of all.
        seconds: Between two commits.
        watch: Between two looks at who takes the votes.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        dataset: VotesDataset,
        store: Store,
        journal: Journal,
        *,
        seconds: float = SECONDS,
        watch: float = WATCH_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.dataset, self.store, self.journal = dataset, store, journal
        self._seconds, self._watch, self._clock = seconds, watch, clock
        self._held: dict[str, State] = {}
        self._forgotten: set[str] = set()
        self._stop = threading.Event()
        self._failed: float | None = None
        self._reason = ""

    # taking over ---------------------------------------------------------------------------------------------------

    def take_over(self, handover: float = HANDOVER_SECONDS) -> None:
        """Become the process that takes the votes, and fetch every vote that the one before has taken.

        Args:
            handover: Seconds to wait for the other one; it ends at once where it sees that we are here.

        Raises:
            UserError: The dataset can't be read.
            TimeoutError: The Hub didn't answer in time.
            Exception: Whatever else the Hub's client raises where it can't be written.
        """
        before = writer_in(self.dataset.copy)
        content = json.dumps({"journal": self.journal.path.name}) + "\n"
        self.dataset.commit({WRITER: content.encode()}, "Another process takes the votes")
        if before and not (self.journal.folder / before).exists():  # else it ran on this disk, and is gone
            self._wait_for(before, handover)
        self.know(self.dataset.download())

    def _wait_for(self, before: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            with suppress(Exception):  # the next look may work, and the wait ends anyway
                if self.dataset.has_ended(before, left):
                    return
            time.sleep(min(PAUSE, left))

    def know(self, copy: Path) -> None:
        """Put the dataset's journals beside ours, and learn which of them are there as they are here."""
        self.journal.folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(copy.glob(JOURNALS)):
            if file.name != self.journal.path.name:  # nobody else writes ours, and we may be writing it
                self._join(file, self.journal.folder / file.name)

    def _join(self, file: Path, here: Path) -> None:
        held, ours = file.read_bytes(), here.read_bytes() if here.exists() else b""
        if (both := _both(ours, held)) != ours:
            here.write_bytes(both)
        if both == held:
            self._held[file.name] = _state(here)

    # committing ----------------------------------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator["Commits"]:
        """Commit until the block ends, and then what is left."""
        for seconds, work in ((self._seconds, self.commit), (self._watch, self.look)):
            threading.Thread(target=self._repeat, args=(seconds, work), daemon=True).start()
        try:
            yield self
        finally:
            self._stop.set()
            self._commit_last()

    @property
    def problem(self) -> str | None:
        """What whoever runs the study should know, in a sentence; None: all is well."""
        if self.store.ended:
            return "Another process of this study takes the votes now; this one takes none."
        if self._failed is None:
            return None
        minutes = (self._clock() - self._failed) / 60
        return f"No commit has worked for {minutes:.0f} minutes ({self._reason}): votes since are on this disk only."

    def commit(self, seconds: float = COMMIT_SECONDS) -> bool:
        """Commit what changed; tells whether the dataset holds everything, and nobody who withdrew, now."""
        try:
            changed = self._changed()
            if changed.keys() - {self.journal.path.name}:  # another's: it may have more lines by now
                self.know(self.dataset.download())
                self._forgotten.clear()
                changed = self._changed()
            if changed:
                files = {name: content for name, (_, content) in changed.items()}
                self.dataset.commit(files, f"Votes: {len(files)} journals changed", seconds)
        except Exception as error:  # the Hub, the network and the disk raise all sorts: told, and tried again
            self._tell(error)
            return False
        self._held.update({name: state for name, (state, _) in changed.items()})
        self._failed = None
        return True

    def follow_withdrawal(self) -> bool:
        """Commit the journals without somebody who withdrew; tells whether the dataset follows already."""
        return self.commit(WITHDRAWAL_SECONDS)

    def look(self) -> None:
        """Take no more votes when another process does."""
        try:
            writer = self.dataset.writer(self._watch)
        except Exception as error:  # the Hub, the network and the disk raise all sorts: told, and tried again
            self._tell(error)
            return
        if writer is not None and not self.journal.is_ours(writer) and not self.store.ended:
            self.store.end()
            print(self.problem, file=sys.stderr)
            self.commit()

    def _changed(self) -> dict[str, tuple[State, bytes]]:
        """Return the journals that the dataset doesn't hold as they are, without those who withdrew."""
        with self.store.pause():
            withdrawn = self.store.withdrawn()
            if withdrawn - self._forgotten:
                for folder in (self.journal.folder, self.dataset.copy):
                    forget(folder, withdrawn)
                self._forgotten = withdrawn
            files = {file: _state(file) for file in sorted(self.journal.folder.glob(JOURNALS))}
            return {
                file.name: (state, file.read_bytes())
                for file, state in files.items()
                if self._held.get(file.name) != state
            }

    def _repeat(self, seconds: float, work: Callable[[], object]) -> None:
        while not self._stop.wait(seconds):
            work()

    def _tell(self, error: Exception) -> None:
        status = status_of(error)
        self._reason = type(error).__name__ + (f" {status}" if status else "")
        if self._failed is None:
            self._failed = self._clock()
            print(f"The votes can't be committed ({self._reason}); it is tried again.", file=sys.stderr)

    def _commit_last(self) -> None:
        """Commit what is left; a Hub that is busy is asked again, for this disk may be gone in a moment."""
        self.store.end()
        end = time.monotonic() + LAST_SECONDS
        while not self.commit(LAST_TRY):
            if time.monotonic() + PAUSE >= end:
                print(f"The last votes aren't committed: keep {self.journal.folder}", file=sys.stderr)
                return
            time.sleep(PAUSE)


def _both(ours: bytes, held: bytes) -> bytes:
    """Return a journal with the whole lines of two copies of it; one of the two, where that has them all."""
    mine, theirs = (text[: text.rfind(b"\n") + 1].splitlines(keepends=True) for text in (ours, held))
    known, told = set(mine), set(theirs)
    if told <= known:
        return ours
    return held if known <= told else b"".join([*theirs, *(line for line in mine if line not in told)])


def _state(file: Path) -> State:
    told = file.stat()
    return told.st_size, told.st_mtime_ns
