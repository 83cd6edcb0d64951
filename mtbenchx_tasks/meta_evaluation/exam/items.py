"""All items of the exam, in every language and form: `exam_items`.

Items are parallel: one template is the same question, fault, dose and lure in every language, and the same draw.
A fresh form is drawn as the public form was, from another seed; both are equally difficult by construction.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from hf_datasets.records import content_hash
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.meta_evaluation.exam import topics
from mtbenchx_tasks.meta_evaluation.exam.constraints import constraint
from mtbenchx_tasks.meta_evaluation.exam.contradictions import against_text, forgets_turn_1
from mtbenchx_tasks.meta_evaluation.exam.item import ExamItem
from mtbenchx_tasks.meta_evaluation.exam.reviews import left_out
from mtbenchx_tasks.meta_evaluation.exam.slots import Pair, Slot, fault_slots, null_slots
from mtbenchx_tasks.meta_evaluation.exam.sums import wrong_result
from mtbenchx_tasks.meta_evaluation.exam.texts import languages as languages_of_texts
from mtbenchx_tasks.records import Item

BENCHMARK = "exam"
PUBLIC_SEED = "public"
_KINDS: dict[str, Callable[[Slot, str], Pair]] = {
    "wrong_result": wrong_result,
    "constraint": constraint,
    "wrong_language": topics.wrong_language,
    "cut_off": topics.cut_off,
    "other_question": topics.other_question,
    "forgets_turn_1": forgets_turn_1,
    "against_text": against_text,
    "talks_to_judge": topics.talks_to_judge,
    "null": topics.null,
}
"""Kind -> what fills a slot in a language."""
KINDS = tuple(_KINDS)


def exam_items(
    languages: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    form: Literal["public", "fresh"] = "public",
    seed: str = "",
) -> tuple[ExamItem, ...]:
    """Return the exam's items, by language, kind and number, without those on which a blind reader failed.

    Args:
        languages: Codes of languages; None: all.
        kinds: Of `KINDS`; None: all.
        form: `public`, or `fresh`: drawn from `seed`.
        seed: What a fresh form is drawn from.

    Raises:
        UserError: The exam has no such language or kind, or a fresh form has no seed.
    """
    drawn = drawn_items(languages, kinds, form, seed)
    return tuple(item for item in drawn if item.template not in left_out(item.item.language))


def drawn_items(
    languages: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    form: Literal["public", "fresh"] = "public",
    seed: str = "",
) -> tuple[ExamItem, ...]:
    """Return all items that can be drawn, those on which a reader failed too; as `exam_items` otherwise."""
    if form == "fresh" and not seed:
        raise UserError("A fresh form of the exam is drawn from a seed; name one.")
    languages = _known("language", languages, languages_of_texts())
    kinds = _known("kind", kinds, KINDS)
    slots = [slot for kind in kinds for slot in _slots(kind, seed if form == "fresh" else PUBLIC_SEED)]
    return tuple(_item(slot, language, form, seed) for language in languages for slot in slots)


def items_sha256(items: Sequence[ExamItem]) -> str:
    """Return what names these items: the hash of everything that a judge sees of them, and of what is right."""
    return content_hash(
        [[item.template, item.item.language, item.turns, item.reference, item.better, item.faulty] for item in items]
    )


def _known(what: str, named: Sequence[str] | None, known: Sequence[str]) -> Sequence[str]:
    unknown = sorted(set(named or ()) - set(known))
    if unknown:
        raise UserError(f"The exam has no {what} {', '.join(unknown)}; choose of {', '.join(known)}.")
    return known if named is None else [name for name in known if name in named]


def _slots(kind: str, seed: str) -> list[Slot]:
    return null_slots(seed) if kind == "null" else fault_slots(kind, seed)


def _item(slot: Slot, language: str, form: Literal["public", "fresh"], seed: str) -> ExamItem:
    pair = _KINDS[slot.kind](slot, language)
    question = slot.template if form == "public" else f"{slot.template}-{content_hash(seed)[:8]}"
    item = Item(BENCHMARK, language, question, len(pair.turns), pair.category)
    return ExamItem(
        slot.template, item, slot.kind, slot.dose, slot.lure, form, pair.turns, pair.reference, pair.better, pair.faulty
    )
