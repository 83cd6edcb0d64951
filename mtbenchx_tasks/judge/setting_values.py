"""What a setting may hold, and the one sentence that refuses what it may not."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from hf_datasets.endpoints.address import read_address
from hf_datasets.records import canonical_json
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import LONGEST

OURS = ("model", "messages", "stream", "n", "temperature", "max_tokens", "max_completion_tokens", "seed", "logprobs")
"""What extra_body can't hold: it is a setting of its own, or would change how a reply is read."""
KEY = re.compile(r"Bearer\s|AIza\w{20}|(sk|gsk|xai|hf|pk)[-_](?=.*\d)[\w-]{12,}$")
"""How the keys of many vendors begin."""
KEY_NAME = re.compile(r"api_?key|secret|password|^(access_|auth_|hf_|api_|bearer_)?token$", re.IGNORECASE)
"""Names of keys; `max_tokens` and `eos_token` aren't."""
ALMOST = 0.9
"""From this likeness on, a name is a slip of the pen: `max_token`."""


def within(low: float, high: float) -> AfterValidator:
    """Return the check of a number: from the least to the greatest value."""

    def check(value: float, info: ValidationInfo) -> float:
        if not low <= value <= high:
            raise UserError(f"judge.{info.field_name} must be from {low} to {high}, not {value}.")
        return value

    return AfterValidator(check)


def _filled(text: str, info: ValidationInfo) -> str:
    if not text:
        raise UserError(f"judge.{info.field_name} must not be empty.")
    return text


def _url(text: str) -> str:
    try:
        read_address(text)
    except UserError:
        raise UserError(
            "judge.base_url must begin with http:// or https:// and a host, e.g. http://127.0.0.1:8000/v1."
        ) from None
    return text


def _variable(text: str) -> str:
    if not _is_variable(text):
        raise UserError("judge.api_key_env must be the name of an environment variable; a key is never a setting.")
    return text


def _is_variable(text: object) -> bool:
    """Tell whether a text names an environment variable, and isn't a key that happens to be made of its characters."""
    return (
        isinstance(text, str)
        and re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII) is not None
        and not (_looks_like_a_key(text))
    )


def _headers(given: "Fixed") -> "Fixed":
    for header, variable in given.items():
        if not _is_variable(variable) or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", header):
            raise UserError(
                f"judge.extra_headers must map the name of a header to the name of the environment variable that "
                f"holds its value; {header!r} doesn't: a key is never a setting."
            )
    return given


def _looks_like_a_key(text: str) -> bool:
    """Tell whether a text begins as vendors' keys do, or is long, of small letters and digits."""
    return KEY.match(text) is not None or re.fullmatch(r"(?=.*[a-z])(?=.*\d)\w{28,}", text) is not None


def _object(given: "Fixed", info: ValidationInfo) -> "Fixed":
    """Check that an object holds no key, is JSON, and doesn't say what another setting says."""
    for name, value in _leaves(given):
        if KEY_NAME.search(name) or (isinstance(value, str) and KEY.match(value)):
            raise UserError(
                f"judge.{info.field_name} holds what looks like a key at {name!r}; a key is never a setting."
            )
    ours = [name for name in OURS if name in given] if info.field_name == "extra_body" else []
    if ours:
        raise UserError(f"judge.extra_body can't hold {ours[0]!r}: name it as a setting of its own, if there is one.")
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UserError(f"judge.{info.field_name} must be a JSON object ({error}).") from None
    return given


def _leaves(value: Any, name: str = "") -> Iterable[tuple[str, Any]]:
    """Yield each value inside nested objects and lists, with the name that it stands under."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value


class Fixed(dict[str, Any]):
    """A JSON object as a setting: equal ones have one hash, so it is not to be changed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(canonical_json(self))


def _fixed(value: Any) -> Any:
    return Fixed(value) if isinstance(value, Mapping) else value


FilledText = Annotated[str, AfterValidator(_filled)]
Url = Annotated[str, AfterValidator(_url)]
Variable = Annotated[str, AfterValidator(_variable)]
JsonObject = Annotated[Fixed, BeforeValidator(_fixed), AfterValidator(_object)]
Headers = Annotated[Fixed, BeforeValidator(_fixed), AfterValidator(_headers)]
NOTHING = Fixed()


def unknown(name: str, known: list[str]) -> str:
    """Return why a name is no setting; it is never repeated with its value, which may be a key."""
    near = difflib.get_close_matches(name, known, n=1)
    almost = near and difflib.SequenceMatcher(None, name, near[0]).ratio() >= ALMOST
    if re.search(r"key|token|secret|password", name, re.IGNORECASE) and not almost:
        return (
            f"Unknown judge setting {name!r}: a key is never a setting; name its environment variable in api_key_env."
        )
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
    return f"Unknown judge setting {name!r}; {hint}"


def wrong_kind(name: str, kind: Any, value: Any) -> str:
    """Return what a setting must be, in words, read off its type."""
    wanted = " or ".join(_shown(alternative) for alternative in _alternatives(kind))
    return f"judge.{name} must be {wanted}, not {as_json(value)}."


def as_json(value: object) -> str:
    """Return a value as a user wrote it, cut after LONGEST characters."""
    text = json.dumps(value, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _alternatives(kind: Any) -> list[Any]:
    """Flatten `Literal["a", "b"] | None` into ["a", "b", None]; a plain class stays itself."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if get_origin(kind) is Annotated:
        base = get_args(kind)[0]
        return [dict if issubclass(base, dict) else base]
    arguments = get_args(kind)
    if not arguments:
        return [None] if kind is type(None) else [kind]
    return [alternative for argument in arguments for alternative in _alternatives(argument)]


def _shown(alternative: Any) -> str:
    names: dict[Any, str] = {
        str: "a text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        dict: "an object",
        None: "null",
    }
    return names[alternative] if alternative in names else json.dumps(alternative)
