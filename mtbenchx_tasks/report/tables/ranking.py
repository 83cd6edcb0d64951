"""Tables of a ranking: who is ahead and by how much, what pulls at the votes, and how far people and judges differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mtbenchx_tasks.formats.conditions import describe
from mtbenchx_tasks.records import PEOPLE, Conditions, Preference
from mtbenchx_tasks.stats.pair_rates import Field, by
from mtbenchx_tasks.stats.ranking import FEWEST_QUESTIONS, RankedModel, Ranking, rank
from mtbenchx_tasks.tables import Cell, Row, Table, interval_text, number, percent, quantity, signed

CAPTION = (
    "Bradley-Terry on Elo's scale, the mean model at 1000: 400 points are a chance of 10 in 11. Rank: from 1 + the "
    "number of models that are better beyond chance to the number that aren't worse, all differences tested together "
    "at 5 %. Chance: of winning against the mean model, ties as halves."
)
NO_TEXTS = "No ranking at equal style: the files don't hold the answers."
FIELDS: tuple[Field, ...] = ("language", "category")


@dataclass(frozen=True)
class Voter:
    """People together, or one judge under one set of conditions, and what they preferred."""

    name: str
    """In words."""
    preferences: tuple[Preference, ...]


def voters(preferences: Iterable[Preference]) -> tuple[Voter, ...]:
    """Group preferences by benchmark and who voted, people first; two conditions of one judge are never one."""
    groups: dict[Conditions, list[Preference]] = {}
    for preference in preferences:
        groups.setdefault(_voter(preference), []).append(preference)
    ordered = sorted(groups, key=lambda told: (told.judge != PEOPLE, told))
    return tuple(Voter(_named(told, ordered), tuple(groups[told])) for told in ordered)


def _voter(preference: Preference) -> Conditions:
    benchmark = {"benchmark": preference.item.benchmark} if preference.item.benchmark else {}
    if preference.rater.kind == "person":
        return Conditions(PEOPLE, benchmark)
    told = preference.conditions.of_all_languages
    return replace(told, judge=told.judge or preference.rater.name, task={**told.task, **benchmark})


def _named(conditions: Conditions, among: Sequence[Conditions]) -> str:
    name = describe(conditions, among)
    return name.replace(f"judge {PEOPLE}", "people", 1) if conditions.judge == PEOPLE else name


def ranking_tables(preferences: Sequence[Preference], *, style: bool = False) -> list[Table]:
    """Return the ranking of each voter (its islands apart), languages and categories beside it, and their distance.

    Args:
        preferences: Any number of models, judges, people and languages.
        style: Whether a ranking at equal style stands beside each.
    """
    found: list[Table] = []
    by_voter = {}
    for number_of, voter in enumerate(voters(preferences), start=1):
        rankings = rank(voter.preferences)
        if not rankings:  # not one vote: no battle
            continue
        by_voter[voter.name] = rankings
        at_equal_style = rank(voter.preferences, style=True) if style else ()
        for island, ranking in enumerate(rankings, start=1):
            name = f"ranking-{number_of}" + (f"-{island}" if len(rankings) > 1 else "")
            table = _ranking_table(voter, ranking, at_equal_style, name, f"{island} of {len(rankings)}")
            found.append(replace(table, notes=(*table.notes, NO_TEXTS)) if style and not at_equal_style else table)
        found += [_effects_table(voter, ranking, f"style-{number_of}") for ranking in at_equal_style[:1]]
        found += [table for field in FIELDS for table in _by_field(voter, field, f"ranking-{number_of}")]
    return found + _distance_table(by_voter)


def _ranking_table(voter: Voter, ranking: Ranking, styled: Sequence[Ranking], name: str, place: str) -> Table:
    same = {model.model: model for other in styled for model in other.models}
    columns: tuple[str, ...] = ("Model", "Rank", "Points", "95 %", "Chance in %", "Battles")
    rows: list[Row] = []
    for model in ranking.models:
        row = [model.model, rank_text(model), points(model.points), interval_text(model.interval, points)]
        row += [percent(model.chance), f"{model.games:,}"]
        if styled:
            equal = same.get(model.model)
            row += ["", ""] if equal is None else [rank_text(equal), points(equal.points)]
        rows.append(row)
    columns = (*columns, "Rank at equal style", "Points at equal style") if styled else columns
    islands = "" if place == "1 of 1" else f", island {place}"
    records = tuple(
        {"voter": voter.name, "model": model.model, "points": model.points, "rank_from": model.best,
         "rank_to": model.worst, "chance": model.chance, "battles": model.games,
         **({} if model.interval is None else {"low": model.interval.low, "high": model.interval.high}),
         **({} if model.model not in same else {"points_at_equal_style": same[model.model].points})}
        for model in ranking.models
    )  # fmt: skip
    title = f"Ranking by {voter.name.removeprefix('judge ')}{islands}"
    return Table(name, title, columns, tuple(rows), CAPTION, tuple(_notes(ranking, place, styled)), records)


def points(value: float) -> str:
    """Return Elo's points, whole."""
    return number(value, 0)


def rank_text(model: RankedModel) -> str:
    """Return `1` or `1-3`; "" where the questions are too few for ranks."""
    if model.best is None or model.worst is None:
        return ""
    return str(model.best) if model.best == model.worst else f"{model.best}-{model.worst}"


def _notes(ranking: Ranking, place: str, styled: Sequence[Ranking]) -> Iterable[str]:
    yield f"{quantity(ranking.games, 'battle')} on {quantity(ranking.questions, 'question')}."
    if ranking.questions < FEWEST_QUESTIONS:
        yield f"No intervals and no ranks: they need {FEWEST_QUESTIONS} questions."
    elif ranking.models[0].interval is None:
        yield "No intervals and no ranks: every battle is a tie, so that how sure that is can't be told."
    for effect in ranking.effects:
        chance = percent(_even(effect.coefficient))
        ends = "" if effect.interval is None else f" ({interval_text(effect.interval, lambda x: percent(_even(x)))})"
        yield f"Between equals the answer that is shown first wins {chance} %{ends}."
    if ranking.both_bad or ranking.undecided:
        yield f"In no ranking: {ranking.both_bad:,} votes for both bad, {ranking.undecided:,} without a vote."
    if len(ranking.layers) > 1:
        above = "; ".join(", ".join(sorted(layer)) for layer in ranking.layers[:-1])
        yield f"{above} won every battle with those below: their distance in points isn't told by the votes."
    if place != "1 of 1":
        yield "No chain of battles joins the islands, so that they can't be compared."
    if styled and styled[0].without_texts:
        yield f"At equal style {styled[0].without_texts:,} battles are left out: the files don't hold both answers."


def _even(coefficient: float) -> float:
    from scipy.special import expit

    return float(expit(coefficient))


def _effects_table(voter: Voter, ranking: Ranking, name: str) -> Table:
    rows = [
        (effect.name, signed(effect.coefficient), interval_text(effect.interval, signed), percent(effect.within))
        for effect in ranking.effects
    ]
    return Table(
        name,
        f"What pulls at the votes: {voter.name.removeprefix('judge ')}",
        ("What", "Log-odds", "95 %", "Within pairs in %"),
        tuple(rows),
        "Log-odds of winning for the answer that is shown first, or that has all of a style instead of as much as the "
        "other, everything else equal. No causes: better answers may be longer. Within pairs: how much of a style's "
        "variance isn't between models; near 0, style and strength can't be told apart.",
    )


def _by_field(voter: Voter, field: Field, name: str) -> list[Table]:
    """Return models' points in each language or category; none where there is but one."""
    groups = {key: group for (key,), group in by(voter.preferences, field).items() if key}
    if len(groups) < 2:  # noqa: PLR2004
        return []
    ranked = {key: {m.model: m for ranking in rank(group)[:1] for m in ranking.models} for key, group in groups.items()}
    models = [model.model for ranking in rank(voter.preferences) for model in ranking.models]
    rows: list[Row] = [(model, *(_points_cell(ranked[key].get(model)) for key in groups)) for model in models]
    return [
        Table(
            f"{name}-by-{field}",
            f"Ranking by {voter.name.removeprefix('judge ')}, {field} by {field}",
            ("Model", *map(str, groups)),
            tuple(rows),
            "Points, and beside them the rank, both among the models of that column's largest island alone: the mean "
            "of a column is 1000, so that columns are compared by order and distance, not by level.",
            folded=True,
        )
    ]


def _points_cell(model: RankedModel | None) -> Cell:
    return Cell("") if model is None else Cell(points(model.points), rank_text(model))


def _distance_table(by_voter: Mapping[str, Sequence[Ranking]]) -> list[Table]:
    """Return how far two voters' orders of the same models differ; none where there is but one voter."""
    from scipy.stats import kendalltau

    rows: list[Row] = []
    names = list(by_voter)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            first, second = _points_of(by_voter[one]), _points_of(by_voter[other])
            common = sorted(first.keys() & second.keys())
            if len(common) < 2:  # noqa: PLR2004
                continue
            tau = float(kendalltau([first[model] for model in common], [second[model] for model in common]).statistic)
            moves = {model: _place(second, common, model) - _place(first, common, model) for model in common}
            most = max(common, key=lambda model: abs(moves[model]))
            moved = f"{most}: {abs(moves[most])} {'down' if moves[most] > 0 else 'up'}" if moves[most] else "none"
            rows.append((one, other, str(len(common)), number(tau), moved))
    if not rows:
        return []
    columns = ("One", "Other", "Models", "Kendall's tau", "Largest move")
    caption = "Order of the models that both ranked: tau is 1 for the same order, -1 for the reverse."
    return [Table("ranking-distance", "Do people and judges agree on the order?", columns, tuple(rows), caption)]


def _points_of(rankings: Sequence[Ranking]) -> dict[str, float]:
    return {model.model: model.points for ranking in rankings[:1] for model in ranking.models}


def _place(found: Mapping[str, float], common: Sequence[str], model: str) -> int:
    return sum(found[other] > found[model] for other in common)
