"""Tables of scores: per language and category (Tables 8-10), per turn, uncertainty, pairs, missing cells."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from hf_datasets.records import ordered_categories
from hf_datasets.shared.language_codes import NAMES
from mtbenchx_tasks.report.groups import ShownModel
from mtbenchx_tasks.report.sections import Section
from mtbenchx_tasks.stats.cells import Mean, Resampler, average_of, average_over_runs, mean_of
from mtbenchx_tasks.stats.paired_tests import ModelPair
from mtbenchx_tasks.tables import Cell, Row, Table, category_name, interval_text, number, signed

AVG = "Average per model: mean of the category means."


def language_name(code: str) -> str:
    """Return a language's English name, or its code."""
    return NAMES.get(code, code)


def show_mean(found: Mean, strong: bool = False, *, part: str = "") -> Cell:
    """Return a mean with what it rests on beside it: answers scored / all, and `part`; a mean of nothing is empty."""
    n = ", ".join(text for text in (found.n, part) if text)
    return Cell(number(found.value), n, strong and found.value is not None)


def show_average(section: Section, model: str, language: str, turn: int | None = None, *, strong: bool = True) -> Cell:
    """Return a model's average, and beside it of how many questions and categories if those aren't all."""
    parts = section.part(model, language, turn), section.part_of_categories(model, language, turn)
    found = average_of(section.cell(model, language, turn))
    return show_mean(found, strong, part=", ".join(filter(None, parts)))


def category_table(section: Section, models: Sequence[ShownModel], language: str) -> Table:
    """Return one language's scores per category, with an average for each dataset group."""
    present = [model for model in models if (model.name, language) in section.by_cell]
    columns = [*map(category_name, section.categories), "Avg."]
    rows: list[Row] = []
    grouped = any(model.family for model in present)
    for family, members in by_family(present):
        if family:
            rows.append((family,))
        found = {model: _category_means(section, model, language) for model in members}
        rows += [
            (model.short, *_category_cells(section, model, language), show_average(section, model.name, language))
            for model in members
        ]
        if family and len(members) > 1:
            rows.append(_group_row(family, list(found.values())))
    absent = [model.label for model in models if model not in present]
    return Table(
        f"categories-{language}",
        f"Scores per category, {language_name(language)}",
        ("Model", *columns),
        tuple(rows),
        f"1 to 10, mean over both turns; small: answers with a rating / all. {AVG} "
        + ("A group's average weighs its models equally; small: models with a value / all." if grouped else ""),
        (
            *([f"No results in this language: {', '.join(absent)}."] if absent else []),
            *_partial_averages(section, present, language),
        ),
        tuple(_category_records(section, present, language)),
    )


def _category_cells(section: Section, model: ShownModel, language: str) -> Iterator[Cell]:
    means = _category_means(section, model, language)
    for category, mean in zip(section.categories, means, strict=False):
        yield show_mean(mean, part=section.part(model.name, language, category=category))


def _partial_averages(section: Section, models: Sequence[ShownModel], language: str) -> Iterator[str]:
    """An average over fewer categories than there are isn't comparable with others'."""
    for model in models:
        if part := section.part_of_categories(model.name, language):
            yield f"{model.label}: its average is over {part}, no match for others'."


def _category_means(section: Section, model: ShownModel, language: str) -> list[Mean]:
    answers = section.cell(model.name, language)
    return [
        *(mean_of(section.cell(model.name, language, None, name)) for name in section.categories),
        average_of(answers),
    ]


def _group_row(family: str, found: Sequence[Sequence[Mean]]) -> Row:
    """Average of a group's models, each with equal weight; only where every one has a value."""
    cells = []
    for column in zip(*found, strict=True):
        values = [mean.value for mean in column if mean.value is not None]
        complete = len(values) == len(column)
        cells.append(Cell(number(fmean(values)) if complete else "", f"{len(values)}/{len(column)}", strong=True))
    return (Cell(f"Average of {family}", strong=True), *cells)


def by_family(models: Sequence[ShownModel]) -> list[tuple[str, list[ShownModel]]]:
    """Return the models of each dataset family, in order; those of none are one group."""
    groups: dict[str, list[ShownModel]] = {}
    for model in models:
        groups.setdefault(model.family, []).append(model)
    return list(groups.items())


def _category_records(section: Section, models: Sequence[ShownModel], language: str) -> Iterator[dict[str, object]]:
    for model in models:
        names = [*section.categories, "avg"]
        for name, mean in zip(names, _category_means(section, model, language), strict=True):
            yield {
                "language": language, "model": model.name, "family": model.family, "mixture": model.mixture,
                "category": name, "mean": mean.value, "n_scored": mean.scored, "n_total": mean.total,
                **_questions(section, model, language, None if name == "avg" else name),
            }  # fmt: skip


def _questions(
    section: Section, model: ShownModel, language: str, category: str | None = None, turn: int | None = None
) -> dict[str, object]:
    """Return how many questions a mean is of, and how many there are, as far as that is known."""
    wanted = [number for number, of in section.expected.items() if category in (None, of)]
    asked = {answer.question_id for answer in section.cell(model.name, language, turn, category)}
    return {"questions": len(asked), "of_questions": len(wanted) or None}


def turn_table(section: Section, models: Sequence[ShownModel], turn: int) -> Table:
    """Return Avg. per model and language for one turn: the numbers of the heatmap (Figure 1)."""
    rows: list[Row] = []
    records = []
    several = len(section.languages) > 1
    for model in models:
        means = [average_of(section.cell(model.name, language, turn)) for language in section.languages]
        values = [mean.value for mean in means if mean.value is not None]
        over = Cell(number(fmean(values)) if len(values) == len(means) else "", f"{len(values)}/{len(means)} languages")
        cells = (show_average(section, model.name, code, turn, strong=False) for code in section.languages)
        rows.append((model.label, *cells, *([over] if several else [])))
        records += [
            {"turn": turn, "model": model.name, "language": language, "average": mean.value, "n_scored": mean.scored,
             "n_total": mean.total, **_questions(section, model, language, turn=turn)}
            for language, mean in zip(section.languages, means, strict=True)
        ]  # fmt: skip
    return Table(
        f"turn-{turn}",
        f"Average score per language, turn {turn}",
        ("Model", *map(language_name, section.languages), *(["All languages"] if several else [])),
        tuple(rows),
        AVG + (" All languages: only where no language is missing." if several else ""),
        records=tuple(records),
    )


def uncertainty_table(section: Section, models: Sequence[ShownModel], resampler: Resampler) -> Table:
    """Return Avg. of each model and language with its deviation over runs and its interval over questions."""
    rows: list[Row] = []
    records = []
    for model in models:
        for language in section.languages:
            answers = section.cell(model.name, language)
            if not answers:
                continue
            mean, runs = average_of(answers), average_over_runs(answers, section.runs)
            interval = resampler.cell_interval(model.name, language)
            deviation = number(runs.sd) if runs.sd is not None else ""
            rows.append(
                (model.label, language_name(language), show_average(section, model.name, language),
                 interval_text(interval), Cell(deviation, f"{runs.n}/{runs.n + runs.missing} runs"),
                 show_mean(mean_of(answers), part=section.part(model.name, language)))
            )  # fmt: skip
            records.append(
                {"model": model.name, "language": language, "average": mean.value, "n_scored": mean.scored,
                 "n_total": mean.total, "score": mean_of(answers).value, "low": interval.low if interval else None,
                 "high": interval.high if interval else None, "sd_over_runs": runs.sd, "runs": runs.n,
                 **_questions(section, model, language)}
            )  # fmt: skip
    several = any(record["sd_over_runs"] is not None for record in records)
    one = "" if several else "One whole judge run: its noise isn't measured; judge with `runs` 3 or more."
    return Table(
        "uncertainty",
        "How sure the averages are",
        ("Model", "Language", "Avg.", "95 % interval", "SD over runs", "Score"),
        tuple(rows),
        "Interval: percentile bootstrap over questions, which are resampled within their category and move with their "
        f"turns, runs and languages; {resampler.draws} draws, seed {resampler.seed}. SD: of the average of each whole "
        "judge run alone. Score: mean over all answers, whatever their category.",
        (one,) if one else (),
        tuple(records),
        folded=len(rows) > 30,  # noqa: PLR2004
    )


def pairs_table(pairs: Sequence[ModelPair], models: Sequence[ShownModel], language: str) -> Table:
    """Return the paired tests of one language."""
    labels = {model.name: model.label for model in models}
    chosen = [pair for pair in pairs if pair.language == language]
    rows = tuple(
        (
            f"{labels[pair.models[0]]} − {labels[pair.models[1]]}",
            Cell(signed(pair.difference), f"{pair.questions} questions"),
            interval_text(pair.interval, signed),
            number(pair.p, 4),
            Cell(number(pair.p_holm, 4), strong=pair.p_holm is not None and pair.p_holm <= 0.05),  # noqa: PLR2004
            _relabelled(pair, labels),
        )
        for pair in chosen
    )
    settled = sum(pair.p_holm is not None and pair.p_holm <= 0.05 for pair in chosen)  # noqa: PLR2004
    records = tuple(
        {"language": language, "model_1": pair.models[0], "model_2": pair.models[1], "questions": pair.questions,
         "difference": pair.difference, "low": pair.interval.low if pair.interval else None,
         "high": pair.interval.high if pair.interval else None, "p": pair.p, "p_holm": pair.p_holm,
         "verdict": pair.verdict}
        for pair in chosen
    )  # fmt: skip
    return Table(
        f"pairs-{language}",
        f"Which differences are real, {language_name(language)}: {settled} of {len(chosen)} pairs",
        ("Pair", "Difference", "95 % interval", "p", "p (Holm)", "In words"),
        rows,
        "Mean difference over shared questions; sign-flip permutation test, corrected after Holm over all pairs of the "
        "language at 5 %. Runs and questions needed are estimates from the variances found here.",
        records=records,
        folded=len(rows) > 6,  # noqa: PLR2004
    )


def _relabelled(pair: ModelPair, labels: dict[str, str]) -> str:
    for model in pair.models:
        if pair.verdict.startswith(f"{model} is better"):
            return labels[model] + pair.verdict[len(model) :]
    return pair.verdict


def missing_table(section: Section, models: Sequence[ShownModel]) -> Table:
    """List what each model lacks of the benchmark: languages, questions, turns, and categories without a rating."""
    rows = [
        (model.label, language_name(language), what)
        for model in models
        for language in section.languages
        for what in _missing(section, model, language)
    ]
    whole = f"every model has all {len(section.expected)} questions" if section.expected else (
        "every model has every language and category; how many questions the benchmark has isn't known"
    )  # fmt: skip
    return Table(
        "missing",
        "What is missing",
        ("Model", "Language", "Missing"),
        tuple(rows) or (("Nothing", "any", whole),),
        "Missing cells are empty in every table and in no mean; none is counted as zero.",
    )


def _missing(section: Section, model: ShownModel, language: str) -> Iterator[str]:
    answers = section.cell(model.name, language)
    if not answers:
        yield "no results"
        return
    asked = {answer.question_id for answer in answers}
    if part := section.part(model.name, language):
        yield f"only {part}"
    unasked = ordered_categories({*section.expected.values()} - {answer.category for answer in answers})
    if unasked:
        yield f"no question of {', '.join(unasked)}"
    cells = {name: section.cell(model.name, language, None, name) for name in section.categories}
    empty = [name for name, cell in cells.items() if cell and mean_of(cell).value is None]
    if empty:
        yield f"no rating at all in {', '.join(empty)}"
    last = section.last_turns
    for turn in range(1, 1 + max((last[question] for question in asked), default=0)):
        answered = {answer.question_id for answer in answers if answer.turn == turn}
        without = {question for question in asked - answered if turn <= last[question]}
        if without:
            yield f"no answer to turn {turn} of {len(without)} questions"
    most = max(map(len, section.by_cell.values()))
    if not section.expected and len(answers) < most:
        yield f"{len(answers)} answers where others have {most}"
