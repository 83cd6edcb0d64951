"""All results of a card, put together where they can be compared and kept apart where they can't."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hf_datasets.records import canonical_json
from hf_datasets.shared.errors import UserError
from model_cards.evaluations import Group, Result, model_of, read, understood
from model_cards.ledgers import results_of_ledger
from mtbenchx_tasks.formats.conditions import of_one_revision
from mtbenchx_tasks.formats.ledger.study import is_ledger


def read_groups(paths: Sequence[Path], names: Sequence[str] = ()) -> list[Group]:
    """Read results files and put together what belongs together.

    Args:
        paths: lm_eval's `results_*.json`, or folders of them; ledgers.
        names: What the model may be called in a ledger, which holds many.

    Raises:
        UserError: A file can't be read or holds nothing of ours; two hold the same; or they are of different models.
    """
    files = [file for path in paths for file in _files(path)]
    groups: dict[str, dict[tuple[str, str], Result]] = {}
    models: dict[str, str] = {}
    for file in files:
        for result in _results(file, names, models):
            same = groups.setdefault(canonical_json(_of_all_languages(result)), {})
            place = (result.task, result.judge)
            if place in same:
                raise UserError(f"{same[place].file} and {file} both hold {result.task}; give one of them.")
            same[place] = result
    if len(models) > 1:
        (first, one), (second, other), *_ = models.items()
        raise UserError(f"{one} is of the model {first!r} and {other} of {second!r}; a card is of one model.")
    return [Group(tuple(part)) for same in groups.values() for part in of_one_revision(same.values(), _place)]


def _of_all_languages(result: Result) -> dict[str, Any]:
    """Return what the languages of a table share; a revision belongs to a language."""
    return {**result.setup, "benchmark": result.setup["benchmark"]["name"]}


def _place(result: Result) -> tuple[str, str, str]:
    benchmark = result.setup["benchmark"]
    return str(benchmark["name"]), result.language, str(benchmark["revision"])


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("results_*.json"))
    if not found:
        raise UserError(f"There is no results_*.json in {path}.")
    return found


def _results(file: Path, names: Sequence[str], models: dict[str, str]) -> list[Result]:
    """Read one file, and note whom lm_eval's results are of."""
    if is_ledger(file):
        return results_of_ledger(file, names)
    content = read(file)
    models.setdefault(model_of(content), str(file))
    return understood(file, content)
