"""`mtbenchx data push`: a built dataset folder becomes a dataset on the Hub.

The Hub's documentation (huggingface.co/docs/hub/eval-results, read on 2026-11-28: "work in progress") tells of a
benchmark's `eval.yaml` that it is validated at push time and that benchmarks are on an allow-list; which keys must be
there it doesn't tell. So one that is refused is left out, with a sentence, and everything else is published.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from hf_datasets.hub.errors import status_of
from hf_datasets.hub.folder import CARD, HASH_DIGITS, MARKER
from hf_datasets.hub.push import Pushed, Read, push_files
from hf_datasets.hub.uploads import left_out, uploads
from hf_datasets.records import content_hash
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.yaml_text import load_yaml

EVAL = "eval.yaml"
BAD_REQUEST = 400
"""What the Hub answers to a commit with a file that it refuses."""
OURS = (CARD, EVAL, "LICENSE*", "NOTICE*")
"""What of a built folder is published beside the files and tasks that its card names; anything else stays here."""
BENCHMARK = "MT-Bench-X"
"""`pretty_name` of the dataset that is a benchmark."""
_NAMED_BY_CONTENT = re.compile(rf"data/.+-[0-9a-f]{{{HASH_DIGITS}}}\.parquet")
_QUESTIONS = re.compile(r"(mini_)?[a-z]{2,3}(-[a-z0-9]+)*")
"""Names of the configs that hold questions: a language, or `mini_` and a language."""
_PLACE = re.compile(r"^dataset_path: .*$", re.MULTILINE)
"""Where a task file names its dataset (benchmark/task_files.py)."""


def push_dataset(folder: Path, repo_id: str, *, private: bool = False) -> Pushed:
    """Publish a built folder: card, Parquet, for the benchmark also its task files and `eval.yaml`.

    Args:
        folder: What `mtbenchx data build` wrote.
        repo_id: `namespace/name` of the dataset on the Hub.
        private: Make it private.

    Raises:
        UserError: The folder isn't one of ours or isn't whole; or the push failed (see `hub.push_files`).
    """
    card = _card(folder)
    metadata = front_matter(card.decode("utf-8"))
    named = _data_files(folder, metadata)
    extra = {}
    if metadata.get("pretty_name") == BENCHMARK and not (folder / EVAL).is_file():
        extra[EVAL] = eval_yaml(metadata).encode()
    tag = data_tag(named)
    extra |= task_files(folder, metadata, repo_id, tag)
    files = uploads(folder, allow=[*OURS, *named], extra=extra)
    if rest := left_out(folder, files):
        print(f"Not uploaded, since no build of ours made it: {', '.join(rest)}")
    title = f"Publish {metadata.get('pretty_name') or folder.resolve().name}"
    tags = [tag] if any(f"'{tag}'".encode() in text for text in extra.values()) else []
    send = partial(
        push_files, repo_id=repo_id, kind="dataset", message=title, private=private, superseded=superseded, tags=tags
    )
    try:
        return send(files)
    except UserError as error:
        if EVAL not in files or error.__cause__ is None or status_of(error.__cause__) != BAD_REQUEST:
            raise
        pushed = send({path: file for path, file in files.items() if path != EVAL})
        print(f"{EVAL} is left out, since the Hub refuses it; everything else is published. It said: {error}")
        return pushed


def _card(folder: Path) -> bytes:
    try:
        card = (folder / CARD).read_bytes()
        ours = MARKER in card.decode("utf-8").splitlines()
    except FileNotFoundError:
        name = folder.name or "NAME"
        raise UserError(f"There is no built dataset at {folder}; make it by `mtbenchx data build {name}`.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{folder / CARD} can't be read as UTF-8 text ({error}).") from error
    if not ours:
        raise UserError(f"No build of ours wrote {folder}; for other folders there is `hf upload`.")
    return card


def front_matter(card: str) -> dict[str, Any]:
    """Return a card's YAML metadata; empty if it has none or it can't be read."""
    match = re.match(r"---\r?\n(.*?)\r?\n---\r?\n", card, re.DOTALL)
    return _mapping(match[1]) if match else {}


def _mapping(text: str) -> dict[str, Any]:
    try:
        found = load_yaml(text, "a card")
    except UserError:
        return {}
    return found if isinstance(found, dict) else {}


def data_files(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (config, split, path) of every file that a card's `configs` name; other layouts are passed over."""
    for config in _dicts(metadata.get("configs")):
        for part in _dicts(config.get("data_files")):
            paths = part.get("path")
            for path in paths if isinstance(paths, list) else [paths]:
                if isinstance(path, str):
                    yield str(config.get("config_name")), str(part.get("split")), path


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _data_files(folder: Path, metadata: Mapping[str, Any]) -> set[str]:
    """Return the files that the card names; all of them are there."""
    named = {path for _, _, path in data_files(metadata)}
    if not named:
        raise UserError(f"{folder / CARD} names no data files; build the folder again.")
    missing = sorted(path for path in named if not (folder / path).is_file())
    if missing:
        raise UserError(f"{folder} lacks {missing[0]}, which its card names; build the folder again.")
    return named


def superseded(read: Read) -> Iterable[str]:
    """Name the files of the published dataset that an earlier push of ours left.

    A file is ours if the published card has our marker and names the file, and if its name carries a hash as our
    builds' do; or if it is the task file of a task that the published eval.yaml lists.

    Args:
        read: Reads a published file.
    """
    card = (read(CARD) or b"").decode("utf-8", "replace")
    if MARKER not in card.splitlines():
        return []
    metadata = front_matter(card)
    named = {path for _, _, path in data_files(metadata) if _NAMED_BY_CONTENT.fullmatch(path)}
    if metadata.get("pretty_name") != BENCHMARK:
        named |= {f"tasks/{name}.yaml" for name in _task_names(metadata)}
    benchmark = _mapping((read(EVAL) or b"").decode("utf-8", "replace"))
    return named | {f"tasks/{task.get('id')}.yaml" for task in _dicts(benchmark.get("tasks"))}


def data_tag(named: Iterable[str]) -> str:
    """Return the tag under which a dataset's rows can be had for ever: by the hashes in its files' names."""
    return f"data-{content_hash(sorted(named))[:HASH_DIGITS]}"


def task_files(folder: Path, metadata: Mapping[str, Any], repo_id: str, tag: str) -> dict[str, bytes]:
    """Return the task files that the build wrote (path -> content), with the Hub's dataset in place of the folder.

    Args:
        folder: The built folder.
        metadata: Its card's front matter.
        repo_id: The dataset on the Hub.
        tag: What pins its rows.
    """
    place = f"dataset_path: '{repo_id}'\ndataset_kwargs: {{revision: '{tag}'}}"
    files = {f"tasks/{name}.yaml": folder / "tasks" / f"{name}.yaml" for name in _task_names(metadata)}
    return {
        path: _PLACE.sub(lambda _: place, file.read_text(encoding="utf-8")).encode()
        for path, file in files.items()
        if file.is_file()
    }


def _task_names(metadata: Mapping[str, Any]) -> list[str]:
    """Return the names of the task files that a build writes for a card's configs; of other datasets none."""
    if metadata.get("pretty_name") == BENCHMARK:
        groups = [f"_{name}" for name in ("mtbench_x", "mtbench_x_mini")]
        return [*(f"mtbench_x_{config}" for config in question_configs(metadata)), *groups]
    if "mt-bench" not in (metadata.get("tags") or ()):
        return []
    name = str(metadata.get("pretty_name"))
    configs = dict.fromkeys(config for config, _, _ in data_files(metadata))
    return [f"_{name}", *(f"{name}_{config}" for config in configs if _QUESTIONS.fullmatch(config) and config != "all")]


def question_configs(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return the configs that hold a benchmark's questions, each with its split."""
    if metadata.get("pretty_name") != BENCHMARK:
        return {}
    return {
        config: split for config, split, _ in data_files(metadata) if _QUESTIONS.fullmatch(config) and config != "all"
    }


def eval_yaml(metadata: Mapping[str, Any]) -> str:
    """Return the Hub's description of the benchmark: one task per config of questions, named as in the harness.

    Args:
        metadata: The card's front matter.
    """
    tasks = [
        {"id": f"mtbench_x_{config}", "config": config, "split": split}
        for config, split in question_configs(metadata).items()
    ]
    benchmark = {
        "name": BENCHMARK,
        "description": (
            "Two-turn questions in parallel languages. An LLM judge rates each answer from 1 to 10; the value is the "
            "mean over both turns. Scores of different judges or prompt sets can't be compared: each result names them."
        ),
        "tasks": tasks,
    }
    return yaml.safe_dump(benchmark, sort_keys=False, allow_unicode=True, width=1000)
