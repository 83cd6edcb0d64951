"""A judge that sits the exam by an opinion, without an endpoint: it knows which item each request is about."""

import json
from collections.abc import Callable, Sequence
from typing import Literal

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion, canonical_json
from mtbenchx_tasks.judge.engines.engine import Engine, QueueEngine
from mtbenchx_tasks.judge.engines.plan import PlanEngine
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.meta_evaluation.exam.ask import PUBLIC, ExamPart, Form, sittings
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem

Opinion = Callable[[ExamItem], Literal["better", "faulty", "tie", "first", "silent"]]
RATINGS = {"better": (9, 3), "faulty": (3, 9), "tie": (7, 7), "first": (7, 7)}


def oracle(item: ExamItem) -> Literal["better", "tie"]:
    return "better" if item.dose else "tie"


class Sitter(QueueEngine):
    """Answers what is queued in one go, and keeps it in the ledger as an endpoint's judgments are kept."""

    def __init__(self, ledger: Ledger, opinion: Opinion, snapshot: str = "sitter-2026-11-28") -> None:
        super().__init__(ledger)
        self.opinion, self.snapshot = opinion, snapshot
        self.asked: list[ChatRequest] = []
        """In order."""
        self._known: dict[str, str] = {}

    def learn(self, settings: JudgeSettings, part: ExamPart, forms: Sequence[Form] = (PUBLIC,)) -> "Sitter":
        """Learn what it thinks of every request of an exam."""
        for form in forms:
            for sitting in sittings(settings, part, form, lambda *_: PlanEngine(self.ledger, settings.model)):
                for item in sitting.items:
                    for side, request in sitting.requests(item):
                        self._known[canonical_json(request.messages)] = self._text(item, side, sitting.mode)
        return self

    def _text(self, item: ExamItem, side: str, mode: str) -> str:
        thinks = self.opinion(item)
        if thinks == "silent":
            return "I can't say."
        if mode == "single":
            return f"Rating: [[{RATINGS[thinks][side == 'faulty']}]]"
        return {"tie": "[[C]]", "first": "[[A]]"}.get(thinks, "[[A]]" if thinks == side else "[[B]]")

    def finish(self) -> None:
        """Answer everything."""
        queue, usage = dict(self._queue), {"prompt_tokens": 500, "completion_tokens": 100}
        details = json.dumps({"usage": usage, "snapshot": self.snapshot})
        texts = {key: self._known[canonical_json(request.messages)] for key, request in queue.items()}
        with self.ledger.writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO judgment (key, request, state, text, details, at) VALUES (?, ?, ?, ?, ?, 0)",
                [(key, request.text, "answered", texts[key], details) for key, request in queue.items()],
            )
        for key, request in queue.items():
            self.asked.append(request)
            self._end(key, Completion("answered", texts[key], details=json.loads(details)))


def engine_for(engine: Engine) -> Callable[[JudgeSettings, str], Engine]:
    """Return a factory that always hands out one engine."""
    return lambda settings, language: engine
