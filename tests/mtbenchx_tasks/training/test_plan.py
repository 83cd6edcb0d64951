"""The study's own hours, by hand."""

import pytest

from mtbenchx_tasks.training.plan import DATASETS, answer_hours, plan_lines, training_hours


def test_tokens_are_rows_epochs_and_words_of_the_paper() -> None:
    # seven trainings read each language 5 single + 5 in ENDEFRITES + 1 sampled = 11 times a language
    assert DATASETS["lima-x"].tokens == pytest.approx(11 * 1_030 * 7 * 458 * 1.6)  # 58.1M
    assert DATASETS["bactrian-x"].tokens == pytest.approx(11 * 63_667 * 3 * 117 * 1.6)  # 393.3M


def test_hours_of_seven_trainings() -> None:
    # 6 x 6.42e9 x 58.1e6 x 25/12 = 4.664e18; at 45 % of 989e12 10,480 s, at 25 % 18,864 s
    assert training_hours(DATASETS["lima-x"]) == pytest.approx((2.91, 5.24), rel=0.002)


def test_hours_of_the_answers() -> None:
    # 75 x 160 x 1,024 = 12,288,000 tokens; / 2,000 = 6,144 s, / 300 = 40,960 s
    assert answer_hours() == pytest.approx((1.707, 11.378), rel=0.001)


def test_both_sums_are_told_apart_with_the_formula() -> None:
    told = "\n".join(plan_lines())
    assert "702 H100 hours in the paper" in told
    assert "24-52 H100 hours for this study, estimated" in told
    assert "6 x 6.42e9 parameters x tokens x 2.08 for padding" in told
