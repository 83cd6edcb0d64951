"""The configs of the published MT-Bench-X: which rows each holds, and in which columns.

Shared by the folder for the Hub (build.py), its card and the builder, so that they can't differ.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from hf_datasets import sources
from hf_datasets.benchmark.ids import MINI
from hf_datasets.benchmark.judge_prompts import BOTH_BAD, NATIVE, PROMPT_SETS, judge_prompts
from hf_datasets.benchmark.question_faults import Fault, question_faults
from hf_datasets.benchmark.questions import LANGUAGES, judge_prompt_rows, questions, revision
from hf_datasets.benchmark.references import CORRECTED, Correction, corrections
from hf_datasets.hub.folder import columns_of
from hf_datasets.records import JudgePrompt, Question, content_hash
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError

HERE = Path(__file__).parent
ALL = "all"
"""The default config: every language."""
SPLIT = "test"
PROMPTS, REFERENCES, MENDED = "judge_prompts", "references_corrected", "questions_corrected"
PREFIXES = ("", f"{PROMPTS}_", f"{REFERENCES}_", f"{MENDED}_", f"{MINI}_")
FILES = tuple(f"{prefix}{language}" for prefix in PREFIXES for language in LANGUAGES)
"""The configs that have a file of their own."""
CONFIGS = (ALL, *FILES)
QUESTION_COLUMNS = columns_of(Question)
REFERENCE_COLUMNS = {
    "question_id": "int64",
    "language": "string",
    "category": "string",
    "reference": "list<string>",
    "corrected_turns": "list<int64>",
    "kinds": "list<string>",
    "reasons": "list<string>",
}
MENDED_COLUMNS = {
    "question_id": "int64",
    "language": "string",
    "category": "string",
    "turns": "list<string>",
    "corrected_turns": "list<int64>",
    "kinds": "list<string>",
    "severities": "list<string>",
    "reasons": "list<string>",
    "published_sha256": "list<string>",
}
PROMPT_COLUMNS = {"prompt_set": "string", **columns_of(JudgePrompt), "sha256": "string"}
RATING, VOTES, FOURTH_VOTE = ("[[5]]",), ("[[A]]", "[[B]]", "[[C]]"), "[[D]]"


def columns(config: str) -> Mapping[str, str]:
    """Return the columns of a config; no source is read.

    Args:
        config: One of CONFIGS.
    """
    if config.startswith(REFERENCES):
        return REFERENCE_COLUMNS
    if config.startswith(MENDED):
        return MENDED_COLUMNS
    return PROMPT_COLUMNS if config.startswith(PROMPTS) else QUESTION_COLUMNS


def rows(config: str) -> list[dict[str, Any]]:
    """Return the rows of a config.

    Args:
        config: One of CONFIGS.

    Raises:
        UserError: No such config; a source can't be had; or a promise about the data doesn't hold.
    """
    if config not in CONFIGS:
        raise UserError(f"MT-Bench-X has no config {config!r}; choose one of {', '.join(CONFIGS)}.")
    if config == ALL:
        return [row for language in LANGUAGES for row in rows(language)]
    prefix, _, language = config.rpartition("_")
    if prefix == PROMPTS:
        check_prompts(language)
        return judge_prompt_rows(language)
    if prefix == REFERENCES:
        return reference_rows(language)
    if prefix == MENDED:
        return mended_rows(language)
    return [question.to_row() for question in questions(prefix or "mtbench_x", language)]


def reference_rows(language: str) -> list[dict[str, Any]]:
    """Return the questions with a reference answer of ours, each with both turns of the set `corrected`.

    Args:
        language: Lower-case language code.

    Raises:
        UserError: A source can't be had, or a correction is stale.
    """
    columns = {"corrected_turns": "turn", "kinds": "kind", "reasons": "reason"}
    return _corrected_rows(questions("mtbench_x", language, CORRECTED), "reference", corrections(language), columns)


def mended_rows(language: str) -> list[dict[str, Any]]:
    """Return the questions with a fault, each with both turns of the question set `corrected` and what was wrong.

    Args:
        language: Lower-case language code.

    Raises:
        UserError: A source can't be had, or a fault is stale.
    """
    columns = {"corrected_turns": "turn", "kinds": "kind", "severities": "severity", "reasons": "why"}
    found = questions("mtbench_x", language, question_set=CORRECTED)
    return _corrected_rows(found, "turns", question_faults(language), {**columns, "published_sha256": "sha256"})


def _corrected_rows(
    found: Iterable[Question], texts: str, changes: Iterable[Correction | Fault], columns: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the questions that have a change, with their texts and, per changed turn, what each column says of it."""
    by_id: dict[int, list[Correction | Fault]] = {}
    for change in sorted(changes, key=lambda change: (change.question_id, change.turn)):
        by_id.setdefault(change.question_id, []).append(change)
    return [
        {
            "question_id": question.question_id,
            "language": question.language,
            "category": question.category,
            texts: list(getattr(question, texts)),
            **{column: [getattr(one, name) for one in by_id[question.question_id]] for column, name in columns.items()},
        }
        for question in found
        if question.question_id in by_id
    ]


def check_prompts(language: str) -> None:
    """Check that every judge prompt in a language has its placeholders and asks for its verdicts.

    Args:
        language: Lower-case language code.

    Raises:
        UserError: A prompt lost one; the first is named.
    """
    for prompt_set in PROMPT_SETS:
        for name, prompt in judge_prompts(prompt_set, language).items():
            if lost := lost_of(prompt):
                raise UserError(
                    f"Judge prompt {name!r} of {prompt_set!r} in {language!r} lost {lost}; repair its file."
                )


def lost_of(prompt: JudgePrompt) -> str:
    """Return what a prompt of that name must have and hasn't, or has and must not; empty if it is intact."""
    if prompt.name not in judge_prompts(NATIVE, "en"):
        return "the name of any prompt we know"
    model = judge_prompts(NATIVE, "en")[prompt.name]
    if prompt.type != model.type:
        return f"its type {model.type!r}"
    if _placeholders(prompt.prompt_template) != _placeholders(model.prompt_template):
        return "a placeholder"
    if prompt.length_note and _placeholders(prompt.length_note) != _placeholders(model.length_note):
        return "a placeholder of its length note"
    return "" if _asks_for_verdicts(prompt) else "its verdict format"


def _placeholders(template: str) -> set[tuple[str, str | None, str | None]]:
    """Return each with its format and conversion: `{answer:.9}` would show a judge a part of the answer."""
    try:
        found = Formatter().parse(template)
        return {(field, spec, conversion) for _, field, spec, conversion in found if field is not None}
    except ValueError:  # a brace alone
        return set()


def _asks_for_verdicts(prompt: JudgePrompt) -> bool:
    text = prompt.system_prompt + prompt.prompt_template
    expected = RATING if prompt.type == "single" else VOTES
    return all(verdict in text for verdict in expected) and (FOURTH_VOTE in text) == prompt.name.endswith(BOTH_BAD)


def fingerprint() -> str:
    """Return the sha256 (hex) of all that determines the rows: pins, edits, mini files. No source is read."""
    pinned = sources.source("mtbench_x")
    edits = {file.name: jsonl.read(file) for file in sorted((HERE / "edits").glob("*.jsonl"))}
    return content_hash([pinned.revision, pinned.files, edits, revision("mini")])
