"""`mtbenchx data`: build and push; and the commands of the rooms. Every import of weight is inside its command."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
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

`mtbenchx data build ja_mt_bench --questions data/ja_mt_bench --language ja`, then `lm_eval --include_path
ja_mt_bench/tasks --tasks ja_mt_bench`.

`mtbenchx data build lima-x --configs mini` needs no source and no network.

`mtbenchx data build lima-x --source translated/ --validation validation/ --languages EN,PT`

`mtbenchx data build bactrian-x --languages EN,PT --configs ENPT,sampled --empty drop`
"""
INSTRUCTIONS = "Instruction data"

Name = Annotated[str, typer.Argument(help="mtbench-x, lima-x, bactrian-x; or another name for a set of others.")]
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
        help="How many work at a time; the result is the same. Default: as many as speed it up.",
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

OTHER = "Any MT-Bench-like set"
Questions = Annotated[
    list[Path],
    typer.Option(
        help="A set of others as benchmark NAME: its question.jsonl or its folder in FastChat's layout, whose "
        "reference_answer/ and judge_prompts.jsonl are found; repeat with --language for each language.",
        rich_help_panel=OTHER,
    ),
]
Language = Annotated[
    list[str],
    typer.Option(
        help="Code of the questions' language, e.g. ja; one for each --questions or --translation.",
        rich_help_panel=OTHER,
    ),
]
References = Annotated[
    list[Path],
    typer.Option(help="Reference answers: a file, or a folder of files; one for each set.", rich_help_panel=OTHER),
]
JudgePrompts = Annotated[
    list[Path],
    typer.Option(help="Judge prompts in FastChat's layout; default: those found, else ours.", rich_help_panel=OTHER),
]
Categories = Annotated[
    str | None,
    typer.Option(help="Only these, in this order, e.g. writing,math; default: all.", rich_help_panel=OTHER),
]
ReferenceCategories = Annotated[
    str | None,
    typer.Option(
        help="Where judges see reference answers; default: everywhere but in those of MT-Bench's categories where "
        "FastChat shows none.",
        rich_help_panel=OTHER,
    ),
]


@dataclass(frozen=True)
class SetOptions:
    """What the command line says of a set of others, one entry for each language."""

    questions: Sequence[Path]
    languages: Sequence[str]
    references: Sequence[Path]
    prompts: Sequence[Path]
    categories: str | None
    reference_categories: str | None


def _build_other(name: str, folder: Path, told: SetOptions) -> None:
    from hf_datasets.benchmark.others.build import Options, Part, build_other

    if not told.questions and not told.languages:
        known = ", ".join(DATASETS)
        raise UserError(
            f"There is no dataset {name!r}; there are {known}; a set of others needs --questions, --language."
        )
    sets = max(len(told.questions), 1)
    for option, given in (
        ("--language", told.languages),
        ("--references", told.references),
        ("--judge-prompts", told.prompts),
    ):
        if len(given) not in ({sets} if option == "--language" else {0, sets}):
            raise UserError(
                f"{len(given)} times {option} and {sets} sets; give it once for each --questions, in order."
            )
    parts = [
        Part(language, *(given[at] if given else None for given in (told.questions, told.references, told.prompts)))
        for at, language in enumerate(told.languages)
    ]
    target, remarks = build_other(
        name, folder, parts, Options(_named(told.categories) or (), _named(told.reference_categories))
    )
    for remark in remarks:
        print(f"mtbenchx: {remark}", file=sys.stderr)
    print(target)


def _named(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def build(
    name: Name,
    out: Out = None,
    *,
    questions: Questions = [],  # noqa: B006  (typer reads it)
    language: Language = [],  # noqa: B006
    references: References = [],  # noqa: B006
    judge_prompts: JudgePrompts = [],  # noqa: B006
    categories: Categories = None,
    reference_categories: ReferenceCategories = None,
    translations: Translations = [],  # noqa: B006
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
    folder = out or Path(name)
    told = SetOptions(questions, language, references, judge_prompts, categories, reference_categories)
    if name not in DATASETS:
        _build_other(name, folder, told)
        return
    if any((questions, references, judge_prompts, categories, reference_categories)):
        raise UserError(
            f"{name} is a dataset of ours; --questions and what belongs to it are for a set with another NAME."
        )
    if name == BENCHMARK:
        from hf_datasets.benchmark.build import build_mtbench_x, flagged

        if languages or configs or source or validation:
            raise UserError("mtbench-x is built as a whole: no --languages, --configs, --source or --validation.")
        for remark in flagged(translations, language):
            print(f"mtbenchx: {remark}", file=sys.stderr)
        print(build_mtbench_x(folder, translations, language))
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
