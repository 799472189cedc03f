"""Weight sharing: the weights of a layer become indices into a codebook of the centroids that serve them best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from compress.cluster import cluster, linear
from compress.network import Dense, Given

FLOOR = 0.01        # least weight of a column's error beside the mean column's: inputs that calibration data never shows


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
        What 1.0 in the codebook is worth in each layer: 1, or the size of its weights where layers share a codebook, so
        that they weigh alike.
    centroids : numpy.ndarray
        (codebooks, ``2**bits``), entry 0 of each is 0.
    whole : frozenset of int
        Codebooks that were given in whole numbers, which the machine takes as they are.
    """

    codes: list[sparse.csr_array]
    book: list[int]
    scale: list[float]
    centroids: np.ndarray
    whole: frozenset[int] = frozenset()

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

    def partners(self) -> list[list[int]]:
        """Return the layers of each codebook that more than one layer has."""
        groups = [[layer for layer, book in enumerate(self.book) if book == number] for number in range(len(self.centroids))]
        return [group for group in groups if len(group) > 1]

    def row_errors(self, layer: int, weight: Any, importance: np.ndarray | None = None) -> np.ndarray:
        """Return what sharing changed in each row of a layer, as a share of the row's own size; 0 for an empty row.

        Parameters
        ----------
        layer : int
        weight : numpy.ndarray or scipy.sparse array
            The layer before sharing.
        importance : numpy.ndarray, optional
            Mean square of each input, so that the error is that of the row's output; all alike when not given.
        """
        mass = np.ones(weight.shape[1]) if importance is None else importance
        before = sparse.csr_array(weight)
        change = sparse.csr_array(before - self.weight(layer))
        size, lost = (np.asarray(part.multiply(part) @ mass).ravel() for part in (before, change))
        return np.sqrt(np.divide(lost, size, out=np.zeros_like(size), where=size > 0))


def share(weights: Sequence[Any], *, bits: int, codebooks: int, importance: Sequence[np.ndarray] | None = None,
          given: Sequence[Given | None] | None = None, trained_on: bool = False) -> Shared:
    """Return the network's weights shared: ``2**bits - 1`` centroids a codebook, entry 0 for no weight.

    Parameters
    ----------
    weights : sequence of numpy.ndarray or scipy.sparse array
        Outputs x inputs of each layer; zeros stay zeros.
    bits : int
        Width of a code.
    codebooks : int
        Codebooks that the machine keeps.
    importance : sequence of numpy.ndarray, optional
        For each layer the mean square of each input, by which the error of a weight matters; all alike when not given.
    given : sequence of Given or None, optional
        Layers that come shared already; each has a codebook of its own, layers with the same one share it.
    trained_on : bool
        Whether the network will be trained on with shared weights: the centroids then begin at equal distances, which keeps
        large weights apart, and training moves them.
    """
    given = [None] * len(weights) if given is None else list(given)
    book = _books(given, codebooks)
    count = max(book) + 1
    present = [_present(weight) for weight in weights]
    mass = [_mass(part, None if importance is None else importance[number]) for number, part in enumerate(present)]
    scale = [_size(part.data, amounts) if book.count(number) > 1 and ready is None else 1.0
             for part, amounts, number, ready in zip(present, mass, book, given, strict=True)]
    centroids, whole = np.zeros((count, 1 << bits)), set()
    for number in range(count):
        own = [layer for layer, b in enumerate(book) if b == number]
        ready = given[own[0]]
        if ready is not None:
            centroids[number, :len(ready.codebook)] = ready.codebook
            whole |= {number} if ready.whole else set()
            continue
        values = np.concatenate([present[layer].data / scale[layer] for layer in own])
        matter = np.concatenate([mass[layer] / max(mass[layer].sum(), 1e-300) for layer in own])
        few = len(np.unique(values)) < 1 << bits
        found = (linear if trained_on and not few else cluster)(values, (1 << bits) - 1, matter)
        centroids[number, 1:len(found) + 1] = found
    codes = []
    for part, number, size, ready in zip(present, book, scale, given, strict=True):
        used = np.trim_zeros(centroids[number, 1:], "b")
        nearest = ready.codes.data if ready else 1 + np.searchsorted((used[1:] + used[:-1]) / 2, part.data / size)
        source = ready.codes if ready else part
        codes.append(sparse.csr_array((nearest.astype(np.uint8), source.indices, source.indptr), shape=part.shape))
    return Shared(codes=codes, book=book, scale=scale, centroids=centroids, whole=frozenset(whole))


def _books(given: Sequence[Given | None], codebooks: int) -> list[int]:
    """Return the codebook of each layer, numbered as they first appear."""
    names: list[Any] = []
    for ready in given:
        names.append(None if ready is None else ("given", ready.codebook.dtype.kind, tuple(ready.codebook.tolist())))
    own = len({name for name in names if name is not None})
    free = [number for number, name in enumerate(names) if name is None]
    count = min(codebooks - own, len(free))
    if own > codebooks or free and count < 1:
        raise ValueError(f"codebooks must be at least {own + bool(free)}, not {codebooks}: {own} come with the layers"
                         f"{' and the others need one' if free else ''}; take a machine with more codebooks")
    for place, number in enumerate(free):
        names[number] = place * count // len(free)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return [numbers[name] for name in names]


def _present(weight: Any) -> sparse.csr_array:
    part = sparse.csr_array(weight, copy=True)
    part.eliminate_zeros()
    return part


def _mass(part: sparse.csr_array, importance: np.ndarray | None) -> np.ndarray:
    """Return how much the error of each weight of a layer matters."""
    if importance is None:
        return np.ones(len(part.data))
    return (importance + FLOOR * (importance.mean() or 1.0))[part.indices]


def _size(values: np.ndarray, mass: np.ndarray) -> float:
    """Return the power of two, which costs no rounding, that is next to the root mean square of the weights."""
    size = float(np.sqrt(np.average(values ** 2, weights=mass))) if values.size else 0.0
    return 2.0 ** round(np.log2(size)) if size else 1.0
