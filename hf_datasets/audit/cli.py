"""`mtbenchx data stats`, `check`, `tokenizer-fairness`: what data hold, what is wrong, what a tokenizer costs."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hf_datasets.shared.errors import Exit

if TYPE_CHECKING:
    from rich.table import Table

    from hf_datasets.audit.check import Checked
    from hf_datasets.audit.tokenizer_fairness import Fairness

Data = Annotated[Path, typer.Argument(help="A file, a folder, or a built folder such as lima-x.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Processes = Annotated[
    int, typer.Option("--workers", min=0, help="Processes; 0: one per core. Never changes the result.")
]


def stats(
    data: Data,
    *,
    config: Annotated[str | None, typer.Option(help="Only this config of a built folder.")] = None,
    split: Annotated[str | None, typer.Option(help="Only this split.")] = None,
    as_json: AsJson = False,
    workers: Processes = 0,
) -> None:
    """Count samples, samples per language (by language id), turns, and mean words of user and assistant turns."""
    from rich.table import Table

    from hf_datasets.audit.statistics import statistics
    from hf_datasets.shared.processes import processes

    lines = statistics(data, config, split, processes(workers))
    if as_json:
        _print_json([{"data": str(data), **asdict(line)} for line in lines])
        return
    named = any(line.config for line in lines)
    table = Table(
        "config" if named else "data",
        "split",
        "samples",
        "languages",
        "turns",
        "words, user",
        "words, assistant",
        box=None,
    )
    for line in lines:
        languages = ", ".join(f"{language} {count:,}" for language, count in line.languages.items())
        means = [
            _number(value, 2 if value is line.turns else 1)
            for value in (line.turns, line.user_words, line.assistant_words)
        ]
        table.add_row(line.config if named else data.name, line.split, f"{line.samples:,}", languages, *means)
    _print_table(table)


def check(
    data: Data,
    *,
    threshold: Annotated[
        float, typer.Option(min=0.05, max=1, help="Jaccard index (three-word shingles) from which prompts are alike.")
    ] = 0.7,
    limit: Annotated[int, typer.Option(min=0, help="Findings to list; 0: all. The counts are always of all.")] = 50,
    as_json: AsJson = False,
    workers: Processes = 0,
) -> None:
    """Check a dataset for faults; exit code 3 if there are any.

    A benchmark's folder that holds code, or task files that would run some, is refused before anything of it is read.

    Ids and turns that aren't parallel, roles out of order, blank or foreign-language texts, placeholders and code that
    differ between languages, duplicates, and prompts that leak between splits or from MT-Bench-X and the mini set.
    """
    from hf_datasets.audit.check import check_dataset
    from hf_datasets.benchmark.task_files import refuse_code
    from hf_datasets.shared.processes import processes

    refuse_code(data)
    checked = check_dataset(data, threshold, processes(workers))
    shown = checked.findings[: limit or None]
    if as_json:
        listed = [asdict(finding) for finding in shown]
        _print_json({**asdict(checked), "counts": checked.counts, "findings": listed})
    else:
        _print_checked(checked, len(shown))
    if checked.findings:
        raise typer.Exit(Exit.PARTLY_DONE)


def _print_checked(checked: "Checked", shown: int) -> None:
    from hf_datasets.audit.check import KINDS

    for finding in checked.findings[:shown]:
        place = " ".join(filter(None, (finding.config, finding.split, finding.language)))
        print(f"{finding.kind}: {place} {finding.id}: {finding.reason}")
    if more := len(checked.findings) - shown:
        print(f"... and {more:,} more (--limit 0 lists all)")
    for kind, count in checked.counts.items():
        print(f"{count:>8,}  {kind}: {KINDS[kind]}")
    for what in checked.skipped:
        print(f"not checked: {what}")
    print(f"{checked.samples:,} samples, {len(checked.findings):,} findings")


def tokenizer_fairness(
    models: Annotated[list[str], typer.Argument(help="Folders or Hub ids of models with their tokenizers.")],
    *,
    text: Annotated[
        Path | None,
        typer.Option(help="Parallel text: a file or folder in any layout, or en.txt, de.txt ... Default: bundled."),
    ] = None,
    reference: Annotated[str, typer.Option(help="The language that the others are compared with.")] = "en",
    trust_remote_code: Annotated[bool, typer.Option(help="Run the model repository's own tokenizer code.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print fertility (tokens per word) and parity (tokens relative to English) of tokenizers on parallel text.

    A fair tokenizer has a parity near 1 in every language (Petrov et al. 2023; fertility: Ali et al. 2023).
    """
    from hf_datasets.audit.parallel_texts import bundled, parallel_texts
    from hf_datasets.audit.tokenizer_fairness import fairness
    from hf_datasets.audit.tokenizers import load_tokenizer

    texts = bundled() if text is None else parallel_texts(text)
    found: dict[str, list[Fairness]] = {}
    for model in models:
        encode, unknown = load_tokenizer(model, trust_remote_code)
        found[model] = fairness(texts, encode, reference.lower(), unknown)
    if as_json:
        _print_json({model: [asdict(line) for line in lines] for model, lines in found.items()})
    else:
        _print_fairness(found)


def _print_fairness(found: "dict[str, list[Fairness]]") -> None:
    from rich.table import Table

    names = _short_names(list(found))
    table = Table("language", "texts", "words", box=None)
    for model in found:
        for what in ("tokens", "fertility", "parity"):
            table.add_column(f"{names[model]}\n{what}" if len(found) > 1 else what, justify="right")
    for position, line in enumerate(next(iter(found.values()))):
        cells = [line.language, f"{line.texts:,}", f"{line.words:,}"]
        for lines in found.values():
            measured = lines[position]
            tokens = f"{measured.tokens:,}" + (f" ({measured.unknown:,} unknown)" if measured.unknown else "")
            cells += [tokens, _number(measured.fertility, 2), _number(measured.parity, 2)]
        table.add_row(*cells)
    _print_table(table)


def _short_names(models: list[str]) -> dict[str, str]:
    """The last parts of the names, if they tell the models apart."""
    short = {model: model.rstrip("/\\").replace("\\", "/").rpartition("/")[2] for model in models}
    return short if len(set(short.values())) == len(models) else {model: model for model in models}


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


def _print_table(table: "Table") -> None:
    """Print a table; in a pipe as wide as it needs."""
    from hf_datasets.shared.terminal import literal_console

    console = literal_console()
    (console if console.is_terminal else literal_console(width=200)).print(table)
