"""Families, mixtures and order of models; gains of mixtures over single languages."""

from pathlib import Path

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.report.groups import grouped, read_groups
from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.report.tables.gains import gains
from mtbenchx_tasks.stats.cells import Resampler
from tests.mtbenchx_tasks.studies import rated


def test_families_and_mixtures_come_from_names() -> None:
    names = ["24EU-lima-x-ENDEFRITES", "24EU-lima-x-sampled", "24EU-lima-x-DE", "24EU-lima-x-EN", "base"]
    found = grouped(names)
    assert [(model.label, model.family, model.mixture) for model in found] == [
        ("base", "", ""),
        ("24EU-lima-x-EN", "24EU-lima-x", "EN"),
        ("24EU-lima-x-DE", "24EU-lima-x", "DE"),
        ("24EU-lima-x-ENDEFRITES", "24EU-lima-x", "ENDEFRITES"),
        ("24EU-lima-x-sampled", "24EU-lima-x", "sampled"),
    ]
    assert found[3].languages == ("en", "de", "fr", "it", "es")
    assert [model.is_mixed for model in found] == [False, False, False, True, True]


@pytest.mark.parametrize("name", ["gemma-2b-it", "vicuna-13b", "EN", "x" * 300, "модель-ES"])
def test_a_name_alone_makes_no_family(name: str) -> None:
    (model,) = grouped([name])
    assert (model.family, model.mixture) == ("", "")


def test_a_yaml_wins_over_names_and_gives_the_order(tmp_path: Path) -> None:
    file = tmp_path / "groups.yaml"
    file.write_text(
        "models:\n  b: {label: Beta, family: F, mixture: DE}\n  a: {family: F, mixture: DEFR, language: [de, fr]}\n"
        "order: [a, b]\n",
        encoding="utf-8",
    )
    found = grouped(["b", "a", "c"], read_groups(file))
    assert [model.label for model in found] == ["a", "Beta", "c"]
    assert (found[0].languages, found[1].languages) == (("de", "fr"), ("de",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("modles: {}", "did you mean 'models'"),
        ("models: {m: {lable: x}}", "did you mean 'label'"),
        ("models: {typo: {label: x}}", "'typo' that the results don't have"),
        ("models: [1]", "must map"),
        ("order: 3", "must be a list"),
        ("- 1", "must hold"),
        ("a: [", "YAML"),
    ],
)
def test_faults_of_the_yaml_are_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "groups.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=told.replace("(", r"\(")):
        grouped(["m"], read_groups(file))


def test_a_gain_is_a_difference_in_percent_of_the_scale() -> None:
    # Two languages. ENDEFRITES: 5.406 and 5.406; DE: 4.8 at home, 5.2 in French. Mean difference 5.406 - 5.0 = 0.406
    # points = 4.06 % of the scale, and 0.406 / 5.0 = 8.12 % relative; at home 0.606.
    items = [
        rated(f"lima-x-{mixture}", question, rating, language=language)
        for question in (81, 82)
        for mixture, language, rating in (
            ("ENDEFRITES", "de", 5.406),
            ("ENDEFRITES", "fr", 5.406),
            ("DE", "de", 4.8),
            ("DE", "fr", 5.2),
        )
    ]
    (section,) = sections(items)
    found = {gain.turn: gain for gain in gains(section, grouped(section.models), Resampler(section, draws=100))}
    both = found[None]
    assert both.of_scale == pytest.approx(4.06)
    assert both.points == pytest.approx(0.406)
    assert both.relative == pytest.approx(0.0812)
    assert both.home == pytest.approx(0.606)
    assert both.interval is not None
    assert both.interval.low == pytest.approx(0.406)  # both questions say the same
    assert found[2].points is None  # no second turns: no number


def test_a_gain_rests_on_the_languages_that_both_have() -> None:
    items = [rated("x-EN", 81, 4.0), rated("x-ENDE", 81, 5.0), rated("x-ENDE", 81, 9.0, language="fr")]
    (section,) = sections(items)
    gain = gains(section, grouped(section.models), Resampler(section, draws=50))[0]
    assert (gain.points, gain.languages) == (1, ("de",))
