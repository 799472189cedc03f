"""A network of dense layers in floating point."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from files.array import read_vectors


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """Weights that come shared: the code of each, and the number that a code stands for.

    Parameters
    ----------
    codes : scipy.sparse.csr_array
        Outputs x inputs, uint8; 1 and up where there is a weight.
    codebook : numpy.ndarray
        Entry 0 is 0 and no other is. Whole numbers are the machine's own and stay as they are; floats are scaled.
    """

    codes: sparse.csr_array
    codebook: np.ndarray

    @property
    def whole(self) -> bool:
        """Whether the codebook is one of whole numbers."""
        return self.codebook.dtype.kind in "iu"


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense:
    """One fully connected layer: ``min(relu(weight @ x + bias), ceiling)``, each of the two only where wanted.

    Parameters
    ----------
    name : str
    weight : numpy.ndarray or scipy.sparse array
        Outputs x inputs.
    bias : numpy.ndarray or None
    relu : bool
    ceiling : float or None
    given : Given or None
        Codes and codebook, where the layer comes with them; ``weight`` is what they stand for.
    """

    name: str
    weight: Any
    bias: np.ndarray | None = None
    relu: bool = True
    ceiling: float | None = None
    given: Given | None = None


def forward(layers: Sequence[Dense], inputs: np.ndarray) -> list[np.ndarray]:
    """Return the outputs of every layer for inputs of shape (vectors, inputs)."""
    outputs, x = [], np.asarray(inputs, np.float64)
    for layer in layers:
        x = np.asarray(layer.weight @ x.T).T
        if layer.bias is not None:
            x = x + layer.bias
        x = np.maximum(x, 0) if layer.relu else x
        outputs.append(x := x if layer.ceiling is None else np.minimum(x, layer.ceiling))
    return outputs


def importance(layers: Sequence[Dense], inputs: np.ndarray) -> list[np.ndarray]:
    """Return the mean square of each input of every layer: how much the error of a weight there matters to the outputs."""
    values = [np.asarray(inputs, np.float64), *forward(layers, inputs)[:-1]]
    return [np.mean(np.square(x), axis=0) for x in values]


def rms(values: np.ndarray) -> float:
    """Return the root mean square of values."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def density(layers: Sequence[Dense]) -> float:
    """Return the share of weights that are not 0 over all layers."""
    cells = sum(int(np.prod(layer.weight.shape)) for layer in layers)
    return sum(nonzeros(layer.weight) for layer in layers) / cells


def nonzeros(weight: Any) -> int:
    """Return how many weights are not 0."""
    return int(weight.count_nonzero() if sparse.issparse(weight) else np.count_nonzero(weight))


def vectors(path: str | os.PathLike[str], inputs: int, shape: Sequence[int] = ()) -> np.ndarray:
    """Return the real vectors of a `.npy` file, one in each row; see `files.array.read_vectors`."""
    values = read_vectors(path, "--data", inputs, shape=shape)
    if values.dtype == np.int16:
        raise TypeError(f"--data must be real values, float or uint8, not the int16 of {path}: those are steps of a scale "
                        f"that is yet to be chosen; convert them")
    return values.astype(np.float64)
