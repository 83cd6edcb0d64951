"""Which keys this environment holds: that they are there and have the form of a key, never what they are."""

import os
from collections.abc import Iterator

from hf_datasets.endpoints.access import read_access
from hf_datasets.endpoints.address import OPENAI_URL, read_address
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.engines.deepl import KEY_VARIABLE
from mtbenchx_tasks.doctor.inspection import Inspection, Severity
from mtbenchx_tasks.judge.presets import LIVING

AREA = "keys"
ENDPOINT = "OPENAI_BASE_URL"


def keys() -> Iterator[Inspection]:
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


def _key(variable: str, purpose: str, url: str | None) -> Inspection:
    if not os.environ.get(variable, "").strip():
        return Inspection(AREA, variable, f"not set ({purpose})", Severity.NOTE)
    try:
        read_access(url or OPENAI_URL, variable, {})
    except UserError as error:
        return Inspection(AREA, variable, "set, but no key", Severity.WRONG, str(error))
    return Inspection(AREA, variable, f"set, not tried ({purpose})")


def _hub() -> Inspection:
    from huggingface_hub import get_token

    if get_token():
        return Inspection(AREA, "HF_TOKEN", "a token is there, not tried (the Hugging Face Hub)")
    return Inspection(AREA, "HF_TOKEN", "no token (the Hub: gated files, and whatever you push)", Severity.NOTE)


def _endpoint() -> Inspection:
    try:
        return Inspection(AREA, ENDPOINT, f"set: judges without a base_url are asked at {read_address(None).base}")
    except UserError as error:
        return Inspection(AREA, ENDPOINT, "set, but no URL", Severity.WRONG, str(error))
