"""Answers that contradict what they were told: a text in the question, or what the user said in the first turn.

Facts have gaps that a draw fills; a faulty answer has another value in some of them, and all other words are equal.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mtbenchx_tasks.meta_evaluation.exam.facts import TALKS, TEXTS, GivenFacts, Values
from mtbenchx_tasks.meta_evaluation.exam.forms import number
from mtbenchx_tasks.meta_evaluation.exam.lures import framed, lured, prose
from mtbenchx_tasks.meta_evaluation.exam.slots import Pair, Slot
from mtbenchx_tasks.meta_evaluation.exam.texts import read

_WRONG = {1: None, 2: 2, 3: 1}
"""Dose -> how many of the details are wrong; None: all."""


def against_text(slot: Slot, language: str) -> Pair:
    """Make an answer that gives all of a text's details wrong, or two, or one."""
    facts = TEXTS[slot.number % len(TEXTS)]
    text, values = read(language, "facts")[facts.name], drawn(facts, slot)
    told = written(facts, values, language)
    faulty = _answer(text["answer"], written(facts, changed(facts, values, slot), language), text, slot, language)
    return Pair(facts.category, _filled(text["turns"], told), (prose(_filled(text["answer"], told)),), (faulty,))


def forgets_turn_1(slot: Slot, language: str) -> Pair:
    """Make a second answer that knows nothing of the first turn, or has two of its details wrong, or one."""
    facts = TALKS[slot.number % len(TALKS)]
    text, values = read(language, "facts")[facts.name], drawn(facts, slot)
    told = written(facts, values, language)
    if slot.dose == 1:
        faulty = _answer(re.split(r"(?<=[.?!]) ", text["blank"]), told, text, slot, language)
    else:
        wrong = written(facts, changed(facts, values, slot), language)
        faulty = _answer(text["answer"], wrong, text, slot, language)
    first = text["first"].format(**told)
    better = prose(_filled(text["answer"], told))
    return Pair(facts.category, _filled(text["turns"], told), (first, better), (first, faulty))


def drawn(facts: GivenFacts, slot: Slot) -> Values:
    """Return a value for every gap."""
    return {name: slot.chance.one(name, gap.values) for name, gap in facts.gaps.items()}


def changed(facts: GivenFacts, values: Values, slot: Slot) -> Values:
    """Return the same values, but others in as many gaps as the dose says."""
    wrong = slot.chance.order("wrong", facts.asked)[: _WRONG[slot.dose]]
    others = {
        name: slot.chance.one(f"wrong {name}", [value for value in facts.gaps[name].values if value != values[name]])
        for name in wrong
    }
    return {**values, **others}


def written(facts: GivenFacts, values: Values, language: str) -> Mapping[str, str]:
    """Return every value, and what follows from them, as a language writes it."""
    texts = {
        name: facts.gaps[name].write(value, language) if name in facts.gaps else number(value, language)
        for name, value in facts.derive(values).items()
    }
    return {**texts, **{name.capitalize(): text.capitalize() for name, text in texts.items()}}


def _filled(sentences: Sequence[str], gaps: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sentence.format(**gaps) for sentence in sentences)


def _answer(sentences: Sequence[str], gaps: Mapping[str, str], text: Any, slot: Slot, language: str) -> str:
    return lured(_filled(framed(sentences, text, slot), gaps), slot, language)
