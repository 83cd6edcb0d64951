"""A study in one file, `study.json`: what a server needs that has neither answer files nor the benchmark.

It names the models, so it belongs into a private place, never into a public Space.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file
from mtbenchx_tasks.annotate.assignment import Policy
from mtbenchx_tasks.annotate.people import insert_annotator
from mtbenchx_tasks.annotate.serve import AppOptions
from mtbenchx_tasks.annotate.store import Store
from mtbenchx_tasks.annotate.study import AnnotationStudy

NAME = "study.json"


@dataclass(frozen=True)
class Bundle:
    """Everything about a study but its votes."""

    study: AnnotationStudy
    """What people judge."""
    options: AppOptions
    """How it is shown."""
    invitations: tuple[tuple[str, str], ...]
    """Pseudonym and hash of the invitation code."""


def write_bundle(folder: Path, bundle: Bundle) -> None:
    """Write the file; the folder is made."""
    row = {
        "study": bundle.study.to_row(),
        "options": asdict(bundle.options),
        "invitations": [list(invitation) for invitation in bundle.invitations],
    }
    write_file(folder / NAME, json.dumps(row, ensure_ascii=False, indent=1) + "\n")


def read_bundle(folder: Path) -> Bundle:
    """Read the file.

    Raises:
        UserError: It isn't there, or isn't ours.
    """
    file = folder / NAME
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
        options: dict[str, Any] = {**row["options"], "policy": Policy(**row["options"]["policy"])}
        invitations = tuple((name, code_hash) for name, code_hash in row["invitations"])
        return Bundle(AnnotationStudy.from_row(row["study"]), AppOptions(**options), invitations)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{file} isn't a study that `mtbenchx annotate space` wrote ({error}).") from error


def fill(store: Store, bundle: Bundle) -> None:
    """Put study and invitations into a database; harmless to repeat.

    Raises:
        UserError: The database holds votes on another study.
    """
    store.set_study(bundle.study)
    with store.transaction() as db:
        for name, code_hash in bundle.invitations:
            insert_annotator(db, name, code_hash)
