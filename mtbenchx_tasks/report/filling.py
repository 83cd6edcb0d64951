"""Judgments of FastChat's layout don't hold the answers; files beside them do."""

from dataclasses import replace

from mtbenchx_tasks.records import Compared, Judged, Study


def filled(study: Study) -> Study:
    """Return the study with answers and their lengths where a model_answer file tells them."""
    if not study.answers:
        return study
    return replace(
        study,
        judged=tuple(_with_answer(item, study) for item in study.judged),
        compared=tuple(_with_lengths(item, study) for item in study.compared),
    )


def _text(study: Study, place: tuple[str, str, str, int], turn: int) -> str | None:
    texts = study.answers.get(place, ())
    return texts[turn - 1] if len(texts) >= turn else None


def _with_answer(item: Judged, study: Study) -> Judged:
    if item.answer is not None or item.repeat:
        return item
    place = item.conditions.benchmark, item.language, item.model, item.question_id
    return replace(item, answer=_text(study, place, item.turn))


def _with_lengths(item: Compared, study: Study) -> Compared:
    of = item.outcome.item
    if item.outcome.lengths != (0, 0):
        return item
    texts = [
        _text(study, (of.benchmark, of.language, model, of.question_id), of.turn) for model in (of.model_1, of.model_2)
    ]
    if texts[0] is None or texts[1] is None:
        return item
    return replace(item, outcome=replace(item.outcome, lengths=(len(texts[0]), len(texts[1]))))
