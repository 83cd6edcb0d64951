"""What a judge was asked under: read alike from ledgers and results of this and of older releases, and in words."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from hf_datasets.benchmark.judge_prompts import name_by_hash
from hf_datasets.benchmark.questions import BENCHMARKS, LANGUAGES
from hf_datasets.benchmark.references import PUBLISHED
from hf_datasets.ledger.store import FINAL_STATES
from hf_datasets.records import canonical_json
from mtbenchx_tasks.judge.sent import DEFAULT, NOT_RECORDED, ROOM, parameters_sent, role_sent
from mtbenchx_tasks.records import Conditions

Thing = TypeVar("Thing")
SHOWN = 12
"""Characters of a hash in words."""
PROMPTS = {"prompt_set": "prompt_set", "prompt_sha256": "prompt_set_sha256"}
CONFIGURED = ("temperature", "max_tokens", "reasoning_effort", "seed", "backend_args")


def conditions_of(
    judge: str, language: str, task: Mapping[str, Any], settings: Mapping[str, Any], sent: Mapping[str, Any]
) -> Conditions:
    """Return the conditions of judgments in one language.

    Args:
        judge: The judge's slug.
        language: Of the questions.
        task: `benchmark`, `revision` and `task_version`.
        settings: What judge.conditions returns, or `metadata.judge` of results.
        sent: What `sent_by_ledger` or `sent_by_results` returned.
    """
    prompts = settings.get("prompt_language")
    references = {"reference_set": "reference_set", "references_sha256": "reference_set_sha256"}
    return Conditions(
        judge,
        {**_texts(task, {name: name for name in task}), **_questions(settings), **_texts(settings, references)},
        {
            **_texts({**settings, "prompt_set": prompt_set_of(settings, language)}, PROMPTS),
            **({"prompt_language": "same" if prompts == language else str(prompts)} if prompts else {}),
        },
        _texts(settings, {name: name for name in ("parser", "rating", "votes")}),
        sent,
    )


def prompt_set_of(settings: Mapping[str, Any], language: str) -> str | None:
    """Return which set of prompts was used, by the name that it has now: older releases' `native` is `native_v1`.

    Args:
        settings: What judge.conditions returns, or `metadata.judge` of results.
        language: Of the questions.
    """
    name, sha256, spoken = (settings.get(key) for key in ("prompt_set", "prompt_set_sha256", "prompt_language"))
    if not isinstance(name, str) or not isinstance(sha256, str):
        return name
    return name_by_hash(name, spoken if isinstance(spoken, str) and spoken != "same" else language, sha256)


def _questions(settings: Mapping[str, Any]) -> dict[str, str]:
    """Which questions were asked: the published ones where nothing is said, as older releases had no others."""
    if not settings:
        return {}
    name = str(settings.get("question_set") or PUBLISHED)
    hashed = {"questions_sha256": "question_set_sha256"} if name != PUBLISHED else {}
    return {"question_set": name, **_texts(settings, hashed)}


def _texts(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    return {name: str(settings[key]) for name, key in names.items() if settings.get(key)}


def sent_by_results(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `metadata.judge` of results tells of the requests; older releases sent what was configured."""
    online = settings.get("backend", "openai") == "openai"
    where = {"endpoint": settings.get("base_url" if online else "backend"), "model": settings.get("model")}
    parameters = settings.get("sent")
    if not isinstance(parameters, Mapping) or not parameters:
        parameters = _configured(settings)
    return _present({**where, **without_room(parameters)})


def _configured(settings: Mapping[str, Any]) -> dict[str, Any]:
    role = {"system_role": settings.get("system_role", "system")} if settings else {}
    if settings.get("rating") != "expected":
        return {**role, **{name: settings.get(name) for name in CONFIGURED}}
    if settings.get("backend") == "local":
        return role
    weighed = {"logprobs": True, "top_logprobs": settings.get("top_logprobs")}
    return {**role, **{name: settings.get(name) for name in CONFIGURED}, **weighed}


def sent_by_ledger(rule: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what was sent for one model's answers in one language.

    Args:
        rule: What judge.conditions returned; that of release 0.3 holds neither endpoint nor parameters.
        rows: Per judgment its `state` and `details`, and the request as it was to be: `endpoint`, `model`,
            `parameters`, `role`. What failed tells nothing.
    """
    asked = [row for row in rows if row["state"] in FINAL_STATES and row["endpoint"]]
    endpoint = rule.get("endpoint") or next((row["endpoint"] for row in asked), None)
    configured = {"parameters": rule.get("parameters", {}), "system_role": rule.get("system_role")}
    if not str(endpoint).startswith("http"):  # in this process: what is configured is what is done
        parameters = {name: value for name, value in configured["parameters"].items() if name != "rating"}
        role = role_sent([row["details"] for row in asked], configured["system_role"])
        return _present({"endpoint": endpoint, "model": rule.get("model"), **parameters, "system_role": role})
    details = [row["details"] if "sent" in row["details"] else {"sent": _as_asked(row)} for row in asked]
    model = rule.get("model") or next((row["model"] for row in asked), None)
    sent = parameters_sent(details or [{"sent": configured}])
    return _present({"endpoint": endpoint, "model": model, **without_room(sent)})


def _as_asked(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"parameters": row["parameters"], "system_role": row["role"]}


def without_room(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was sent, with the room that a judgment has at first as `max_tokens`, whatever a retry had."""
    rooms = [value for name in ROOM for value in _listed(sent.get(name)) if isinstance(value, int)]
    rest = {name: value for name, value in sent.items() if name not in ROOM}
    return {**rest, "max_tokens": min(rooms)} if rooms else rest


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what wasn't sent and what nobody recorded."""
    recorded = {name: [value for value in _listed(found) if value != NOT_RECORDED] for name, found in values.items()}
    single = {name: found[0] if len(found) == 1 else found for name, found in recorded.items()}
    return {name: value for name, value in single.items() if value not in (None, DEFAULT, [], {})}


# of several languages ------------------------------------------------------------------------------------------------


def of_one_revision(items: Iterable[Thing], place: Callable[[Thing], tuple[str, str, str]]) -> list[list[Thing]]:
    """Split what is alike in all languages into what may stand in one table.

    A revision belongs to a language: an added language, or each of another benchmark's, has its own. The languages of
    the package's benchmarks have theirs together, so that two of these are two releases of the benchmark.

    Args:
        items: Results, or groups of ratings.
        place: Returns benchmark, language and revision of one; "" where not told.
    """
    things = list(items)
    releases = {where[2] for where in map(place, things) if _is_packaged(*where[:2])}
    if len(releases) < 2:  # noqa: PLR2004
        return [things] if things else []
    parts: dict[str, list[Thing]] = {}
    for thing in things:
        parts.setdefault(place(thing)[2], []).append(thing)
    return list(parts.values())


def _is_packaged(benchmark: str, language: str) -> bool:
    return benchmark in BENCHMARKS and language in LANGUAGES


# in words ------------------------------------------------------------------------------------------------------------


def describe(conditions: Conditions, among: Iterable[Conditions] = ()) -> str:
    """Return the judge and what else tells these conditions from others of the same judge.

    Args:
        conditions: What is described.
        among: What it is told from; of other judges, or the same again, does no harm.
    """
    alike = [conditions, *(other for other in among if other.judge == conditions.judge)]
    names = dict.fromkeys(name for other in alike for name in other.told)
    telling = [name for name in names if len({canonical_json(other.told.get(name)) for other in alike}) > 1]
    parameters = {name for other in alike for name in other.sent} - {"endpoint", "model"}
    values = (_in_words(conditions, name, is_parameter=name in parameters) for name in telling)
    return ", ".join([f"judge {conditions.judge}", *values])


def _in_words(conditions: Conditions, name: str, *, is_parameter: bool) -> str:
    value = conditions.told.get(name)
    absent = "the endpoint's default" if is_parameter and conditions.sent else "not told"
    text = absent if value is None else value if isinstance(value, str) else canonical_json(value)
    return f"{name.replace('_', ' ')} {text[:SHOWN] if name == 'revision' or name.endswith('_sha256') else text}"
