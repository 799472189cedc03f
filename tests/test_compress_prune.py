"""Masks keep the largest weights; balanced ones leave every PE as many, at no cost to a trained network."""
import numpy as np
import pytest
from sklearn.datasets import load_digits

from compress.network import forward
from compress.prune import balanced, masks
from compress.train import Recipe, train
from golden.eie.patterns import TABLE

RANDOM = np.random.default_rng(2)


def by_sorting(weights, density):
    """The same masks from a stable sort of everything."""
    ranks = np.concatenate([(np.abs(w) / np.sqrt(np.mean(w[w != 0] ** 2))).ravel() for w in weights])
    chosen = np.zeros(ranks.size, bool)
    chosen[np.argsort(-ranks, kind="stable")[:int(density * ranks.size)]] = True
    return chosen & (ranks > 0)


@pytest.mark.parametrize("density", [0.001, 0.1, 0.5, 0.9, 1.0])
def test_masks_keep_the_largest(density):
    weights = [RANDOM.integers(-5, 6, (20, 30)) / 4, RANDOM.normal(size=(10, 20))]
    found = np.concatenate([mask.ravel() for mask in masks(weights, density)])
    assert (found == by_sorting(weights, density)).all() and found.sum() <= density * found.size


@pytest.mark.parametrize("name", list(TABLE))
def test_balanced_masks_leave_every_pe_of_64_the_same_work(name):
    layer = TABLE[name]
    scale = 8 if layer.inputs > 8192 else 1             # rows decide the balance; columns are many enough
    weight = RANDOM.standard_normal((layer.outputs, layer.inputs // scale), dtype=np.float32)
    mask, = balanced([weight], layer.weight_density, 64)
    work = np.array([mask[pe::64].sum() for pe in range(64)])
    assert work.max() / work.mean() <= 1.01
    assert mask.sum() <= masks([weight], layer.weight_density)[0].sum()
    small = np.abs(weight[mask]).min(), np.abs(weight[~mask]).max()
    assert small[0] > 0.85 * small[1]                   # the edge differs little from PE to PE


def test_balance_costs_a_trained_network_nothing():
    images, labels = load_digits(return_X_y=True)
    images = images / 16
    recipe = Recipe(hidden=(128,), density=1.0, dense_passes=30, prune_passes=1, share_passes=0)
    trained = train(images[::2], labels[::2], recipe, bits=8, codebooks=4).dense
    right = []
    for kept in masks([layer.weight for layer in trained], 0.3), balanced([layer.weight for layer in trained], 0.3, 16):
        cut = [type(layer)(name=layer.name, weight=layer.weight * mask, bias=layer.bias, relu=layer.relu)
               for layer, mask in zip(trained, kept, strict=True)]
        right.append((forward(cut, images[1::2])[-1].argmax(1) == labels[1::2]).mean())
    assert right[1] >= right[0] - 0.002


def test_a_pe_without_rows_or_weights_keeps_what_it_has():
    weight = np.zeros((3, 5))
    weight[0] = [1, 2, 3, 0, 0]
    weight[1] = [4, 5, 6, 7, 8]
    mask, = balanced([weight], 0.6, 8)
    assert mask.sum(1).tolist() == [2, 3, 0] or mask.sum(1).tolist() == [3, 3, 0]
