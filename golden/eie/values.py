"""The exact values that the array computes, and how real inputs become its integers."""

from typing import Any

import numpy as np
from scipy import sparse

from golden.eie.layer import Layer, rows_of
from golden.image import Ends
from spec.eie import EieSpec


def quantise(spec: EieSpec, scale: float, inputs: Any, length: int, *,
             bounds: Ends = (None, None)) -> tuple[np.ndarray, int]:
    """Return inputs as integers (vectors, length), and how many of them saturated.

    Floats and uint8 are divided by ``scale``, the real value of one step, and rounded half to even; int16 is taken as it is.

    Parameters
    ----------
    spec : EieSpec
    scale : float
    inputs : array_like
        One vector, or one in each row; a float, uint8 or int16.
    length : int
        Inputs that the first layer has.
    bounds : tuple, optional
        Least and largest integer that the network lets through, None for no such end; what lies beyond has not saturated.
    """
    given = np.asarray(inputs)
    if given.dtype.kind != "f" and given.dtype not in (np.uint8, np.int16):
        raise TypeError(f"input must be float, uint8 or int16, not {given.dtype}; convert it so that its meaning is plain")
    if given.ndim not in (1, 2) or given.shape[-1] != length:
        raise ValueError(f"input must be vectors of length {length}, as the image says, not an array of shape {given.shape}")
    vectors, top = given.reshape(-1, length), (1 << spec.act_bits - 1) - 1
    low, high = -top - 1 if bounds[0] is None else bounds[0], top if bounds[1] is None else bounds[1]
    if given.dtype == np.int16:
        wrong = vectors[(vectors > top) | (vectors < -top - 1)]
        if wrong.size:
            raise OverflowError(f"input must be {-top - 1} to {top}, not {wrong[0]}; act_bits is {spec.act_bits}")
        return vectors.astype(np.int64).clip(low, high), 0
    if not np.isfinite(vectors).all():
        vector, place = np.argwhere(~np.isfinite(vectors))[0]
        raise ValueError(f"input must be finite, not {vectors[vector, place]} at place {place} of vector {vector}")
    with np.errstate(over="ignore"):        # what is beyond all range saturates too
        steps = np.rint(vectors.astype(np.float64) / scale)
    beyond = (steps > top) & (bounds[1] is None) | (steps < -top - 1) & (bounds[0] is None)
    return np.clip(steps, low, high).astype(np.int64), int(beyond.sum())


def layer(spec: EieSpec, layer: Layer, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a layer's outputs (vectors, pes * out_slots), and which vectors saturated an accumulator.

    Parameters
    ----------
    spec : EieSpec
    layer : Layer
    activations : numpy.ndarray
        Integers (vectors, pes * in_slots) in physical order.
    """
    activations = np.asarray(activations, np.int64)
    live = np.flatnonzero(activations.any(axis=0))
    code, column, place = rows_of(layer, spec.codebook_bits, live)
    real = code != 0
    weight, column, place = np.asarray(layer.codebook, np.int64)[code[real]], column[real], place[real]
    shape = spec.pes * layer.out_slots, len(live)
    weights = sparse.csc_array((weight, place, np.searchsorted(column, np.arange(len(live) + 1))), shape)
    given = activations.T[live]
    bias = np.zeros(shape[0], np.int64) if layer.bias is None else np.asarray(layer.bias, np.int64)
    sums = weights @ given + bias[:, None]
    largest = abs(weights) @ abs(given) + abs(bias)[:, None]         # no order of additions can reach beyond
    saturated = np.zeros(len(activations), bool)
    risky = np.flatnonzero((largest >= 1 << spec.acc_bits - 1).any(axis=1))
    if risky.size:
        sums[risky], saturated = _in_order(spec, weights.tocsr()[risky], given, bias[risky])    # ascending columns
    return finish(spec, layer, sums).T, saturated


def _in_order(spec: EieSpec, weights: sparse.csr_array, given: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sums (rows, vectors) by one saturating addition for each product in ascending column, and what saturated."""
    top, count = (1 << spec.acc_bits - 1) - 1, np.diff(weights.indptr)
    sums = np.repeat(bias[:, None], given.shape[1], axis=1)
    saturated = np.zeros(given.shape[1], bool)
    for step in range(count.max(initial=0)):
        rows = np.flatnonzero(count > step)
        at = weights.indptr[rows] + step
        exact = sums[rows] + weights.data[at, None] * given[weights.indices[at]]
        sums[rows] = np.clip(exact, -top - 1, top)
        saturated |= (exact != sums[rows]).any(axis=0)
    return sums, saturated


def finish(spec: EieSpec, layer: Layer, sums: np.ndarray) -> np.ndarray:
    """Return the outputs that finished sums become: shifted right, rounded half to even, saturated, rectified."""
    floor, half = sums >> layer.shift, (1 << layer.shift) // 2
    rest = sums & (1 << layer.shift) - 1
    rounded = floor + ((rest > half) | ((rest == half) & (floor & 1 == 1)) if layer.shift else 0)
    top = (1 << spec.act_bits - 1) - 1
    return np.clip(rounded, 0 if layer.relu else -top - 1, top)
