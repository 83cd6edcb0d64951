"""GET /models: names, and the ends that some endpoints tell."""

import contextlib
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.endpoints.client import OpenAIChat
from hf_datasets.endpoints.models import ListedModel, read_models
from hf_datasets.shared.errors import UserError
from tests.doubles.judges import serve_judges
from tests.doubles.openai_api import serve


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-models")


def test_an_endpoint_lists_its_models_and_their_ends() -> None:
    with serve_judges() as api:
        found = OpenAIChat(api.url).list_models()
    assert found == (
        ListedModel("google/gemma-4-31B-it", None),
        ListedModel("gpt-4.1", datetime.date(2027, 1, 14)),
        ListedModel("gpt-6-luna", None),
    )


def test_an_endpoint_without_a_list_is_told() -> None:
    with serve(lambda _: "x") as api, pytest.raises(UserError, match=api.url):
        OpenAIChat(api.url).list_models()


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"data": [{"id": "b"}, {"id": "a"}, {"id": "b"}]}, ["a", "b"]),
        ([{"id": "a"}], ["a"]),  # bare, as some gateways send it
        ({"data": []}, []),
        ({"data": [{"id": 7}, {"name": "a"}, None, "x", {"id": " "}, {"id": "a", "shutdown_date": 1e30}]}, ["a"]),
    ],
)
def test_names_are_read_once_and_in_order(body: Any, names: list[str]) -> None:
    assert [model.name for model in read_models(body)] == names


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "id", "shutdown_date", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(ANY_JSON)
def test_whatever_comes_is_read_or_refused(body: Any) -> None:
    with contextlib.suppress(ValueError):
        assert all(model.name for model in read_models(body))
