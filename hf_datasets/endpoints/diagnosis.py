"""What a user is told of an endpoint that is of no use. Pure."""

from hf_datasets.endpoints.access import Access
from hf_datasets.endpoints.errors import USED_UP, ErrorBody

UNAUTHORIZED, UNPAID, FORBIDDEN, NOT_FOUND, NO_SUCH_METHOD = 401, 402, 403, 404, 405


def of_no_use(status: int, error: ErrorBody, access: Access, model: str) -> str:
    """Return one sentence if no later request can succeed either, else an empty text.

    Args:
        status: HTTP status.
        error: What the endpoint said.
        access: The endpoint, and which variable opens it.
        model: Who was asked; empty if nobody.
    """
    url, variable = access.address.base, access.variable
    told = f"({status})" + (f": {error.words.rstrip('.')}" if error.words else "")
    if status == UNPAID or USED_UP & set(error.codes):
        return f"The quota of the key in {variable} is used up {told}; add credit or take another judge."
    if status == UNAUTHORIZED:
        return f"{url} refused the key in {variable} {told}; set that variable to a valid key."
    if status == FORBIDDEN and not error.flagged:
        return f"The key in {variable} may not use {repr(model) if model else 'that'} at {url} {told}."
    if status in (NOT_FOUND, NO_SUCH_METHOD):
        what = f"no model {model!r} or no /chat/completions" if model else "no such address"
        return f"{url} has {what} {told}; check model and base_url."
    return ""
