"""The licence of a model: never wider than its data's and its base's."""

import pytest

from model_cards.licences import BACTRIAN_X, LIMA_X, Terms, metadata, sentences, terms

BOTH = {"license": "other", "license_name": "terms-of-base-model-and-training-data"}
LIMA = {"license": "other", "license_name": LIMA_X.name, "license_link": LIMA_X.link}
APACHE, LLAMA = Terms("apache-2.0"), Terms("llama3")


@pytest.mark.parametrize(
    ("data", "base", "expected"),
    [
        (BACTRIAN_X, APACHE, {"license": "cc-by-nc-4.0"}),
        (Terms("cc-by-nc-sa-4.0"), APACHE, {"license": "cc-by-nc-sa-4.0"}),
        (LIMA_X, APACHE, LIMA),
        (LIMA_X, None, LIMA),
        (APACHE, APACHE, {"license": "apache-2.0"}),
        (Terms("cc-by-4.0"), APACHE, {"license": "apache-2.0"}),
        (APACHE, LLAMA, {"license": "llama3"}),
        (BACTRIAN_X, LLAMA, BOTH),
        (LIMA_X, Terms("cc-by-nc-4.0"), BOTH),
        (BACTRIAN_X, BACTRIAN_X, {"license": "cc-by-nc-4.0"}),
        (None, APACHE, {}),
        (None, None, {}),
    ],
)
def test_the_narrower_terms_win(data: Terms | None, base: Terms | None, expected: dict[str, str]) -> None:
    assert metadata(data, base) == expected


@pytest.mark.parametrize("data", [LIMA_X, BACTRIAN_X, Terms("cc-by-nc-sa-4.0")])
def test_non_commercial_data_are_named(data: Terms) -> None:
    assert "**Non-commercial use only**: the training data say so." in sentences(data, APACHE)


def test_a_base_that_forbids_derivatives_is_named() -> None:
    said = " ".join(sentences(APACHE, Terms("cc-by-nc-nd-4.0")))
    assert "The licence of the base model (cc-by-nc-nd-4.0) forbids to share derivatives" in said
    assert "the base model's licence says so" in said


def test_what_is_not_known_is_said() -> None:
    said = " ".join(sentences(None, None))
    assert "The licence of the training data is not recorded" in said
    assert "The licence of the base model is not recorded" in said
    assert "Non-commercial" not in " ".join(sentences(APACHE, APACHE))


@pytest.mark.parametrize("value", [None, "license", "unknown", ["a", "b"], 1])
def test_placeholders_are_no_licence(value: object) -> None:
    assert terms(None, {"license": value}) is None


def test_terms_are_read_off_a_card() -> None:
    assert terms(None, {"license": ["MIT"]}) == Terms("mit")
    assert terms("CC-BY-4.0") == Terms("cc-by-4.0")
    card = {"license": "other", "license_name": "x", "license_link": "https://x"}
    assert terms(None, card) == Terms("other", "x", "https://x")
