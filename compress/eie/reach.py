"""How far a layer's accumulators can go: with any input whatever, and with the inputs of calibration data."""

import numpy as np
from scipy import sparse

from spec.eie import EieSpec


def counts(codes: sparse.csr_array, size: int) -> np.ndarray:
    """Return how often each of ``size`` codes appears in each row."""
    rows = np.repeat(np.arange(codes.shape[0], dtype=np.int64), np.diff(codes.indptr))
    return np.bincount(rows * size + codes.data, minlength=codes.shape[0] * size).reshape(-1, size)


def worst(amounts: np.ndarray, book: np.ndarray, bias: np.ndarray | None, spec: EieSpec, *, signed: bool) -> int:
    """Return the largest magnitude of any partial sum, over all inputs that the number format allows.

    Parameters
    ----------
    amounts : numpy.ndarray
        `counts` of the layer.
    book : numpy.ndarray
    bias : numpy.ndarray or None
    spec : EieSpec
    signed : bool
        Whether inputs may be negative.
    """
    top = 1 << spec.act_bits - 1
    start = np.zeros(len(amounts)) if bias is None else bias
    up, down = amounts @ np.maximum(book, 0.0), amounts @ np.maximum(-book, 0.0)
    up, down = ((up + down) * top, (up + down) * top) if signed else (up * (top - 1), down * (top - 1))
    return int(max((start + up).max(), (down - start).max()))


def measured(codes: sparse.csr_array, book: np.ndarray, bias: np.ndarray | None, inputs: np.ndarray) -> float:
    """Return the largest magnitude that a partial sum can have with these inputs, in whatever order the terms are added.

    That is the larger of the positive terms of a row together and of its negative ones, with the bias. It does not depend
    on the number of PEs and the order of rows.
    """
    start = 0.0 if bias is None else np.asarray(bias, np.float64)[:, None]
    most = 0.0
    for part in range(0, len(inputs), 256):
        x = inputs[part:part + 256].T.astype(np.float64)
        up, down = (_times(codes, np.maximum(side * book, 0.0), np.maximum(x, 0.0)) for side in (1, -1))
        if (x < 0).any():
            up += _times(codes, np.maximum(-book, 0.0), np.maximum(-x, 0.0))
            down += _times(codes, np.maximum(book, 0.0), np.maximum(-x, 0.0))
        most = max(most, float((start + up).max()), float((down - start).max()))
    return most


def _times(codes: sparse.csr_array, book: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    weight = sparse.csr_array((book[codes.data].astype(np.float64), codes.indices, codes.indptr), shape=codes.shape)
    return weight @ inputs
