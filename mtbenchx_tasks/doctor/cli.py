"""`mtbenchx doctor`: what works here, what doesn't, and what to do."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hf_datasets.shared.errors import Exit

if TYPE_CHECKING:
    from mtbenchx_tasks.doctor.inspection import Inspection


def doctor(
    ledger: Annotated[Path | None, typer.Option(help="The ledger's file; default: the user's cache folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    offline: Annotated[bool, typer.Option(help="Ask no network.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="For the network, all of it together.")] = 5.0,
) -> None:
    """Say what works here and what to do about the rest: versions, tasks, keys, ledger, disk, network.

    Keys are never shown and never tried. Exit code 1 if something fails until it is mended; a missing key, a missing
    extra or no network is told and is no failure.
    """
    checks = list(_checks(ledger, offline, seconds))
    print(_json(checks) if as_json else "\n".join(_lines(checks)))
    if _wrong(checks):
        raise typer.Exit(Exit.FAULT)


def _checks(ledger: Path | None, offline: bool, seconds: float) -> "Iterator[Inspection]":
    from mtbenchx_tasks.doctor import keys, network, places, versions

    found = (versions.versions(), places.tasks(), keys.keys(), places.ledger(ledger), places.disk(ledger))
    return chain(*found, () if offline else network.network(seconds))


def _wrong(checks: "Sequence[Inspection]") -> "list[Inspection]":
    from mtbenchx_tasks.doctor.inspection import Severity

    return [check for check in checks if check.state is Severity.WRONG]


def _json(checks: "Sequence[Inspection]") -> str:
    return json.dumps({"well": not _wrong(checks), "checks": [asdict(check) for check in checks]}, indent=2)


def _lines(checks: "Sequence[Inspection]") -> Iterator[str]:
    for area, those in groupby(checks, lambda check: check.area):
        yield area
        for check in those:
            yield f"  {check.state:<5}  {check.name}: {check.found}" + (f". {check.advice}" if check.advice else "")
    wrong = _wrong(checks)
    yield ""
    if not wrong:
        yield "All that is needed works."
        return
    yield f"To mend ({len(wrong)}):"
    yield from (f"- {check.name}: {check.found}. {check.advice}" for check in wrong)
