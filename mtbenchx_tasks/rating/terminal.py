"""The tables that `mtbenchx judge` prints: as many columns side by side as the terminal has room for."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from hf_datasets.shared.terminal import literal_console
from mtbenchx_tasks.judge.sent import request_in_words
from mtbenchx_tasks.rating.scored import Scored
from mtbenchx_tasks.stats.means import means
from mtbenchx_tasks.tables import with_error

NO_VALUE = "nan"
"""Shown where nothing was rated."""
NAMES, FRAME = 20, 3
"""Width of the first column; what a column takes besides its text."""
NARROWEST, WIDEST = 11, 24
"""Width of a column of numbers; longer model names are folded."""
NOT_MEASURED = "over questions only; how much the judge varies from run to run was not measured"
"""What an interval from a single run of the judge covers."""
MOST_REASONS, MOST_LINES = 3, 20
"""How much is said of what has no rating."""
OVER_QUESTIONS = "score (questions)"
"""The line that gives the score's error over questions where the others give the deviation over runs."""
SILENT = ("answer_language", "unscored")
"""Metrics that don't depend on a run's ratings."""


def print_metrics(rows: Sequence[Scored]) -> None:
    """Print one column per model, language and judge, one line per metric; then what wasn't scored, and why."""
    console = literal_console()
    for columns in _side_by_side(rows, console.width):
        console.print(_table(columns))
    console.print(_legend(rows), highlight=False)
    for line in [*requests_sent(rows), *unscored_lines(rows), *remarks(rows)]:
        console.print(line, highlight=False)


def requests_sent(rows: Sequence[Scored]) -> list[str]:
    """Return a line for each way in which a judge was asked: its model, where, and the parameters that were sent."""
    told = [row for row in rows if row.about]
    lines = [f"Sent to the judge {row.judge}: {request_in_words(row.about['judge'])}." for row in told]
    return list(dict.fromkeys(lines))


def remarks(rows: Sequence[Scored]) -> list[str]:
    """Return what else a reader of the numbers must know: several judge versions in one column, answers that cheat."""
    lines = []
    for row in rows:
        place = f"({row.model}, {row.language}, {row.judge})"
        asked, of = row.asked
        if asked < of:
            lines.append(
                f"Partial {place}: {asked} of {of} questions of {row.benchmark}; the means are of those alone."
            )
        if row.repeats > 1:
            lines.append(f"Up to {row.repeats} answers to a question {place}: its rating is the mean over them.")
        if len(row.snapshots) > 1:
            versions = ", ".join(row.snapshots)
            lines.append(f"More than one version of the judge {place}: {versions} (--split-snapshots).")
        if row.suspicious:
            named = ", ".join(map(str, row.suspicious))
            lines.append(f"Answers that hold the judge prompt's delimiters or a verdict {place}: questions {named}.")
    return lines


def unscored_lines(rows: Sequence[Scored]) -> list[str]:
    """Return a line for each row that has judgments without a rating: how many, and the commonest reasons."""
    lines = []
    for row in rows:
        if total := row.reasons.total():
            commonest = row.reasons.most_common(MOST_REASONS)
            rest = total - sum(number for _, number in commonest)
            named = [f"{number} x {reason[:120]}" for reason, number in commonest] + [f"{rest} others"] * bool(rest)
            lines.append(f"Without a rating ({row.model}, {row.language}, {row.judge}): {'; '.join(named)}")
    more = [f"... and in {len(lines) - MOST_LINES} columns more."] if len(lines) > MOST_LINES else []
    return lines[:MOST_LINES] + more


def _table(rows: Sequence[Scored]) -> Table:
    longest = sorted(rows, key=lambda row: len(row.metrics), reverse=True)
    names = list(dict.fromkeys(name for row in longest for name in row.metrics if not name.endswith("_stderr")))
    benchmarks = dict.fromkeys(row.benchmark for row in rows if row.benchmark)
    table = Table(", ".join(benchmarks))
    for row in rows:
        table.add_column("\n".join(_header(row)), overflow="fold", max_width=WIDEST, justify="right")
    table.add_row("questions", *("{} of {}".format(*row.asked) for row in rows))
    for name in names:
        table.add_row(name, *(_cell(row, name) + _of_questions(row, name) for row in rows))
        if name == "category_mean" and any(len(row.categories) < len(row.every_category) for row in rows):
            table.add_row("categories", *(f"{len(row.categories)} of {len(row.every_category)}" for row in rows))
        if name == "score" and any(row.runs > 1 for row in rows):
            table.add_row(OVER_QUESTIONS, *(_over_questions(row) if row.runs > 1 else "" for row in rows))
    return table


def _header(row: Scored) -> tuple[str, str, str]:
    return row.model, row.language, row.judge


def _cell(row: Scored, name: str) -> str:
    """Return mean ± standard deviation over several runs, or value ± standard error over questions; "" if lacking."""
    if name not in row.metrics:
        return ""
    if row.runs == 1 or name in SILENT:
        return _over_questions(row, name)
    over = row.over_runs(name)
    return with_error(over.mean, over.sd, missing=NO_VALUE)


def _of_questions(row: Scored, name: str) -> str:
    """Return of how many questions a category's mean is, if they aren't all."""
    asked, has = row.in_category(name)
    return f" ({asked} of {has})" if asked < has else ""


def _over_questions(row: Scored, name: str = "score") -> str:
    return with_error(row.metrics[name], row.metrics.get(f"{name}_stderr"), missing=NO_VALUE)


def _legend(rows: Sequence[Scored]) -> str:
    runs = sorted({row.runs for row in rows})
    most = max((len(question.turns) for row in rows for question in row.questions), default=0)
    parts = [f"± standard error of {', '.join(means(most))}: {NOT_MEASURED}"] if runs[0] == 1 else []
    if runs[-1] > 1:
        parts.append(f"mean ± standard deviation over {runs[-1]} runs of the judge")
        parts.append(f"{OVER_QUESTIONS}: ± standard error over questions")
    return "; ".join(parts)


def _side_by_side(rows: Sequence[Scored], width: int) -> Iterator[list[Scored]]:
    """Cut the columns into groups that fit; a single column is always taken."""
    group: list[Scored] = []
    taken = NAMES
    for row in rows:
        needed = min(WIDEST, max(NARROWEST, *map(len, _header(row)))) + FRAME
        if group and taken + needed > width:
            yield group
            group, taken = [], NAMES
        group.append(row)
        taken += needed
    if group:
        yield group
