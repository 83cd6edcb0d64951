"""Which keys this environment holds: that they are there and have the form of a key, never what they are."""

import os
from collections.abc import Iterator

from hf_datasets.endpoints.access import read_access
from hf_datasets.endpoints.address import OPENAI_URL, read_address
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.engines.deepl import KEY_VARIABLE
from mtbenchx_tasks.doctor.check import Check, State
from mtbenchx_tasks.judge.presets import LIVING

AREA = "keys"
ENDPOINT = "OPENAI_BASE_URL"


def keys() -> Iterator[Check]:
    """Yield a line for each key that a judge, a translator or the Hub may ask for; none of them is tried."""
    for variable, url in judges().items():
        yield _key(variable, f"judges at {url}", url)
    yield _key(KEY_VARIABLE, "translations by DeepL", None)
    yield _hub()
    if os.environ.get(ENDPOINT):
        yield _endpoint()


def judges() -> dict[str, str]:
    """Return the variable of each vendor's key -> where the vendor's judges are asked."""
    return {judge.api_key_env: judge.base_url for judge in LIVING}


def _key(variable: str, purpose: str, url: str | None) -> Check:
    if not os.environ.get(variable, "").strip():
        return Check(AREA, variable, f"not set ({purpose})", State.NOTE)
    try:
        read_access(url or OPENAI_URL, variable, {})
    except UserError as error:
        return Check(AREA, variable, "set, but no key", State.WRONG, str(error))
    return Check(AREA, variable, f"set, not tried ({purpose})")


def _hub() -> Check:
    from huggingface_hub import get_token

    if get_token():
        return Check(AREA, "HF_TOKEN", "a token is there, not tried (the Hugging Face Hub)")
    return Check(AREA, "HF_TOKEN", "no token (the Hub: gated files, and whatever you push)", State.NOTE)


def _endpoint() -> Check:
    try:
        return Check(AREA, ENDPOINT, f"set: judges without a base_url are asked at {read_address(None).base}")
    except UserError as error:
        return Check(AREA, ENDPOINT, "set, but no URL", State.WRONG, str(error))
