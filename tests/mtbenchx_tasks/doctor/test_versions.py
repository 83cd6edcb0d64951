"""Versions beside their ranges, of packages that these tests make up."""

from importlib.metadata import PackageNotFoundError

from mtbenchx_tasks import __version__
from mtbenchx_tasks.doctor.inspection import Inspection, Severity
from mtbenchx_tasks.doctor.versions import versions

REQUIRES = {
    "mtbench-x": ["lm-eval[hf]<0.5.1,>=0.4.13", "numpy>=2.0", 'trl>=1.16; extra == "train"', 'gguf; extra == "demo"'],
    "lm_eval": ['torch>=1.8; extra == "hf"', 'transformers>=4.1; extra == "hf"', 'vllm; extra == "vllm"'],
}
THERE = {
    **{"mtbench-x": __version__, "lm-eval": "0.4.13", "numpy": "2.4.6", "torch": "2.13.0+cpu"},
    **{"transformers": "5.24.0", "trl": "1.16.0", "gguf": "0.19.0"},
}


def found(python: tuple[int, int] = (3, 12), **changed: str | None) -> dict[str, Inspection]:
    there = THERE | {name.replace("_", "-"): version for name, version in changed.items()}

    def installed(name: str) -> str:
        if (version := there.get(name)) is None:
            raise PackageNotFoundError(name)
        return version

    return {check.name: check for check in versions(installed, REQUIRES.get, python)}


def test_what_lies_in_its_range_is_fine() -> None:
    checks = found()
    assert {check.state for check in checks.values()} == {Severity.FINE}
    assert checks["torch"].found == "2.13.0+cpu (>=1.8)"  # lm-eval's range
    assert "vllm" not in checks
    assert checks["[train]"].found == "trl 1.16.0"


def test_what_is_needed_and_lacks_or_lies_outside_is_wrong_and_tells_the_command() -> None:
    checks = found(lm_eval="0.6.0", numpy=None)
    assert checks["lm-eval"].state is Severity.WRONG
    assert "0.6.0, which is outside" in checks["lm-eval"].found
    assert checks["lm-eval"].advice == "Run `pip install 'lm-eval<0.5.1,>=0.4.13'`."
    assert checks["numpy"].state is Severity.WRONG
    assert checks["numpy"].found == "not installed (>=2.0)"


def test_a_pre_release_within_the_range_is_fine() -> None:
    assert found(lm_eval="0.5.0.dev1")["lm-eval"].state is Severity.FINE


def test_an_extra_that_lacks_is_a_note_and_one_outside_its_range_is_wrong() -> None:
    checks = found(trl="1.0.0", gguf=None)
    assert checks["[train]"].state is Severity.WRONG
    assert "trl 1.0.0 (>=1.16)" in checks["[train]"].found
    assert checks["[demo]"].state is Severity.NOTE
    assert checks["[demo]"].advice == "Run `pip install 'mtbench-x[demo]'` if you want to run the demo."


def test_an_old_python_is_wrong_and_a_newer_one_than_was_tried_a_note() -> None:
    assert found(python=(3, 10))["Python"].state is Severity.WRONG
    assert found(python=(3, 14))["Python"].state is Severity.NOTE


def test_a_package_that_is_installed_in_another_version_or_not_at_all_is_told() -> None:
    checks = found(mtbench_x="0.3.0")
    assert checks["mtbench-x"].found == f"{__version__} runs, installed as 0.3.0"
    assert checks["mtbench-x"].state is Severity.NOTE
    bare = found(mtbench_x=None)
    assert bare["mtbench-x"].state is Severity.WRONG
    assert "numpy" not in bare  # nobody tells the ranges
