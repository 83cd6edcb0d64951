"""`mtbenchx annotate space`: the folders that make a Docker Space (or any container) of a study.

Two, since a Space's files can be read by those who may see its page: the Space holds the app alone; study.json, which
names the models, and the votes live in a private dataset beside it. The app travels as the source of the packages that
it needs, so that the container installs neither lm_eval nor torch.
"""

import random
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.bundle import Bundle, write_bundle
from mtbenchx_tasks.annotate.codes import code_hash, new_code

REQUIREMENTS = (
    *("fastapi", "huggingface_hub", "itsdangerous", "jinja2", "latex2mathml", "markdown-it-py", "mdit-py-plugins"),
    *("nh3", "pygments", "python-multipart", "rich", "uvicorn"),
)
"""What the app imports; pinned to the versions it was written with."""
PACKAGES = ("hf_datasets", "mtbenchx_tasks")
PORT = 7860
DOCKERFILE = """\
FROM python:{python}-slim
RUN useradd --create-home --uid 1000 user && mkdir /data && chown user:user /data
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER user
ENV PYTHONUNBUFFERED=1 HOME=/home/user MTBENCHX_VOTES_DIR=/data MTBENCHX_VOTES_REPO={votes_repo}
EXPOSE {port}
CMD ["python", "-m", "mtbenchx_tasks.annotate.on_space"]
"""
README = """\
---
title: Compare two answers
emoji: ⚖️
colorFrom: blue
colorTo: gray
sdk: docker
app_port: {port}
pinned: false
---

People compare two models' answers, by mtbench-x. Which answers, and the votes, are in the private dataset
`{votes_repo}`; the app needs a Space secret `HF_TOKEN` that may write there. Votes are on disk before they are
acknowledged, and are committed within a minute and at the end. `/health` answers 503 and says why while commits fail:
watch it for an alarm, but let nothing restart the container for it, since the votes since are on its disk only.

A second secret, `MTBENCHX_ORGANISER_TOKEN` (16 characters or more), opens `/organiser`: how the study goes, whether
commits work, and codes to note, renew and block.

A container anywhere, without the Hub, keeps them in a folder (the dataset's, with `study.json`):

    docker build -t compare . && docker run -p {port}:{port} -e MTBENCHX_VOTES_REPO= -v "$PWD/../votes:/data" compare
"""


def write_space(out: Path, repo_id: str, bundle: Bundle, number: int) -> list[str]:
    """Write `<out>/space` and `<out>/votes`; returns the invitation codes, which are kept only as hashes.

    Args:
        out: The folder to make; it mustn't be there.
        repo_id: The Space, ORG/NAME; its dataset is ORG/NAME-votes.
        bundle: The study; its invitations are made here.
        number: How many invitations.

    Raises:
        UserError: The name isn't ORG/NAME, or the folder is there or can't be made.
    """
    check_place(out, repo_id)
    codes = [new_code() for _ in range(number)]
    names = [f"expert_{number}" for number in range(1, len(codes) + 1)]
    random.SystemRandom().shuffle(names)
    invitations = tuple(zip(names, map(code_hash, codes), strict=True))
    try:
        _write_app(out / "space", {"votes_repo": f"{repo_id}-votes", "port": str(PORT)})
        write_bundle(out / "votes", replace(bundle, invitations=invitations))
    except OSError as error:
        shutil.rmtree(out, ignore_errors=True)
        raise UserError(f"Can't write {out} ({error}); name a place where you may write by --out.") from error
    return codes


def check_place(out: Path, repo_id: str) -> None:
    """Raise UserError if the name isn't ORG/NAME or the folder is there; told before any answer is read."""
    if repo_id.count("/") != 1 or not all(repo_id.split("/")):
        raise UserError(f"{repo_id!r} isn't the name of a Space; write ORG/NAME.")
    if out.exists():
        raise UserError(f"{out} is there already; name a new folder by --out.")


def _write_app(folder: Path, values: Mapping[str, str]) -> None:
    folder.mkdir(parents=True)
    source = Path(__file__).parents[2]
    for package in PACKAGES:
        shutil.copytree(source / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    texts = {
        "Dockerfile": DOCKERFILE.format(python=python, **values),
        "README.md": README.format(**values),
        "requirements.txt": "".join(f"{name}=={version(name)}\n" for name in REQUIREMENTS),
        ".dockerignore": "__pycache__\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
