"""A request type per turn in lm_eval: added by a task, never by an import, and under names of our own."""

import subprocess
import sys
from pathlib import Path

import datasets
import torch

from hf_datasets.records import Question
from mtbenchx_tasks.harness.turns import generate_turn
from mtbenchx_tasks.task import MTBenchXMini
from tests.doubles.model import Model
from tests.harness import evaluate

ADDED = """
import json
from lm_eval.api.model import LM, CachingLM
from mtbenchx_tasks.harness.task import MTBenchXMini
from mtbenchx_tasks.harness.turns import generate_turn, install

NAMES = ["mtbenchx_generate_turn_1", "mtbenchx_generate_turn_2"]
assert not any(hasattr(model, name) for model in (LM, CachingLM) for name in NAMES), "an import changed lm_eval"
before = {*vars(LM), *vars(CachingLM)}
for _ in range(2):
    task = MTBenchXMini({"task": "mtbench_x_mini_de", "language": "de"})
    task.override_metric("bypass")
    task.build_all_requests(limit=1)
    assert {*vars(LM), *vars(CachingLM)} - before == set(NAMES)
    assert all(getattr(model, name) is generate_turn for model in (LM, CachingLM) for name in NAMES)
install(3)
assert {*vars(LM), *vars(CachingLM)} - before == {*NAMES, "mtbenchx_generate_turn_3"}
"""


def test_a_task_adds_the_turns_and_an_import_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", ADDED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Mixed(MTBenchXMini):
    """Questions of three turns, of one and of two."""

    def download(self, *_: object, **__: object) -> None:
        rows = [
            Question(number, "de", "writing", tuple(f"Frage {number}.{turn}" for turn in range(1, turns + 1))).to_row()
            for number, turns in ((1, 3), (2, 1), (3, 2))
        ]
        self.dataset = {"test": datasets.Dataset.from_list(rows)}


YAML = "task: mixed\nclass: !function tests.mtbenchx_tasks.harness.test_turns.Mixed\nlanguage: de\nrepeats: 2\n"


def test_every_turn_of_every_question_is_asked_turn_by_turn(tmp_path: Path) -> None:
    (tmp_path / "mixed.yaml").write_text(YAML, encoding="utf-8")
    answers = iter(f"Antwort {number}" for number in range(12))
    model = Model(lambda prompt: next(answers))
    results = evaluate(model, "mixed", folder=tmp_path, predict_only=True)
    assert [len(wave) for wave in model.prompts] == [6, 4, 2]
    said = [sample["resps"] for sample in results["samples"]["mixed"]]
    # Turn 1 of questions 1, 1, 2, 2, 3, 3 (answers 0 to 5), turn 2 of 1, 1, 3, 3 (6 to 9), turn 3 of 1, 1 (10, 11).
    expected = [[0, 6, 10, 1, 7, 11], [2, 3], [4, 8, 5, 9]]
    assert said == [[[f"Antwort {number}"] for number in of_question] for of_question in expected]
    turns = [f"<user>Frage 1.{turn}<assistant>" for turn in (1, 2, 3)]
    assert model.prompts[2][1] == f"{turns[0]}Antwort 1{turns[1]}Antwort 7{turns[2]}"


class Ranked(Model):
    """One of two processes that share a model, of which the other generates one answer."""

    rank, world_size, device = 1, 2, None

    def all_gather(self, tensor: torch.Tensor) -> torch.Tensor:
        return torch.stack([tensor, torch.tensor(1)])


def test_a_process_without_a_question_of_so_many_turns_generates_in_step() -> None:
    task = Mixed({"task": "mixed", "language": "de"})
    task.override_metric("bypass")
    task.build_all_requests(rank=1, world_size=2)  # the second question, of one turn
    assert [request.request_type[-1] for request in task.instances] == ["1", "2", "3"]
    model = Ranked()
    answers = [generate_turn(model, [request]) for request in task.instances]
    assert [len(wave) for wave in model.waves] == [1, 1, 1]
    assert answers[1:] == [[""], [""]]
