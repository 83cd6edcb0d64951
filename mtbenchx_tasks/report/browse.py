"""Every question with all answers and judgments, a page each beside the report, and a list that can be filtered.

The filters are style rules on checked boxes, so that the list works without script; a small script, which the page
names by its hash, adds a search.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from hf_datasets.records import CATEGORIES
from hf_datasets.shared.files import slug
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.report.groups import ShownModel, grouped
from mtbenchx_tasks.report.html import POLICY, TEMPLATES, render
from mtbenchx_tasks.report.sections import RatedTurn, Section, sections
from mtbenchx_tasks.report.tables.answers import DuelPreference, answers_html, by_question, votes_html
from mtbenchx_tasks.report.tables.pairs import duels
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.stats.intervals import ordered_questions
from mtbenchx_tasks.tables import number, turn_name

FOLDER = "answers"
APART, LOW = 3.0, 3.0
"""Points from which two models' ratings are far apart, and up to which a rating is low."""
VERDICTS = {
    "unscored": "an answer without a rating",
    "apart": f"ratings {APART:g} points apart or more",
    "low": f"a rating of {LOW:g} or less",
    "compared": "compared in pairs",
}
"""What the list can be filtered by, in words."""


@dataclass(frozen=True)
class ListLine:
    """One turn of one question in one language, in the list."""

    page: str
    question: str
    """Its id."""
    category: str
    language: str
    turn: str
    """`turn 1`, or `whole conversation`."""
    asked: str
    """What the user says, as far as a file tells it."""
    ratings: tuple[str, ...]
    """Of each model, "" without."""
    verdicts: tuple[str, ...]
    """Of VERDICTS."""


def browse_pages(study: Study, groups: Mapping[str, Any]) -> dict[str, str]:
    """Return file name -> HTML: the list and a page for each question; nothing where nothing was judged.

    Args:
        study: What was read.
        groups: Models' labels, families and mixtures.
    """
    material = _material(study, groups)
    numbers = ordered_questions(
        [rating.item.question_id for rating in study.ratings] + [p.item.question_id for p in study.preferences]
    )
    if not numbers:
        return {}
    page_of = {question: f"{place}-{slug(str(question))[:60]}.html" for place, question in enumerate(numbers, start=1)}
    pages = {f"{FOLDER}/index.html": _list(list(_lines(material, page_of)), material.models)}
    for before, question, after in zip((None, *numbers), numbers, (*numbers[1:], None), strict=False):
        beside = {name: page_of.get(other, "") for name, other in (("previous", before), ("next", after))}  # type: ignore[arg-type]
        pages[f"{FOLDER}/{page_of[question]}"] = _question(question, material, beside)
    return pages


@dataclass(frozen=True)
class Browsable:
    """What the pages are made of."""

    study: Study
    sections: Sequence[Section]
    compared: Mapping[int | str, Sequence[DuelPreference]]
    """What was said of pairs, by question."""
    models: Sequence[ShownModel]


def _material(study: Study, groups: Mapping[str, Any]) -> Browsable:
    pairs = duels(study.preferences)
    names = {rating.model.name for rating in study.ratings} | {name for duel in pairs for name in duel.models}
    models = grouped(sorted(names, key=lambda name: (name.casefold(), name)), groups)
    return Browsable(study, sections(study.ratings), by_question(pairs), models)


def _question(question: int | str, material: Browsable, beside: Mapping[str, str]) -> str:
    parts = []
    for section in material.sections:
        models = [model for model in material.models if model.name in section.models]
        if any(answer.question_id == question for answer in section.answers):
            parts.append((section.name, answers_html(section, models, material.study, [question])))
    said = votes_html(material.compared.get(question, ()))
    parts += [("Comparisons of two answers", said)] if said else []
    policy = Markup(POLICY)
    return str(render("question.html", question=question, parts=parts, beside=beside, css=_css(), policy=policy))


def _list(lines: Sequence[ListLine], models: Sequence[ShownModel]) -> str:
    script = (TEMPLATES / "search.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    filters = {
        "category": [name for name in dict.fromkeys(line.category for line in lines) if name],
        "language": list(dict.fromkeys(line.language for line in lines)),
        "turn": list(dict.fromkeys(line.turn for line in lines)),
        "verdict": [name for name in VERDICTS if any(name in line.verdicts for line in lines)],
    }
    filters["category"].sort(key=lambda name: CATEGORIES.index(name) if name in CATEGORIES else len(CATEGORIES))
    rows = [(line, [_key(line.category), _key(line.language), _key(line.turn), *line.verdicts]) for line in lines]
    boxes = {
        name: [(_key(value), _label(name, value)) for value in values]
        for name, values in filters.items()
        if len(values) > 1 or name == "verdict"
    }
    return str(
        render(
            "list.html",
            rows=rows,
            models=[model.label for model in models],
            boxes={name: values for name, values in boxes.items() if values},
            css=_css(),
            script=Markup(script),
            policy=Markup(f"{POLICY}; script-src 'sha256-{digest}'"),
        )
    )


def _key(value: str) -> str:
    return slug(value).lower().replace(".", "-")


def _label(name: str, value: str) -> str:
    if name == "verdict":
        return VERDICTS[value]
    return language_name(value) if name == "language" else value


def _css() -> Markup:
    return Markup((TEMPLATES / "page.css").read_text(encoding="utf-8"))


Place = tuple[int | str, str, int]
"""Question, language, and turn (0: the whole conversation)."""


def _lines(material: Browsable, page_of: Mapping[int | str, str]) -> Iterator[ListLine]:
    """Yield a line for each turn of each question in each language, in the order of the questions."""
    rated: dict[Place, list[tuple[str, RatedTurn]]] = {}
    for section in material.sections:
        for answer in section.answers:
            place = answer.question_id, answer.language, answer.turn
            rated.setdefault(place, []).append((section.conditions.benchmark, answer))
    items = [preference.item for preference in material.study.preferences]
    compared = {(item.question_id, item.language, item.turn or 0): item.category for item in items}
    order = {question: number for number, question in enumerate(page_of)}
    for place in sorted({*rated, *compared}, key=lambda place: (order[place[0]], place[1], place[2])):
        question, language, turn = place
        answers = rated.get(place, [])
        asked = [material.study.questions.get((of, language, question), ()) for of, _ in answers]
        texts = [turns[turn - 1] for turns in asked if 0 < turn <= len(turns)]
        category = answers[0][1].category if answers else compared[place]
        yield ListLine(
            page_of[question], str(question), category, language, turn_name(turn or None), texts[0] if texts else "",
            tuple(_ratings([one for _, one in answers if one.model == model.name]) for model in material.models),
            tuple(_verdicts([answer.rating for _, answer in answers], place in compared)),
        )  # fmt: skip


def _ratings(answers: Sequence[RatedTurn]) -> str:
    return " / ".join(number(answer.rating, missing="not scored") for answer in answers)


def _verdicts(ratings: Sequence[float | None], is_compared: bool) -> Iterator[str]:
    known = [rating for rating in ratings if rating is not None]
    if len(known) < len(ratings):
        yield "unscored"
    if known and max(known) - min(known) >= APART:
        yield "apart"
    if known and min(known) <= LOW:
        yield "low"
    if is_compared:
        yield "compared"
