"""Magnitude pruning: the smallest weights of a network become 0."""

from collections.abc import Sequence

import numpy as np


def masks(weights: Sequence[np.ndarray], density: float) -> list[np.ndarray]:
    """Return which weights to keep so that at most ``density`` of all weights stay.

    A weight is ranked by its magnitude over the root mean square of its layer's weights that are not 0, so
    that layers of small weights are not emptied first. What is already 0 is never kept.
    """
    if not 0 < density <= 1:
        raise ValueError(f"density must be above 0 and at most 1, not {density}; 0.1 keeps one weight in ten")
    ranks = [np.abs(weight) / _size(weight) for weight in weights]
    flat = np.concatenate([rank.ravel() for rank in ranks])
    keep = int(density * flat.size)
    chosen = np.zeros(flat.size, bool)
    chosen[np.argsort(-flat, kind="stable")[:keep]] = True
    chosen &= flat > 0
    ends = np.cumsum([rank.size for rank in ranks])
    return [part.reshape(rank.shape) for part, rank in zip(np.split(chosen, ends[:-1]), ranks, strict=True)]


def _size(weight: np.ndarray) -> float:
    present = weight[weight != 0]
    return float(np.sqrt(np.mean(present ** 2))) if present.size else 1.0


def gradual(step: int, steps: int, density: float) -> float:
    """Return the density after ``step`` of ``steps``: from 1 it falls fast at first, then ever slower."""
    left = 1 - min(step / steps, 1.0)
    return density + (1 - density) * left ** 3
