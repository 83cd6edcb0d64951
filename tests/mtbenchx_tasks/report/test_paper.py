"""A paper's tables: recomputed, checked, its claims held against them. All numbers here are MADE UP."""

from pathlib import Path

import pytest

from hf_datasets.records import CATEGORIES
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.report.printed.claims import Claim, advantages, claims, impossible
from mtbenchx_tasks.report.printed.counts import granularity, not_means, pair_claims
from mtbenchx_tasks.report.printed.paper import SHIPPED, checks_table, paper_report
from mtbenchx_tasks.report.printed.rows import Paper, Printed, read_paper
from tests.commands import run as mtbenchx

HEADER = ",".join(["language", "turn", "kind", "model", "family", *CATEGORIES, "avg"])


def line(
    language: str, model: str, level: float, *, turn: str = "", kind: str = "model", family: str = "made-up-x"
) -> str:
    """Every category has the same mean, so the average is that."""
    return ",".join([language, turn, kind, model, family, *[f"{level:.3f}"] * 8, f"{level:.3f}"])


def read(folder: Path, *lines: str) -> Paper:
    (folder / "made_up.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return read_paper(folder)


ABSTRACT = "Tuning on parallel data gains up to 4.6 % (abstract)"
TURN_1 = "In turn 1 it gains up to 4.4 %, over English and Italian (section 5.2, Figure 2)"


def verdicts(paper: Paper) -> dict[str, str]:
    return {claim.text: claim.verdict for claim in claims(paper.rows)}


def with_mixtures(*rows: tuple[str, str, float]) -> list[str]:
    return [f"{line(language, f'made-up-x-{mixture}', level, family='')}" for language, mixture, level in rows]


def test_the_gain_over_two_languages(tmp_path: Path) -> None:
    # ENDEFRITES 5.0 and 5.2, EN 4.6 and 4.788: (0.4 + 0.412) / 2 = 0.406 points, 4.06 % of the scale.
    rows = read(
        tmp_path,
        *with_mixtures(("en", "ENDEFRITES", 5.0), ("de", "ENDEFRITES", 5.2), ("en", "EN", 4.6), ("de", "EN", 4.788)),
    )
    (gain,) = advantages(rows.rows)
    assert gain.percent == pytest.approx(4.06)
    assert gain.relative == pytest.approx(100 * 0.406 / 4.694)  # (4.6 + 4.788) / 2
    assert (gain.single, gain.turn, gain.languages) == ("EN", None, 2)
    found = verdicts(rows)
    assert found[ABSTRACT] == found[TURN_1] == "can't be decided"  # a mean over turns isn't the largest of a turn
    assert found["Scores are on a scale of 1 to 10"] == "holds"


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
    found = {gain.turn: gain.percent for gain in advantages(rows.rows)}
    assert found == pytest.approx({None: 3.2, 1: 4.4, 2: 2.0})  # (0.44 + 0.2) / 2 = 0.32 points
    assert verdicts(rows)[TURN_1] == "holds"
    assert verdicts(rows)[ABSTRACT] == "does not hold"  # 4.4 is the largest of both


HOME = ("en", "de", "fr", "it", "es")


def at_home(folder: Path, family: str, levels: tuple[float, ...], turns: tuple[str, ...] = ("1", "2")) -> list[str]:
    """Verdicts where ENDEFRITES has 5.0 everywhere and each single language has its level at home."""
    models = [(f"{family}-ENDEFRITES", code, 5.0) for code in HOME]
    models += [(f"{family}-{code.upper()}", code, level) for code, level in zip(HOME, levels, strict=True)]
    lines = [line(code, name, level, turn=turn, family="") for turn in turns for name, code, level in models]
    return [claim.verdict for claim in claims(read(folder, *lines).rows) if "in its language" in claim.text]


def test_at_home_is_decided_by_each_turn(tmp_path: Path) -> None:
    assert at_home(tmp_path, "Bactrian", (6, 4, 6, 4, 4)) == ["holds", "holds"]
    assert at_home(tmp_path, "Bactrian", (6, 4, 6, 4, 5.5)) == ["does not hold", "holds"]  # Spanish is above
    # both turns pooled: the mean is on the claim's side, the turns aren't known; on the other side it refutes
    assert at_home(tmp_path, "Bactrian", (6, 4, 6, 4, 4), ("",)) == ["can't be decided"] * 2
    assert at_home(tmp_path, "Bactrian", (6, 4, 6, 4, 5.5), ("",)) == ["does not hold", "can't be decided"]
    # printed to three places, 5.0009 and 5.0 are in no order
    assert at_home(tmp_path, "Bactrian", (6, 4, 6, 4, 5.001)) == ["can't be decided", "holds"]


def test_what_the_paper_says_of_one_family_is_said_of_no_other(tmp_path: Path) -> None:
    assert at_home(tmp_path, "Lima", (6, 4, 6, 4, 4)) == []


def test_the_sample_of_all_languages_has_gains_and_claims(tmp_path: Path) -> None:
    names = (("Bactrian-sampled", 4.0), ("Bactrian-EN", 5.0), ("Lima-sampled", 3.0), ("Lima-EN", 2.0))
    paper = read(tmp_path, *(line("en", name, level, family="") for name, level in names))
    assert {(gain.family, gain.mixture): gain.percent for gain in advantages(paper.rows)} == pytest.approx(
        {("Bactrian", "sampled"): -10, ("Lima", "sampled"): 10}
    )
    found = {text: verdict for text, verdict in verdicts(paper).items() if "a sample of all" in text}
    assert list(found.values()) == ["holds", "holds"]


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
    paper = read(
        tmp_path,
        line("en", "Made Up Base", 0.9, kind="pretrained", family=""),
        line("de", "made-up-base", 2.1, kind="pretrained", family=""),
        line("fr", "Made-Up-Ba5e", 2.0, kind="pretrained", family=""),
    )
    assert {(row.model.name, value) for row, _, value in impossible(paper.rows)} == {("Made Up Base", 0.9)}
    assert paper.spellings == (("Made Up Base", "made-up-base"),)
    assert [row.model.name for row in paper.rows] == ["Made Up Base", "Made Up Base", "Made-Up-Ba5e"]
    assert verdicts(paper)["Scores are on a scale of 1 to 10"] == "does not hold"
    assert verdicts(paper)["The pre-trained model's highest score in a category is 2.1 (appendix E.1)"] == "holds"


def test_look_alikes_beside_one_another_are_two_models(tmp_path: Path) -> None:
    paper = read(tmp_path, line("en", "a-1", 3.0), line("en", "a-I", 4.0))
    assert paper.spellings == ()
    assert [row.model.name for row in paper.rows] == ["a-1", "a-I"]


def test_an_empty_cell_is_missing_and_no_zero(tmp_path: Path) -> None:
    (row,) = read(tmp_path, line("en", "a", 3.0).replace(",3.000", ",", 1)).rows
    assert len(row.cells) == 7
    assert row.average == 3
    assert row.avg_error is None  # can't be recomputed


ODD_NUMBERS = ("nan", "inf", "-inf", "1e400", "1_0", "4,5".replace(",", ";"), "٤.٥", "0x1", "9" * 13, "4.5 %")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("language,avg\nen,3\n", "'model' is missing"),
        ("language,model,avg,score\nen,m,3,3\n", "unknown column 'score'"),
        ("language,model,avg\nen,m,three\n", "avg is 'three'"),
        ("language,model,avg\nen,m,3\nen,m,4\n", "stands in"),
        ("language,model,turn,avg\nen,m,3,3\n", "a turn of 1, 2 or both"),
        ("language,model,avg\n", "no rows"),
        *((f"language,model,avg\nen,m,{text}\n", f"avg is {text!r}, not a number") for text in ODD_NUMBERS),
        ("language,model,avg,avg\nen,m,3,4\n", "the column 'avg' is there twice"),
        ("language,model,avg\nen,m\n", "line 2: 2 cells under 3 columns"),
        ("language,model,avg\nen,m,3,4\n", "line 2: 4 cells under 3 columns"),
        ('language,model,avg\nen,"m,3', "can't be read as CSV|2 cells under 3"),
        ("language,model,avg\nen,m\xe9,3\n".encode("latin-1"), "can't be read as UTF-8"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str | bytes, told: str) -> None:
    (tmp_path / "x.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=told):
        read_paper(tmp_path)


@pytest.mark.parametrize("option", [("--questions", "81"), ("--title", "x"), ("--language", "de"), ("--no-answers",)])
def test_options_of_results_have_no_effect_on_printed_tables(tmp_path: Path, option: tuple[str, ...]) -> None:
    read(tmp_path, line("en", "a", 3.0))
    shown = mtbenchx("report", "--paper", str(tmp_path), "--out", str(tmp_path / "out"), *option)
    assert shown.returncode == 1
    assert f"{option[0]} would have no effect with --paper" in shown.stderr


def test_the_report(tmp_path: Path) -> None:
    read(tmp_path, *with_mixtures(*((code, mixture, 4.0) for code in ("en", "de") for mixture in ("EN", "ENDEFRITES"))))
    shown = mtbenchx("report", "--paper", str(tmp_path), "--out", str(tmp_path / "out"), "--no-figures")
    assert shown.returncode == 0, shown.stderr
    assert f"can't be decided: {TURN_1}" in shown.stdout
    assert "Averages recomputed from their categories 4 of 4 agree" in shown.stdout
    assert (tmp_path / "out" / "tables" / "claims.csv").is_file()
    lines = paper_report(tmp_path, tmp_path / "drawn")
    assert lines[-1].startswith(str(tmp_path / "drawn" / "index.html"))
    assert (tmp_path / "drawn" / "figures" / "heatmap-both.svg").is_file()


def test_which_numbers_can_be_means() -> None:
    # Of 20 ratings in halves a mean is a multiple of 1/40: 5.475 is printed as 5.48; 1.875 and 1.9 are the ones
    # beside 1.89, which is 36/19
    assert granularity(Printed(5.48, 2), 20)
    assert granularity(Printed(5.47, 2), 20)
    assert not granularity(Printed(1.89, 2), 20)
    assert granularity(Printed(1.89, 2), 19)


def test_the_study_s_own_tables() -> None:
    """Facts of the paper, recounted by hand or by another script."""
    paper = read_paper(SHIPPED)
    assert len(paper.rows) == 85
    assert paper.spellings == (("24EU-IT-pre-train", "24EU-1T-pre-train"),)
    not_mean = [(row.language, row.model.name, name, most) for row, name, most in not_means(paper.rows)]
    assert ("en", "Bactrian-IT", "coding", 19) in not_mean
    assert {name for _, name, _, _ in not_mean} == {"Bactrian-IT", "24EU-IT-pre-train"}
    sampled = {(gain.family, gain.single): gain.percent for gain in advantages(paper.rows) if gain.mixture == "sampled"}
    singles = ("EN", "DE", "FR", "IT", "ES")
    assert [sampled["Bactrian", one] for one in singles] == pytest.approx(
        [-0.635, -2.99, -1.79, -0.61, -0.825], abs=0.01
    )
    assert [sampled["Lima", one] for one in singles] == pytest.approx([0.95, 2.895, 1.675, 1.97, 0.95], abs=0.01)
    found: dict[str, Claim] = {claim.text: claim for claim in [*claims(paper.rows), *pair_claims(paper.pairs)]}
    assert found[ABSTRACT].verdict == found[TURN_1].verdict == "can't be decided"
    highest = found["The pre-trained model's highest score in a category is 2.1 (appendix E.1)"]
    assert (highest.value, highest.verdict) == ("2.20, German, roleplay", "does not hold")
    assert "35 of 35" in found["Bactrian's models are above Lima's of the same mixture, in every language"].value
    above = found["Table 3's upper limit is one"].value
    assert [part.rpartition(" turn ")[0] for part in above.split("; ")] == ["judge", "people", "people", "judge"]
    runs = found["Table 2 averages 3 runs of 20 outcomes a category"]
    assert runs.value == "5 of 8 aren't multiples of 1/60; all are multiples of 1/80"
    preferred = found["People preferred Bactrian-ENDEFRITES in 62.8 % of 242 decisive votes"]
    assert preferred.value.startswith("152 of 242 are 62.8 %")


def test_the_study_s_tables_need_no_folder(tmp_path: Path) -> None:
    shown = mtbenchx("report", "--paper", "--out", str(tmp_path / "out"), "--no-figures")
    assert shown.returncode == 0, shown.stderr
    assert "Averages recomputed from their categories 85 of 85 agree" in shown.stdout
    assert (tmp_path / "out" / "tables" / "printed-agreement.csv").is_file()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("category,positional_bias_percent\nMath,120\n", "line 2: positional_bias_percent is '120', not a share"),
        ("turn,category,gpt4_human,upper_limit,human_human\n3,Math,1,2,3\n", "turn is '3', not 1 or 2"),
        ("category,positional_bias_percent,other\nMath,1,2\n", "unknown column 'other'"),
    ],
)
def test_faults_of_other_tables_are_named(tmp_path: Path, text: str, told: str) -> None:
    read(tmp_path, line("en", "a", 3.0))
    (tmp_path / "other.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=told):
        read_paper(tmp_path)
