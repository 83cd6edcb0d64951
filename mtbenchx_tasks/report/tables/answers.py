"""Answers side by side with what the judge said of them, for chosen questions (the paper's Tables 6 and 7)."""

from collections.abc import Sequence

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.records import Judged, Outcome, Study
from mtbenchx_tasks.report.groups import Model
from mtbenchx_tasks.report.sections import Answer, Section
from mtbenchx_tasks.report.tables.pairs import Duel
from mtbenchx_tasks.report.tables.quality import texts_of
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.tables import Table, html_text, number


def parse_questions(text: str | None) -> list[int]:
    """Read `81,82` or `81-83`.

    Raises:
        UserError: It is something else.
    """
    found: list[int] = []
    for part in (text or "").replace(" ", "").split(","):
        low, dash, high = part.partition("-")
        if not part:
            continue
        if not low.isdecimal() or (dash and not high.isdecimal()):
            raise UserError(f"--questions {text} is not a list of question ids, e.g. --questions 81,82 or 81-83.")
        found += range(int(low), int(high if dash else low) + 1)
    return list(dict.fromkeys(found))


def check_questions(chosen: Sequence[int], study: Study) -> None:
    """Raise a UserError if a question is not among the results."""
    known = {item.question_id for item in study.judged} | {item.outcome.item.question_id for item in study.compared}
    if chosen and not known:
        raise UserError("No result is on a question; leave --questions out.")
    for question in chosen:
        if question not in known:
            raise UserError(f"No result is on question {question}; there are {min(known)} to {max(known)}.")


def answers_html(section: Section, models: Sequence[Model], study: Study, chosen: Sequence[int]) -> str:
    """Return the answers to the chosen questions as HTML, everything of models and judges escaped."""
    parts: list[str] = []
    for question in chosen:
        for language in section.languages:
            found = [
                (model.label, answer)
                for model in models
                for answer in section.cell(model.name, language)
                if answer.question_id == question
            ]
            if found:
                said = study.questions.get((section.conditions.benchmark, language, question), ())
                parts.append(_question(found, said, opened=not parts))
    return "".join(parts)


def answers_table(section: Section, models: Sequence[Model], chosen: Sequence[int]) -> Table:
    """Return the same as a table for CSV and LaTeX; what each run of the judge said is a row."""
    rows = tuple(
        (
            *(str(part) for part in (answer.question_id, language_name(answer.language), answer.turn)),
            model.label,
            number(item.rating),
            item.answer if item.answer is not None else item.prompt,
            item.judgment or item.reason,
        )
        for question in chosen
        for model in models
        for language in section.languages
        for answer in section.cell(model.name, language)
        if answer.question_id == question
        for item in answer.judged
    )
    columns = ("Question", "Language", "Turn", "Model", "Rating", "Answer", "What the judge said")
    return Table("answers", "Answers side by side", columns, rows, shown=False)


def _question(found: Sequence[tuple[str, Answer]], said: Sequence[str], *, opened: bool) -> str:
    first = found[0][1]
    title = f"Question {first.question_id}, {first.category}, {language_name(first.language)}"
    body = "".join(_turn(found, said, turn) for turn in sorted({answer.turn for _, answer in found}))
    return f"<details{' open' if opened else ''}><summary>{html_text(title)}</summary>{body}</details>"


def _turn(found: Sequence[tuple[str, Answer]], said: Sequence[str], turn: int) -> str:
    language = html_text(found[0][1].language)
    asked = f'<blockquote lang="{language}">{html_text(said[turn - 1])}</blockquote>' if len(said) >= turn else ""
    cards = "".join(_card(model, answer) for model, answer in found if answer.turn == turn)
    return f'<h3>Turn {turn}</h3>{asked}<div class="cards">{cards}</div>'


def _card(model: str, answer: Answer) -> str:
    rating = f"{number(answer.rating)} of 10" if answer.rating is not None else "not scored"
    texts = texts_of(answer)
    read = next((item.prompt for item in answer.judged if item.prompt), "")
    shown = [_text(text, answer.language) for text in texts] if texts else [_text(read) if read else ""]
    runs = "".join(
        f"<p><b>Judgment {place}: {html_text(_told(item))}</b></p>{_text(item.judgment)}"
        for place, item in enumerate(answer.judged, start=1)
    )
    said = f"<details><summary>What the judge said</summary>{runs}</details>"
    return f'<article class="card"><h4>{html_text(model)} <b>{rating}</b></h4>{"".join(shown)}{said}</article>'


def _told(item: Judged) -> str:
    return number(item.rating) if item.rating is not None else f"not scored: {item.reason}"


def _text(text: str, language: str = "") -> str:
    tagged = f' lang="{html_text(language)}"' if language else ""
    return f'<div class="text" tabindex="0"{tagged}>{html_text(text) if text.strip() else "<em>empty</em>"}</div>'


def votes_html(found: Sequence[Duel], chosen: Sequence[int]) -> str:
    """Return what judges said of pairs on the chosen questions."""
    return "".join(
        _outcome(duel, judge, outcome)
        for duel in found
        for judge, outcomes in duel.by_judge.items()
        for outcome in outcomes
        if outcome.item.question_id in chosen and any(game.text for game in outcome.games or ())
    )


def _outcome(duel: Duel, judge: str, outcome: Outcome) -> str:
    item = outcome.item
    names = {"model_1": item.model_1, "model_2": item.model_2}
    played = zip(("first", "second"), outcome.games or (), (item.model_1, item.model_2), strict=False)
    body = "".join(
        f"<p><b>{place} game, {html_text(shown)} shown first: {html_text(names.get(vote, vote))}</b></p>"
        f"{_text(game.text)}"
        for place, game, shown in played
        for vote in [(game.vote or "no vote").replace("both_bad", "both bad")]
    )
    winner = names.get(outcome.winner, outcome.winner.replace("_", " "))
    title = f"{duel.title}, question {item.question_id}, turn {item.turn}, run {item.run + 1}, {judge}: {winner}"
    return f"<details><summary>{html_text(title)}</summary>{body}</details>"
