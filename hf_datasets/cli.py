"""`mtbenchx data`: build and push; and the commands of the rooms. Every import of weight is inside its command."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hf_datasets.audit.cli import check, stats, tokenizer_fairness
from hf_datasets.curate.cli import curate
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.cli import compare_translations, marks, translate

BENCHMARK = "mtbench-x"
DATASETS = ("mtbench-x", "lima-x", "bactrian-x")
EPILOG = """
Examples: `mtbenchx data build mtbench-x`, then `load_dataset('mtbench-x', 'de')` beside it.

`mtbenchx data build mtbench-x --translation pt/`, then `lm_eval --include_path mtbench-x/tasks --tasks mtbench_x_pt`.

`mtbenchx data build lima-x --configs mini` needs no source and no network.

`mtbenchx data build lima-x --source translated/ --validation validation/ --languages EN,PT`

`mtbenchx data build bactrian-x --languages EN,PT --configs ENPT,sampled --empty drop`
"""
INSTRUCTIONS = "Instruction data"

Name = Annotated[str, typer.Argument(help="The dataset: mtbench-x, lima-x or bactrian-x.")]
Out = Annotated[Path | None, typer.Option(help="The folder to write; default: ./NAME.")]
Languages = Annotated[
    str | None,
    typer.Option(
        help="Which languages, e.g. EN,PT; makes EN, PT, ENPT and sampled. Default: EN,DE,FR,IT,ES.",
        rich_help_panel=INSTRUCTIONS,
    ),
]
Configs = Annotated[
    str | None,
    typer.Option(help="Only these, e.g. ENDEFRITES,sampled; `mini`: the mini set.", rich_help_panel=INSTRUCTIONS),
]
Source = Annotated[
    str | None,
    typer.Option(
        help="Local rows instead of the published ones: a file or folder in any layout, a file a language (de.json.gz, "
        "train_limax_DE.jsonl), or GAIR/lima.",
        rich_help_panel=INSTRUCTIONS,
    ),
]
Validation = Annotated[
    Path | None,
    typer.Option(help="lima-x: the validation set, in place of the source's.", rich_help_panel=INSTRUCTIONS),
]
PublishedMixtures = Annotated[
    bool,
    typer.Option(
        "--published-mixtures",
        help="lima-x: the rows of joined and sampled configs as the authors published them, not shared out anew.",
        rich_help_panel=INSTRUCTIONS,
    ),
]
Seed = Annotated[int, typer.Option(help="Of the split and of who gets which language.", rich_help_panel=INSTRUCTIONS)]
Empty = Annotated[
    str,
    typer.Option(
        help="Ids with an empty answer: keep, drop (in every language) or error.", rich_help_panel=INSTRUCTIONS
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many work at a time; the result is the same. Default: as many as pay.",
        rich_help_panel=INSTRUCTIONS,
    ),
]

Translations = Annotated[
    list[Path],
    typer.Option(
        "--translation",
        help="mtbench-x: a folder that `mtbenchx data translate --out` wrote: a further language; repeatable.",
    ),
]


def build(
    name: Name,
    out: Out = None,
    *,
    translations: Translations = [],  # noqa: B006  (typer reads it)
    languages: Languages = None,
    configs: Configs = None,
    source: Source = None,
    validation: Validation = None,
    published_mixtures: PublishedMixtures = False,
    seed: Seed = 42,
    empty: Empty = "keep",
    processes: Processes = None,
) -> None:
    """Write a dataset as a folder that `load_dataset` reads, and print its absolute path."""
    if name not in DATASETS:
        raise UserError(f"There is no dataset {name!r}; there are {', '.join(DATASETS)}.")
    folder = out or Path(name)
    if name == BENCHMARK:
        from hf_datasets.benchmark.build import build_mtbench_x, flagged

        if languages or configs or source or validation:
            raise UserError("mtbench-x is built as a whole: no --languages, --configs, --source or --validation.")
        for remark in flagged(translations):
            print(f"mtbenchx: {remark}", file=sys.stderr)
        print(build_mtbench_x(folder, translations))
        return
    if translations:
        raise UserError(f"{name} takes translated rows by --source; --translation is for mtbench-x.")
    from hf_datasets.instruct.build import build as build_instructions
    from hf_datasets.instruct.plan import BuildRequest

    request = BuildRequest(name, languages, configs, source, validation, seed, empty, processes, published_mixtures)
    target, built = build_instructions(request, folder)
    for remark in built.remarks:
        print(f"mtbenchx: {remark}", file=sys.stderr)
    print(target)


def push(
    folder: Annotated[Path, typer.Argument(metavar="NAME", help="The built folder: ./NAME, or a path.")],
    repo_id: Annotated[str, typer.Option(help="NAMESPACE/NAME of the dataset on the Hub.")],
    private: Annotated[bool, typer.Option("--private", help="Make the dataset private.")] = False,
) -> None:
    """Publish a built folder on the Hub: one commit of what differs, with the token of HF_TOKEN or `hf auth login`."""
    from hf_datasets.benchmark.task_files import refuse_code
    from hf_datasets.hub.dataset import push_dataset

    refuse_code(folder)
    print(push_dataset(folder, repo_id, private=private).summary)


data = typer.Typer(help="Build, translate, curate, check and publish the datasets.", no_args_is_help=True)
data.command(epilog=EPILOG)(build)
data.command(epilog="Example: `mtbenchx data push mtbench-x --repo-id ORG/mtbench-x --private`")(push)
data.command(epilog="Example: `mtbenchx data translate mini_en native_en --to pt --out pt/ --dry-run`")(translate)
data.command(epilog="Example: `mtbenchx data marks lima.jsonl`, then read and confirm lima.marks.jsonl")(marks)
data.command(
    "compare-translations",
    epilog="Example: `mtbenchx data compare-translations deepl.jsonl theirs.jsonl --source en --edited edited.jsonl`",
)(compare_translations)
data.command(epilog="Example: `mtbenchx data curate --dump coffee.stackexchange.com.7z --against lima-x`")(curate)
data.command(epilog="Example: `mtbenchx data stats lima-x --json`")(stats)
data.command(epilog="Example: `mtbenchx data check lima-x --limit 20`")(check)
data.command("tokenizer-fairness", epilog="Example: `mtbenchx data tokenizer-fairness openGPT-X/Teuken-7B-base-v0.6`")(
    tokenizer_fairness
)
