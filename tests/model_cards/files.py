"""A run's folder and results files as TRL and lm_eval leave them, small."""

import json
from pathlib import Path
from typing import Any

JUDGE = {
    "model": "gpt-4",
    "backend": "openai",
    "base_url": "http://user:hunter2@127.0.0.1:9999/v1",
    "api_key_env": "OPENAI_API_KEY",
    "prompt_set": "mtbench_x",
    "reference_set": "published",
    "prompt_language": "same",
    "parser": "last",
    "rating": "text",
    "temperature": 0.0,
    "max_tokens": 2048,
    "runs": 1,
    "concurrency": 16,
    "timeout": 120.0,
    "ledger": "/home/someone/ledger.sqlite",
    "resume": False,
    "prompt_set_sha256": "0123456789abcdef",
    "snapshots": ["gpt-4-0613"],
}
RECIPE = """model_name_or_path: ORG/base-7b
model_revision: abc123
dataset_name: lima-x
chat_template_path: /home/someone/chat.jinja
assistant_only_loss: true
learning_rate: 1.0e-5
lr_scheduler_type: linear
num_train_epochs: 7
per_device_train_batch_size: 8
gradient_accumulation_steps: 8
"""
LOSSES = (1.9, 1.2, 1.3)
TRL_CARD = """---
base_model: ORG/base-7b
library_name: transformers
tags: [generated_from_trainer, trl, sft]
licence: license
---
# Model Card for out

### Framework versions

- TRL: 1.16.0
- Transformers: 5.24.0
"""


def state(losses: tuple[float, ...] = LOSSES, **more: Any) -> dict[str, Any]:
    history = [{"epoch": float(n), "step": 16 * n, "eval_loss": loss} for n, loss in enumerate(losses, start=1)]
    return {"global_step": 16 * len(losses), "best_model_checkpoint": None, "log_history": history, **more}


def make_run(folder: Path) -> Path:
    """What `trl sft` leaves: the model, the trainer's state in the newest checkpoint, and what is private."""
    last = folder / "checkpoint-48"
    last.mkdir(parents=True)
    (last / "trainer_state.json").write_text(json.dumps(state()))
    (last / "optimizer.pt").write_bytes(b"\0optimizer")
    (folder / "README.md").write_text(TRL_CARD)
    (folder / "model.safetensors").write_bytes(b"\0weights")
    config = {"architectures": ["LlamaForCausalLM"], "_name_or_path": "/home/someone/base"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "notes.txt").write_text("private")
    return folder


def task_results(score: float = 7.5, unscored: float = 0.0, judge: str = "gpt-4") -> dict[str, Any]:
    values = {"score": score, "score_stderr": 0.25, "turn_1": score, "turn_2": score, "category_mean": score}
    values |= {"category_mean_stderr": "N/A", "writing": score, "math": score}
    values |= {"answer_language": 0.9, "unscored": unscored}
    return {"alias": "x", **{f"{name},{judge}": value for name, value in values.items()}}


def results(
    *languages: str, model: str = "ORG/chat", judge: dict[str, Any] | None = None, **values: Any
) -> dict[str, Any]:
    """A results file of lm_eval 0.4.13, as far as anyone reads it."""
    tasks = {f"mtbench_x_{language}": language for language in languages}
    settings = {**JUDGE, **(judge or {})}
    return {
        "results": {task: task_results(judge=settings["model"], **values) for task in tasks},
        "configs": {
            task: {
                "task": task,
                "generation_kwargs": {"until": [], "max_gen_toks": 1024},
                "repeats": 1,
                "metadata": {
                    "version": 1.0,
                    "benchmark": {"name": "mtbench_x", "language": language, "revision": "f8972dc"},
                    "judge": settings,
                },
            }
            for task, language in tasks.items()
        },
        "versions": dict.fromkeys(tasks, 1.0),
        "n-samples": {task: {"original": 80, "effective": 80} for task in tasks},
        "config": {
            "model": "hf",
            "model_args": {"pretrained": "/home/someone/out", "dtype": "bfloat16", "token": "hf_x"},
        },
        "date": 1767225600.0,  # 2026-01-01 00:00 UTC
        "lm_eval_version": "0.4.13",
        "model_source": "hf",
        "model_name": model,
        "chat_template": "{{ messages }}",
    }


def write(file: Path, content: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file
