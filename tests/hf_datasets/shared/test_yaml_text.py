"""YAML of others: plain data, or one sentence."""

import pytest

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.yaml_text import DEEPEST, load_yaml


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ("{a: ", "}")])
def test_so_many_brackets_may_be_open_and_no_more(opens: str, closes: str) -> None:
    load_yaml(opens * DEEPEST + closes * DEEPEST, "x.yaml")
    for number in (DEEPEST + 1, 100_000):
        with pytest.raises(UserError, match=r"^x\.yaml: no usable YAML \(nested too deeply\); correct it\.$"):
            load_yaml(opens * number, "x.yaml")


def test_brackets_that_are_closed_or_said_are_not_counted() -> None:
    assert load_yaml(f"[{'[1],' * 999}]", "x.yaml") == [[1]] * 999
    assert load_yaml(f"a: '{'[' * 999}'", "x.yaml") == {"a": "[" * 999}
