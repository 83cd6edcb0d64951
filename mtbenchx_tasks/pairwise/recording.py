"""Comparisons in the ledger: what is written down of a comparison."""

from collections.abc import Iterable, Sequence

from hf_datasets.benchmark.questions import revision
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Comparison
from mtbenchx_tasks.pairwise.schedule import Match
from mtbenchx_tasks.records import Outcome


def record(ledger: Ledger, matches: Sequence[Match], outcomes: Sequence[Outcome], rule: str) -> None:
    """Write down every game of a comparison.

    Args:
        ledger: Where the judgments are kept.
        matches: What was compared.
        outcomes: How each match went.
        rule: What all votes depend on (judge.conditions).
    """
    ledger.record_comparisons(
        comparison
        for match, outcome in zip(matches, outcomes, strict=True)
        for comparison in _comparisons(match, outcome, rule)
    )


def _comparisons(match: Match, outcome: Outcome, rule: str) -> Iterable[Comparison]:
    """Yield both games, the models in alphabetical order: a pair is stored once however it was asked for."""
    item = match.item
    models, answers, games = [item.model_1, item.model_2], match.answers, outcome.games or ()
    if models[0] > models[1]:
        models, answers, games = models[::-1], answers[::-1], games[::-1]
    for number, one in enumerate(games, start=1):
        yield Comparison(
            benchmark=item.benchmark,
            revision=revision(item.benchmark, item.language),
            language=item.language,
            question_id=item.question_id,
            turn=item.turn,
            run=item.run,
            judge=item.judge,
            settings=rule,
            prompt=match.prompt,
            suspicious=match.suspicious,
            model_1=models[0],
            model_2=models[1],
            game=number,
            answer_1=answers[0],
            answer_2=answers[1],
            judgment=one.key,
        )
