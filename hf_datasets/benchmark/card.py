"""The card of the published MT-Bench-X: front matter for the Hub, and a text whose every number is counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from hf_datasets import sources
from hf_datasets.benchmark.configs import ALL, SPLIT
from hf_datasets.benchmark.judge_prompts import PROMPT_SETS, judge_prompts, prompt_set_hash
from hf_datasets.benchmark.languages import AddedLanguage
from hf_datasets.benchmark.question_faults import KINDS, MINOR, SEVERITIES, changed_questions, question_faults
from hf_datasets.benchmark.questions import LANGUAGES, question_set_hash, questions, reference_set_hash, revision
from hf_datasets.benchmark.references import CORRECTED, LIMITED, REFERENCE_SETS, WORDING, WRONG, Correction, corrections
from hf_datasets.hub.card import config_entry, table
from hf_datasets.instruct.card import told
from hf_datasets.records import CATEGORIES
from hf_datasets.shared import jsonl

HERE = Path(__file__).parent
REPORTED = frozenset({104, 105, 109, 111, 113, 114, 120, 122, 124, 125, 126, 128, 130})
"""Questions whose published reference is reported wrong (FastChat, pull request 3158)."""


def card_metadata(names: Mapping[str, str], added: Sequence[str] = ()) -> dict[str, Any]:
    """Return the card's front matter.

    Args:
        names: Config -> path of its file in the folder.
        added: Codes of languages besides the package's.
    """
    languages = [*LANGUAGES, *added]
    files = {
        ALL: [names[language] for language in languages if language in names],
        **{config: [name] for config, name in names.items()},
    }
    return {
        "pretty_name": "MT-Bench-X",
        "license": "apache-2.0",
        "language": languages,
        "multilinguality": ["multilingual"],
        "size_categories": ["n<1K"],
        "task_categories": ["text-generation", "question-answering"],
        "tags": ["mt-bench", "llm-as-a-judge", "multi-turn", "parallel", "evaluation", "arxiv:2402.13703"],
        "configs": [config_entry(config, {SPLIT: paths}, default=config == ALL) for config, paths in files.items()],
    }


def card_body(counts: Mapping[str, int], added: Sequence[str] = ()) -> str:
    """Return the card's text, with every number in it counted.

    Args:
        counts: Config -> number of rows, of each config with a file of its own.
        added: Codes of languages besides the package's.
    """
    pinned = sources.source("mtbench_x")
    all_rows = sum(counts.get(language, 0) for language in (*LANGUAGES, *added))
    sets = [(name, language) for name in PROMPT_SETS for language in LANGUAGES]
    template = Template((HERE / "cards" / "mtbench_x.md").read_text(encoding="utf-8"))
    return template.substitute(
        questions=len(questions("mtbench_x", "en")),
        n_languages=len(LANGUAGES),
        languages=", ".join(LANGUAGES),
        url=_repository(pinned.url),
        revision=pinned.revision,
        licence=pinned.licence,
        mini_revision=revision("mini"),
        mini_questions=len(questions("mini", "en")),
        all_rows=all_rows,
        split=SPLIT,
        configs=table(("config", "rows"), [(f"`{name}`", n) for name, n in {ALL: all_rows, **counts}.items()]),
        categories=", ".join(CATEGORIES),
        reference_categories=", ".join(_reference_categories()),
        fault_kinds="\n".join(f"- `{kind}`: {meaning}" for kind, meaning in KINDS.items()),
        severities="; ".join(f"`{severity}`: {meaning}" for severity, meaning in SEVERITIES.items()),
        fault_counts=table(
            ("language", *(f"{severity} turns" for severity in SEVERITIES), "sha256 of the corrected set"),
            [(x, *_fault_counts(x), f"`{question_set_hash('mtbench_x', x, CORRECTED)[:12]}`") for x in LANGUAGES],
        ),
        faults=table(("turn", "language", "severity", "kind", "what is wrong"), _faults()),
        n_changed=len(changed_questions(LANGUAGES)),
        corrections=table(("language", "corrected questions"), list(_corrected().items())),
        prompt_sets=table(
            ("set", "language", "prompts", "sha256 of the set"),
            [(f"`{s}`", x, len(judge_prompts(s, x)), f"`{prompt_set_hash(s, x)[:12]}`") for s, x in sets],
        ),
        repairs=", ".join(f"{language} {count}" for language, count in _repairs(wording=False).items()),
        rewordings=", ".join(f"{language} {count}" for language, count in _repairs(wording=True).items()),
        reported=_turns(item for item in _of_kind("en", WRONG) if item.question_id in REPORTED),
        further=_turns(item for item in _of_kind("en", WRONG) if item.question_id not in REPORTED),
        limited=_turns(_of_kind("en", LIMITED)),
        worded="; ".join(f"{x} {_turns(_of_kind(x, WORDING))}" for x in LANGUAGES if _of_kind(x, WORDING)),
        translated="; ".join(f"{x} {_turns(found)}" for x, found in _wrong_in_translation().items()),
        reference_sets=table(
            ("set", "language", "answers of ours", "sha256 of the set"),
            [
                (f"`{s}`", x, len(corrections(x)) if s == CORRECTED else 0, f"`{_references_hash(x, s)}`")
                for s in REFERENCE_SETS
                for x in LANGUAGES
            ],
        ),
    )


def _turns(found: Iterable[Correction]) -> str:
    """`104.1, 104.2, 105.1`: questions and turns."""
    return ", ".join(f"{item.question_id}.{item.turn}" for item in found)


def _fault_counts(language: str) -> list[int]:
    """Faulty turns of each severity."""
    counted = Counter(fault.severity for fault in question_faults(language))
    return [counted[severity] for severity in SEVERITIES]


def _faults() -> list[tuple[str, ...]]:
    """Every fault that isn't minor, in the order of questions and languages."""
    found = sorted(
        (fault.question_id, fault.turn, at, fault)
        for at, language in enumerate(LANGUAGES)
        for fault in question_faults(language)
        if fault.severity != MINOR
    )
    return [(f"{number}.{turn}", f.language, f.severity, f"`{f.kind}`", f.why) for number, turn, _, f in found]


def _of_kind(language: str, kind: str) -> list[Correction]:
    return [item for item in corrections(language) if item.kind == kind]


def _wrong_in_translation() -> dict[str, list[Correction]]:
    """References that are wrong in a translation but not in English, by language."""
    everywhere = {(item.question_id, item.turn) for item in _of_kind("en", WRONG)}
    return {
        language: [item for item in _of_kind(language, WRONG) if (item.question_id, item.turn) not in everywhere]
        for language in LANGUAGES
        if language != "en"
    }


def _references_hash(language: str, reference_set: str) -> str:
    return reference_set_hash("mtbench_x", language, reference_set)[:12]


def _repository(url: str) -> str:
    """`https://raw.githubusercontent.com/OWNER/NAME/...` -> the repository's page."""
    owner, name = url.split("/")[3:5]
    return f"https://github.com/{owner}/{name}"


def _reference_categories() -> list[str]:
    found = {question.category for question in questions("mtbench_x", "en") if question.reference}
    return [category for category in CATEGORIES if category in found]


def _corrected() -> dict[str, int]:
    """Corrected questions by language, without the language that nothing was translated to."""
    translated = {
        x: questions("mtbench_x", x) for x in LANGUAGES if any(q.source_turns for q in questions("mtbench_x", x))
    }
    return {x: sum(bool(question.corrected_fields) for question in found) for x, found in translated.items()}


def _repairs(*, wording: bool) -> dict[str, int]:
    """How many places our edits change, delimiters or words, by language (`data/mt_bench_DE/...` is German)."""
    counts: Counter[str] = Counter()
    for edit in jsonl.read(HERE / "edits" / "judge_prompts.jsonl"):
        if (edit.get("kind") == "wording") == wording:
            counts[edit["file"].split("/")[1].rpartition("_")[2].lower()] += edit["count"]
    return {language: counts[language] for language in LANGUAGES if counts[language]}


def added_section(translated: Sequence[AddedLanguage]) -> str:
    """Return a section of the card, empty if no language was added."""
    if not translated:
        return ""
    lines = ["", "## Added languages", ""]
    for each in translated:
        lines += _language(each)
    return "\n".join(lines) + "\n"


def _language(added: AddedLanguage) -> list[str]:
    holds = [f"{len(found)} questions of `{name}`" for name, found in added.questions.items()]
    holds += [f"the prompt set `{name}`" for name in added.prompts]
    corrected = sum(bool(question.corrected_fields) for found in added.questions.values() for question in found)
    lines = [f"**{added.language}**: {', '.join(holds)}; {corrected} questions were corrected by people."]
    lines += ["", told(added.reports) or "Nothing is recorded of how it was translated.", ""]
    return lines
