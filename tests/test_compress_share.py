"""Pruning and sharing: the density is kept, codes name the nearest centroid, and code 0 is no weight."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compress.cluster import POINTS, cluster
from compress.network import Dense
from compress.prune import gradual, masks
from compress.share import share

RNG = np.random.default_rng(5)


def weights(*shapes, density=0.5):
    return [RNG.normal(size=shape) * 10.0 ** -k * (RNG.random(shape) < density) for k, shape in enumerate(shapes)]


@given(density=st.floats(0.001, 1), seed=st.integers(0, 9))
def test_masks_keep_the_largest_and_no_more_than_the_density(density, seed):
    rng = np.random.default_rng(seed)
    layers = [rng.normal(size=(20, 11)), 0.01 * rng.normal(size=(7, 20))]
    kept = masks(layers, density)
    assert sum(int(mask.sum()) for mask in kept) == int(density * 360)
    for layer, mask in zip(layers, kept, strict=True):
        assert np.abs(layer[mask]).min(initial=np.inf) >= np.abs(layer[~mask]).max(initial=0)


def test_small_layers_are_ranked_by_their_own_size():
    layer = RNG.normal(size=(50, 50))
    one, two = masks([layer, layer * 1e-3], 0.1)
    assert np.abs(int(one.sum()) - int(two.sum())) <= 1


def test_zeros_are_never_kept():
    kept, = masks([np.array([[0.0, 1.0, 0.0, 2.0]])], 1.0)
    assert kept.tolist() == [[False, True, False, True]]
    kept, = masks([np.zeros((2, 2))], 1.0)
    assert not kept.any()


@pytest.mark.parametrize("density", [0, -0.1, 1.1, float("nan")])
def test_a_density_that_is_none_is_refused(density):
    with pytest.raises(ValueError, match="density must be above 0 and at most 1, not"):
        masks([np.ones((2, 2))], density)


def test_the_schedule_falls_from_all_to_the_density_and_stays():
    steps = [gradual(k, 10, 0.1) for k in range(13)]
    assert steps[0] == 1 and steps[10:] == [0.1] * 3
    assert all(np.diff(steps[:11]) < 0) and all(np.diff(steps[:11], 2) > 0)


@settings(max_examples=30)
@given(bits=st.integers(1, 8), codebooks=st.integers(1, 4), seed=st.integers(0, 5))
def test_a_code_names_the_nearest_centroid_of_its_codebook(bits, codebooks, seed):
    rng = np.random.default_rng(seed)
    layers = [rng.normal(size=(9, 8)) * (rng.random((9, 8)) < 0.7) * 10.0 ** -k for k in range(3)]
    shared = share(layers, bits=bits, codebooks=codebooks)
    assert shared.centroids.shape == (min(codebooks, 3), 1 << bits)
    assert not shared.centroids[:, 0].any()
    assert shared.book == sorted(shared.book) and set(shared.book) == set(range(min(codebooks, 3)))
    for number, layer in enumerate(layers):
        codes = shared.codes[number].toarray()
        assert np.array_equal(codes != 0, layer != 0)
        centroids = shared.centroids[shared.book[number]][1:] * shared.scale[number]
        there = layer != 0
        best = np.abs(layer[there][:, None] - centroids).min(1)
        chosen = np.abs(layer[there] - shared.weight(number).toarray()[there])
        assert np.allclose(chosen, best, rtol=0, atol=1e-12 * shared.scale[number])


def test_few_values_are_kept_exactly():
    layer = np.array([[0.5, -3, 0], [7, 0.5, 1]])
    shared = share([layer], bits=4, codebooks=1)
    assert np.array_equal(shared.weight(0).toarray(), layer)


def error(values, centroids):
    return np.mean(np.min((values[:, None] - centroids) ** 2, axis=1))


def test_kmeans_beats_a_uniform_grid():
    values = RNG.normal(size=5000)
    found = cluster(values, 15)
    assert len(found) == 15 and (np.diff(found) > 0).all()
    assert error(values, found) < 0.7 * error(values, np.linspace(values.min(), values.max(), 15))


def test_many_values_are_binned_without_harm():
    values = np.random.default_rng(0).normal(size=2 * POINTS)
    assert error(values, cluster(values, 15)) < 1.05 * error(values, cluster(values[:POINTS], 15))


def test_refit_moves_centroids_to_the_mean_of_their_weights():
    layer = weights((30, 20))[0]
    shared = share([layer], bits=4, codebooks=1)
    after = layer * 1.1 + 0.01 * (layer != 0)
    moved = shared.refit([after])
    codes = shared.codes[0].toarray()
    assert np.array_equal(moved.codes[0].toarray(), codes)
    for code in range(1, 16):
        assert np.isclose(moved.weight(0).toarray()[codes == code].mean(), after[codes == code].mean())


def test_a_network_keeps_its_biases_and_relus():
    layers = [Dense(name="a", weight=weights((4, 3))[0], bias=np.arange(4.0), relu=False)]
    made, = share([layer.weight for layer in layers], bits=8, codebooks=1).network(layers)
    assert (made.name, made.relu, made.bias.tolist()) == ("a", False, [0, 1, 2, 3])
    assert np.allclose(made.weight.toarray(), layers[0].weight)


def test_a_layer_without_weights_is_legal():
    shared = share([np.zeros((3, 3)), np.ones((2, 3))], bits=4, codebooks=2)
    assert shared.codes[0].nnz == 0 and shared.weight(1).toarray().tolist() == [[1, 1, 1]] * 2
