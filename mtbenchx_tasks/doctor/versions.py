"""Versions of Python and of the packages that are needed, beside the ranges that mtbench-x and lm-eval state."""

import importlib.metadata
import platform
import sys
from collections.abc import Callable, Iterable, Iterator

from packaging.requirements import Requirement
from packaging.version import Version

from mtbenchx_tasks import __version__
from mtbenchx_tasks.doctor.inspection import Inspection, Severity

PACKAGE = "mtbench-x"
AREA = "versions"
PURPOSES = {
    "train": "train",
    "translate": "translate",
    "curate": "curate StackExchange dumps",
    "report": "draw figures",
    "annotate": "ask people",
    "demo": "run the demo",
}
"""Extra -> what it is for."""
OF_LM_EVAL = ("transformers", "torch", "accelerate")
"""What `lm-eval[hf]` brings."""
OLDEST_PYTHON, NEWEST_TRIED = (3, 11), (3, 13)
Installed = Callable[[str], str]
"""Package -> its version; raises PackageNotFoundError."""


def versions(
    installed: Installed = importlib.metadata.version,
    requires: Callable[[str], list[str] | None] = importlib.metadata.requires,
    python: tuple[int, int] = sys.version_info[:2],
) -> Iterator[Inspection]:
    """Yield what is to be said about versions: Python, this package, what it needs, and one line for each extra.

    Args:
        installed: Tells a package's version.
        requires: Tells a package's requirements.
        python: The interpreter's version.
    """
    yield _python(python)
    own = _version_of(PACKAGE, installed)
    if own is None:
        yield Inspection(
            AREA, PACKAGE, f"{__version__}, not installed", Severity.WRONG, "Run `pip install .` in the clone."
        )
        return
    yield _own(own)
    needed = [Requirement(line) for line in requires(PACKAGE) or []]
    for one in (one for one in needed if _is_of("", one)):
        yield _needed(one, installed)
    for one in _from_lm_eval(requires):
        yield _needed(one, installed)
    for extra in PURPOSES:
        yield _extra(extra, [one for one in needed if one.marker and _is_of(extra, one)], installed)


def _python(found: tuple[int, int]) -> Inspection:
    text, wanted = platform.python_version(), f">={OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]}"
    if found < OLDEST_PYTHON:
        return Inspection(
            AREA, "Python", f"{text} ({wanted})", Severity.WRONG, "Make an environment with Python 3.11 or newer."
        )
    if found > NEWEST_TRIED:
        newest = ".".join(map(str, NEWEST_TRIED))
        return Inspection(AREA, "Python", f"{text} ({wanted}; newer than {newest}, the newest tried)", Severity.NOTE)
    return Inspection(AREA, "Python", f"{text} ({wanted})")


def _own(found: str) -> Inspection:
    if found == __version__:
        return Inspection(AREA, PACKAGE, found)
    told = f"{__version__} runs, installed as {found}"
    return Inspection(
        AREA, PACKAGE, told, Severity.NOTE, "Run `pip install` in the clone again: the ranges below are old."
    )


def _is_of(extra: str, one: Requirement) -> bool:
    """Tell whether a requirement holds here with an extra, or ("") without any."""
    return one.marker is None or one.marker.evaluate({"extra": extra})


def _from_lm_eval(requires: Callable[[str], list[str] | None]) -> list[Requirement]:
    try:
        lines = requires("lm_eval") or []
    except importlib.metadata.PackageNotFoundError:  # told among our own
        return []
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.name in OF_LM_EVAL and one.marker and _is_of("hf", one)]


def _needed(one: Requirement, installed: Installed) -> Inspection:
    version = _version_of(one.name, installed)
    wanted = str(one.specifier) or "any"
    if version is None:
        return Inspection(AREA, one.name, f"not installed ({wanted})", Severity.WRONG, _install(one))
    if not _fits(one, version):
        return Inspection(AREA, one.name, f"{version}, which is outside {wanted}", Severity.WRONG, _install(one))
    return Inspection(AREA, one.name, f"{version} ({wanted})")


def _extra(extra: str, ones: Iterable[Requirement], installed: Installed) -> Inspection:
    found = {one: _version_of(one.name, installed) for one in ones}
    missing = [one.name for one, version in found.items() if version is None]
    outside = [
        f"{one.name} {version} ({one.specifier})"
        for one, version in found.items()
        if version and not _fits(one, version)
    ]
    there = ", ".join(f"{one.name} {version}" for one, version in found.items() if version)
    name, advice = f"[{extra}]", f"Run `pip install '{PACKAGE}[{extra}]'`"
    if outside:
        return Inspection(AREA, name, f"outside the range: {', '.join(outside)}", Severity.WRONG, f"{advice}.")
    if missing:
        return Inspection(
            AREA, name, f"lacks {', '.join(missing)}", Severity.NOTE, f"{advice} if you want to {PURPOSES[extra]}."
        )
    return Inspection(AREA, name, there)


def _fits(one: Requirement, version: str) -> bool:
    """Tell whether a version lies in a range; a pre-release within it does, since people try them on purpose."""
    return one.specifier.contains(Version(version), prereleases=True)


def _install(one: Requirement) -> str:
    return f"Run `pip install '{one.name}{one.specifier}'`."


def _version_of(name: str, installed: Installed) -> str | None:
    try:
        return installed(name)
    except importlib.metadata.PackageNotFoundError:
        return None
