"""Channels for places: every channel once, as many in each place, and as many vectors of weights."""

import numpy as np
import pytest

from compress.scnn.balance import balanced, ordered


def vectors(live, orders, width):
    return [int(np.maximum(1, -(-live[own].sum(axis=0) // width)).sum()) for own in orders]


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_the_heaviest_place_has_hardly_more_vectors_than_the_mean(spread):
    rng = np.random.default_rng(1)
    share = np.clip(0.33 * (1 + spread * rng.standard_normal((256, 1))), 0.02, 1)
    live = rng.binomial(9, share, (256, 128))
    orders = ordered(live, 32, "balanced", [], width=4)
    assert sorted(np.concatenate(orders).tolist()) == list(range(256)) and {len(own) for own in orders} == {8}
    given = vectors(live, ordered(live, 32, "given", [], width=4), 4)
    own = vectors(live, orders, 4)
    assert max(own) < 1.01 * np.mean(own) and max(own) < max(given)


def test_an_exchange_that_is_due_is_made():
    """Live weights are the same everywhere, vectors are not: 3 + 1 are one vector of 4, 3 + 2 are two."""
    live = np.array([[3, 3], [3, 3], [1, 1], [2, 0], [0, 2], [1, 1]])
    orders = balanced(live, 3, 4)
    assert max(vectors(live, orders, 4)) == 2
    assert sorted(np.concatenate(orders).tolist()) == list(range(6))


def test_ranges_stay_together_and_places_without_channels_are_left():
    live = np.arange(1, 11).reshape(10, 1)
    orders = ordered(live, 4, "balanced", [3], width=2)
    assert sorted(np.concatenate(orders).tolist()) == list(range(10))
    for low, high in ((0, 3), (3, 10)):
        counts = [int(((own >= low) & (own < high)).sum()) for own in orders]
        assert max(counts) - min(counts) <= 1
