"""Magnitude pruning: the smallest weights of a network become 0."""

from collections.abc import Sequence

import numpy as np


def masks(weights: Sequence[np.ndarray], density: float) -> list[np.ndarray]:
    """Return which weights to keep so that at most ``density`` of all weights stay.

    A weight is ranked by its magnitude over the root mean square of its layer's weights that are not 0, so
    that layers of small weights are not emptied first. What is already 0 is never kept. Of weights that rank alike the first
    are kept.
    """
    _check(density)
    ranks = [np.abs(weight) / _size(weight) for weight in weights]
    flat = ranks[0].ravel() if len(ranks) == 1 else np.concatenate([rank.ravel() for rank in ranks])
    chosen = _largest(flat, int(density * flat.size))
    ends = np.cumsum([rank.size for rank in ranks])
    return [part.reshape(rank.shape) for part, rank in zip(np.split(chosen, ends[:-1]), ranks, strict=True)]


def balanced(weights: Sequence[np.ndarray], density: float, pes: int) -> list[np.ndarray]:
    """Return which weights to keep so that every PE of an array keeps as many of a layer, one more or less.

    Each layer keeps as many as `masks` gives it, at most; row i counts as that of PE ``i % pes``, and each PE keeps the
    largest of its rows. A PE with too few weights that are not 0, or without rows, keeps what it has.
    """
    found = []
    for weight, mask in zip(weights, masks(weights, density), strict=True):
        least, more = divmod(int(mask.sum()), min(pes, len(weight)))
        kept = np.zeros(weight.shape, bool)
        sizes = np.array([np.abs(weight[pe::pes]).max(initial=0) for pe in range(min(pes, len(weight)))])
        first = set(np.argsort(-sizes, kind="stable")[:more].tolist())
        for pe in range(min(pes, len(weight))):
            own = np.abs(weight[pe::pes])
            kept[pe::pes] = _largest(own.ravel(), least + (pe in first)).reshape(own.shape)
        found.append(kept)
    return found


def _check(density: float) -> None:
    if not 0 < density <= 1:
        raise ValueError(f"density must be above 0 and at most 1, not {density}; 0.1 keeps one weight in ten")


def _largest(values: np.ndarray, keep: int) -> np.ndarray:
    """Return which of some numbers of at least 0 are the ``keep`` largest, and above 0; of equals the first."""
    if keep >= values.size:
        return values > 0
    if keep <= 0:
        return np.zeros(values.size, bool)
    edge = np.partition(values, values.size - keep)[values.size - keep]
    chosen = values > edge
    alike = np.flatnonzero(values == edge)[:keep - int(chosen.sum())]
    chosen[alike] = edge > 0
    return chosen


def _size(weight: np.ndarray) -> float:
    present = weight[weight != 0]
    return float(np.sqrt(np.mean(np.square(present, out=present)))) if present.size else 1.0


def gradual(step: float, steps: int, density: float) -> float:
    """Return the density after ``step`` of ``steps``: from 1 it falls fast at first, then ever slower."""
    left = 1 - min(step / steps, 1.0)
    return density + (1 - density) * left ** 3
