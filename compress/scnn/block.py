"""Compressed blocks of the SCNN array: values and runs of zeros, placeholders where a run is longer than 15."""

import numpy as np

from spec.scnn.shape import MAX_RUN

SPAN = MAX_RUN + 1          # zeros that a placeholder stands for


def encode(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Encode each row of a two-dimensional array of whole numbers as one block.

    Returns
    -------
    counts : numpy.ndarray
        int64 (blocks,), entries of each block, placeholders included.
    values, runs : numpy.ndarray
        int64, the entries of all blocks one after another.
    """
    block, place = np.nonzero(blocks)
    first = np.diff(block, prepend=-1) != 0
    zeros = np.where(first, place, np.diff(place, prepend=-1) - 1)
    padding, runs = zeros // SPAN, zeros % SPAN
    ends = np.cumsum(padding + 1)
    values = np.zeros(ends[-1] if len(ends) else 0, np.int64)
    all_runs = np.full(len(values), MAX_RUN, np.int64)
    values[ends - 1], all_runs[ends - 1] = blocks[block, place], runs
    counts = np.bincount(block, padding + 1, len(blocks)).astype(np.int64)
    return counts, values, all_runs


def counts(blocks: np.ndarray) -> np.ndarray:
    """Return the entries of each block, as :func:`encode` makes them, of rows of whole numbers or truth values."""
    block, place = np.nonzero(blocks)
    zeros = np.where(np.diff(block, prepend=-1) != 0, place, np.diff(place, prepend=-1) - 1)
    return np.bincount(block, zeros // SPAN + 1, len(blocks)).astype(np.int64)


def decode(count: np.ndarray, values: np.ndarray, runs: np.ndarray, length: int) -> np.ndarray:
    """Return the rows of numbers, each of ``length``, that blocks stand for; the inverse of :func:`encode`."""
    block = np.repeat(np.arange(len(count)), count)
    if len(block) != len(values) or len(block) != len(runs):
        raise ValueError(f"entries must be {len(block)}, the sum of the counts, not {len(values)}")
    if (odd := (values == 0) & (runs != MAX_RUN)).any():
        raise ValueError(f"run of an entry of value 0 must be {MAX_RUN}, not {runs[odd][0]}")
    steps = np.cumsum(runs + 1)
    starts = np.concatenate(([0], steps))[np.concatenate(([0], np.cumsum(count)))[:-1]] if len(count) else steps
    place = steps - 1 - starts[block]
    if len(place) and place.max() >= length:
        raise ValueError(f"a block must stand for at most {length} numbers, not {int(place.max()) + 1}")
    rows = np.zeros((len(count), length), np.int64)
    rows[block, place] = values
    return rows
