"""Run a module of someone else's as it is, with a stopwatch around transformers' generate.

    python benchmarks/stopwatch.py FILE MODULE [ARGUMENT ...]

FILE gets one JSON object: seconds inside generate, its calls, rows, tokens of prompts (padding included) and steps.
Where there is no GPU, `tensor.cuda()` and `module.to("cuda")` stay where they are: all that FastChat needs to run here.
"""

import json
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationMixin


def main() -> None:
    """Run the module named on the command line."""
    file, module, *arguments = sys.argv[1:]
    found = {"seconds": 0.0, "calls": 0, "rows": 0, "read": 0, "steps": 0, "row_steps": 0}
    GenerationMixin.generate = watched(GenerationMixin.generate, found)
    if not torch.cuda.is_available():
        stay_on_cpu()
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        Path(file).write_text(json.dumps(found), encoding="utf-8")


def watched(generate: Callable[..., Any], found: dict[str, Any]) -> Callable[..., Any]:
    """Return generate with a stopwatch around it."""

    def timed(self: Any, inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        output = generate(self, inputs, *args, **kwargs)
        given = inputs if inputs is not None else kwargs["input_ids"]
        rows, steps = given.shape[0], output.shape[1] - given.shape[1]
        found["seconds"] += time.perf_counter() - began
        found["calls"] += 1
        found["rows"] += rows
        found["read"] += given.numel()
        found["steps"] += steps
        found["row_steps"] += rows * steps
        return output

    return timed


def stay_on_cpu() -> None:
    """Let what is written for CUDA run without."""
    to = torch.nn.Module.to
    torch.Tensor.cuda = lambda self, *_args, **_kwargs: self
    torch.nn.Module.to = lambda self, *args, **kwargs: self if args == ("cuda",) else to(self, *args, **kwargs)


if __name__ == "__main__":
    main()
