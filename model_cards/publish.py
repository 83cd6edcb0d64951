"""From a run's folder to a card on disk, and to the model on the Hub: weights and card in one commit."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_datasets.errors import UserError
from hf_datasets.hub import Pushed, Read, push_files
from hf_datasets.hub_uploads import Upload, left_out, uploads
from hf_datasets.push import front_matter
from model_cards import licences, metadata
from model_cards.card import MARKER, Card, render
from model_cards.results import FOLDER, PREFIX, read_groups
from model_cards.run_dir import read_run

if TYPE_CHECKING:
    from huggingface_hub import HfApi

README = "README.md"
HUB_ID = re.compile(r"\w[\w.-]*(/[\w.-]+)?")
WEIGHTS = ("*.safetensors", "*.gguf", "pytorch_model*.bin", "adapter_model.bin")
MODEL_FILES = (
    *WEIGHTS,
    *("*.safetensors.index.json", "pytorch_model.bin.index.json", "config.json", "generation_config.json"),
    *("tokenizer*.json", "*.model", "*.tiktoken", "special_tokens_map.json", "added_tokens.json", "vocab.json"),
    *("vocab.txt", "merges.txt", "chat_template.jinja", "chat_template.json", "additional_chat_templates/*.jinja"),
    *("processor_config.json", "preprocessor_config.json", "adapter_config.json", "modeling_*.py"),
    *("configuration_*.py", "tokenization_*.py", "LICENSE*", "NOTICE*", "USE_POLICY*"),
)
"""What a model needs. All else in a run's folder (arguments, optimizer, checkpoints, logs) stays there."""
NESTED = re.compile(r"additional_chat_templates/[^/]+")
INDEX = "model.safetensors.index.json"
_PATH_KEYS = re.compile(r"(name_or_path|_file|_path|_dir)$")
_LOCAL_PATH = re.compile(r"([A-Za-z]:[\\/]|[\\/~]|\.{1,2}[\\/]|file:)\S*")
_OUR_RESULTS = re.compile(rf"{re.escape(FOLDER)}/{PREFIX}[\w.-]+\.yaml")


@dataclass(frozen=True)
class Told:
    """What the user says besides the files."""

    name: str | None = None
    """The model's name; None: the repository's, or the folder's."""
    base: str | None = None
    """The base model's Hub id."""
    dataset: str | None = None
    """The training data's Hub id, or its folder."""
    data_license: str | None = None
    """Licence of the data."""
    base_license: str | None = None
    """Licence of the base model."""
    benchmark: str | None = None
    """The published benchmark's Hub id."""


def make_card(
    run_dir: Path,
    results: Sequence[Path],
    *,
    recipe: Path | None = None,
    overrides: Sequence[str] = (),
    repo_id: str | None = None,
    told: Told | None = None,
) -> Card:
    """Collect the facts of a card.

    Args:
        run_dir: The training's output folder.
        results: lm_eval's results files.
        recipe: The training's YAML.
        overrides: `KEY=VALUE`, what its command line gave besides.
        repo_id: Where the model is to be published.
        told: What the user says.

    Raises:
        UserError: A file is missing, damaged, or of another model.
    """
    training, said = read_run(run_dir, recipe, overrides), told or Told()
    base = said.base or training.value("model_name_or_path", "base_model")
    dataset = said.dataset or _one(training.value("dataset_name", "datasets"))
    places = [Path(), *([recipe.parent] if recipe else []), run_dir.resolve().parent]
    data_folder, base_folder = _folder(dataset, places), _folder(base, places)
    known = licences.KNOWN.get(_last(dataset).lower())
    data_card = _front_matter_of(data_folder)
    spoken = tuple(str(code) for code in data_card.get("language") or ())
    namespace = f"{repo_id.split('/', maxsplit=1)[0]}/" if repo_id else ""
    return Card(
        name=said.name or _last(repo_id) or training.name,
        training=training,
        groups=tuple(read_groups(results)),
        base=_shown(base, base_folder),
        base_id=_hub_id(base, base_folder),
        dataset=_shown(dataset, data_folder),
        dataset_id=_hub_id(dataset, data_folder) if "/" in (dataset or "") else None,
        data_languages=spoken or (licences.LANGUAGES if known else ()),
        data_terms=licences.terms(said.data_license, data_card) or known,
        base_terms=licences.terms(said.base_license, _front_matter_of(base_folder)),
        repo_id=repo_id,
        benchmark_id=said.benchmark or f"{namespace}mtbench-x",
    )


def _one(value: Any) -> str | None:
    return str(value[0]) if isinstance(value, list) and len(value) == 1 else None if value is None else str(value)


def _last(name: str | None) -> str:
    return re.split(r"[\\/]", (name or "").rstrip("\\/"))[-1]


def _hub_id(name: str | None, folder: Path | None) -> str | None:
    """Return a name that can be a repository of the Hub and isn't a folder here."""
    return name if name and folder is None and HUB_ID.fullmatch(name) else None


def _shown(name: str | None, folder: Path | None) -> str | None:
    """Return a Hub id as it is, and of a folder its name only."""
    return name if name is None else _hub_id(name, folder) or _last(name)


def _folder(name: str | None, places: Iterable[Path]) -> Path | None:
    return next((place / name for place in places if name and (place / name).is_dir()), None)


def _front_matter_of(folder: Path | None) -> dict[str, Any]:
    card = None if folder is None else folder / README
    return front_matter(card.read_text(encoding="utf-8", errors="replace")) if card and card.is_file() else {}


def card_files(card: Card) -> dict[str, bytes]:
    """Return path -> content: README.md and the `.eval_results` files."""
    files = {README: render(card, metadata.front_matter(card)), **metadata.eval_results(card)}
    return {path: text.encode("utf-8") for path, text in files.items()}


def write_card(card: Card, folder: Path) -> list[Path]:
    """Write the card's files, each whole or not at all; `.eval_results` of an earlier card of ours are replaced.

    Args:
        card: The facts.
        folder: Where to; made if needed.

    Raises:
        UserError: A README.md lies there that neither we nor TRL wrote, or the folder can't be written.
    """
    readme, files = folder / README, card_files(card)
    try:
        text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else MARKER
        if MARKER not in text and "generated_from_trainer" not in (front_matter(text).get("tags") or []):
            raise UserError(f"{readme} was written by hand; name another --out, or move it away.")
        for old in (folder / FOLDER).glob(f"{PREFIX}*.yaml"):
            if old.relative_to(folder).as_posix() not in files:
                old.unlink()
        for path, content in files.items():
            _write(folder / path, content)
    except OSError as error:
        raise UserError(f"{folder} can't be written ({error.strerror or error}); name another --out.") from error
    return [folder / path for path in files]


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.write_bytes(content)
    new.replace(file)


def push_model(run_dir: Path, card: Card, *, private: bool = False, api: "HfApi | None" = None) -> Pushed:
    """Publish the model's files and its card in one commit; the run's folder stays as it is.

    Args:
        run_dir: The training's output folder.
        card: The facts; its `repo_id` says where to.
        private: Make the repository private.
        api: The Hub's client; None: the user's own.

    Raises:
        UserError: The folder holds no weights, or the push failed (see `hub.push_files`).
    """
    if card.repo_id is None:
        raise UserError("--push needs --repo-id ORG/MODEL.")
    files = model_files(run_dir, card)
    rest = [name for name in left_out(run_dir, files) if name != README]
    if rest:
        print(f"Not uploaded, since no model needs it: {', '.join(rest)}")
    message = f"Publish {card.name} with its card"
    return push_files(files, card.repo_id, "model", message=message, private=private, superseded=superseded, api=api)


def model_files(run_dir: Path, card: Card) -> dict[str, Upload]:
    """Return what is published of a run: its model without local paths, and the card."""
    found = {
        path: file
        for path, file in uploads(run_dir, allow=MODEL_FILES).items()
        if "/" not in path or NESTED.fullmatch(path)
    }
    if not any(Path(path).match(pattern) for path in found for pattern in WEIGHTS):
        raise UserError(f"{run_dir} holds no weights ({', '.join(WEIGHTS)}); name the folder of the trained model.")
    clean = {path: Upload(path, _without_paths(file, card.base)) for path, file in found.items() if _is_config(path)}
    return {**found, **clean, **uploads(None, extra=card_files(card))}


def _is_config(path: str) -> bool:
    return path.endswith("config.json")


def _without_paths(file: Upload, base: str | None) -> bytes | Path:
    """Return a JSON file without local paths: the base model's id where it is known, else the path's last part."""
    content = file.read()
    try:
        settings = json.loads(content)
    except ValueError as error:
        raise UserError(f"{file.source!s} is damaged ({error}); the run must have been cut off.") from error
    clean = _clean(settings, base)
    if clean == settings:
        return file.source
    return (json.dumps(clean, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _clean(value: Any, base: str | None, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _clean(item, base, name) for name, item in value.items()}
    if isinstance(value, str) and _PATH_KEYS.search(key) and _LOCAL_PATH.fullmatch(value):
        return base if base and key.endswith("name_or_path") else _last(value)
    return value


def superseded(read: Read) -> Iterable[str]:
    """Name the files of the published model that an earlier push of ours left: weights and results.

    Only under a card of ours: the single weights file, the index and the shards that it names, and the results files
    that the card links to.

    Args:
        read: Reads a published file.
    """
    card = (read(README) or b"").decode("utf-8", "replace")
    if MARKER not in card.splitlines():
        return []
    try:
        shards = set(json.loads(read(INDEX) or b"{}").get("weight_map", {}).values())
    except ValueError:
        shards = set()
    return {"model.safetensors", INDEX, *shards, *_OUR_RESULTS.findall(card)}
