"""One encoded layer as the array holds it, and what follows from it alone: which entry meets which row."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A sparse matrix encoded for ``pes`` processing elements; rows and columns are in physical order.

    Nothing is checked here: an image is checked where it is loaded, and benches build their own layers.

    Parameters
    ----------
    entries : numpy.ndarray
        (total,) entries of PE 0, then PE 1, ...; codebook index in the low bits, run of zeros above.
    pointers : numpy.ndarray
        (pes, pes * in_slots + 1); column j of a PE has its entries ``p[j]`` to ``p[j + 1] - 1``.
    codebook : numpy.ndarray
        Signed values of the layer's codebook, entry 0 is 0; may be empty where only cycles are asked for.
    inputs, outputs : int
        Columns in the physical order of the layer before; logical rows.
    in_slots, out_slots : int
        Rows of activations read and written: activation p belongs to PE ``p % pes``, slot ``p // pes``.
    shift : int
        Right shift of a finished sum, rounding half to even.
    relu : bool
        Negative outputs become 0.
    bias : numpy.ndarray or None
        (pes * out_slots,) in physical order; None for a layer without, which spends no cycles on biases.
    rows : numpy.ndarray or None
        (pes * out_slots,) logical row at each place, -1 for an absent slot; None: place p holds row p.
    codebook_number : int
        Which of the machine's codebooks ``codebook`` is.
    name : str
        For reports.
    """

    entries: Any
    pointers: Any
    codebook: Any = ()
    inputs: int
    outputs: int
    in_slots: int
    out_slots: int
    shift: int = 0
    relu: bool = False
    bias: Any = None
    rows: Any = None
    codebook_number: int = 0
    name: str = "layer"

    @property
    def pes(self) -> int:
        """Processing elements that the layer is encoded for."""
        return self.pointers.shape[0]

    def bases(self) -> np.ndarray:
        """Return the index in ``entries`` of each PE's first entry, and the total."""
        return np.concatenate([[0], np.cumsum(self.pointers[:, -1], dtype=np.int64)])

    def places(self) -> np.ndarray:
        """Return the logical row at each physical place, -1 where there is none."""
        if self.rows is not None:
            return np.asarray(self.rows)
        place = np.arange(self.pes * self.out_slots)
        return np.where(place < self.outputs, place, -1)


def fragments(layer: Layer, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first entry of each column (first axis) in each PE (second), and the one past its last."""
    pointers = layer.pointers.T
    return pointers[columns].astype(np.int64), pointers[columns + 1].astype(np.int64)


def column_entries(layer: Layer, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices of the entries of ``columns``, with the position in ``columns`` and the PE of each.

    Entries are ordered by column, then PE, then position.
    """
    start, end = fragments(layer, columns)
    length = (end - start).ravel()
    where = np.repeat(np.arange(length.size, dtype=np.int64), length)
    first = np.cumsum(length) - length
    shift = (start + layer.bases()[:-1]).ravel() - first
    index = np.arange(where.size, dtype=np.int64) + np.repeat(shift, length)
    return index, where // layer.pes, where % layer.pes


def rows_of(layer: Layer, codebook_bits: int, columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return code, position in ``columns`` and physical row of all entries of ``columns``, padding too."""
    index, column, pe = column_entries(layer, columns)
    entry = np.asarray(layer.entries)[index].astype(np.int64)
    ends = np.cumsum((entry >> codebook_bits) + 1)      # a run counts from the head of its column in its PE
    head = np.ones(entry.size, bool)
    head[1:] = (column[1:] != column[:-1]) | (pe[1:] != pe[:-1])
    before = np.where(head, np.concatenate([[0], ends[:-1]]) if entry.size else 0, 0)
    slot = ends - 1 - np.maximum.accumulate(before)
    return entry & ((1 << codebook_bits) - 1), column, slot * layer.pes + pe
