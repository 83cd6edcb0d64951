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


def build_mtbench_x(folder: Path, translations: Sequence[Path] = (), languages: Sequence[str] = ()) -> Path:
    """Write the benchmark as a Hub-shaped folder that `datasets.load_dataset` reads and `lm_eval` finds its tasks in.

    Args:
        folder: Where to; made, or replaced as a whole if an earlier build wrote it.
        translations: Folders that `mtbenchx data translate` wrote, one for each added language.
        languages: Their codes, where the files don't tell them; in order, or none.

    Returns:
        The folder's absolute path.

    Raises:
        UserError: A source can't be had, a promise about the data doesn't hold, a translation is incomplete, or the
            folder isn't ours to replace.
    """
    target = folder.expanduser().resolve()
    translated = _read(translations, languages)
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


def _read(translations: Sequence[Path], languages: Sequence[str]) -> list[AddedLanguage]:
    if len(languages) not in {0, len(translations)}:
        n, given = len(translations), len(languages)
        raise UserError(f"{n} times --translation and {given} times --language; give one for each, in order.")
    told = languages or [""] * len(translations)
    return [read_translation(path, code) for path, code in zip(translations, told, strict=True)]


def flagged(translations: Sequence[Path], languages: Sequence[str] = ()) -> list[str]:
    """Return remarks on translations: which rules found texts odd (`data translate` counted), and what is left out.

    Raises:
        UserError: As `build_mtbench_x`.
    """
    read = list(zip(translations, _read(translations, languages), strict=True))
    found = [(path, told_flags(report)) for path, added in read for report in added.reports]
    return [f"{path}: {remark}." for path, added in read for remark in added.remarks] + [
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
