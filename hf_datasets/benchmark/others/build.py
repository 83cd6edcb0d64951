"""A set of others as a benchmark of its own: card, Parquet, task files that hold data only.

mtbenchx data build ja_mt_bench --questions data/ja_mt_bench --language ja
lm_eval run ... --include_path ja_mt_bench/tasks --tasks ja_mt_bench_ja
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_datasets.benchmark.configs import ALL, PROMPT_COLUMNS, PROMPTS, QUESTION_COLUMNS, SPLIT
from hf_datasets.benchmark.judge_prompts import OURS, PROMPT_SETS
from hf_datasets.benchmark.languages import AddedLanguage
from hf_datasets.benchmark.others.card import card_body, card_metadata
from hf_datasets.benchmark.others.files import SetFiles, fastchat_questions, set_files
from hf_datasets.benchmark.others.prompts import read_prompts
from hf_datasets.benchmark.others.questions import Remarks, read_questions, read_references, with_references
from hf_datasets.benchmark.questions import BENCHMARKS
from hf_datasets.benchmark.task_files import FOLDER, other_task_files
from hf_datasets.hub.folder import ParquetTable, parquet_name, replacing, write_card, write_table
from hf_datasets.records import Question, question_rows
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import is_device
from hf_datasets.shared.language_codes import language_code
from hf_datasets.shared.rows import LONGEST, shown

BENCHMARK_COLUMN = "benchmark"
"""Column of another benchmark's rows that holds its name: by it a folder is told from one of MT-Bench-X."""
TAKEN = frozenset({*BENCHMARKS, *PROMPT_SETS, *OURS, "mtbench_x_mini", "mt_bench", "lima_x", "bactrian_x"})
"""Names of ours."""
JUDGED_TURNS = 2
"""FastChat's judge prompts know a second turn and no third."""
OURS_BEGIN = "mtbench_x_"
"""So begin the names of our tasks."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Part:
    """A set in one language, as the command line tells it."""

    language: str
    questions: Path | None = None
    """A file or folder; None: in FastChat's folder here."""
    references: Path | None = None
    prompts: Path | None = None


@dataclass(frozen=True)
class Options:
    """What holds for every language."""

    categories: Sequence[str] = ()
    """Only these, in this order; empty: all."""
    reference_categories: Collection[str] | None = None
    """Where judges see reference answers; None: FastChat's rule (see questions.is_guided)."""


@dataclass(frozen=True)
class ReadSet:
    """A set in one language, read."""

    added: AddedLanguage
    files: SetFiles
    remarks: tuple[str, ...]
    """What was left out or lacks."""


def benchmark_name(name: str) -> str:
    """Return what results call a benchmark of that name: `ja-mt-bench` is ja_mt_bench.

    Raises:
        UserError: It is one of ours, or no name of a task.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", Path(name).name.lower()).strip("_")
    if plain in TAKEN or plain.startswith(OURS_BEGIN) or not _NAME.fullmatch(plain) or is_device(plain):
        raise UserError(
            f"A benchmark can't be called {shown(name)}: give it letters, digits and _, a letter first, and no name of "
            "ours or of a device (con, nul)."
        )
    if len(plain) > LONGEST:
        raise UserError(f"A benchmark can't be called {shown(name)}: give it at most {LONGEST} letters.")
    return plain


def build_other(name: str, folder: Path, parts: Sequence[Part], options: Options = Options()) -> tuple[Path, list[str]]:
    """Write a set as a Hub-shaped folder that `load_dataset` reads and `lm_eval` finds its tasks in.

    Args:
        name: The benchmark's name.
        folder: Where to; made, or replaced as a whole if an earlier build wrote it.
        parts: The set, language by language.
        options: What holds for all of them.

    Returns:
        The folder's absolute path, and what a user must know.

    Raises:
        UserError: A file can't be read or is of another layout, or the folder isn't ours to replace.
    """
    benchmark, target = benchmark_name(name), folder.expanduser().resolve()
    read = [read_part(benchmark, name, part, options) for part in parts]
    codes = [each.added.language for each in read]
    if twice := [code for code in codes if codes.count(code) > 1]:
        raise UserError(f"Two of the sets are in {twice[0]!r}; name one for each language.")
    tables = {config: table for each in read for config, table in _tables(benchmark, each.added).items()}
    names = {config: parquet_name(f"{config}-{SPLIT}", table) for config, table in tables.items()}
    rows = sum(len(each.added.questions[benchmark]) for each in read)
    most = max(len(question.turns) for each in read for question in each.added.questions[benchmark])
    with replacing(target) as new:
        for config, table in tables.items():
            write_table(new, names[config], table)
        (new / FOLDER).mkdir()
        for file, text in other_task_files(benchmark, codes, target, most).items():
            (new / FOLDER / file).write_text(text, encoding="utf-8", newline="\n")
        write_card(new, card_metadata(benchmark, names, codes, rows), card_body(benchmark, read, names))
    remarks = [remark for each in read for remark in each.remarks]
    return target, [f"{benchmark}: {remark}." for remark in remarks] if len(read) == 1 else _by_language(
        benchmark, read
    )


def _by_language(benchmark: str, read: Sequence[ReadSet]) -> list[str]:
    return [f"{benchmark} in {each.added.language!r}: {remark}." for each in read for remark in each.remarks]


def read_part(benchmark: str, name: str, part: Part, options: Options = Options()) -> ReadSet:
    """Read a set in one language.

    Raises:
        UserError: See `build_other`.
    """
    language = language_code(part.language)
    if language is None or language == ALL:
        raise UserError(f"--language {part.language!r} is no code such as ja, zh or pt-BR.")
    place = part.questions or fastchat_questions(name)
    if place is None:
        raise UserError(f"Name the set's questions by --questions (there is no data/{name}/question.jsonl here).")
    files = set_files(place, language, part.references, part.prompts)
    remarks = Remarks([f"{what}: {', '.join(map(str, found))}" for what, found in _found(files, part)])
    asked = read_questions(files.questions, language, options.categories)
    references = read_references(files.references, language)
    questions = with_references(asked, references, remarks, options.reference_categories)
    prompts = {}
    if files.prompts is not None and _are_judged(files.prompts, asked, part, remarks):
        prompts = {benchmark: read_prompts(files.prompts, questions, remarks)}
    added = AddedLanguage(language, {benchmark: tuple(questions)}, prompts)
    return ReadSet(added, files, tuple(remarks.lines))


def _found(files: SetFiles, part: Part) -> list[tuple[str, tuple[Path, ...]]]:
    """Return what was found without being named."""
    found = [("reference answers found", files.references if part.references is None else ())]
    found.append(("judge prompts found", (files.prompts,) if files.prompts and part.prompts is None else ()))
    return [(what, paths) for what, paths in found if paths]


def _are_judged(file: Path, asked: Sequence[Question], part: Part, remarks: Remarks) -> bool:
    """Tell whether prompts of FastChat's layout judge every turn of a set.

    Raises:
        UserError: They don't, and the user named them.
    """
    longer = [question.question_id for question in asked if len(question.turns) > JUDGED_TURNS]
    if not longer:
        return True
    if part.prompts is not None:
        raise UserError(
            f"{file} judges two turns, and question {longer[0]} has more; leave --judge-prompts out: the package's own "
            "judge any number."
        )
    remarks.add(longer, f"have more than two turns, so {file} is left out: the package's own judge prompts are taken")
    return False


def _tables(benchmark: str, added: AddedLanguage) -> dict[str, ParquetTable]:
    rows = [{BENCHMARK_COLUMN: benchmark, **row} for row in question_rows(added.questions[benchmark])]
    columns = {BENCHMARK_COLUMN: "string", **QUESTION_COLUMNS}
    if isinstance(rows[0]["question_id"], str):
        columns["question_id"] = "string"
    prompts = [
        {"prompt_set": name, **vars(prompt), "sha256": prompt.sha256}
        for name, found in added.prompts.items()
        for prompt in found.values()
    ]
    tables = {added.language: ParquetTable(columns, rows)}
    return tables | ({f"{PROMPTS}_{added.language}": ParquetTable(PROMPT_COLUMNS, prompts)} if prompts else {})
