"""Interleaved compressed sparse columns: a matrix of codebook indices becomes entries and pointers."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from spec.eie import EieSpec

CODE_BITS = 8       # widest codebook index, so that a sort key carries it below the position


@dataclass(frozen=True, kw_only=True, eq=False)
class Encoded:
    """A matrix as the PEs read it.

    Parameters
    ----------
    entries : numpy.ndarray
        uint16, those of PE 0, then of PE 1, and so on, column by column: code low, run of zeros above.
    pointers : numpy.ndarray
        uint32 of shape (pes, columns + 1), each row from 0: column j of a PE is its entries
        ``pointers[pe, j]`` to ``pointers[pe, j + 1] - 1``.
    nonzeros, padding : int
        Entries with a code other than 0, and the others.
    """

    entries: np.ndarray
    pointers: np.ndarray
    nonzeros: int
    padding: int


def encode(codes, spec: EieSpec) -> Encoded:
    """Encode a matrix of codes whose row i belongs to PE ``i % pes``.

    The run of an entry counts the zeros before it in its PE's part of the column. A run that does not fit is
    shortened by padding entries (code 0, longest run), each of which stands for ``max_run + 1`` rows, and by
    no more of them than needed; zeros after a column's last weight are not encoded.

    Parameters
    ----------
    codes : array_like or scipy.sparse array
        Integers 0 to ``2**codebook_bits - 1``, rows x columns; 0 is no weight.
    spec : EieSpec
    """
    rows, columns, row, column, code = _nonzero(codes, spec)
    slots = -(-rows // spec.pes)
    key = row % spec.pes
    key = (key * columns + column) * slots + row // spec.pes
    key = np.sort(key << CODE_BITS | code)
    code, key = key & (1 << CODE_BITS) - 1, key >> CODE_BITS
    group, slot = np.divmod(key, slots)             # a group is one column of one PE
    if (key[1:] == key[:-1]).any():
        raise ValueError("codes must name every position once, not twice; sum or drop duplicates first")
    run = slot.copy()
    same = group[1:] == group[:-1]
    run[1:] -= np.where(same, slot[:-1] + 1, 0)
    skips = run >> spec.index_bits                  # padding entries ahead of each entry
    ends = np.cumsum(skips + 1)                     # entries up to and with each
    entries = np.full(ends[-1] if len(ends) else 0, spec.max_run << spec.codebook_bits, np.uint16)
    entries[ends - 1] = code | (run & spec.max_run) << spec.codebook_bits
    counts = np.bincount(group, minlength=spec.pes * columns)
    starts = np.concatenate(([0], ends))[np.concatenate(([0], np.cumsum(counts)))]
    pointers = np.empty((spec.pes, columns + 1), np.uint32)
    for pe in range(spec.pes):
        pointers[pe] = starts[pe * columns:(pe + 1) * columns + 1] - starts[pe * columns]
    return Encoded(entries=entries, pointers=pointers, nonzeros=len(code), padding=len(entries) - len(code))


def _nonzero(codes, spec: EieSpec):
    """Return shape, positions and values of the codes that are not 0."""
    if not sparse.issparse(codes):
        codes = np.asarray(codes)
    if codes.ndim != 2:
        raise ValueError(f"codes must have 2 dimensions, rows and columns, not {codes.ndim}")
    if 0 in codes.shape:
        raise ValueError(f"codes must have at least 1 row and 1 column, not shape {codes.shape}")
    if codes.dtype.kind not in "ui":
        raise TypeError(f"codes must be integers, not {codes.dtype}; look weights up in the codebook first")
    if sparse.issparse(codes):
        found = codes.tocoo()
        row, column, code = found.row.astype(np.int64), found.col.astype(np.int64), found.data
        row, column, code = row[code != 0], column[code != 0], code[code != 0]
    else:
        flat = np.ascontiguousarray(codes).ravel()
        place = np.flatnonzero(flat != 0)
        row, column = np.divmod(place, codes.shape[1])
        code = flat[place]
    code = code.astype(np.int64)
    last = (1 << spec.codebook_bits) - 1
    if len(code) and not 0 < code.min() <= code.max() <= last:
        wrong = code[(code < 0) | (code > last)][0]
        raise OverflowError(f"codes must be 0 to {last}, not {wrong}; "
                            f"take a codebook of {spec.codebook_bits} bits or a machine with wider ones")
    return *codes.shape, row, column, code


def positions(entries: np.ndarray, pointers: np.ndarray, spec: EieSpec):
    """Return group, slot, code and run of every entry, padding included; group is ``pe * columns + column``.

    A padding entry's slot is the last of the rows it stands for.
    """
    ends = pointers.astype(np.int64)
    counts = (ends[:, 1:] - ends[:, :-1]).ravel()
    group = np.repeat(np.arange(len(counts)), counts)
    code = (entries & (1 << spec.codebook_bits) - 1).astype(np.int64)
    run = entries.astype(np.int64) >> spec.codebook_bits
    reach = np.cumsum(run + 1)
    first = np.cumsum(counts) - counts
    before = np.concatenate(([0], reach))[first]    # rows passed by all earlier groups
    return group, reach - 1 - np.repeat(before, counts), code, run


def decode(entries: np.ndarray, pointers: np.ndarray, spec: EieSpec, *, rows: int) -> np.ndarray:
    """Return the matrix of codes, uint8 of shape (rows, columns), that the entries stand for."""
    group, slot, code, _ = positions(entries, pointers, spec)
    pe, column = np.divmod(group, pointers.shape[1] - 1)
    row, weight = slot * spec.pes + pe, code != 0
    if len(row) and row[weight].max(initial=-1) >= rows:
        raise ValueError(f"entries must stay within {rows} rows, not reach row {row[weight].max()}")
    codes = np.zeros((rows, pointers.shape[1] - 1), np.uint8)
    codes[row[weight], column[weight]] = code[weight]
    return codes
