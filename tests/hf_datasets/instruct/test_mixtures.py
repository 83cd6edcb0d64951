"""The mixtures' promises, for any ids, languages and seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.instruct.mixtures import (
    Mixture,
    family,
    held_out,
    natural,
    overlap,
    parse_languages,
    select,
    share,
)
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_codes import STUDY

ids = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=60)
languages = st.lists(st.sampled_from(["en", "de", "fr", "it", "es", "pt", "pt-br"]), unique=True, min_size=1)
seeds = st.integers(0, 2**32)


def test_the_studys_nine_configs() -> None:
    names = [mixture.name for mixture in family(STUDY)]
    assert names == ["EN", "DE", "FR", "IT", "ES", "ENDEFRITES", "sampled", "DEFRITES", "DEFRITES_sampled"]


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        ("pt", ["PT"]),
        ("en,pt", ["EN", "PT", "ENPT", "sampled"]),
        ("de,fr,it", ["DE", "FR", "IT", "DEFRIT", "sampled"]),
        ("pt,en,sv", ["PT", "EN", "SV", "PTENSV", "sampled", "PTSV", "PTSV_sampled"]),
    ],
)
def test_any_languages_make_a_family(codes: str, names: list[str]) -> None:
    assert [mixture.name for mixture in family(parse_languages(codes))] == names


def test_the_mini_family_has_the_same_names_behind_a_prefix() -> None:
    assert [mixture.name for mixture in family(("en", "de"), "mini_")] == [
        "mini_EN",
        "mini_DE",
        "mini_ENDE",
        "mini_sampled",
    ]


@given(ids, languages, seeds)
def test_sampled_takes_every_id_once_in_equal_shares(ids: list[str], codes: list[str], seed: int) -> None:
    shares = share(ids, codes, seed)
    assert set(shares) == set(ids)
    counts = Counter(dict.fromkeys(codes, 0)) + Counter(shares.values())
    sizes = [counts[code] for code in codes]
    assert max(sizes) - min(sizes) <= 1


@given(ids, languages, seeds, st.randoms())
def test_no_order_matters(ids: list[str], codes: list[str], seed: int, random: object) -> None:
    again, other_codes = list(ids), list(codes)
    random.shuffle(again)  # type: ignore[attr-defined]
    random.shuffle(other_codes)  # type: ignore[attr-defined]
    assert share(again, other_codes, seed) == share(ids, codes, seed)
    assert held_out(again, len(ids) // 3, seed) == held_out(ids, len(ids) // 3, seed)
    assert sorted(again, key=natural) == sorted(ids, key=natural)


@given(ids, languages, seeds)
def test_a_selection_covers_its_split(ids: list[str], codes: list[str], seed: int) -> None:
    joined = select(Mixture("x", tuple(codes)), ids, seed)
    assert joined == dict.fromkeys(codes, frozenset(ids))
    sampled = select(Mixture("x", tuple(codes), sampled=True), ids, seed)
    assert sorted(i for chosen in sampled.values() for i in chosen) == sorted(ids)


@given(ids, languages, seeds)
def test_no_mixture_shares_an_id_between_train_and_validation(ids: list[str], codes: list[str], seed: int) -> None:
    validation = held_out(ids, len(ids) // 20, seed)
    train = set(ids) - validation
    assert len(validation) == len(ids) // 20
    for mixture in family(codes):
        taken = [frozenset().union(*select(mixture, part, seed).values()) for part in (train, validation)]
        assert not taken[0] & taken[1]
        assert taken[0] | taken[1] == set(ids)


def test_the_shares_of_the_paper() -> None:
    # 1030 / 5 = 206; 52 / 5 = 10.4; 63,667 / 5 = 12,733.4; 3,350 / 5 = 670; 1030 / 4 = 257.5
    for count, codes, sizes in (
        (1030, STUDY, [206] * 5),
        (52, STUDY, [10, 10, 10, 11, 11]),
        (63_667, STUDY, [12_733] * 3 + [12_734] * 2),
        (3_350, STUDY, [670] * 5),
        (1030, STUDY[1:], [257, 257, 258, 258]),
    ):
        assert sorted(Counter(share(map(str, range(count)), codes).values()).values()) == sizes


def test_another_seed_shares_otherwise() -> None:
    many = [str(n) for n in range(100)]
    assert share(many, STUDY, 1) != share(many, STUDY, 2)
    assert held_out(many, 10, 1) != held_out(many, 10, 2)


def test_the_sharing_never_changes_between_versions() -> None:
    # worked out once by hand: sha256("42/sampled/a"), ... and sha256("42/language/en"), ...
    import hashlib

    def draw(purpose: str, name: str) -> str:
        return hashlib.sha256(f"42/{purpose}/{name}".encode()).hexdigest()

    order = sorted("abcde", key=lambda name: draw("sampled", name))
    dealt = sorted(["en", "de"], key=lambda name: draw("language", name))
    assert share("abcde", ["de", "en"]) == {name: dealt[at % 2] for at, name in enumerate(order)}


def test_numbers_are_sorted_as_numbers() -> None:
    assert sorted(["alpaca-10", "dolly-1", "alpaca-9"], key=natural) == ["alpaca-9", "alpaca-10", "dolly-1"]
    assert sorted(["1", "a", "01"], key=natural) == ["01", "1", "a"]


def test_ids_in_two_splits_are_found() -> None:
    assert overlap({"train": ["a-2", "a-10"], "validation": ["a-10", "a-2", "b"]}) == ["a-2", "a-10"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("EN,german", "'german' is not a language code"), ("", "not a language code"), ("EN,en", "stands twice")],
)
def test_languages_that_are_none_are_named(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_languages(text)
