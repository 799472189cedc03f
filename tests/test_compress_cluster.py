"""The best centroids on a line: compared with every division of a few points, and with clouds whose answer is known."""
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compress.cluster import POINTS, cluster


def error(values, weights, centroids):
    return float((weights * np.min((values[:, None] - centroids) ** 2, axis=1)).sum())


def least(values, weights, count):
    """The least error of all divisions of the sorted values into runs."""
    order = np.argsort(values)
    values, weights, best = values[order], weights[order], np.inf
    for cuts in itertools.combinations(range(1, len(values)), min(count, len(values)) - 1):
        runs = [slice(a, b) for a, b in itertools.pairwise((0, *cuts, len(values)))]
        best = min(best, sum(error(values[run], weights[run], np.average(values[run], weights=weights[run]).reshape(1))
                             for run in runs))
    return best


@settings(max_examples=150, deadline=None)
@given(values=st.lists(st.integers(-30, 30).filter(bool), min_size=1, max_size=9), count=st.integers(1, 9),
       seed=st.integers(0, 99))
def test_no_division_of_the_values_does_better(values, count, seed):
    values = np.array(values, float)
    weights = np.random.default_rng(seed).uniform(0.1, 3, len(values))
    found = cluster(values, count, weights)
    assert len(found) <= count and (np.diff(found) > 0).all()
    assert error(values, weights, found) <= least(values, weights, count) + 1e-6


@pytest.mark.parametrize("count", [15, 255])
def test_one_weight_far_away_takes_one_centroid_and_leaves_the_others_alone(count):
    values = np.random.default_rng(0).normal(size=60_000) * 0.01
    alone, size = error(values, np.ones(60_000), cluster(values, count)), float((values ** 2).sum())
    values[5] = 100
    others = np.delete(values, 5)
    found = cluster(values, count)
    assert found[-1] == pytest.approx(100)
    assert error(others, np.ones(59_999), found) < 1.5 * alone
    assert (alone / size) ** 0.5 < (0.11 if count == 15 else 0.008)


def test_weights_draw_the_centroids():
    values = np.linspace(0.1, 1, 1000)
    weights = np.where(values > 0.9, 1000.0, 1.0)
    assert (cluster(values, 8, weights) > 0.9).sum() >= 4 > (cluster(values, 8) > 0.9).sum()


def test_values_that_do_not_matter_still_have_a_centroid():
    values, weights = np.array([1.0, 2, 3, 1000, 1001]), np.array([1.0, 1, 1, 0, 0])
    found = cluster(values, 4, weights)
    assert np.isfinite(found).all() and 1000 <= found[-1] <= 1001


def test_bins_lose_next_to_nothing():
    values = np.random.default_rng(1).standard_t(3, size=4 * POINTS)
    ones = np.ones(len(values))
    assert error(values, ones, cluster(values, 15)) < 1.01 * error(values, ones, cluster(values[:POINTS], 15))
