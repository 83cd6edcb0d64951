"""Other shapes than the line, and when one is taken."""

from dataclasses import replace

import numpy as np
import pytest

from mtbenchx_tasks.stats.equating.line import fit_line
from mtbenchx_tasks.stats.equating.panel import means
from mtbenchx_tasks.stats.equating.pooling import pooled_lines
from mtbenchx_tasks.stats.equating.shapes import choose, isotonic, predict_left_out, rating_values
from tests.mtbenchx_tasks.stats.equating.studies import Truth, alone, panels, plain_means, rises


def test_isotonic_by_hand() -> None:
    """At 1, 2, 3, 4: 1, 4, 2, 6. 4 and 2 break the order and become 3 each; 2.5 lies between them, 3.5 halfway to 6."""
    at = np.array([1.0, 2.5, 3.5, 9.0])
    found = isotonic(np.array([3.0, 1.0, 2.0, 4.0]), np.array([2.0, 1.0, 4.0, 6.0]), at)
    assert found.tolist() == [1.0, 3.0, 4.5, 6.0]


def test_what_each_rating_is_worth_by_hand() -> None:
    """Twice 2 (sum 6: 3), once 4 (5), once 6 (2): 5 and 2 become 3.5. Between and beyond by straight lines."""
    counts, sums = np.zeros(10), np.zeros(10)
    counts[[1, 3, 5]], sums[[1, 3, 5]] = (2, 1, 1), (6, 5, 2)
    assert rating_values(counts, sums).tolist() == [3.0, 3.0, 3.25, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5]


def one_study(truth: Truth, seed: int = 0) -> object:
    whole = panels(1, [2] * 8, truth, np.random.default_rng(seed))
    return replace(whole, new=whole.new[0], old=whole.old[0])


def test_no_model_is_predicted_from_its_own_family() -> None:
    """Changing what the old judge says of a family changes no prediction of that family."""
    panel = one_study(Truth())
    before = predict_left_out(panel)
    old = panel.old.copy()
    old[:2] += 3
    after = predict_left_out(replace(panel, old=old))
    for shape, values in before.items():
        assert values[:2] == pytest.approx(after[shape][:2])


def test_the_line_is_taken_where_it_is_true() -> None:
    taken = [choose(one_study(Truth(slope=0.6, level=2.0), seed)).shape for seed in range(6)]
    assert taken.count("line") >= 5


def test_another_shape_has_to_be_better_by_more_than_an_error() -> None:
    """Where the identity is true it loses less by chance half of the time and more; it is taken only if by much."""
    choices = [choose(one_study(Truth(slope=1.0, level=0.0), seed)) for seed in range(8)]
    for choice in choices:
        better = [shape for shape, (less, error) in choice.gain.items() if less > error]
        assert choice.shape == min(["line", *better], key=lambda shape: choice.loss[shape])
    assert [choice.shape for choice in choices].count("line") >= 6


def test_where_one_family_leads_astray_the_line_is_shrunk_to_the_identity() -> None:
    """Judges who agree but for one family of the worst, by 2 points: what others are predicted as hardly moves."""
    panel = one_study(Truth(slope=1.0, level=0.0, family=0.0, model=0.0, new_noise=0.05, old_noise=0.05))
    worst = np.argsort(panel.new.mean(-1))[0] // 2
    old = panel.old.copy()
    old[2 * worst : 2 * worst + 2] += 2
    loss = choose(replace(panel, old=old)).loss
    assert loss["line"] == pytest.approx(loss["identity"], rel=0.05)


def test_a_bent_scale_is_told_by_the_families_left_out() -> None:
    """The new judge spreads good answers: old = 10 at most, so a curve that never falls and bends predicts better."""
    panel = one_study(Truth(slope=1.0, level=0.0, family=0.01, model=0.01, old_noise=0.1, new_noise=0.1))
    old = np.where(panel.new < 6, panel.new, 6 + (panel.new - 6) / 5)
    new = np.clip(np.rint(panel.new), 1, 10)
    choice = choose(replace(panel, new=new, old=old))
    assert choice.shape == "ordinal"
    assert choice.loss["ordinal"] < choice.loss["line"]


def test_slopes_of_categories_are_drawn_together_by_hand() -> None:
    """Slopes 0.8 and 1.2 with variance 0.02 each (kept whole): mean 1, Q = 2 * 0.04 / 0.02 = 4, C - 1 = 1, w = 50 each.

    t^2 = (4 - 1) / (100 - 5000 / 100) = 0.06, so each keeps 0.06 / 0.08 = 3/4 of its way: 0.85 and 1.15. Variance:
    0.75 * 0.02 + 0.25^2 / 100.
    """
    line = fit_line(plain_means([2.0, 4.0, 6.0, 8.0], [3.5, 4.5, 6.5, 9.5], (0.0, 0.0, 0.0)), alone(4))
    lines = [replace(line, slope=np.asarray(slope), slope_variance=np.asarray(0.02)) for slope in (0.8, 1.2)]
    found = pooled_lines(lines)
    assert [float(one.slope) for one in found] == pytest.approx([0.85, 1.15])
    assert float(found[0].slope_variance) == pytest.approx(0.75 * 0.02 + 0.0625 / 100)
    assert rises([float(one.slope) for one in found])


def test_one_category_keeps_its_slope() -> None:
    line = fit_line(plain_means([2.0, 4.0, 6.0, 8.0], [3.5, 4.5, 6.5, 9.5], (0.0, 0.0, 0.0)), alone(4))
    assert float(pooled_lines([line])[0].slope) == pytest.approx(float(line.slope))


def test_means_of_a_part_are_of_its_answers() -> None:
    panel = one_study(Truth())
    assert means(panel.part(category="writing")).new[0] == pytest.approx(panel.new[0, :10].mean())
