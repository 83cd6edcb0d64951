"""Posts of all dumps, kept in a temporary database on disk, so that answers may come before their questions."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.curate.sites import license_of

QUESTION, ANSWER = "1", "2"
"""PostTypeId of the two kinds that make pairs; others (tag wikis, notices) are only counted."""
_SCHEMA = """
CREATE TABLE question (host, id INTEGER, score INTEGER, license, author, title, body, accepted INTEGER,
    answers INTEGER, PRIMARY KEY (host, id)) WITHOUT ROWID;
CREATE TABLE answer (host, id INTEGER, parent INTEGER, score INTEGER, license, author, body, PRIMARY KEY (host, id));
"""
_INDEX = "CREATE INDEX answers_of ON answer (host, parent, id)"
_DIGITS = re.compile(r"-?\d+")
MOST_DIGITS = 18
"""Of a number that SQLite keeps."""


@dataclass(frozen=True)
class Post:
    """What a pair needs of a question or an answer."""

    host: str
    """The site's host name."""
    id: int
    """Unique within the site."""
    score: int
    """Votes up minus votes down."""
    license: str
    """SPDX identifier, or `other`."""
    author: str
    """`user 12`, a name, or empty where the dump names nobody."""
    title: str
    """A question's; empty for an answer."""
    body: str
    """The text, as HTML."""
    accepted: int | None = None
    """A question's accepted answer."""
    answers: int | None = None
    """A question's AnswerCount; None if the dump doesn't say."""


@dataclass(frozen=True)
class Thread:
    """A question with all its answers that the dump holds."""

    question: Post
    answers: tuple[Post, ...]
    """All answers of the dump, by ascending id."""


class Posts:
    """The database; threads and orphans can be read when every dump is in it."""

    def __init__(self, file: Path) -> None:
        self.counts: Counter[str] = Counter()
        """Rows by kind: `questions`, `answers`, `other posts`, and those that were refused."""
        self.refused: list[tuple[str, str, str]] = []
        """(host, Id as written, why) of each refused row."""
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32768", "temp_store = FILE"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")

    def close(self) -> None:
        """Give the file free."""
        self._database.close()

    def add(self, host: str, row: Mapping[str, str]) -> None:
        """Keep one row of a Posts.xml, or count why not."""
        kind = row.get("PostTypeId", "")
        if kind not in (QUESTION, ANSWER):
            self.counts["other posts"] += 1
            return
        try:
            added = self._insert(host, kind, row)
        except (KeyError, ValueError) as error:
            self._refuse(host, row, "unreadable post", _fault(error))
            return
        if added:
            self.counts["questions" if kind == QUESTION else "answers"] += 1
        else:
            self._refuse(host, row, "repeated post", "the same id was read before")

    def _insert(self, host: str, kind: str, row: Mapping[str, str]) -> bool:
        license_ = license_of(row.get("ContentLicense", ""), row.get("CreationDate", ""))
        name = row.get("OwnerDisplayName", "").strip()
        author = f"user {row['OwnerUserId']}" if row.get("OwnerUserId") else name
        values = (host, _number(row, "Id"), _number(row, "Score"), license_, author)
        if kind == QUESTION:
            accepted = _number(row, "AcceptedAnswerId") if "AcceptedAnswerId" in row else None
            answers = _number(row, "AnswerCount") if "AnswerCount" in row else None
            found: tuple[str | int | None, ...] = (*values, row.get("Title", ""), row["Body"], accepted, answers)
            sql = "INSERT OR IGNORE INTO question VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        else:
            found = (*values[:2], _number(row, "ParentId"), *values[2:], row["Body"])
            sql = "INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)"
        return self._database.execute(sql, found).rowcount > 0

    def _refuse(self, host: str, row: Mapping[str, str], reason: str, detail: str) -> None:
        self.counts[reason] += 1
        self.refused.append((host, row.get("Id", ""), f"{reason}: {detail}"))

    def index(self) -> None:
        """Call when every dump has been read."""
        self._database.execute(_INDEX)

    def threads(self) -> Iterator[Thread]:
        """Return every question with its answers, by host and id."""
        answers = self._database.cursor()
        for row in self._database.execute("SELECT * FROM question ORDER BY host, id"):
            question = Post(*row)
            found = answers.execute(
                "SELECT host, id, score, license, author, '', body FROM answer "
                "WHERE host = ? AND parent = ? ORDER BY id",
                (question.host, question.id),
            )
            yield Thread(question, tuple(Post(*answer) for answer in found))

    def orphans(self) -> Iterator[tuple[str, int, int]]:
        """Return (host, id, the missing question's id) of every answer without its question, by host and id."""
        sql = (
            "SELECT host, id, parent FROM answer WHERE NOT EXISTS (SELECT 1 FROM question WHERE "
            "question.host = answer.host AND question.id = answer.parent) ORDER BY host, id"
        )
        yield from self._database.execute(sql)


def _number(row: Mapping[str, str], name: str) -> int:
    if not _DIGITS.fullmatch(row[name]) or len(row[name]) > MOST_DIGITS:
        raise ValueError(f"{name} is {row[name][:40]!r}")
    return int(row[name])


def _fault(error: Exception) -> str:
    return f"no {error.args[0]}" if isinstance(error, KeyError) else str(error)
