"""What the benchmark's card says of added languages: who translated, what people did, what may be wrong."""

from collections.abc import Sequence

from hf_datasets.instruct.reports import told
from hf_datasets.benchmark.translated_folder import Translated


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
    lines += ["", told(translated.reports) or "Nothing is recorded of how it was translated.", ""]
    return lines
