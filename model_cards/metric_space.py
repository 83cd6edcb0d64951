"""The `evaluate` metric as a Space on the Hub, so that `evaluate.load("ORG/mtbench_x_judge")` finds it."""

import re
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from hf_datasets.hub.push import Pushed, push_files
from hf_datasets.hub.uploads import uploads
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks import __version__, metric_path

if TYPE_CHECKING:
    from huggingface_hub import HfApi

HERE = Path(__file__).parent / "space"
PAGES = ("README.md", "index.html")


def push_metric(repo_id: str, *, private: bool = False, api: "HfApi | None" = None) -> Pushed:
    """Publish the metric as a static Space: card, page, script and requirements.

    Args:
        repo_id: `namespace/name` of the Space; `evaluate` looks for a script of that name, so the name must be one of
            a Python module.
        private: Make it private.
        api: The Hub's client; None: the user's own.

    Raises:
        UserError: The name is no module's, or the push failed (see `hub.push_files`).
    """
    files = uploads(None, extra=space_files(repo_id))
    return push_files(files, repo_id, "space", message="Publish the MT-Bench-X judge", private=private, api=api)


def space_files(repo_id: str) -> dict[str, bytes]:
    """Return path -> content of the Space."""
    name = repo_id.rpartition("/")[2]
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise UserError(f"--repo-id must end in a name that Python can import, e.g. mtbench_x_judge, not {name!r}.")
    names = {"repo_id": repo_id, "version": __version__}
    pages = {page: Template((HERE / page).read_text(encoding="utf-8")).substitute(names).encode() for page in PAGES}
    script = (Path(metric_path()) / "mtbench_x_judge.py").read_bytes()
    return {**pages, f"{name}.py": script, "requirements.txt": f"mtbench-x=={__version__}\n".encode()}
