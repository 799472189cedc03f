"""Weights of a few values per layer, for an array whose weights are codes."""

from dataclasses import replace

import numpy as np

from compress.cluster import cluster
from compress.frontend.graph import Conv, Dense, Network


def shared(network: Network, bits: int) -> Network:
    """Return a network in which each layer's weights have at most ``2**bits - 2`` values besides 0.

    One code is left for the identity weight of a residual. A layer with at most ``2**bits - 1`` values keeps them.
    """
    layers = list(network.layers)
    for number, layer in enumerate(layers):
        if isinstance(layer, Conv | Dense):
            layers[number] = replace(layer, weight=_shared(np.asarray(layer.weight), (1 << bits) - 1))
    return replace(network, layers=tuple(layers))


def _shared(weight: np.ndarray, most: int) -> np.ndarray:
    present = weight != 0
    values = weight[present].astype(np.float64)
    if len(np.unique(values)) <= most:
        return weight
    centroids = np.sort(cluster(values, most - 1, np.ones(len(values))))
    made = np.zeros(weight.shape)
    made[present] = centroids[np.searchsorted((centroids[1:] + centroids[:-1]) / 2, values)]
    return made
