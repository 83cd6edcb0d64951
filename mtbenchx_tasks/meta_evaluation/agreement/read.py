"""An agreement.json of any release, read back into the record that it was written from (see write.py)."""

from collections.abc import Mapping
from typing import Any

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import record
from mtbenchx_tasks.meta_evaluation.agreement.records import Results, Statistic


def read_agreement(loaded: Mapping[str, Any]) -> Results:
    """Return what an agreement.json holds of people and agreement; its rates stay where they are.

    Args:
        loaded: {"people": {"annotators": 3, "votes": 60, ...}, "statistics": [{"statistic": "human_human", ...}]}

    Raises:
        UserError: It is of another layout.
    """
    rows = loaded.get("statistics")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and "statistic" in row for row in rows):
        raise UserError("agreement.json is of another layout than `mtbenchx agreement --out` writes; make it again.")
    statistics = (
        record(
            Statistic,
            {**row, "judge": row.get("judge") or "", "turn": str(row.get("turn"))},
            f"agreement.json, statistic {number}",
            "one of `mtbenchx agreement --out`",
        )
        for number, row in enumerate(rows, start=1)
    )
    people = loaded.get("people")
    return Results({}, dict(people) if isinstance(people, Mapping) else {}, tuple(statistics), ())
