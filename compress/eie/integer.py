"""A quantised network in whole numbers, in the network's own order: what its image must compute."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from compress.eie.assemble import IntegerLayer
from compress.ends import Ends, keep
from spec.eie import EieSpec


def quantise(values: np.ndarray, scale: float, bits: int, ends: Ends | None = None) -> tuple[np.ndarray, int]:
    """Return values as integers of ``scale`` each, half to even, kept between ``ends``; and how many saturated otherwise."""
    top = 1 << bits - 1
    steps = np.rint(np.asarray(values, np.float64) / scale)
    if np.isnan(steps).any():
        place = tuple(map(int, np.argwhere(np.isnan(steps))[0]))
        raise ValueError(f"values must be numbers, not NaN at {place}; find out where it comes from")
    steps = keep(ends, steps)
    whole = np.clip(steps, -top, top - 1)
    return whole.astype(np.int16), int(np.count_nonzero(whole != steps))


def apply(layer: IntegerLayer, book: np.ndarray, inputs: np.ndarray, spec: EieSpec) -> tuple[np.ndarray, int]:
    """Return a layer's outputs for inputs of shape (vectors, inputs), and how many of them saturated.

    Exact as long as no partial sum saturates the accumulator, which ``headroom`` of `compress.eie.scale` tells.
    """
    codes = sparse.csr_array(layer.codes)
    weight = sparse.csr_array((book[codes.data].astype(np.float64), codes.indices, codes.indptr),
                              shape=codes.shape)
    total = (weight @ inputs.T.astype(np.float64)).T        # below 2**53, so exact
    if layer.bias is not None:
        total = total + layer.bias
    low, high = -(1 << spec.acc_bits - 1), (1 << spec.acc_bits - 1) - 1
    steps = np.rint(np.clip(total, low, high) / (1 << layer.shift))
    top = 1 << spec.act_bits - 1
    whole = np.clip(steps, -top, top - 1)
    lost = int(np.count_nonzero((whole != steps) & ((whole > 0) | (not layer.relu))))
    return (np.maximum(whole, 0) if layer.relu else whole).astype(np.int64), lost


def run(layers: Sequence[IntegerLayer], books: np.ndarray, inputs: np.ndarray, spec: EieSpec) -> np.ndarray:
    """Return the network's outputs for integer inputs of shape (vectors, inputs)."""
    x = np.asarray(inputs, np.int64)
    for layer in layers:
        x, _ = apply(layer, books[layer.codebook], x, spec)
    return x
