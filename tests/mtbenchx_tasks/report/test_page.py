"""The finished folder: one page without script or network, the same each time, and what trouble does to it."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.report import make_study
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.benchmark import Told
from mtbenchx_tasks.report.figures.drawing import inline_svg, shorten
from mtbenchx_tasks.report.make import make_report
from tests.commands import run as mtbenchx
from tests.mtbenchx_tasks.studies import samples, single, singles

HOSTILE = '<script>window.__xss=1</script><img src=x onerror="window.__xss=1"> & $x_1$ [x](javascript:1)'


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small made-up study and its report."""
    folder = tmp_path_factory.mktemp("study")
    make_study(folder / "results", models=3, languages=2, runs=2, questions=16)
    make_report([folder / "results"], folder / "report", questions="81")
    return folder / "results", folder / "report"


def text(folder: Path, name: str = "index.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


def test_one_page_needs_nothing_else(study: tuple[Path, Path]) -> None:
    page = text(study[1])
    assert "<script" not in page
    outside = [url for url in re.findall(r"(?:src|href)=\"([^\"]*)\"", page) if not url.startswith("#")]
    assert outside == ["answers/index.html", "mtbench_x_records.json"]
    assert "http://" not in page.replace("http://www.w3.org/1999/xlink", "")
    assert "prefers-color-scheme: dark" in page
    ids = re.findall(r' id="([^"]*)"', re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL))
    assert len(ids) == len(set(ids))
    assert {f"#{one}" for one in ids} >= set(re.findall(r'<a [^>]*href="(#[^"]*)"', page))
    assert page.count("<table") == page.count("<table aria-labelledby=")
    assert page.count("<svg") == page.count('role="img" aria-label="')


def test_the_result_stands_before_counts_and_contents(study: tuple[Path, Path]) -> None:
    page = text(study[1])
    places = [page.index(mark) for mark in ("<h1>", "<h2>Result", '<dl class="facts">', "<nav", "<h2>Scores")]
    assert places == sorted(places)
    assert page.count("<h2>Result") == 1


def test_one_language_has_no_heatmap(tmp_path: Path) -> None:
    samples(tmp_path / "a", "m", {81: 5.0, 91: 6.0, 101: 4.0})
    make_report([tmp_path / "a"], tmp_path / "out")
    files = json.loads(text(tmp_path / "out", "files.json"))
    assert not [name for name in files if "heatmap" in name]
    assert "tables/turn-1.csv" in files


def test_each_table_and_figure_lies_beside_it(study: tuple[Path, Path]) -> None:
    files = json.loads(text(study[1], "files.json"))
    for name in ("categories-de", "turn-1", "uncertainty", "pairs-de", "rates-1", "positional-bias", "unscored"):
        assert {f"tables/{name}.csv", f"tables/{name}.tex"} <= set(files)
    for name in ("heatmap-turn-1", "heatmap-turn-2", "averages", "radar-de", "votes-1"):
        assert {f"figures/{name}.svg", f"figures/{name}.png"} <= set(files)
    assert all((study[1] / name).is_file() for name in files)


def test_the_same_results_make_the_same_files(study: tuple[Path, Path], tmp_path: Path) -> None:
    make_report([study[0]], tmp_path, questions="81")
    for file in study[1].rglob("*.*"):
        assert file.read_bytes() == (tmp_path / file.relative_to(study[1])).read_bytes(), file.name


def test_figures_that_a_report_no_longer_has_go_and_other_files_stay(study: tuple[Path, Path], tmp_path: Path) -> None:
    samples(tmp_path / "a", "m", {81: 5.0, 91: 6.0, 101: 4.0})
    out = tmp_path / "out"
    make_report([tmp_path / "a"], out)
    (out / "figures" / "mine.png").write_bytes(b"mine")
    make_report([tmp_path / "a"], out, figures=False)
    assert [file.name for file in (out / "figures").iterdir()] == ["mine.png"]


def test_what_models_and_judges_say_stays_text(tmp_path: Path) -> None:
    rows = [single(HOSTILE, 81, 5, judgment=f"{HOSTILE} [[5]]", user_prompt=HOSTILE, turn=turn) for turn in (1, 2)]
    make_report([singles(tmp_path / "s.jsonl", rows)], tmp_path / "out", questions="81", title=HOSTILE, told=Told("en"))
    page = text(tmp_path / "out")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    tex = text(tmp_path / "out", "tables/turn-1.tex")
    assert r"\$x\_1\$" in tex


@pytest.mark.parametrize(
    "ratings", [{81: None}, {81: 5.0}, {81: 5.0, 91: None, 101: 7.0}], ids=["all unscored", "one", "some"]
)
def test_little_is_no_error(tmp_path: Path, ratings: dict[int, float | None]) -> None:
    samples(tmp_path / "a", "m" * 180, ratings)
    make_report([tmp_path / "a"], tmp_path / "out")
    page = text(tmp_path / "out")
    assert ("No judgment gave a rating" in page) == (ratings == {81: None})
    assert ">0.00<" not in page


def test_a_language_of_any_name_names_no_file_outside(tmp_path: Path) -> None:
    file = samples(tmp_path / "a", "m", {81: 5.0})
    file.write_text(file.read_text(encoding="utf-8").replace('"de"', '"../../evil"'), encoding="utf-8")
    make_report([tmp_path / "a"], tmp_path / "out", figures=False)
    assert not list(tmp_path.rglob("evil*"))
    assert (tmp_path / "out" / "tables" / "categories-..-..-evil.csv").is_file()


def test_the_command(study: tuple[Path, Path], tmp_path: Path) -> None:
    done = mtbenchx("report", str(study[0]), "--out", str(tmp_path / "r"), "--no-figures")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "r" / "index.html") in done.stdout
    (tmp_path / "file").write_text("", encoding="utf-8")
    for arguments, told in (
        ([], "Name results"),
        ([str(tmp_path / "none")], "There is no"),
        ([str(study[0]), "--out", str(tmp_path / "file")], "Can't write"),
        ([str(study[0]), "--questions", "7", "--out", str(tmp_path / "r")], "No result is on question 7"),
        ([str(study[0]), "--questions", "x", "--out", str(tmp_path / "r")], "No result is on question x"),
    ):
        failed = mtbenchx("report", *arguments)
        assert (failed.returncode, failed.stderr.count("\n")) == (1, 1), failed.stderr
        assert told in failed.stderr


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(UserError, match=r"mtbench-x\[report\]"):
        make_report([tmp_path], tmp_path / "out")


def test_a_drawing_takes_the_page_s_ink_and_an_escaped_name() -> None:
    drawn = '<?xml version="1.0"?><svg width="1" viewBox="0 0 1 1"><g id="axes_1" style="fill: #24292f"/></svg>'
    shown = inline_svg(drawn, "a < b", 7.0)
    assert 'aria-label="a &lt; b"' in shown
    assert "currentColor" in shown
    assert "axes_1" not in shown


def test_long_labels_lose_their_middle() -> None:
    assert shorten("a" * 30 + "b" * 30, 11) == "aaaa…bbbbb"
    assert len(shorten("x" * 300)) <= 38
    assert shorten("模型\u0000") == "???"


def test_what_utf_8_does_not_have_is_replaced(tmp_path: Path) -> None:
    samples(tmp_path / "a\udcff", "m", {81: 5.0})  # a name of other bytes, as file systems hold it
    study, (page, *_) = make_report([tmp_path], tmp_path / "out", title="T\ud800", figures=False)
    assert study.sources[0].count("\udcff") == 1
    assert "<h1>T?</h1>" in page.read_text(encoding="utf-8")
