"""What is told once, of all tasks of a run together, before anything is generated or judged."""

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mtbenchx_tasks.judge.estimate import estimate, sizes_without_answers, usual_judgment
from mtbenchx_tasks.judge.judge import Judge
from mtbenchx_tasks.judge.presets import BY_DEFAULT, DEFAULT
from mtbenchx_tasks.judge.prices import price_of, shown
from mtbenchx_tasks.rating.candidate import innermost
from mtbenchx_tasks.rating.conversation import ASSISTANT, USER, Conversation, plain

if TYPE_CHECKING:
    from lm_eval.api.model import LM

log = logging.getLogger("lm_eval.mtbenchx")
MAX_NEW_TOKENS = 1024
"""Tokens of an answer, unless the user wants others."""


def open_run(lm: "LM", talks: Sequence[Conversation]) -> None:
    """Say how many judgments a run buys and at what price, and warn of a chat template that isn't applied.

    Args:
        lm: The candidate.
        talks: The conversations of all tasks, as far as they are this process's.
    """
    if lm.rank == 0:
        for line in _sums(talks):
            log.info("%s", line)
    if any(talk.render is plain for talk in talks) and _has_chat_template(lm):
        log.warning(
            "The candidate has a chat template and is asked without it (%s ... %s); add --apply_chat_template, unless "
            "it is to be judged as a base model.", USER, ASSISTANT
        )  # fmt: skip


def _has_chat_template(lm: "LM") -> bool:
    """Tell whether the candidate's tokenizer has one; a tokenizer that isn't loaded is not loaded for it."""
    return bool(getattr(vars(innermost(lm)).get("tokenizer"), "chat_template", None))


def _sums(talks: Iterable[Conversation]) -> list[str]:
    """Return one line per judge; all tasks of a run have the same, unless somebody builds them otherwise."""
    by_judge: dict[tuple[str, str], list[Conversation]] = {}
    for talk in talks:
        if talk.judge is not None:
            by_judge.setdefault((talk.judge.settings.endpoint, talk.judge.settings.model), []).append(talk)
    return [_sum([(talk.judge, talk) for talk in those if talk.judge]) for those in by_judge.values()]


def _sum(talks: Sequence[tuple[Judge, Conversation]]) -> str:
    settings, ledger = talks[0][0].settings, talks[0][0].ledger
    asked = [
        (len(str(judge.prompts.messages(talk.question, [""] * turn))), turn)
        for judge, talk in talks
        for turn in range(1, len(talk.question.turns) + 1)
        for _ in range(judge.settings.runs)
    ]
    rates = price_of(settings.model, None, settings.endpoint)
    usual, _ = usual_judgment(ledger, settings.model, settings.endpoint, settings.parameters())
    cost = estimate(rates, sizes_without_answers(asked, MAX_NEW_TOKENS, settings.max_tokens, usual))
    price = f", about ${cost.expected:.2f} and at most ${cost.most:.2f}" if cost and cost.most else ""
    default = f" ({BY_DEFAULT})" if settings.preset == DEFAULT else ""
    limit = f"; no more than ${settings.max_cost:g} is spent" if settings.max_cost is not None else ""
    languages = sorted({talk.question.language for _, talk in talks})
    return (
        f"{len(asked)} judgments by {settings.model} in {', '.join(languages)}{default}{price}; price: {shown(rates)}; "
        f"what the ledger {ledger.path} has already is not asked again{limit}"
    )
