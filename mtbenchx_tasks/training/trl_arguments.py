"""The arguments of a `trl sft` command, read by TRL's own parser, with a sentence where TRL has a traceback."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.yaml_text import load_yaml
from mtbenchx_tasks.training.launcher import Launch, read_launch

NO_GPU = ("--bf16", "false", "--use_cpu", "true")
"""What TRL needs to be told on a machine without GPU."""


@dataclass(frozen=True)
class Settings:
    """What a command would do, as TRL understands it."""

    script: Any
    """trl.ScriptArguments: which data."""
    training: Any
    """trl.SFTConfig."""
    model: Any
    """trl.ModelConfig."""
    launch: Launch
    """The processes that would start."""
    recipe: dict[str, Any]
    """What the file of `--config` says; empty without one."""
    remarks: tuple[str, ...]
    """What is allowed but worth knowing."""

    @property
    def gpus(self) -> int:
        """Number of processes, one per GPU, over all nodes."""
        return self.launch.processes


def read_settings(arguments: Sequence[str], gpus: int | None = None) -> Settings:
    """Read the arguments of `trl sft`.

    Args:
        arguments: As they follow `trl sft`; flags of `accelerate launch` included.
        gpus: GPUs of the machine that is meant; it counts where the arguments don't say how many processes start.

    Raises:
        UserError: TRL would refuse them, or take them for something else without a word.
    """
    try:
        from trl.scripts.sft import make_parser
    except ImportError as error:
        raise UserError("Training needs TRL: pip install 'mtbench-x[train]'.") from error
    parser = make_parser(prog="trl sft")
    parser.error = _refuse
    launcher = _launcher()
    given = list(arguments)
    _check_names(given, parser, launcher)
    parsed, launch, remarks = _parse(parser, given)
    script, training, model, _ = parsed
    on_cpu = training.use_cpu and not remarks
    started = read_launch(launch, launcher, on_cpu, gpus)
    return Settings(script, training, model, started, read_recipe(given), tuple(remarks))


def _refuse(message: str) -> NoReturn:
    raise UserError(f"trl would stop at: {message}.")


def _launcher() -> Any:
    from accelerate.commands.launch import launch_command_parser

    parser = launch_command_parser()
    parser.error = _refuse
    return parser


def _check_names(arguments: list[str], parser: Any, launcher: Any) -> None:
    """Refuse names that nobody knows, and abbreviations, which TRL takes for the flag they begin."""
    ours = set(parser._option_string_actions) | {"--config", "--accelerate_config"}
    known = ours | set(launcher._option_string_actions)
    for argument in arguments:
        name = argument.partition("=")[0]
        if name.startswith("--") and name not in known:
            raise UserError(f"trl sft has no flag {name}{_meant(name, ours)}.")
    for key in yaml_keys(arguments):
        if f"--{key}" not in known and key not in ("env", "datasets", "streaming", "test_split_size"):
            file = arguments[arguments.index("--config") + 1]
            raise UserError(f"{file}: trl sft has no field {key!r}{_meant('--' + key, ours, '')}.")


def _meant(name: str, known: set[str], prefix: str = "--") -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    starts = sorted(flag for flag in known if flag.startswith(name))
    best = near or starts[:1]
    return f"; {prefix}{best[0].removeprefix('--')} is meant, perhaps" if best else ""


def yaml_keys(arguments: list[str]) -> list[str]:
    """Return the names of the fields of the recipe that `--config` names; none without it.

    Raises:
        UserError: There is no such file, or it holds no fields.
    """
    return list(read_recipe(arguments))


def read_recipe(arguments: list[str]) -> dict[str, Any]:
    """Return the fields of the recipe that `--config` names; none without it.

    Raises:
        UserError: There is no such file, or it holds no fields.
    """
    if "--config" not in arguments:
        return {}
    place = arguments.index("--config") + 1
    if place == len(arguments):
        raise UserError("--config wants a file: --config recipes/lima_x.yaml.")
    file = Path(arguments[place])
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UserError(f"There is no file {file} here; `mtbenchx recipes --copy` puts the recipes here.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} can't be read: {error}.") from error
    content = load_yaml(text, str(file))
    if not isinstance(content, dict):
        raise UserError(f"{file} holds no `field: value` lines.")
    return {str(key): value for key, value in content.items()}


def _parse(parser: Any, arguments: list[str]) -> tuple[Any, list[str], list[str]]:
    """Return TRL's records, what is left for accelerate, and remarks."""
    options = {"return_remaining_strings": True, "separate_remaining_strings": True}
    remarks = []
    try:
        *records, in_file, on_line = parser.parse_args_and_config(list(arguments), **options)
    except (TypeError, ValueError) as error:  # TypeError: a field of `datasets:` that TRL doesn't know
        if "setup doesn't support bf16" not in str(error):
            raise UserError(f"trl would stop at: {' '.join(str(error).split())}") from error
        remarks.append(f"No GPU here; to train on this machine add {' '.join(NO_GPU)}.")
        *records, in_file, on_line = parser.parse_args_and_config([*arguments, *NO_GPU], **options)
    return records, in_file + on_line, remarks
