"""The candidates on disk, with their signatures: as many as there may be, in flat memory."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hf_datasets.curate.filters import CuratedPair
from hf_datasets.records import ASSISTANT, USER, Sample
from hf_datasets.shared.near_duplicates import PERMUTATIONS, signature

if TYPE_CHECKING:
    from hf_datasets.shared.near_duplicates import Signatures

ROLES = (USER, ASSISTANT)
"""Whose texts have a signature, in the order of the file."""


def signatures_of(sample: Sample) -> bytes:
    """Return the signatures of a question and its answer, as `Survivors` keeps them."""
    texts = {message.role: message.content for message in sample.messages}
    return b"".join(signature(texts[role]).tobytes() for role in ROLES)


class Survivors:
    """Candidates by number, counted from 0 in the order of their arrival."""

    def __init__(self, folder: Path) -> None:
        self.ids: list[str] = []
        """Ids by number."""
        self.scores: list[int] = []
        """Scores of the answers by number."""
        self._database = sqlite3.connect(folder / "survivors.sqlite", isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE survivor (number INTEGER PRIMARY KEY, row)")
        self._database.execute("BEGIN")
        self._paths = {role: folder / f"signatures-{role}" for role in ROLES}
        self._files = {role: path.open("wb") for role, path in self._paths.items()}

    def close(self) -> None:
        """Give the files free."""
        self._database.close()
        for file in self._files.values():
            file.close()

    def add(self, candidate: CuratedPair, signatures: bytes) -> None:
        """Keep a candidate; its signatures are from `signatures_of`."""
        row = json.dumps(candidate.sample.to_row(), ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._database.execute("INSERT INTO survivor VALUES (?, ?)", (len(self.ids), row))
        half = len(signatures) // len(ROLES)
        for position, role in enumerate(ROLES):
            self._files[role].write(signatures[position * half : (position + 1) * half])
        self.ids.append(candidate.sample.id)
        self.scores.append(candidate.score)

    def signatures(self, role: str) -> "Signatures":
        """Return the signatures of all questions or all answers: shape (candidates, PERMUTATIONS), read from disk."""
        import numpy as np

        self._files[role].flush()
        if not self.ids:
            return np.empty((0, PERMUTATIONS), dtype=np.uint32)
        shape = (len(self.ids), PERMUTATIONS)
        return np.memmap(self._paths[role], dtype=np.uint32, mode="r", shape=shape)

    def sample(self, number: int) -> Sample:
        """Return one candidate."""
        row = self._database.execute("SELECT row FROM survivor WHERE number = ?", (number,)).fetchone()
        return Sample.from_row(json.loads(row[0]))

    def samples(self) -> Iterator[tuple[Sample, int]]:
        """Return every candidate with its score, in order."""
        for number, row in self._database.execute("SELECT number, row FROM survivor ORDER BY number"):
            yield Sample.from_row(json.loads(row)), self.scores[number]
