"""The options of every command that asks a judge, and how such a command ends."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hf_datasets.shared.errors import Exit, UserError
from hf_datasets.shared.language_codes import language_code

if TYPE_CHECKING:
    from mtbenchx_tasks.judge.engines.budget import Budget
    from mtbenchx_tasks.judge.engines.factory import EngineFor
    from mtbenchx_tasks.judge.prices import Price


Files = Annotated[list[Path], typer.Argument(help="lm_eval samples (--log_samples) or FastChat's model_answer files.")]


Judges = Annotated[
    list[str], typer.Option("--judge", help="A model name, or settings as in lm_eval's metadata; repeat for a jury.")
]


OneJudge = Annotated[
    list[str], typer.Option("--judge", help="A model or preset name, or settings as in lm_eval's metadata.")
]


def plain_code(word: str | None) -> str | None:
    """Return a language as questions name it: `JA` and `jpn` are ja, `zh-Hant` is zh-hant; another word as it is."""
    return word and (language_code(word) or word)


Language = Annotated[
    str | None,
    typer.Option(callback=plain_code, help="Language of the questions, where a file doesn't tell it."),
]


Benchmark = Annotated[
    str | None,
    typer.Option(help="Benchmark of the questions (mtbench_x, mini, one of --data), where a file doesn't tell it."),
]


Runs = Annotated[int | None, typer.Option(min=1, help="Judge everything this often, as separate runs.")]


PromptLanguage = Annotated[str | None, typer.Option(help="Language of the judge prompts: same or en.")]


Plan = Annotated[bool, typer.Option("--plan", help="Print requests, tokens and price, and stop: nothing is sent.")]


MaxCost = Annotated[float | None, typer.Option(min=0, help="Dollars: stop before this is exceeded, keep everything.")]


Prices = Annotated[list[str], typer.Option("--price", help="IN,OUT in dollars per million tokens; or MODEL=IN,OUT.")]


Data = Annotated[
    Path | None, typer.Option(help="A folder of `data build`: mtbench-x with a further language, or another benchmark.")
]


Batch = Annotated[bool, typer.Option("--batch", help="Through the OpenAI Batch API: half the price, within a day.")]


Scale = Annotated[
    Path | None,
    typer.Option(help="What `equate fit` wrote: also show what the old judge would have given, marked as predicted."),
]


AssumeEnglish = Annotated[
    bool,
    typer.Option("--assume-english", help="With --scale: take English's scale for languages without anchors, marked."),
]


def names_of(option: str, text: str | None) -> list[str] | None:
    """Return the names of a comma-separated option, each once; None where it isn't given, which stands for all.

    Raises:
        UserError: A name is empty: an empty variable of a shell must not ask for everything.
    """
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise UserError(f"{option} needs names between its commas, not {text!r}; leave the option out for all.")
    return list(dict.fromkeys(names))


def refuse_idle(where: str, given: Mapping[str, object]) -> None:
    """Refuse options that would have no effect, instead of passing over them.

    Args:
        where: What the command does instead, e.g. `with --paper`.
        given: Option -> what a user gave; None, False and nothing are not given.

    Raises:
        UserError: One was given.
    """
    idle = [option for option, value in given.items() if value]
    if idle:
        raise UserError(f"{' and '.join(idle)} would have no effect {where}; leave {'them' if idle[1:] else 'it'} out.")


def one_judge(judges: Sequence[str]) -> str:
    """Return the one judge of a command that asks one.

    Raises:
        UserError: There are several.
    """
    if len(judges) != 1:
        raise UserError(f"One judge is asked at a time, not {len(judges)}; name one --judge, and run it for each.")
    return judges[0]


def check_quorum(quorum: int | None, judges: int) -> None:
    """Raise a UserError if a quorum can't be met, or there is no jury."""
    if quorum is None:
        return
    if judges == 1:
        refuse_idle("with one judge", {"--quorum": quorum})
    if quorum > judges:
        raise UserError(f"--quorum {quorum} is more than the {judges} judges; name more of them by --judge.")


def check_scale(scale: Path | None, assume_english: bool) -> None:
    """Raise a UserError if a scale is to be taken for other languages and none is named."""
    if assume_english and scale is None:
        raise UserError("--assume-english says how --scale is used; name an equating by --scale.")


def know_languages(data: Path | None) -> None:
    """Make the added languages of a built folder known."""
    if data is not None:
        from hf_datasets.benchmark.built_folder import register_built

        register_built(data)


def engine_factory(
    max_cost: float | None, prices: "dict[str, Price]", batch: bool
) -> "tuple[EngineFor, Budget | None]":
    """Who asks: live or by batch, within a budget or not."""
    from mtbenchx_tasks.judge.engines.batch.engine import batch_engine
    from mtbenchx_tasks.judge.engines.budget import Budget
    from mtbenchx_tasks.judge.engines.factory import budgeted, live_engine

    engine_for = batch_engine if batch else live_engine
    if max_cost is None:
        return engine_for, None
    if not math.isfinite(max_cost):
        raise UserError(f"--max-cost must be dollars such as 20, not {max_cost}; leave it out for no limit.")
    budget = Budget(max_cost)
    return budgeted(budget, prices, engine_for, batch), budget


def end_command(budget: "Budget | None", failed: int) -> None:
    """Say what was spent and what is missing; exit 3 if something is."""
    if budget is not None:
        print(budget.summary)
    if failed:
        print(f"{failed} without a result; the same command asks again what failed, and only that.")
        raise typer.Exit(Exit.PARTLY_DONE)
