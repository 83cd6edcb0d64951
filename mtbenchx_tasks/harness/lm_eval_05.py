"""A judged task in lm_eval 0.5: a scorer of our own, which lm_eval asks for the scores of all questions at once."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lm_eval.api.metrics import Metric as LmEvalMetric
from lm_eval.api.registry import register_scorer
from lm_eval.api.task import ConfigurableTask
from lm_eval.scorers import ScoredDoc, Scorer

from mtbenchx_tasks.harness.judged import HarnessAdapter, Metric, by_turn, places
from mtbenchx_tasks.harness.turns import TurnRequest, request_type

SCORER = "mtbenchx_judge"


@register_scorer(SCORER)
@dataclass(kw_only=True)
class JudgeScorer(Scorer):
    """Scores by what the judge said; a question's score in a metric is its contribution to it."""

    default_metric_cfg: ClassVar[list[Any]] = []
    task: HarnessAdapter | None = None
    """Whose answers it scores."""

    def score_instances(self, instances: Mapping[int, list[TurnRequest]]) -> dict[int, ScoredDoc]:
        """Collect the verdicts: `resps` stays the raw answer, the filtered response is what the judge says of it."""
        if self.task is None:
            raise RuntimeError("the scorer has no task")
        for request, said in self.task.verdicts():
            request.filtered_resps[self.name] = said
        return {number: self.score_doc(number, requests) for number, requests in instances.items()}

    def score_doc(self, doc_id: int, doc_instances: list[TurnRequest]) -> ScoredDoc:
        """Return one question's contributions to the metrics."""
        doc = doc_instances[0].doc
        said = by_turn(doc, [request.filtered_resps[self.name] for request in doc_instances])
        found = self.task.contributions(doc, said) if self.task else {}
        return ScoredDoc(doc_id, doc_instances[0].target, {name: [value] for name, value in found.items()})


class JudgedTask(HarnessAdapter, ConfigurableTask):
    """A task whose answers a judge rates."""

    def __init__(self, config: dict[str, Any]) -> None:
        judged_by = {"scorer": SCORER, "filter_list": [{"name": self.judge_name, "filter": []}]}
        super().__init__(config={**_named_for_files(config), **judged_by})
        for scorer in self._judge_scorers:
            scorer.task = self

    def doc_iterator(
        self, *, rank: int = 0, world_size: int = 1, samples: Sequence[int] | None = None, **others: Any
    ) -> Iterator[tuple[int, Any]]:
        """Yield (number, document); those chosen by --samples are numbered from 0, as in lm_eval 0.4.

        0.5.0.dev1 yields their places in the data set, which its writer of samples takes for places among the chosen.
        """
        found: Iterator[tuple[int, Any]] = super().doc_iterator(
            rank=rank, world_size=world_size, samples=samples, **others
        )
        if not samples:
            return found
        return ((rank + world_size * number, doc) for number, (_, doc) in enumerate(found))

    def construct_requests(self, doc: dict[str, Any], ctx: str, *, doc_id: int, **_: object) -> list[TurnRequest]:
        """Return a request per turn and repeat; prompt and settings come with the conversation."""
        return [
            TurnRequest(
                request_type=request_type(place.turn),
                doc=doc,
                arguments=(ctx, {}),
                task_name=self.task_name,
                doc_id=doc_id,
                idx=place.idx,
                target="",
                turn=place.turn,
                repeat=place.repeat,
            )
            for place in places(doc, self.config.repeats)
        ]

    @property
    def _judge_scorers(self) -> list[JudgeScorer]:
        return [scorer for scorer in self.scorers if isinstance(scorer, JudgeScorer)]

    @property
    def predict_only(self) -> bool:
        """Whether the user asked for answers without scores (--predict_only), which takes our scorer away."""
        return not self._judge_scorers

    def announce(self, metrics: Mapping[str, Metric]) -> None:
        """Tell lm_eval which metrics each question contributes to, in the order of the table."""
        for scorer in self._judge_scorers:
            scorer.metrics = [
                LmEvalMetric(name, _told_by_the_judge, {}, metric.aggregation, metric.higher_is_better)
                for name, metric in metrics.items()
            ]

    def aggregate(self, *_: Any, **__: Any) -> tuple[dict[str, Any], int]:
        """Return the numbers of the table.

        Their errors are metrics of ours. lm_eval would draw a hundred thousand samples for each instead, in processes
        that it forks while the judge's threads run, which may wait for ever.
        """
        aggregated: tuple[dict[str, Any], int] = super().aggregate(bootstrap_iters=0)
        return aggregated

    def process_results(self, doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Any] | None:  # noqa: ARG002
        """Return what stands for a score with --predict_only; else None, so that the scorer is asked."""
        return {"bypass": 999} if self.predict_only else None

    def process_instances(self) -> None:
        """Score what was generated; lm_eval was to count none of it when it padded its ranks."""
        self._instances, self.fillers = self.requests, ()
        super().process_instances()


def _named_for_files(config: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the group before a task's name on Windows.

    lm_eval names the file of samples by it (`samples_mtbench_x::mtbench_x_de_...`), a name that Windows refuses: it
    would warn at the end, and what was answered and judged would be in no file.
    """
    return {key: value for key, value in config.items() if key != "_qualified_name" or sys.platform != "win32"}


def _told_by_the_judge(*_: object) -> float:
    raise RuntimeError("the judge's scores are no function of one answer")
