"""Which weights a model has: a fingerprint that no file name or date can fake."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

VALUES_PER_TENSOR = 256
BLOCKS_PER_FILE, BLOCK = 1024, 4096
FILES = (".safetensors", ".bin", ".pt", ".pth", ".gguf")
"""Endings of files that hold weights."""


def weights_hash(model: Any) -> str:
    """Return a sha256 (hex) over a torch model's parameters.

    Of each parameter the name, shape, type and 256 values spread evenly enter: training moves all of a tensor, so two
    checkpoints differ, and a 70B model takes seconds. Not a defence against weights made to collide.
    """
    import torch

    digest = hashlib.sha256()
    with torch.no_grad():
        for name, tensor in sorted(model.state_dict().items()):
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            flat = tensor.reshape(-1)
            step = max(1, flat.numel() // VALUES_PER_TENSOR)
            digest.update(flat[::step][:VALUES_PER_TENSOR].float().cpu().numpy().tobytes())
    return digest.hexdigest()


def weight_files(folder: Path) -> list[Path]:
    """Return the files of a folder that hold weights, in order."""
    return sorted(file for file in folder.iterdir() if file.suffix in FILES)


def files_hash(folders: Iterable[Path]) -> str:
    """Return a sha256 (hex) over the weights in folders, for a model that another library keeps out of sight.

    Of each file the name, size and 1024 blocks of 4 KiB spread evenly enter; where the folder lies doesn't.
    """
    digest = hashlib.sha256()
    for path in (file for folder in folders for file in weight_files(folder)):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            for start in range(0, size, max(BLOCK, size // BLOCKS_PER_FILE)):
                file.seek(start)
                digest.update(file.read(BLOCK))
    return digest.hexdigest()
