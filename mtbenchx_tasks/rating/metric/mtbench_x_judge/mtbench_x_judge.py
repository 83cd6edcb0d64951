"""MT-Bench-X's LLM judge as an `evaluate` metric: a thin face over the installed package mtbench-x."""

from typing import Any

import datasets
import evaluate

from mtbenchx_tasks.scoring import score_answers

_DESCRIPTION = """
Two-turn answers to MT-Bench-X (or its mini benchmark), rated from 1 to 10 by an LLM judge: the same prompts, judge,
ledger and numbers as the lm_eval tasks mtbench_x_*.
"""
_USAGE = """
Args:
    predictions: A list of [answer to turn 1, answer to turn 2].
    question_ids: The question of each prediction (81 to 160; from 1 with benchmark="mini").
    language: Language of the questions, e.g. "de".
    judge: Judge settings: a model name, or an object as in lm_eval's --metadata '{"judge": {...}}'.
    benchmark: "mtbench_x" (default) or "mini".

Returns:
    score, turn_1, turn_2 (each with _stderr), category_mean, a mean per category, answer_language, unscored.

Example:
    >>> metric = evaluate.load(mtbenchx_tasks.metric_path())
    >>> metric.compute(predictions=[["...", "..."]], question_ids=[81], language="de", judge="hosted")
"""
_CITATION = "Weber et al.: Investigating Multilingual Instruction-Tuning, arXiv 2402.13703."


class MTBenchXJudge(evaluate.Metric):
    """See _DESCRIPTION."""

    def _info(self) -> evaluate.MetricInfo:
        features = {"predictions": datasets.Sequence(datasets.Value("string")), "question_ids": datasets.Value("int64")}
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_USAGE,
            features=datasets.Features(features),
        )

    def _compute(
        self,
        *,
        predictions: list[list[str]],
        question_ids: list[int],
        language: str,
        judge: Any = None,
        benchmark: str = "mtbench_x",
    ) -> dict[str, float]:
        if len(set(question_ids)) != len(question_ids):
            raise ValueError("question_ids holds a question twice; score each set of answers on its own.")
        return score_answers(dict(zip(question_ids, predictions, strict=True)), language, judge, benchmark)
