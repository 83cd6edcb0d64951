"""From a run's folder to a card on disk, and to the model on the Hub: weights and card in one commit."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_datasets.hub.dataset import front_matter
from hf_datasets.hub.push import Pushed, Read, push_files
from hf_datasets.hub.uploads import Upload, left_out, uploads
from hf_datasets.records import storable
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file
from model_cards import metadata
from model_cards.card import MARKER, Card, render
from model_cards.collect import last_part
from model_cards.evaluations import FOLDER, PREFIX
from model_cards.records import PLACE, records_of, results_text
from model_cards.run_dir import ADAPTER
from mtbenchx_tasks.formats.excerpt import RECORDS

if TYPE_CHECKING:
    from huggingface_hub import HfApi

README = "README.md"
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


def card_files(card: Card) -> dict[str, bytes]:
    """Return path -> content: README.md, the `.eval_results` files, and the records that their numbers come from."""
    front = metadata.front_matter(card)
    kept = {RECORDS: records_of(card, front, render(card, PLACE))} if card.groups and card.records else {}
    readme = f"---\n{front}\n---\n{render(card, results_text(card, kept.get(RECORDS)))}"
    texts = {README: readme, **metadata.eval_results(card)}
    return {**{path: storable(text).encode("utf-8") for path, text in texts.items()}, **kept}


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
        for old in [*(folder / FOLDER).glob(f"{PREFIX}*.yaml"), *folder.glob(RECORDS)]:
            if old.relative_to(folder).as_posix() not in files:
                old.unlink()
        for path, content in files.items():
            write_file(folder / path, content)
    except OSError as error:
        raise UserError(f"{folder} can't be written ({error.strerror or error}); name another --out.") from error
    return [folder / path for path in files]


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
    clean = {path: Upload(path, _without_paths(file, card)) for path, file in found.items() if _is_config(path)}
    return {**found, **clean, **uploads(None, extra=card_files(card))}


def _is_config(path: str) -> bool:
    return path.endswith("config.json")


def _without_paths(file: Upload, card: Card) -> bytes | Path:
    """Return a JSON file without local paths: the base model's id where it is known, else the path's last part.

    Raises:
        UserError: It is damaged, or an adapter's whose base nobody could find.
    """
    content = file.read()
    try:
        settings = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file.source!s} is damaged ({error}); the run must have been cut off.") from error
    clean = _clean(settings, card.base_id or card.base)
    if file.path == ADAPTER:
        clean["base_model_name_or_path"] = _adapters_base(file, card)
    if clean == settings:
        return file.source
    return (json.dumps(clean, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _adapters_base(file: Upload, card: Card) -> str:
    """Return the Hub id of an adapter's base: by it alone others find the base."""
    if card.base_id is None:
        raise UserError(
            f"{file.source!s} names as its base {card.base or 'nothing'}, which is no model on the Hub, so that nobody "
            f"could load the adapter; pass --base-model ORG/NAME, the base's Hub id, or publish a whole model: "
            f"mtbenchx recipes merge."
        )
    return card.base_id


def _clean(value: Any, base: str | None, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _clean(item, base, name) for name, item in value.items()}
    if not isinstance(value, str) or not _PATH_KEYS.search(key):
        return value
    local = _LOCAL_PATH.fullmatch(value)
    if base and key.endswith("name_or_path") and (local or ("/" in base and "/" not in value)):
        return base  # a bare name is a folder here, too: `recipes prepare --out NAME`
    return last_part(value) if local else value


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
    except (ValueError, RecursionError, AttributeError, TypeError):  # somebody else's file
        shards = set()
    return {"model.safetensors", INDEX, RECORDS, *shards, *_OUR_RESULTS.findall(card)}
