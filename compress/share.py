"""Weight sharing: the weights of a layer become indices into a codebook of k-means centroids."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from compress.network import Dense

POINTS = 1 << 14    # distinct values that k-means is given at most; more are put into bins of equal width


@dataclass(frozen=True, kw_only=True, eq=False)
class Shared:
    """Codes and codebooks of a network: weight = centroid of its code x scale of its layer.

    Parameters
    ----------
    codes : list of scipy.sparse.csr_array
        Codes 1 to ``2**bits - 1`` of each layer's weights, outputs x inputs.
    book : list of int
        Codebook of each layer. Layers next to each other share one where there are fewer than layers.
    scale : list of float
        Largest weight of each layer, which is 1 in the codebook.
    centroids : numpy.ndarray
        (codebooks, ``2**bits``), entry 0 of each is 0.
    """

    codes: list[sparse.csr_array]
    book: list[int]
    scale: list[float]
    centroids: np.ndarray

    def weight(self, layer: int) -> sparse.csr_array:
        """Return the weights that a layer's codes stand for."""
        codes = self.codes[layer]
        values = self.centroids[self.book[layer]][codes.data] * self.scale[layer]
        return sparse.csr_array((values, codes.indices, codes.indptr), shape=codes.shape)

    def network(self, layers: Sequence[Dense]) -> list[Dense]:
        """Return layers with their weights replaced by shared ones."""
        return [replace(layer, weight=self.weight(number)) for number, layer in enumerate(layers)]

    def refit(self, weights: Sequence[Any]) -> "Shared":
        """Return the same codes with each centroid moved to the mean of its weights after more training."""
        total = np.zeros((2, *self.centroids.shape))
        for codes, book, scale, weight in zip(self.codes, self.book, self.scale, weights, strict=True):
            rows = np.repeat(np.arange(codes.shape[0]), np.diff(codes.indptr))
            values = weight[rows, codes.indices] / scale
            for k, amounts in enumerate((values, np.ones(len(values)))):
                total[k, book] += np.bincount(codes.data, amounts, self.centroids.shape[1])
        means = np.divide(total[0], total[1], out=self.centroids.copy(), where=total[1] > 0)
        return replace(self, centroids=means)


def share(weights: Sequence[np.ndarray], *, bits: int, codebooks: int, seed: int = 0) -> Shared:
    """Return the network's weights shared: ``2**bits - 1`` centroids a codebook, entry 0 for no weight.

    Parameters
    ----------
    weights : sequence of numpy.ndarray
        Outputs x inputs of each layer; zeros stay zeros.
    bits : int
        Width of a code.
    codebooks : int
        Codebooks that the machine keeps.
    seed : int
    """
    count = min(codebooks, len(weights))
    book = [number * count // len(weights) for number in range(len(weights))]
    scale = [float(np.abs(weight).max()) or 1.0 for weight in weights]
    present = [sparse.csr_array(weight / size) for weight, size in zip(weights, scale, strict=True)]
    centroids = np.zeros((count, 1 << bits))
    for number in range(count):
        own = np.concatenate([part.data for part, b in zip(present, book, strict=True) if b == number])
        found = cluster(own, (1 << bits) - 1, seed=seed)
        centroids[number, 1:len(found) + 1] = found
    codes = []
    for part, number in zip(present, book, strict=True):
        used = np.trim_zeros(centroids[number, 1:], "b")
        nearest = 1 + np.searchsorted((used[1:] + used[:-1]) / 2, part.data)
        codes.append(sparse.csr_array((nearest.astype(np.uint8), part.indices, part.indptr),
                                      shape=part.shape))
    return Shared(codes=codes, book=book, scale=scale, centroids=centroids)


def cluster(values: np.ndarray, count: int, *, seed: int = 0) -> np.ndarray:
    """Return at most ``count`` ascending centroids of values that are not 0; few values stay as they are."""
    points, amounts = np.unique(values, return_counts=True)
    if len(points) <= count:
        return points
    if len(points) > POINTS:
        amounts, edges = np.histogram(values, POINTS)
        sums, _ = np.histogram(values, edges, weights=values)
        points, amounts = sums[amounts > 0] / amounts[amounts > 0], amounts[amounts > 0]
    start = np.linspace(points[0], points[-1], count)[:, None]
    means = KMeans(count, init=start, n_init=1, random_state=seed)
    with threadpool_limits(1):      # a column of numbers: threads only wait for each other
        return np.sort(means.fit(points[:, None], sample_weight=amounts).cluster_centers_.ravel())
