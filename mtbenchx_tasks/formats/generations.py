"""Two sets of answers under one model name are two things: never one mean, and never two runs of a judge.

What a judge was shown tells them apart. Where the answers lie beside the judgments (`model_answer/<model>.jsonl`), the
judgments of those answers count and the others are named; else the file is refused.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.records import QuestionId
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import slug
from mtbenchx_tasks.formats.answers import read_models
from mtbenchx_tasks.tables import turn_name

FOLDER = "model_answer"


@dataclass(frozen=True)
class Shown:
    """What a judge was shown in one row of a file."""

    line: int
    """Where it stands."""
    question: QuestionId
    turn: int | None
    """From 1; None: the whole conversation."""
    models: tuple[str, ...]
    """Whose answers: one, or a pair."""
    judge: str
    prompt: str
    """The whole text; "" if the file doesn't hold it."""


Given = Mapping[str, Sequence[Mapping[QuestionId, tuple[str, ...]]]]
"""Model -> per repeat that its file declares: question -> its answers, turn by turn."""


def of_one_generation(file: Path, rows: Sequence[Shown]) -> tuple[list[bool], tuple[str, ...]]:
    """Tell which rows count; arguments, notes and errors are those of `repeats_shown`."""
    repeats, notes = repeats_shown(file, rows)
    return [repeat is not None for repeat in repeats], notes


def repeats_shown(file: Path, rows: Sequence[Shown]) -> tuple[list[int | None], tuple[str, ...]]:
    """Tell which of a model's answers each row judges, and what a reader must know of rows that don't count.

    Args:
        file: The file of judgments.
        rows: Its rows.

    Returns:
        The 0-based number of the repeat that the file of answers beside declares (0 where nothing is doubtful); None of
        a row that doesn't count. Notes.

    Raises:
        UserError: One answer was judged from two prompts, and no file of answers beside tells which is the model's.
    """
    places: dict[tuple[object, ...], dict[str, Shown]] = {}
    for row in rows:
        if row.prompt:
            places.setdefault((row.judge, row.models, row.question, row.turn), {}).setdefault(row.prompt, row)
    doubtful = [list(found.values()) for found in places.values() if len(found) > 1]
    several = {found[0].models for found in doubtful}
    given = _beside(file, {model for models in several for model in models})
    repeats = [_repeat_of(row, given) if row.models in several else 0 for row in rows]
    counted = {row.models for row, repeat in zip(rows, repeats, strict=True) if repeat is not None}
    for found in doubtful:
        shown = [repeat for row in found if (repeat := _repeat_of(row, given)) is not None]
        if found[0].models not in counted or len(set(shown)) < len(shown):
            raise UserError(_refusal(file, found[0], found[1]))
    return repeats, tuple(_notes(file, rows, [repeat is not None for repeat in repeats]))


def _refusal(file: Path, first: Shown, second: Shown) -> str:
    names, place = " and ".join(map(repr, first.models)), f"question {first.question}, {turn_name(first.turn)}"
    return (
        f"{file}: {place} of {names} was judged from two different prompts (lines {first.line} and {second.line}): two "
        f"sets of answers under one name, or two prompt sets; give each a file of its own, or put the answers that "
        f"count beside it as {FOLDER}/{slug(first.models[0])}.jsonl."
    )


def _notes(file: Path, rows: Sequence[Shown], counts: Sequence[bool]) -> Iterable[str]:
    left = Counter(row.models for row, kept in zip(rows, counts, strict=True) if not kept)
    for models, number in left.items():
        yield (
            f"{file}: {number} judgments of {' and '.join(models)} are of other answers than {FOLDER} beside it holds; "
            f"they count nowhere."
        )


def _repeat_of(row: Shown, given: Given) -> int | None:
    """Return the first repeat in which what a judge was shown holds every model's answers up to the turn."""
    if not row.prompt:
        return 0
    for repeat in range(min((len(given.get(model, ())) for model in row.models), default=0)):
        texts = [_answers(given[model][repeat], row) for model in row.models]
        if all(of and row.turn in (None, len(of)) and all(holds(row.prompt, text) for text in of) for of in texts):
            return repeat
    return None


def _answers(of_model: Mapping[QuestionId, tuple[str, ...]], row: Shown) -> tuple[str, ...]:
    return of_model.get(row.question, ())[: row.turn]


def holds(prompt: str, answer: str) -> bool:
    """Tell whether an answer stands in a judge's prompt, on lines of its own."""
    return f"\n{answer}\n" in prompt or f"\n{answer.strip()}\n" in prompt


def _beside(file: Path, models: Iterable[str]) -> Given:
    """Return the answers that lie beside a file of judgments, as FastChat lays them out."""
    found: dict[str, Sequence[Mapping[QuestionId, tuple[str, ...]]]] = {}
    for model in models:
        names = [name for name in dict.fromkeys((model, slug(model))) if "/" not in name and "\\" not in name]
        folders = (file.absolute().parent, file.absolute().parent.parent)
        places = [folder / FOLDER / f"{name}.jsonl" for folder in folders for name in names]
        place = next((place for place in places if place.is_file()), None)
        if place is not None:
            found |= {given.model: given.repeats for given in read_models(place) if given.model == model}
    return found
