"""Run a module of someone else's as it is, with a stopwatch around transformers' generate.

    python benchmarks/stopwatch.py FILE MODULE [ARGUMENT ...]

FILE gets one JSON object: seconds inside generate, of them in passes over prompts (prefill) and over single tokens
(decode); its calls, tokens of prompts read, of them padding, steps, and steps of all rows.
Where there is no GPU, `tensor.cuda()` and `module.to("cuda")` stay where they are: all that FastChat needs to run here.
"""

import json
import runpy
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationMixin


def main() -> None:
    """Run the module named on the command line."""
    file, module, *arguments = sys.argv[1:]
    found = dict.fromkeys(("seconds", "prefill", "decode", "calls", "read", "padding", "steps", "row_steps"), 0)
    GenerationMixin.generate = watched(GenerationMixin.generate, found)
    if not torch.cuda.is_available():
        stay_on_cpu()
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        Path(file).write_text(json.dumps(found), encoding="utf-8")


def watched(generate: Callable[..., Any], found: dict[str, Any]) -> Callable[..., Any]:
    """Return generate with a stopwatch around it, and one around each forward pass of the model."""

    def timed(self: Any, inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        with forward_watched(self, found):
            output = generate(self, inputs, *args, **kwargs)
        found["seconds"] += time.perf_counter() - began
        given = inputs if inputs is not None else kwargs["input_ids"]
        mask = kwargs.get("attention_mask")
        rows, steps = given.shape[0], output.shape[1] - given.shape[1]
        found["calls"] += 1
        found["read"] += given.numel()
        found["padding"] += 0 if mask is None else given.numel() - int(mask.sum())
        found["steps"] += steps
        found["row_steps"] += rows * steps
        return output

    return timed


@contextmanager
def forward_watched(model: Any, found: dict[str, Any]) -> Iterator[None]:
    """Time the forward passes: those that read a prompt, and those that read the token just written."""
    began = 0.0

    def before(*_: object) -> None:
        nonlocal began
        began = time.perf_counter()

    def after(_model: object, _args: object, kwargs: dict[str, Any], _output: object) -> None:
        kind = "prefill" if kwargs["input_ids"].shape[1] > 1 else "decode"
        found[kind] += time.perf_counter() - began

    hooks = [model.register_forward_pre_hook(before), model.register_forward_hook(after, with_kwargs=True)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def stay_on_cpu() -> None:
    """Let what is written for CUDA run without."""
    to = torch.nn.Module.to
    torch.Tensor.cuda = lambda self, *_args, **_kwargs: self
    torch.nn.Module.to = lambda self, *args, **kwargs: self if args == ("cuda",) else to(self, *args, **kwargs)


if __name__ == "__main__":
    main()
