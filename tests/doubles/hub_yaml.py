"""The Hub's check of a card's front matter, as far as its rules are public."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

LICENSES = frozenset(
    {
        *("apache-2.0", "mit", "openrail", "bigscience-openrail-m", "cc", "cc0-1.0"),
        *("cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0"),
        *("cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0"),
        *("cc-by-nc-sa-4.0", "odc-by", "gpl-3.0", "agpl-3.0", "llama2", "llama3"),
        *("llama3.1", "llama3.2", "llama3.3", "gemma", "bsd-3-clause", "unknown"),
        "other",
    }
)
COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
REPO_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[\w-]+)?|code|multilingual")
SHORT = 60


def problems(content: str, kind: str) -> list[str]:
    """Return what the Hub would refuse a README.md for."""
    match = re.match(r"---\r?\n(.*?)\r?\n?---(\r?\n|$)", content, re.DOTALL)
    if match is None:
        return []
    try:
        data = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        return [f"YAML error: {error}"]
    if data is None:
        return []
    if not isinstance(data, dict):
        return ["The metadata must be an object"]
    return [*_common(data), *(_of_space(data) if kind == "space" else _of_model(data) if kind == "model" else [])]


def front_matter(card: bytes) -> Any:
    """The metadata of a card that was let in."""
    parts = card.decode().split("---\n")
    return yaml.safe_load(parts[1]) if card.startswith(b"---\n") else None


def warnings(content: str) -> list[str]:
    return [] if content.startswith("---") else ["empty or missing yaml metadata in repo card"]


def refused_files(files: dict[str, bytes]) -> list[str]:
    """What the Hub would refuse a commit's `eval.yaml` and `.eval_results` for (docs/hub/eval-results, 2026-11-28)."""
    found: list[str] = []
    for path, content in files.items():
        if path == "eval.yaml":
            found += _of_benchmark(yaml.safe_load(content))
        elif re.fullmatch(r"\.eval_results/[^/]+\.ya?ml", path):
            found += [f"{path}: {fault}" for fault in _of_results(yaml.safe_load(content))]
    return found


def _of_benchmark(data: Any) -> Iterator[str]:
    tasks = data.get("tasks") if isinstance(data, dict) else None
    if not isinstance(tasks, list) or not tasks or not all(isinstance(task, dict) for task in tasks):
        yield 'eval.yaml: "tasks" must be a list of tasks'
        return
    ids = [task.get("id") for task in tasks]
    if len(set(ids)) < len(ids) or not all(isinstance(one, str) for one in ids):
        yield 'eval.yaml: each task needs an "id" of its own'
    if not isinstance(data.get("name"), str):
        yield 'eval.yaml: "name" is required'


def _of_results(entries: Any) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else [None]:
        dataset = entry.get("dataset") if isinstance(entry, dict) else None
        if not isinstance(dataset, dict) or not REPO_ID.fullmatch(str(dataset.get("id"))):
            yield '"dataset.id" is required'
        elif not isinstance(dataset.get("task_id"), str):
            yield '"dataset.task_id" is required'
        elif type(entry.get("value")) not in (int, float):
            yield '"value" is required'
        elif "date" in entry and not re.match(r"\d{4}-\d\d-\d\d", str(entry["date"])):
            yield '"date" must be ISO 8601'


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _common(data: dict[str, Any]) -> Iterator[str]:
    for name in _list(data.get("license")):
        if name not in LICENSES:
            yield f'"license" must be one of {sorted(LICENSES)}'
    for name in _list(data.get("language")):
        if not isinstance(name, str) or not LANGUAGE.fullmatch(name):
            yield '"language[0]" must only contain lowercase characters'


def _of_space(data: dict[str, Any]) -> Iterator[str]:
    if data.get("sdk") not in ("static", "gradio", "docker"):
        yield '"sdk" must be one of [gradio, docker, static]'
    for key in ("colorFrom", "colorTo"):
        if key in data and data[key] not in COLORS:
            yield f'"{key}" must be one of {list(COLORS)}'
    if len(data.get("short_description", "")) > SHORT:
        yield f'"short_description" length must be less than or equal to {SHORT} characters long'


def _of_model(data: dict[str, Any]) -> Iterator[str]:
    for index, name in enumerate(_list(data.get("base_model"))):
        if not isinstance(name, str) or not REPO_ID.fullmatch(name):
            yield f'"base_model[{index}]" with value "{name}" is not valid. Use a model id from https://hf.co/models.'
    for index, name in enumerate(_list(data.get("datasets"))):
        if not isinstance(name, str) or not REPO_ID.fullmatch(name):
            yield f'"datasets[{index}]" with value "{name}" is not valid. Use a dataset id from https://hf.co/datasets.'
    for model in _list(data.get("model-index")):
        if not model.get("name"):
            yield '"model-index[0].name" is required'
        for number, result in enumerate(model.get("results", [])):
            yield from _of_result(f"model-index[0].results[{number}]", result)


def _of_result(place: str, result: dict[str, Any]) -> Iterator[str]:
    wanted = [("task", "type"), ("dataset", "type"), ("dataset", "name")]
    for part, key in wanted:
        if not isinstance(result.get(part, {}).get(key), str):
            yield f'"{place}.{part}.{key}" is required'
    if not result.get("metrics"):
        yield f'"{place}.metrics" is required'
    for metric in result.get("metrics", []):
        if not isinstance(metric.get("type"), str) or metric.get("value") is None:
            yield f'"{place}.metrics[0]" needs type and value'
