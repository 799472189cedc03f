"""Random patterns of EIE's nine benchmark layers: sizes and densities of its Table III, positions by a seed.

>>> pattern = draw(TABLE["NT-We"], seed=1)
>>> pattern.indptr.size, pattern.live.size
(4097, 4096)
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One row of Table III: size, and the shares of weights and activations that are not zero."""

    inputs: int
    outputs: int
    weight_density: float
    activation_density: float

    @property
    def live(self) -> int:
        """Number of activations that are not zero."""
        return round(self.inputs * self.activation_density)


def _row(inputs: int, outputs: int, weights: float, activations: float) -> Benchmark:
    return Benchmark(inputs=inputs, outputs=outputs, weight_density=weights / 100,
                     activation_density=activations / 100)


TABLE = {
    "Alex-6": _row(9216, 4096, 9, 35.1),
    "Alex-7": _row(4096, 4096, 9, 35.3),
    "Alex-8": _row(4096, 1000, 25, 37.5),
    "VGG-6": _row(25088, 4096, 4, 18.3),
    "VGG-7": _row(4096, 4096, 4, 37.5),
    "VGG-8": _row(4096, 1000, 23, 41.1),
    "NT-We": _row(4096, 600, 10, 100),
    "NT-Wd": _row(600, 8791, 11, 100),
    "NT-LSTM": _row(1201, 2400, 10, 100),
}
"""The layers by the names that the paper gives them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pattern:
    """Where a layer's weights and activations are not zero.

    Parameters
    ----------
    rows, columns : int
    indptr, indices : numpy.ndarray
        Compressed sparse columns: the non-zeros of column j are in rows ``indices[indptr[j]:indptr[j + 1]]``.
    live : numpy.ndarray
        Ascending columns whose activation is not zero.
    """

    rows: int
    columns: int
    indptr: np.ndarray
    indices: np.ndarray
    live: np.ndarray

    @property
    def useful(self) -> int:
        """Products of a non-zero weight and a non-zero activation."""
        return int((self.indptr[self.live + 1] - self.indptr[self.live]).sum())


def draw(benchmark: Benchmark, *, seed: int) -> Pattern:
    """Return a pattern with each weight non-zero independently, and exactly ``live`` activations."""
    rng = np.random.default_rng(seed)
    rows, columns = benchmark.outputs, benchmark.inputs
    cells = _bernoulli(rng, rows * columns, benchmark.weight_density)
    indptr = np.searchsorted(cells, np.arange(columns + 1) * rows)
    live = np.sort(rng.choice(columns, benchmark.live, replace=False))
    return Pattern(rows=rows, columns=columns, indptr=indptr, indices=cells % rows, live=live)


def _bernoulli(rng: np.random.Generator, cells: int, density: float) -> np.ndarray:
    """Return the ascending cells that are hit, each with probability ``density``: distances are geometric."""
    likely = cells * density
    draws = int(likely + 10 * likely**0.5 + 10)
    position = np.cumsum(rng.geometric(density, draws)) - 1
    while position[-1] < cells:
        position = np.concatenate([position, position[-1] + np.cumsum(rng.geometric(density, draws))])
    return position[position < cells]
