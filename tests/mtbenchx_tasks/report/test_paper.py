"""A paper's tables: recomputed, checked, its claims held against them. All numbers here are MADE UP."""

from pathlib import Path

import pytest

from hf_datasets.records import CATEGORIES
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.report.printed.claims import advantages, claims, impossible, spellings
from mtbenchx_tasks.report.printed.paper import checks_table, paper_report
from mtbenchx_tasks.report.printed.rows import PaperRow, read_paper
from tests.mtbenchx_tasks.test_cli import mtbenchx

HEADER = ",".join(["language", "turn", "kind", "model", "family", *CATEGORIES, "avg"])


def line(
    language: str, model: str, level: float, *, turn: str = "", kind: str = "model", family: str = "made-up-x"
) -> str:
    """Every category has the same mean, so the average is that."""
    return ",".join([language, turn, kind, model, family, *[f"{level:.3f}"] * 8, f"{level:.3f}"])


def read(folder: Path, *lines: str) -> list[PaperRow]:
    (folder / "made_up.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return read_paper(folder)


def with_mixtures(*rows: tuple[str, str, float]) -> list[str]:
    return [f"{line(language, f'made-up-x-{mixture}', level, family='')}" for language, mixture, level in rows]


def test_the_gain_over_two_languages(tmp_path: Path) -> None:
    # ENDEFRITES 5.0 and 5.2, EN 4.6 and 4.788: (0.4 + 0.412) / 2 = 0.406 points, 4.06 % of the scale.
    rows = read(
        tmp_path,
        *with_mixtures(("en", "ENDEFRITES", 5.0), ("de", "ENDEFRITES", 5.2), ("en", "EN", 4.6), ("de", "EN", 4.788)),
    )
    (gain,) = advantages(rows)
    assert gain.percent == pytest.approx(4.06)
    assert (gain.single, gain.turn, gain.languages) == ("EN", None, 2)
    verdicts = {claim.text: claim.verdict for claim in claims(rows)}
    assert verdicts["Tuning on parallel data gains up to 4.6 % (abstract)"] == "does not hold"
    assert verdicts["4.4 % is the gain of turn 1 alone"] == "can't be decided"
    assert verdicts["Scores are on a scale of 1 to 10"] == "holds"


def test_both_turns_are_the_mean_of_two_where_only_those_are_printed(tmp_path: Path) -> None:
    names = ("made-up-x-ENDEFRITES", "made-up-x-EN")
    turns = (("1", 5.44, 5.0), ("2", 4.2, 4.0))
    rows = read(
        tmp_path,
        *(
            line("en", name, level, turn=turn, family="")
            for turn, *two in turns
            for name, level in zip(names, two, strict=True)
        ),
    )
    found = {gain.turn: gain.percent for gain in advantages(rows)}
    assert found == pytest.approx({None: 3.2, 1: 4.4, 2: 2.0})  # (0.44 + 0.2) / 2 = 0.32 points
    verdicts = {claim.text: claim.verdict for claim in claims(rows)}
    assert verdicts["4.4 % is the gain of turn 1 alone"] == "holds"
    assert verdicts["The gain is up to 4.4 % (text)"] == "does not hold"


def test_at_home(tmp_path: Path) -> None:
    lines = with_mixtures(
        *((code, "ENDEFRITES", 5.0) for code in ("en", "de", "fr", "it", "es")),
        *(
            (code, code.upper(), level)
            for code, level in zip(("en", "de", "fr", "it", "es"), (6, 4, 6, 4, 4), strict=True)
        ),
    )
    verdicts = [claim.verdict for claim in claims(read(tmp_path, *lines)) if "in its language" in claim.text]
    assert verdicts == ["holds", "holds"]
    lines[-1] = lines[-1].replace("4.000", "5.500")  # Spanish, now above
    verdicts = [claim.verdict for claim in claims(read(tmp_path, *lines)) if "in its language" in claim.text]
    assert verdicts == ["does not hold", "holds"]


def test_an_average_that_rounding_does_not_explain_is_found(tmp_path: Path) -> None:
    good, bad = line("en", "a", 3.0), line("de", "a", 3.0).replace(",3.000", ",3.010", 1)
    # In `bad` one of eight categories is 0.01 higher: the average is 0.00125 off, more than 0.0005 + 0.0005.
    shown = [
        row
        for row in checks_table(read(tmp_path, good, bad)).rows
        if "agree" in str(row[1]) or "printed" in str(row[1])
    ]
    assert shown[0][1] == "1 of 2 agree"
    assert "line 3" in str(shown[1][0])


def test_group_averages_are_recomputed(tmp_path: Path) -> None:
    models = [line("en", "a", 3.0), line("en", "b", 5.0)]
    right, wrong = (line("en", "average", level, kind="average") for level in (4.0, 4.1))
    assert not [row for row in checks_table(read(tmp_path, *models, right)).rows if "recomputed +" in str(row[1])]
    assert [row for row in checks_table(read(tmp_path, *models, wrong)).rows if "recomputed +0.100" in str(row[1])]


def test_impossible_cells_and_two_spellings(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        line("en", "Made Up Base", 0.9, kind="pretrained", family=""),
        line("de", "made-up-base", 2.1, kind="pretrained", family=""),
    )
    assert {(row.model.name, value) for row, _, value in impossible(rows)} == {("Made Up Base", 0.9)}
    assert spellings(rows) == [("Made Up Base", "made-up-base")]
    verdicts = {claim.text: claim.verdict for claim in claims(rows)}
    assert verdicts["Scores are on a scale of 1 to 10"] == "does not hold"
    assert verdicts["The pre-trained model's highest score is 2.1"] == "holds"


def test_an_empty_cell_is_missing_and_no_zero(tmp_path: Path) -> None:
    (row,) = read(tmp_path, line("en", "a", 3.0).replace(",3.000", ",", 1))
    assert len(row.cells) == 7
    assert row.average == 3
    assert row.avg_error is None  # can't be recomputed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("language,avg\nen,3\n", "'model' is missing"),
        ("language,model,avg,score\nen,m,3,3\n", "unknown column 'score'"),
        ("language,model,avg\nen,m,three\n", "avg is 'three'"),
        ("language,model,avg\nen,m,3\nen,m,4\n", "stands in"),
        ("language,model,turn,avg\nen,m,3,3\n", "a turn of 1, 2 or both"),
        ("language,model,avg\n", "no rows"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=told):
        read_paper(tmp_path)


def test_the_report(tmp_path: Path) -> None:
    read(tmp_path, *with_mixtures(*((code, mixture, 4.0) for code in ("en", "de") for mixture in ("EN", "ENDEFRITES"))))
    shown = mtbenchx("report", "--paper", str(tmp_path), "--out", str(tmp_path / "out"), "--no-figures")
    assert shown.returncode == 0, shown.stderr
    assert "can't be decided: 4.4 % is the gain of turn 1 alone" in shown.stdout
    assert "Averages recomputed from their categories 4 of 4 agree" in shown.stdout
    assert (tmp_path / "out" / "tables" / "claims.csv").is_file()
    lines = paper_report(tmp_path, tmp_path / "drawn")
    assert lines[-1].startswith(str(tmp_path / "drawn" / "index.html"))
    assert (tmp_path / "drawn" / "figures" / "heatmap-both.svg").is_file()
