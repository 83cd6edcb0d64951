"""Models of one name have names of their own: the organisation's, and a hash where that isn't enough."""

import pytest

from mtbenchx_tasks.formats.namesakes import own_names
from mtbenchx_tasks.records import Model

# What lm_eval's results say (source, name, commit), what ledgers hold (endpoint and name; a hash of weights), paths.
LOCAL, REMOTE = "hf alice/m 3fa4b2", "https://api.example/v1 bob/m"
WEIGHTS, FOLDER, PATH = "9f86d081884c7d65", "alice/m", "hf /home/eve/runs/m"


@pytest.mark.parametrize(
    ("identities", "names"),
    [
        ((LOCAL, REMOTE), ["alice/m", "bob/m"]),
        ((LOCAL, ""), ["alice/m", "m (identity unknown)"]),
        ((LOCAL, WEIGHTS), ["alice/m", "m (#)"]),
        ((LOCAL, FOLDER), ["alice/m (#)", "alice/m (#)"]),  # one organisation: another commit, or none told
        ((PATH, WEIGHTS), ["m (#)", "m (#)"]),  # a path is no organisation
    ],
)
def test_names_of_their_own(identities: tuple[str, str], names: list[str]) -> None:
    found = [*own_names(Model("m", identity) for identity in identities).values()]
    assert len(set(found)) == 2
    for name, expected in zip(found, names, strict=True):
        start, hole, _ = expected.partition("#")
        assert name.startswith(start) if hole else name == expected
        assert len(name) == len(expected) + 5 * bool(hole)  # six digits of a hash for "#"


def test_a_name_without_an_origin_is_no_part_of_another() -> None:
    assert [*own_names([Model("m", "hf alice/xm"), Model("m", "hf bob/m")]).values()][1] == "bob/m"
