"""Published forms of the datasets: each `build_*` writes one Hub-shaped folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hf_datasets.benchmark.card import added_section, card_body, card_metadata
from hf_datasets.benchmark.configs import FILES, PROMPT_COLUMNS, PROMPTS, QUESTION_COLUMNS, SPLIT, columns, rows
from hf_datasets.benchmark.ids import MINI, MTBENCH_X
from hf_datasets.benchmark.languages import AddedLanguage
from hf_datasets.benchmark.questions import LANGUAGES
from hf_datasets.benchmark.task_files import FOLDER, task_files
from hf_datasets.benchmark.translated_folder import read_translation
from hf_datasets.hub.folder import ParquetTable, parquet_name, replacing, write_card, write_table
from hf_datasets.instruct.card import told_flags
from hf_datasets.shared.errors import UserError


def build_mtbench_x(folder: Path, translations: Sequence[Path] = ()) -> Path:
    """Write the benchmark as a Hub-shaped folder that `datasets.load_dataset` reads and `lm_eval` finds its tasks in.

    Args:
        folder: Where to; made, or replaced as a whole if an earlier build wrote it.
        translations: Folders that `mtbenchx data translate` wrote, one for each added language.

    Returns:
        The folder's absolute path.

    Raises:
        UserError: A source can't be had, a promise about the data doesn't hold, a translation is incomplete, or the
            folder isn't ours to replace.
    """
    target = folder.expanduser().resolve()
    translated = [read_translation(path) for path in translations]
    codes = [added.language for added in translated]
    for code in codes:
        if codes.count(code) > 1:
            raise UserError(f"Two of the translations are in {code!r}; name one folder for each language.")
    tables = {config: ParquetTable(columns(config), rows(config)) for config in FILES}
    for added in translated:
        tables |= _added_tables(added)
    names = {config: parquet_name(f"{config}-{SPLIT}", table) for config, table in tables.items()}
    counts = {config: len(table.rows) for config, table in tables.items()}
    with replacing(target) as new:
        for config, table in tables.items():
            write_table(new, names[config], table)
        _write_tasks(new, translated, target)
        write_card(new, card_metadata(names, codes), card_body(counts, codes) + added_section(translated))
    return target


def flagged(translations: Sequence[Path]) -> list[str]:
    """Return a remark on each translation of which rules found texts odd (`mtbenchx data translate` counted them).

    Raises:
        UserError: As `build_mtbench_x`.
    """
    found = [(path, told_flags(report)) for path in translations for report in read_translation(path).reports]
    return [
        f"{path}: rules find some of this translation odd ({flags}); people should read them in its *.review.jsonl."
        for path, flags in found
        if flags
    ]


def _added_tables(added: AddedLanguage) -> dict[str, ParquetTable]:
    asked = {MTBENCH_X: added.language, MINI: f"{MINI}_{added.language}"}
    tables = {
        asked[benchmark]: ParquetTable(QUESTION_COLUMNS, [question.to_row() for question in questions])
        for benchmark, questions in added.questions.items()
    }
    prompts = [
        {"prompt_set": name, **vars(prompt), "sha256": prompt.sha256}
        for name, found in added.prompts.items()
        for prompt in found.values()
    ]
    return tables | ({f"{PROMPTS}_{added.language}": ParquetTable(PROMPT_COLUMNS, prompts)} if prompts else {})


def _write_tasks(folder: Path, translated: Sequence[AddedLanguage], target: Path) -> None:
    languages: Mapping[str, list[str]] = {benchmark: list(LANGUAGES) for benchmark in (MTBENCH_X, MINI)}
    for added in translated:
        for benchmark in added.questions:
            languages[benchmark].append(added.language)
    (folder / FOLDER).mkdir()
    for name, text in task_files(languages, target).items():
        (folder / FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
