"""Which number of epochs a training's validation losses speak for, and what they are means of."""

import math
from collections.abc import Iterator, Sequence

from hf_datasets.shared.errors import UserError
from model_cards.run_dir import Epoch, Training
from model_cards.tables import NOT_RECORDED

PAPER = (
    "So the paper chose its numbers, seven for Lima-X and three for Bactrian-X (section 5.1): each is the schedule's "
    "own length."
)
CONSTANT = ("constant", "constant_with_warmup")


def epoch_lines(runs: Sequence[Training]) -> Iterator[str]:
    """Yield what validation losses say about the number of epochs, in sentences.

    Args:
        runs: One training: its epochs. Several, of different lengths: their last losses.

    Raises:
        UserError: A run has no validation loss, or the losses of several aren't means of the same kind.
    """
    for run in runs:
        if not run.epochs:
            raise UserError(
                f"{run.name} holds no validation loss; train with --eval_strategy epoch, as the recipes do "
                f"(its newest checkpoint's trainer_state.json is read)."
            )
    yield from _of_one(runs[0]) if len(runs) == 1 else _of_several(runs)
    yield kind_of_mean(runs[0])


def _of_one(run: Training) -> Iterator[str]:
    best, last = run.best, run.epochs[-1]
    yield f"{'epoch':>6} {'step':>7}  validation loss"
    for epoch in run.epochs:
        yield f"{epoch.epoch:6.3g} {epoch.step:7,}  {_loss(epoch)}{'  lowest' * (epoch == best)}"
    if best is None:
        yield "No validation loss is a number: the run diverged."
        return
    if run.planned and run.steps and run.steps < run.planned:
        yield f"The run has done {run.steps:,} of {run.planned:,} steps: later epochs may be lower."
    if best == last:
        yield f"Epoch {best.epoch:.3g}, the last, has the lowest validation loss ({best.loss:.4f}). {PAPER}"
        return
    yield (
        f"Epoch {best.epoch:.3g} has the lowest validation loss ({best.loss:.4f}); epoch {last.epoch:.3g}, the last, "
        f"has {_loss(last)}. {PAPER}"
    )
    yield _other_schedule(run, best)


def _other_schedule(run: Training, best: Epoch) -> str:
    """Say what the checkpoint of an earlier epoch is not."""
    number = max(1, round(best.epoch))
    if run.value("lr_scheduler_type") in CONSTANT:
        return f"The learning rate is constant, so that epoch {best.epoch:.3g} is as in a run that ends there."
    rate = next((rate for step, rate in reversed(run.rates) if step <= best.step), None)
    stood = f" and stood at {rate:.2g} of {max(rate for _, rate in run.rates):.2g}" if rate is not None else ""
    return (
        f"Stopping there is another schedule than a run of {number} epoch{'s' * (number != 1)}: the learning rate was "
        f"on its way down to the run's end{stood}, and would be down there. To choose {number}, train again with "
        f"--num_train_epochs {number}, and compare: mtbenchx recipes epochs {run.name} OTHER."
    )


def _of_several(runs: Sequence[Training]) -> Iterator[str]:
    kinds = {kind_of_mean(run): run.name for run in runs}
    if len(kinds) > 1:
        told = "; ".join(f"{name}: {kind}" for kind, name in kinds.items())
        raise UserError(f"These validation losses are means of different kinds, which can't be compared. {told}")
    width = max(len(run.name) for run in runs)
    finite = [run for run in runs if math.isfinite(run.epochs[-1].loss)]
    lowest = min(finite, key=lambda run: run.epochs[-1].loss) if finite else None
    yield f"{'run':{width}} {'epochs':>6}  last validation loss"
    for run in runs:
        last = run.epochs[-1]
        cut = "  unfinished" if run.planned and run.steps and run.steps < run.planned else ""
        yield f"{run.name:{width}} {last.epoch:6.3g}  {_loss(last)}{'  lowest' * (run is lowest)}{cut}"
    if lowest is not None:
        yield f"{lowest.name} has the lowest validation loss at its end. {PAPER}"


def _loss(epoch: Epoch) -> str:
    return f"{epoch.loss:.4f}" if math.isfinite(epoch.loss) else "not a number"


def kind_of_mean(run: Training) -> str:
    """Say what a run's validation loss is a mean of: of rows, which depends on the data alone, or of batches.

    The trainer takes the mean over the target tokens of each batch, and the mean over batches; with one row a batch
    this is the mean over rows, on any number of GPUs.

    Args:
        run: The training.
    """
    size = run.settings.get("per_device_eval_batch_size")
    if size is None:
        return f"What the validation loss is a mean of is {NOT_RECORDED}."
    if run.settings.get("eval_packing") or (run.settings.get("packing") and run.settings.get("eval_packing") is None):
        return "The validation loss is a mean over packs of rows: it compares only with runs of the same packs."
    if size == 1:
        return (
            "The validation loss is the mean over rows of each row's mean over its target tokens: the same for any "
            "number of GPUs."
        )
    world = run.settings.get("world_size")
    spread = f" on {world} process{'es' * (world != 1)}" if world is not None else ""
    return (
        f"The validation loss is the mean over batches of {size} rows{spread} of each batch's mean over its target "
        f"tokens: it compares only with runs of the same batches."
    )
