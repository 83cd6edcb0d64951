"""MT-Bench-X in its published form: which config holds which rows, and the card that describes them.

The rows come from the pure functions of mtbench_x.py; the folder is written by hub_folder.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter, Template
from typing import Any

from hf_datasets import jsonl, sources
from hf_datasets.errors import UserError
from hf_datasets.hub_folder import Table, columns_of, parquet_name, replacing, write_card, write_table
from hf_datasets.judge_prompts import BOTH_BAD, NATIVE, PROMPT_SETS, judge_prompts, prompt_set_hash
from hf_datasets.mtbench_x import LANGUAGES, judge_prompt_rows, questions, revision
from hf_datasets.records import CATEGORIES, JudgePrompt, Question, content_hash

HERE = Path(__file__).parent
ALL = "all"
"""The default config: every language."""
SPLIT = "test"
PROMPTS, MINI = "judge_prompts", "mini"
FILES = tuple(f"{prefix}{language}" for prefix in ("", f"{PROMPTS}_", f"{MINI}_") for language in LANGUAGES)
"""The configs that have a file of their own."""
CONFIGS = (ALL, *FILES)
QUESTION_COLUMNS = columns_of(Question)
PROMPT_COLUMNS = {"prompt_set": "string", **columns_of(JudgePrompt), "sha256": "string"}
DOUBTFUL = (104, 105, 109, 111, 113, 114, 120, 122, 124, 125, 126, 128, 130)
"""Questions whose published reference is reported wrong (FastChat, pull request 3158)."""
RATING, VOTES, FOURTH_VOTE = ("[[5]]",), ("[[A]]", "[[B]]", "[[C]]"), "[[D]]"


def columns(config: str) -> Mapping[str, str]:
    """Return the columns of a config; no source is read.

    Args:
        config: One of CONFIGS.
    """
    return PROMPT_COLUMNS if config.startswith(PROMPTS) else QUESTION_COLUMNS


def rows(config: str) -> list[dict[str, Any]]:
    """Return the rows of a config.

    Args:
        config: One of CONFIGS.

    Raises:
        UserError: A source can't be had, or a promise about the data doesn't hold.
    """
    if config == ALL:
        return [row for language in LANGUAGES for row in rows(language)]
    prefix, _, language = config.rpartition("_")
    if prefix == PROMPTS:
        check_prompts(language)
        return judge_prompt_rows(language)
    return [question.to_row() for question in questions(prefix or "mtbench_x", language)]


def check_prompts(language: str) -> None:
    """Check that every judge prompt in a language has its placeholders and asks for its verdicts.

    Args:
        language: Lower-case language code.

    Raises:
        UserError: A prompt lost one; the first is named.
    """
    model = judge_prompts(NATIVE, "en")
    for prompt_set in PROMPT_SETS:
        for name, prompt in judge_prompts(prompt_set, language).items():
            intact = _placeholders(prompt) == _placeholders(model[name])
            if not (intact and _asks_for_verdicts(prompt)):
                raise UserError(
                    f"The judge prompt {name!r} of {prompt_set!r} in {language!r} is damaged: "
                    f"{'its verdict format' if intact else 'a placeholder'} is not the one of its name; repair its file."
                )


def _placeholders(prompt: JudgePrompt) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(prompt.prompt_template) if field is not None}


def _asks_for_verdicts(prompt: JudgePrompt) -> bool:
    text = prompt.system_prompt + prompt.prompt_template
    expected = RATING if prompt.type == "single" else VOTES
    return all(verdict in text for verdict in expected) and (FOURTH_VOTE in text) == prompt.name.endswith(BOTH_BAD)


def fingerprint() -> str:
    """Return the sha256 (hex) of all that determines the rows: pins, edits, mini files. No source is read."""
    pinned = sources.source("mtbench_x")
    edits = {file.name: jsonl.read(file) for file in sorted((HERE / "edits").glob("*.jsonl"))}
    return content_hash([pinned.revision, pinned.files, edits, revision("mini")])


def build_mtbench_x(folder: Path) -> Path:
    """Write the benchmark as a Hub-shaped folder that `datasets.load_dataset` reads.

    Args:
        folder: Where to; made, or replaced as a whole if an earlier build wrote it.

    Returns:
        The folder's absolute path.

    Raises:
        UserError: A source can't be had, a promise about the data doesn't hold, or the folder isn't ours to replace.
    """
    target = folder.expanduser().resolve()
    tables = {config: Table(columns(config), rows(config)) for config in FILES}
    names = {config: parquet_name(f"{config}-{SPLIT}", table) for config, table in tables.items()}
    with replacing(target) as new:
        for config, table in tables.items():
            write_table(new, names[config], table)
        write_card(new, card_metadata(names), card_body({config: len(table.rows) for config, table in tables.items()}))
    return target


def card_metadata(names: Mapping[str, str]) -> dict[str, Any]:
    """Return the card's front matter.

    Args:
        names: Config -> path of its file in the folder.
    """
    files = {ALL: [names[language] for language in LANGUAGES], **{config: [name] for config, name in names.items()}}
    return {
        "pretty_name": "MT-Bench-X",
        "license": "apache-2.0",
        "language": list(LANGUAGES),
        "multilinguality": ["multilingual"],
        "size_categories": ["n<1K"],
        "task_categories": ["text-generation", "question-answering"],
        "tags": ["mt-bench", "llm-as-a-judge", "multi-turn", "parallel", "evaluation", "arxiv:2402.13703"],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == ALL else {}),
                "data_files": [{"split": SPLIT, "path": paths}],
            }
            for config, paths in files.items()
        ],
    }


def card_body(counts: Mapping[str, int]) -> str:
    """Return the card's text, with every number in it counted.

    Args:
        counts: Config -> number of rows, of each config with a file of its own.
    """
    pinned = sources.source("mtbench_x")
    all_rows = sum(counts[language] for language in LANGUAGES)
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
        all_rows=all_rows,
        split=SPLIT,
        configs=_table(("config", "rows"), [(f"`{name}`", n) for name, n in {ALL: all_rows, **counts}.items()]),
        categories=", ".join(CATEGORIES),
        reference_categories=", ".join(_reference_categories()),
        corrections=_table(("language", "corrected questions"), list(_corrected().items())),
        prompt_sets=_table(
            ("set", "language", "prompts", "sha256 of the set"),
            [(f"`{s}`", x, len(judge_prompts(s, x)), f"`{prompt_set_hash(s, x)[:12]}`") for s, x in sets],
        ),
        repairs=", ".join(f"{language} {count}" for language, count in _repairs().items()),
        doubtful=", ".join(map(str, DOUBTFUL)),
    )


def _repository(url: str) -> str:
    """`https://raw.githubusercontent.com/OWNER/NAME/...` -> the repository's page."""
    owner, name = url.split("/")[3:5]
    return f"https://github.com/{owner}/{name}"


def _table(header: Sequence[str], body: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *body]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _reference_categories() -> list[str]:
    found = {question.category for question in questions("mtbench_x", "en") if question.reference}
    return [category for category in CATEGORIES if category in found]


def _corrected() -> dict[str, int]:
    """Corrected questions by language, without the language that nothing was translated to."""
    translated = {
        x: questions("mtbench_x", x) for x in LANGUAGES if any(q.source_turns for q in questions("mtbench_x", x))
    }
    return {x: sum(bool(question.corrected_fields) for question in found) for x, found in translated.items()}


def _repairs() -> dict[str, int]:
    """How many places our edits change, by language (`data/mt_bench_DE/...` is German)."""
    counts: Counter[str] = Counter()
    for edit in jsonl.read(HERE / "edits" / "judge_prompts.jsonl"):
        counts[edit["file"].split("/")[1].rpartition("_")[2].lower()] += edit["count"]
    return {language: counts[language] for language in LANGUAGES if counts[language]}
