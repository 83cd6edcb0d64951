"""What is read of a ledger in one go; translations, batches and single judgments have modules of their own here.

Rows are mappings from column to value, as SQLite holds them: JSON columns are texts. A place whose judgment isn't there
has None in the judgment's columns.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hf_datasets.ledger.store import Ledger
from hf_datasets.records import canonical_json

Row = dict[str, Any]
_ASKED = """judgment.details,
    CASE WHEN json_valid(judgment.request) THEN json_extract(judgment.request, '$.endpoint') END AS endpoint,
    CASE WHEN json_valid(judgment.request) THEN json_extract(judgment.request, '$.model') END AS model,
    CASE WHEN json_valid(judgment.request) THEN json_extract(judgment.request, '$.parameters') END AS parameters,
    CASE WHEN json_valid(judgment.request) THEN json_extract(judgment.request, '$.messages[0].role') END AS role"""
"""What was reported of a judgment, and its request without the texts."""


class Counts(NamedTuple):
    """How much a ledger holds."""

    models: int
    """That were judged."""
    uses: int
    """Places where a rating counts."""
    answers: int
    """Kept to resume from."""
    comparisons: int
    """Games."""


class PaidJudgment(NamedTuple):
    """What an account is made of."""

    request: str
    """JSON of what was asked."""
    state: str
    details: str
    """JSON of what the endpoint reported."""
    at: float
    """When, in seconds since 1970."""


class AnsweredJudgment(NamedTuple):
    """What a judge said."""

    key: str
    text: str | None
    details: str
    """JSON of what the endpoint reported."""


def counts(ledger: Ledger) -> Counts:
    """Return how much a ledger holds."""
    models = "(SELECT count(DISTINCT candidate || identity) FROM use)"
    numbers = [f"(SELECT count(*) FROM {table})" for table in ("use", "answer", "comparison")]
    (row,) = ledger._rows(f"SELECT {', '.join([models, *numbers])}")
    return Counts(*row)


def uses(ledger: Ledger) -> list[Row]:
    """Return every place where a judgment counts: the columns of `Use`, and some of its judgment.

    These are `judged_at`, `state`, `text`, `reason`, `details`, `endpoint`, `model`, `parameters`, and `role` of the
    first message.
    """
    return _rows(
        ledger,
        f"""SELECT use.*, judgment.at AS judged_at, judgment.state, judgment.text, judgment.reason, {_ASKED}
        FROM use LEFT JOIN judgment ON judgment.key = use.judgment
        ORDER BY use.benchmark, use.language, use.candidate, use.identity, use.question_id, use.turn, use.repeat,
            use.run""",
    )


def first_uses(ledger: Ledger, candidate: str | None = None) -> list[Row]:
    """Return the places of first repeats and first runs, with `request` and `judged_at` of the whole judgment.

    Args:
        ledger: The ledger.
        candidate: Only of this model; None: of all.
    """
    return _rows(
        ledger,
        """SELECT use.*, judgment.at AS judged_at,
            judgment.request, judgment.state, judgment.text, judgment.reason, judgment.details
        FROM use LEFT JOIN judgment ON judgment.key = use.judgment
        WHERE use.repeat = 0 AND use.run = 0 AND use.candidate IS ifnull(?, use.candidate)
        ORDER BY use.benchmark, use.language, use.candidate, use.identity, use.question_id, use.turn, use.judge,
            use.settings""",
        candidate,
    )


def comparisons(
    ledger: Ledger,
    *,
    benchmark: str | None = None,
    language: str | None = None,
    judge: str | None = None,
    settings: str | None = None,
) -> list[Row]:
    """Return games: the columns of `Comparison`, and of the judgment what `uses` has; None doesn't choose."""
    return _rows(
        ledger,
        f"""SELECT comparison.*, judgment.state, judgment.text, judgment.reason, {_ASKED}
        FROM comparison LEFT JOIN judgment ON judgment.key = comparison.judgment
        WHERE benchmark IS ifnull(?, benchmark) AND language IS ifnull(?, language) AND judge IS ifnull(?, judge)
            AND settings IS ifnull(?, settings)
        ORDER BY benchmark, language, judge, question_id, turn, run, game""",
        benchmark,
        language,
        judge,
        settings,
    )


def exam_uses(ledger: Ledger, judge: str | None = None) -> list[Row]:
    """Return every place of a judge's exam: the columns of `ExamUse`, and of its judgment what `uses` has, and `asked`.

    Args:
        ledger: The ledger.
        judge: Only the judge of this slug; None: all.
    """
    return _rows(
        ledger,
        f"""SELECT exam.*, judgment.state, judgment.text, judgment.reason, judgment.at AS asked, {_ASKED}
        FROM exam LEFT JOIN judgment ON judgment.key = exam.judgment
        WHERE exam.judge IS ifnull(?, exam.judge)
        ORDER BY exam.judge, exam.settings, exam.form, exam.seed, exam.language, exam.template, exam.mode, exam.shown,
            exam.run""",
        judge,
    )


def examined_judges(ledger: Ledger) -> list[str]:
    """Return the slugs of the judges who sat the exam."""
    return [row["judge"] for row in _rows(ledger, "SELECT DISTINCT judge FROM exam ORDER BY judge")]


def comparison_settings(ledger: Ledger) -> list[Row]:
    """Return each `benchmark`, `revision`, `language`, `judge` and `settings` under which models were compared."""
    columns = "benchmark, revision, language, judge, settings"
    return _rows(ledger, f"SELECT DISTINCT {columns} FROM comparison ORDER BY 1, 2, 3, 4, 5")


def game_request(ledger: Ledger, place: Mapping[str, object]) -> Row | None:
    """Return `prompt`, `at` and `request` of one game's newest comparison, or None.

    Args:
        ledger: The ledger.
        place: Columns of `Comparison` and their values; `judgment` may be None.
    """
    rows = _rows(
        ledger,
        f"""SELECT comparison.prompt, coalesce(judgment.at, comparison.at) AS at, judgment.request
        FROM comparison LEFT JOIN judgment ON judgment.key = comparison.judgment
        WHERE {" AND ".join(f"comparison.{column} IS ?" for column in place)}
        ORDER BY comparison.at DESC LIMIT 1""",
        *place.values(),
    )
    return rows[0] if rows else None


def judgments(ledger: Ledger) -> list[PaidJudgment]:
    """Return every judgment."""
    return [PaidJudgment(*row) for row in ledger._rows("SELECT request, state, details, at FROM judgment ORDER BY key")]


def latest_details(ledger: Ledger, model: str, endpoint: str, effort: object, most: int = 2000) -> list[str]:
    """Return the `details` of a judge's last answered judgments at one effort, newest first."""
    rows = _rows(
        ledger,
        """SELECT details FROM judgment WHERE state = 'answered' AND json_extract(request, '$.model') = ?
        AND json_extract(request, '$.endpoint') = ? AND json_extract(request, '$.parameters.reasoning_effort') IS ?
        ORDER BY at DESC LIMIT ?""",
        model,
        endpoint,
        effort,
        most,
    )
    return [row["details"] for row in rows]


def latest_answered(
    ledger: Ledger, model: str, endpoint: str, parameters: Mapping[str, object], most: int
) -> list[AnsweredJudgment]:
    """Return a judge's last answered judgments with exactly these parameters, newest first."""
    rows = _rows(
        ledger,
        """SELECT key, text, details FROM judgment WHERE state = 'answered' AND json_extract(request, '$.model') = ?
        AND json_extract(request, '$.endpoint') = ? AND json(json_extract(request, '$.parameters')) = json(?)
        ORDER BY at DESC LIMIT ?""",
        model,
        endpoint,
        canonical_json(dict(parameters)),
        most,
    )
    return [AnsweredJudgment(**row) for row in rows]


def _rows(ledger: Ledger, query: str, *values: object) -> list[Row]:
    return [dict(row) for row in ledger._rows(query, values)]
