"""Which SQLite files are ledgers, and how those of earlier releases are lifted."""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hf_datasets.ledger.layout import APPLICATION, SCHEMA, TABLES
from hf_datasets.ledger.store import Ledger, LedgerError, open_ledger
from hf_datasets.records import Comparison, Completion, Use

SAID = Completion("answered", "Rating: [[8]]", details={"snapshot": "gpt-4-0613"})
FIRST_USE = """
    candidate TEXT NOT NULL, benchmark TEXT NOT NULL, revision TEXT NOT NULL, task_version REAL NOT NULL,
    language TEXT NOT NULL, question_id INTEGER NOT NULL, turn INTEGER NOT NULL, repeat INTEGER NOT NULL,
    run INTEGER NOT NULL, judge TEXT NOT NULL, settings TEXT NOT NULL, answer TEXT NOT NULL, judgment TEXT,
    at REAL NOT NULL,
    PRIMARY KEY (candidate, benchmark, revision, task_version, language, question_id, turn, repeat, run, judge,
                 settings)"""
"""`use` of the first ledgers."""


def unmarked(path: Path, tables: dict[str, str], version: int = 1) -> Path:
    """A database as earlier releases wrote it: no application_id."""
    with closing(sqlite3.connect(path)) as database:
        for name, columns in tables.items():
            database.execute(f"CREATE TABLE {name} ({columns})")
        database.execute(f"PRAGMA user_version={version}")
        database.commit()
    return path


def first_ledger(path: Path) -> Path:
    """A ledger of the first release with one judgment, one answer and one use."""
    unmarked(path, {"judgment": TABLES["judgment"], "answer": TABLES["answer"], "use": FIRST_USE})
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "INSERT INTO judgment (key, request, state, text, details, at) VALUES ('k', '{}', 'answered', ?, ?, 1)",
            (SAID.text, json.dumps(dict(SAID.details))),
        )
        database.execute("INSERT INTO answer VALUES ('a', '{}', 'Antwort', 1)")
        database.execute(
            "INSERT INTO use VALUES ('m', 'mini', 'r', 1.0, 'de', 1, 2, 0, 0, 'gpt-4', '{}', 'Antwort', 'k', 1)"
        )
        database.commit()
    return path


def mark(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as database:
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
    return application, version


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_new_ledger_is_marked(tmp_path: Path) -> None:
    Ledger(tmp_path / "l.sqlite").close()
    assert mark(tmp_path / "l.sqlite") == (APPLICATION, SCHEMA)


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite").touch()
    Ledger(tmp_path / "l.sqlite").close()
    assert mark(tmp_path / "l.sqlite") == (APPLICATION, SCHEMA)


def test_a_ledger_of_the_first_release_is_lifted_with_all_it_holds(tmp_path: Path) -> None:
    path = first_ledger(tmp_path / "l.sqlite")
    with Ledger(path) as ledger:
        assert ledger.judgment("k") == SAID
        assert ledger.answer("a") == "Antwort"
        (use,) = ledger._rows("SELECT * FROM use")
        assert {name: use[name] for name in ("candidate", "identity", "prompt", "suspicious", "turn", "judgment")} == {
            **{"candidate": "m", "identity": "", "prompt": "", "suspicious": 0, "turn": 2, "judgment": "k"}
        }
        assert {name for (name,) in ledger._rows("SELECT name FROM sqlite_master WHERE type = 'table'")} == set(TABLES)
    assert mark(path) == (APPLICATION, SCHEMA)


def test_a_ledger_of_a_later_first_layout_is_only_marked(tmp_path: Path) -> None:
    path = unmarked(tmp_path / "l.sqlite", {name: TABLES[name] for name in ("judgment", "answer", "use", "comparison")})
    with Ledger(path) as ledger:
        assert ledger._rows("SELECT * FROM translation") == []
    assert mark(path) == (APPLICATION, SCHEMA)


def test_a_ledger_whose_ids_were_whole_numbers_is_lifted_and_holds_texts_then(tmp_path: Path) -> None:
    """A column of whole numbers would make one question of 1.1 and 1.10."""
    numbers = {name: TABLES[name].replace("question_id NOT NULL", "question_id INTEGER NOT NULL") for name in TABLES}
    path = unmarked(tmp_path / "l.sqlite", numbers, 2)
    place = ("m", "i", "mini", "r", 1.0, "de")
    rest = (1, 0, 0, "gpt-4", "{}", "p", False, "Antwort", "k")
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA application_id={APPLICATION}")
        database.execute(f"INSERT INTO use VALUES ({', '.join('?' * 17)})", (*place, 81, *rest, 1.0))
        database.commit()
    ids = ["1.1", "1.10", "1e3", "q-7", 7]
    with Ledger(path) as ledger:
        ledger.record(Use(*place, identifier, *rest) for identifier in ids)
        ledger.record_comparisons(
            Comparison("b", "r", "ja", one, 1, 0, "j", "{}", "p", "a", "z", 1, False, "A", "Z", "k") for one in ids
        )
        assert {row["question_id"] for row in ledger._rows("SELECT * FROM use")} == {81, *ids}
        assert [row["question_id"] for row in ledger._rows("SELECT * FROM comparison ORDER BY rowid")] == ids
    assert mark(path) == (APPLICATION, SCHEMA)


OTHERS = {
    "bookmarks": {"moz_places": "id INTEGER PRIMARY KEY, url TEXT"},
    "a table of our name": {"judgment": "id INTEGER PRIMARY KEY, case_number TEXT"},
    "our columns and one more": {"judgment": TABLES["judgment"], "answer": "key TEXT, request TEXT, mine TEXT"},
    "our tables among others": {"judgment": TABLES["judgment"], "moz_places": "id INTEGER"},
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("version", [0, 1, 35])
def test_another_programs_database_is_left_alone(tmp_path: Path, name: str, version: int) -> None:
    path = unmarked(tmp_path / "other.sqlite", OTHERS[name], version)
    before = digest(path)
    for use in (lambda: Ledger(path), lambda: open_ledger(path, read_only=True)):
        with pytest.raises(LedgerError, match=r"other\.sqlite is an SQLite file, but no ledger of mtbenchx"):
            use()
    assert digest(path) == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_with_another_programs_mark_is_left_alone(tmp_path: Path) -> None:
    path = first_ledger(tmp_path / "l.sqlite")
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA application_id=7")
    before = digest(path)
    with pytest.raises(LedgerError, match="no ledger of mtbenchx"):
        Ledger(path)
    assert digest(path) == before


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_that_another_program_has_locked_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_only: bool
) -> None:
    monkeypatch.setattr("hf_datasets.ledger.place.BUSY_SECONDS", 0.01)
    path = unmarked(tmp_path / "places.sqlite", OTHERS["bookmarks"])
    with closing(sqlite3.connect(path, isolation_level=None)) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match=r"locked|no ledger of mtbenchx"):
            open_ledger(path, read_only=read_only)


def test_only_its_owner_reads_a_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        ledger.claim("k", "request")
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert {"l.sqlite", "l.sqlite-wal", "l.sqlite-shm"} < set(modes)
    assert set(modes.values()) == {"0o600"}


# merging ------------------------------------------------------------------------------------------------------------


def test_ledgers_of_earlier_releases_are_merged_and_stay_as_they_are(tmp_path: Path) -> None:
    old = first_ledger(tmp_path / "old.sqlite")
    before = digest(old)
    with Ledger(tmp_path / "into.sqlite") as into:
        assert into.merge(old) == (1, 1, 1, 0)
        assert into.merge(old) == (0, 0, 0, 0)
        assert into.judgment("k") == SAID
        (use,) = into._rows("SELECT * FROM use")
        assert (use["judge"], use["answer"], use["identity"]) == ("gpt-4", "Antwort", "")
    assert digest(old) == before


def test_columns_in_another_order_are_merged_by_name(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    Ledger(other).close()
    with closing(sqlite3.connect(other)) as database:
        database.execute("DROP TABLE answer")
        database.execute("CREATE TABLE answer (text TEXT, at REAL, request TEXT, key TEXT PRIMARY KEY)")
        database.execute("INSERT INTO answer (key, request, text, at) VALUES ('a', 'request', 'text', 1)")
        database.commit()
    with Ledger(tmp_path / "into.sqlite") as into:
        assert into.merge(other) == (0, 1, 0, 0)
        assert into.answer("a") == "text"


# reading -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder without the right to write, for one who isn't root; for root, its rights are put aside."""
    folder = tmp_path / "mount"
    folder.mkdir()
    yield folder
    folder.chmod(0o755)


def read_as_ordinary_user(path: Path) -> Completion | None:
    for folder in (path.parent, *path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    if root := os.geteuid() == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(OSError, match=r"Permission denied"):
            (path.parent / "probe").touch()
        with open_ledger(path, read_only=True) as ledger:
            return ledger.judgment("k")
    finally:
        if root:
            os.seteuid(0)


def test_a_ledger_in_a_place_without_the_right_to_write_is_read(read_only_folder: Path) -> None:
    with Ledger(read_only_folder / "l.sqlite") as ledger:
        ledger.claim("k", "{}")
        ledger.finish("k", SAID)
    assert read_as_ordinary_user(read_only_folder / "l.sqlite") == SAID


def test_what_stands_in_the_log_of_a_killed_process_is_read_there(read_only_folder: Path, tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        ledger.claim("k", "{}")
        ledger.finish("k", SAID)
        for name in ("l.sqlite", "l.sqlite-wal"):  # as a kill leaves them, on a disk that is then mounted read-only
            shutil.copyfile(tmp_path / name, read_only_folder / name)
    assert read_as_ordinary_user(read_only_folder / "l.sqlite") == SAID


def test_a_ledger_that_is_being_written_is_read_as_it_is_now(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        ledger.claim("k", "{}")
        with open_ledger(ledger.path, read_only=True) as reader:
            ledger.finish("k", SAID)
            assert reader.judgment("k") is None
            assert reader.path == ledger.path
        with open_ledger(ledger.path, read_only=True) as reader:
            assert reader.judgment("k") == SAID


def test_reading_makes_no_ledger_and_leaves_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
    (tmp_path / "copies").mkdir()
    with pytest.raises(LedgerError, match=r"There is no ledger at .*none\.sqlite"):
        open_ledger(tmp_path / "none.sqlite", read_only=True)
    with Ledger(tmp_path / "l.sqlite") as ledger, open_ledger(ledger.path, read_only=True):
        assert len(list((tmp_path / "copies").iterdir())) == 1
    assert list((tmp_path / "copies").iterdir()) == []


# damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("details", ["", "[]", "{", "7", "[" * 100_000, b"\xff\xfe{}"])
def test_damaged_details_are_told(tmp_path: Path, details: object) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        ledger.claim("k", "{}")
        ledger.finish("k", SAID)
        ledger._db.execute("UPDATE judgment SET details = ?", (details,))
        with pytest.raises(LedgerError, match=rf"{ledger.path} is damaged: details of judgment k can't be read"):
            ledger.judgment("k")


def test_text_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        ledger.claim("k", "{}")
        ledger.finish("k", SAID)
        ledger._db.execute("UPDATE judgment SET text = CAST(x'ff41' AS TEXT)")
        with pytest.raises(LedgerError, match=rf"The ledger {ledger.path} can't be used \(.*UTF-8"):
            ledger.judgment("k")
        with pytest.raises(LedgerError, match="UTF-8"):
            ledger._rows("SELECT text FROM judgment")


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("question_id", b"\xff", "bytes in question_id"),
        ("answer", b"x", "bytes in answer"),
        ("turn", -1, "the turn '-1'"),
    ],
)
def test_a_row_of_another_shape_is_damage_that_is_told(tmp_path: Path, column: str, value: object, told: str) -> None:
    """SQLite keeps any value in any column."""
    from hf_datasets.ledger.queries import uses
    from hf_datasets.records import Use

    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record([Use("m", "", "mini", "r", 1.0, "de", 1, 1, 0, 0, "gpt-4", "{}", "single-v1", False, "one", None)])
    assert len(uses(ledger)) == 1
    ledger.execute(f"UPDATE use SET {column} = ?", (value,))
    with pytest.raises(LedgerError, match=f"is damaged: a row holds {told}"):
        uses(ledger)
    ledger.close()
