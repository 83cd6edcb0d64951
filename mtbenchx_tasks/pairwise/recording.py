"""Comparisons in the ledger: what is written down of a comparison."""

from collections.abc import Iterable, Sequence

from hf_datasets.benchmark.questions import revision
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Comparison
from mtbenchx_tasks.pairwise.schedule import Match
from mtbenchx_tasks.records import Preference


def record(ledger: Ledger, matches: Sequence[Match], preferences: Sequence[Preference], rule: str) -> None:
    """Write down every game of a comparison.

    Args:
        ledger: Where the judgments are kept.
        matches: What was compared.
        preferences: How each match went.
        rule: What all votes depend on (judge.conditions).
    """
    ledger.record_comparisons(
        comparison
        for match, preference in zip(matches, preferences, strict=True)
        for comparison in _comparisons(match, preference, rule)
    )


def _comparisons(match: Match, preference: Preference, rule: str) -> Iterable[Comparison]:
    """Yield both games, the models in alphabetical order: a pair is stored once however it was asked for."""
    item, (one, other) = match.item, sorted(match.answers)
    for game in preference.games:
        yield Comparison(
            benchmark=item.benchmark,
            revision=revision(item.benchmark, item.language),
            language=item.language,
            question_id=item.question_id,
            turn=item.turn or 0,
            run=match.run,
            judge=preference.rater.name,
            settings=rule,
            prompt=match.prompt,
            suspicious=match.suspicious,
            model_1=one,
            model_2=other,
            game=1 if game.first == one else 2,
            answer_1=match.answers[one],
            answer_2=match.answers[other],
            judgment=game.evidence.key or None,
        )
