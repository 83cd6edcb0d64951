"""What the benchmark's card says of added languages: who translated, what people did, what may be wrong."""

from collections.abc import Sequence
from typing import Any

from hf_datasets.translation_folder import Translated


def added_section(translated: Sequence[Translated]) -> str:
    """Return a section of the card, empty if no language was added."""
    if not translated:
        return ""
    lines = ["", "## Added languages", ""]
    for each in translated:
        lines += _language(each)
    return "\n".join(lines) + "\n"


def _language(translated: Translated) -> list[str]:
    added = translated.added
    holds = [f"{len(found)} questions of `{name}`" for name, found in added.questions.items()]
    holds += [f"the prompt set `{name}`" for name in added.prompts]
    corrected = sum(bool(question.corrected_fields) for found in added.questions.values() for question in found)
    lines = [f"**{added.language}**: {', '.join(holds)}; {corrected} questions were corrected by people."]
    lines += [_report(report) for report in translated.reports]
    if not translated.reports:
        lines.append("Nothing is recorded of how it was translated.")
    return [*lines, ""]


def _report(report: dict[str, Any] | Any) -> str:
    flags = ", ".join(f"{name} {count}" for name, count in report.get("flags", {}).items() if count)
    marks = report.get("marks", {})
    outcomes = "; ".join(
        f"{mark}: " + ", ".join(f"{count} {outcome}" for outcome, count in counted.items())
        for mark, counted in marks.get("outcomes", {}).items()
    )
    return (
        f"Translated from `{report.get('source')}` into `{report.get('target')}` by `{report.get('engine')}` "
        f"(formality `{report.get('formality')}`): {report.get('texts')} texts, {report.get('edited')} of them "
        f"edited by people, {len(report.get('failed', []))} without a translation. Seen by rules: {flags or 'nothing'}."
        + (f" {marks['rows']} rows are marked for review; outcomes: {outcomes or 'none'}." if marks.get("rows") else "")
    )
