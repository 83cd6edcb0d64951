"""A DeepL that speaks in capitals, and no waiting between retries."""

from collections.abc import Iterator

import pytest

from tests.doubles.deepl_api import KEY, DeepLApi, serve_deepl


@pytest.fixture
def deepl(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeepLApi]:
    monkeypatch.setattr("deepl.http_client._BackoffTimer.sleep_until_deadline", _count_only)
    with serve_deepl() as api:
        monkeypatch.setenv("DEEPL_AUTH_KEY", KEY)
        monkeypatch.setenv("DEEPL_SERVER_URL", api.url)
        yield api


def _count_only(timer: object) -> None:
    timer._num_retries += 1  # type: ignore[attr-defined]
