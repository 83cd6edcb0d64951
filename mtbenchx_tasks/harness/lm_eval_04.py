"""A judged task in lm_eval 0.4: requests told apart by a tuple, metrics in lists of the task, filters, then scores."""

from collections.abc import Mapping
from typing import Any

from lm_eval.api.task import ConfigurableTask

from mtbenchx_tasks.harness.judged import HarnessAdapter, Metric, by_turn, places
from mtbenchx_tasks.harness.turns import TurnRequest, request_type


class JudgedTask(HarnessAdapter, ConfigurableTask):
    """A task whose answers a judge rates."""

    def construct_requests(self, doc: dict[str, Any], ctx: str, metadata: Any, **_: object) -> list[TurnRequest]:
        """Return a request per turn and repeat; prompt and settings come with the conversation."""
        name, doc_id, repeats = metadata
        return [
            TurnRequest(
                request_type=request_type(place.turn),
                doc=doc,
                arguments=(ctx, {}),
                idx=place.idx,
                metadata=(name, doc_id, 1),
                turn=place.turn,
                repeat=place.repeat,
            )
            for place in places(doc, repeats)
        ]

    @property
    def predict_only(self) -> bool:
        """Whether the user asked for answers without scores (--predict_only)."""
        return "bypass" in self._metric_fn_list

    def announce(self, metrics: Mapping[str, Metric]) -> None:
        """Tell lm_eval which metrics each question contributes to, in the order of the table."""
        self._aggregation_list = {name: metric.aggregation for name, metric in metrics.items()}
        self._higher_is_better = {name: metric.higher_is_better for name, metric in metrics.items()}

    def apply_filters(self) -> None:
        """Collect the verdicts: `resps` stays the raw answer, the filtered response is what the judge says of it."""
        if self.predict_only:
            for request in self.requests:
                request.filtered_resps["none"] = request.resps[0]
            return
        for request, said in self.verdicts():
            request.filtered_resps[self.judge_name] = said

    def process_results(self, doc: dict[str, Any], results: list[Any]) -> dict[str, Any]:
        """Return one question's contributions to the metrics."""
        return {"bypass": 999} if self.predict_only else self.contributions(doc, by_turn(doc, results))
