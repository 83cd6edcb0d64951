"""Which tests belong to a file that was changed."""

from pathlib import Path, PurePosixPath

import pytest

from tests.quick import HOUSE, ROOT, files_of


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("mtbenchx_tasks/annotate/journal.py", ["tests/mtbenchx_tasks/annotate/test_journal.py"]),  # its namesake
        ("mtbenchx_tasks/annotate/pages.py", ["tests/mtbenchx_tasks/annotate"]),  # has none
        ("mtbenchx_tasks/annotate/texts/de.toml", ["tests/mtbenchx_tasks/annotate"]),  # nor has its folder
        ("tests/mtbenchx_tasks/annotate/test_gone.py", []),
        ("tests/mtbenchx_tasks/annotate/test_journal.py", ["tests/mtbenchx_tasks/annotate/test_journal.py"]),
        ("tests/mini.py", []),
        ("README.md", []),
    ],
)
def test_a_changed_file_has_tests(tmp_path: Path, file: str, expected: list[str]) -> None:
    folder = tmp_path / "tests" / "mtbenchx_tasks" / "annotate"
    folder.mkdir(parents=True)
    (folder / "test_journal.py").touch()
    assert list(files_of(PurePosixPath(file), tmp_path)) == expected


def test_the_house_stands() -> None:
    assert all((ROOT / file).is_file() for file in HOUSE)
