"""What judgments were asked with, as it went over the wire: never what was merely configured."""

from collections.abc import Iterable, Mapping
from typing import Any

DEFAULT = "the endpoint's default"
"""What a parameter is that wasn't sent."""
NOT_RECORDED = "not recorded"
"""What is known of judgments that were asked before what is sent was recorded."""
ALWAYS = ("temperature",)
"""What everybody wants to know of a judge, sent or not."""
ROOM = ("max_tokens", "max_completion_tokens")
"""What endpoints call the most tokens of a judgment; one that was cut off is asked again with more."""
CONFIGURED = ("temperature", "max_tokens", "reasoning_effort", "seed", "top_logprobs", "extra_body", "system_role")
"""Settings that became parameters of a request, or didn't: results hold what became of them instead."""


def parameters_sent(details: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the parameters of judgments, by the names they have in a request's body, and the system prompt's role.

    Args:
        details: Of each judgment (see Completion.details); attempts that were cut off and asked again count too.

    Returns:
        Name -> its value; a list where judgments differ; DEFAULT where it wasn't sent; NOT_RECORDED where nobody knows.
        Empty if there is no judgment.
    """
    sent = [_flat(attempt.get("sent")) for detail in details for attempt in (*detail.get("attempts", ()), detail)]
    names = sorted({name for one in sent for name in one or ()} | set(ALWAYS if sent else ()))
    values = {name: [NOT_RECORDED if one is None else one.get(name, DEFAULT) for one in sent] for name in names}
    return {name: _one_or_all(of_all) for name, of_all in values.items()}


def as_sent(settings: Mapping[str, Any], details: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a judge's settings with what was sent in place of what was configured.

    Args:
        settings: JudgeSettings.public(); of a judge without an endpoint only the system prompt's role may differ.
        details: Of its judgments (see Completion.details).
    """
    if settings.get("backend") != "openai":
        return {**settings, "system_role": role_sent(details, settings.get("system_role"))}
    sent = parameters_sent(details)
    kept = {name: value for name, value in settings.items() if name not in CONFIGURED}
    return {**kept, "sent": sent, **{name: sent[name] for name in ALWAYS if name in sent}}


def role_sent(details: Iterable[Mapping[str, Any]], configured: Any) -> Any:
    """Return whose words the judge's instructions were, of a judge in this process: its chat template may decide.

    Args:
        details: Of its judgments (see Completion.details).
        configured: Its setting, which stands where nothing is recorded.
    """
    roles = [detail["sent"]["system_role"] for detail in details if detail.get("sent", {}).get("system_role")]
    return _one_or_all(roles) if roles else configured


def request_in_words(judge: Mapping[str, Any]) -> str:
    """Return what a judge was asked with, e.g. `gpt-6-luna at https://api.openai.com/v1: temperature 0.0`.

    Args:
        judge: What `as_sent` returned.
    """
    sent = judge["sent"] if "sent" in judge else {name: judge.get(name) for name in CONFIGURED}
    words = in_words({name: value for name, value in sent.items() if value not in (None, {})})
    return f"{judge['model']} at {judge.get('base_url') or judge['backend']}: {words or NOT_RECORDED}"


def sent_in_words(sent: Mapping[str, Any]) -> str:
    """Return a judge's requests for people to read; see `request_in_words`.

    Args:
        sent: `endpoint`, `model` and the parameters that were sent (Conditions.sent); an absent one had its default.
    """
    parameters = {name: value for name, value in sent.items() if name not in ("endpoint", "model")}
    told = dict.fromkeys(ALWAYS, DEFAULT) | parameters
    return f"{sent.get('model', NOT_RECORDED)} at {sent.get('endpoint', NOT_RECORDED)}: {in_words(told)}"


def in_words(sent: Mapping[str, Any]) -> str:
    """Return parameters for people to read, e.g. `max_tokens 2048, temperature: the endpoint's default`."""
    return ", ".join(
        f"{name}: {value}" if isinstance(value, str) and " " in value else f"{name} {_shown(value)}"
        for name, value in sent.items()
    )


def _flat(sent: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if sent is None:
        return None
    role = {"system_role": sent["system_role"]} if "system_role" in sent else {}
    return dict(sent.get("parameters", {})) | role


def _one_or_all(values: list[Any]) -> Any:
    """Return the value that all share, or each of them once, in order of first appearance."""
    distinct: list[Any] = []
    for value in values:
        if value not in distinct:
            distinct.append(value)
    return distinct[0] if len(distinct) == 1 else distinct


def _shown(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)
