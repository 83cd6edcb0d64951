"""`mtbenchx data`: build the datasets. Every import of weight is inside its command."""

import typer

from hf_datasets.cli_build import EPILOG, build
from hf_datasets.curate.cli import curate
from hf_datasets.audit.cli import check, stats, tokenizer_fairness
from hf_datasets.cli_push import push
from hf_datasets.translate.cli import compare_translations, marks, translate

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
