"""Answers side by side with what the judge said of them, for chosen questions (the paper's Tables 6 and 7)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hf_datasets.records import QuestionId, ids_shown, plain_id
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.records import Decision, Game, Preference, Rating
from mtbenchx_tasks.report.groups import ShownModel
from mtbenchx_tasks.report.html import render
from mtbenchx_tasks.report.sections import RatedTurn, Section
from mtbenchx_tasks.report.tables.pairs import Duel
from mtbenchx_tasks.report.tables.scores import language_name
from mtbenchx_tasks.tables import Table, number, turn_name


def parse_questions(text: str | None) -> list[QuestionId]:
    """Read `81,82` or `81-83`.

    Raises:
        UserError: It is something else.
    """
    found: list[QuestionId] = []
    for part in filter(None, map(str.strip, (text or "").split(","))):
        low, _, high = (plain_id(end.strip()) for end in part.partition("-"))
        if isinstance(low, int) and isinstance(high, int):
            found += range(low, high + 1)
        else:
            found.append(plain_id(part))
    return list(dict.fromkeys(found))


def check_questions(chosen: Sequence[QuestionId], study: Study) -> None:
    """Raise a UserError if a question is not among the results."""
    known = {rating.item.question_id for rating in study.ratings}
    known |= {preference.item.question_id for preference in study.preferences}
    if chosen and not known:
        raise UserError("No result is on a question; leave --questions out.")
    for question in chosen:
        if question not in known:
            raise UserError(f"No result is on question {question}; there are {ids_shown(known)}.")


def answers_html(section: Section, models: Sequence[ShownModel], study: Study, chosen: Sequence[QuestionId]) -> Markup:
    """Return the answers to the chosen questions as HTML, everything of models and judges escaped."""
    questions = []
    for question in chosen:
        for language in section.languages:
            answers = [
                (model.label, answer)
                for model in models
                for answer in section.by_question.get((model.name, language, question), ())
            ]
            if answers:
                said = study.questions.get((section.conditions.benchmark, language, question), ())
                questions.append(_question(answers, said))
    return render("answers.html", questions=questions)


def answers_table(section: Section, models: Sequence[ShownModel], chosen: Sequence[QuestionId]) -> Table:
    """Return the same as a table for CSV and LaTeX; what each run of the judge said is a row."""
    rows = tuple(
        (
            *(str(part) for part in (answer.question_id, language_name(answer.language), answer.turn)),
            model.label,
            number(rating.value),
            rating.answer if rating.answer is not None else rating.evidence.prompt,
            rating.evidence.text or rating.reason,
        )
        for question in chosen
        for model in models
        for language in section.languages
        for answer in section.by_question.get((model.name, language, question), ())
        for rating in answer.ratings
    )
    columns = ("Question", "Language", "Turn", "Model", "Rating", "Answer", "What the judge said")
    return Table("answers", "Answers side by side", columns, rows, shown=False)


def _question(answers: Sequence[tuple[str, RatedTurn]], said: Sequence[str]) -> dict[str, object]:
    """Return what answers.html shows of one question."""
    first = answers[0][1]
    return {
        "title": f"Question {first.question_id}, {first.category}, {language_name(first.language)}",
        "language": first.language,
        "turns": [
            {
                "number": turn,
                "asked": said[turn - 1] if len(said) >= turn else "",
                "cards": [_card(model, answer) for model, answer in answers if answer.turn == turn],
            }
            for turn in sorted({answer.turn for _, answer in answers})
        ],
    }


def _card(model: str, answer: RatedTurn) -> dict[str, object]:
    texts = [(text, answer.language) for text in answer.texts]
    return {
        "model": model,
        "rating": f"{number(answer.rating)} of 10" if answer.rating is not None else "not scored",
        "texts": texts or [(rating.evidence.prompt, "") for rating in answer.ratings if rating.evidence.prompt][:1],
        "judgments": [(_told(rating), rating.evidence.text) for rating in answer.ratings],
    }


def _told(rating: Rating) -> str:
    return number(rating.value) if rating.value is not None else f"not scored: {rating.reason}"


@dataclass(frozen=True)
class DuelPreference:
    """A preference with whom it is between and by whom."""

    duel: Duel
    judge: str
    """In words."""
    preference: Preference


def by_question(found: Sequence[Duel]) -> dict[QuestionId, list[DuelPreference]]:
    """Return what was said of pairs, by question."""
    compared: dict[QuestionId, list[DuelPreference]] = {}
    for duel in found:
        for judge, preferences in duel.by_judge.items():
            for preference in preferences:
                said = compared.setdefault(preference.item.question_id, [])
                said.append(DuelPreference(duel, judge, preference))
    return compared


def votes_html(compared: Sequence[DuelPreference]) -> Markup:
    """Return what was said of pairs: judges' words on each game, and counted what has no words, such as people's votes.

    Empty if nothing was said.
    """
    worded = [one for one in compared if any(game.evidence.text for game in one.preference.games)]
    counted: dict[tuple[str, str], list[DuelPreference]] = {}
    for one in compared:
        if not any(game.evidence.text for game in one.preference.games):
            counted.setdefault((one.duel.title, turn_name(one.preference.item.turn)), []).append(one)
    shown = {"comparisons": [*map(_comparison, worded)], "pairs": [*map(_counted, counted.values())]}
    return render("votes.html", **shown) if compared else Markup()


def _comparison(said: DuelPreference) -> dict[str, object]:
    """Return what votes.html shows of one comparison."""
    preference = said.preference
    place = f"question {preference.item.question_id}, {turn_name(preference.item.turn)}, run {preference.run + 1}"
    return {
        "title": f"{said.duel.title}, {place}, {said.judge}: {_won(preference)}",
        "games": [
            (order, game.first, "no vote" if game.decision is Decision.FAILED else _won(game), game.evidence.text)
            for order, game in zip(("first", "second"), preference.games, strict=False)
        ],
    }


def _counted(said: Sequence[DuelPreference]) -> dict[str, object]:
    """Return what votes.html shows of votes on one turn of a pair: how many of whom for what, and both answers."""
    first = said[0]
    item = first.preference.item
    votes: dict[str, Counter[str]] = {}
    for one in said:
        votes.setdefault(one.judge, Counter())[_won(one.preference)] += 1
    answers = next((one.preference.answers for one in said if one.preference.answers), {})
    counts = (
        f"{judge}: " + ", ".join(f"{won} {n}" for won, n in found.most_common()) for judge, found in votes.items()
    )
    return {
        "title": f"{first.duel.title}, question {item.question_id}, {turn_name(item.turn)}. {'; '.join(counts)}",
        "answers": sorted(answers.items()),
        "language": item.language,
    }


def _won(said: Preference | Game) -> str:
    return said.winner or said.decision.value.replace("_", " ")
