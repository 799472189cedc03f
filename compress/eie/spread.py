"""Rows of a PE chosen so that they fill different columns: whichever inputs live, the PEs then have like work.

Equal work over all columns says little about the columns that happen to be live. With a random half of them live, a PE's
work varies with the sum over columns of its squared number of entries there, and it is this sum that swaps of rows lower.
"""

import numpy as np
from scipy import sparse

MOST_ROWS = 8192
"""Largest layer that is spread: the number of columns that any two rows share is kept, 256 MB at this size."""

STEPS = 16
"""Levels of activity told apart; whole numbers make every machine find the same order."""

SWEEPS, BLOCK = 8, 1024
LEEWAY = 1.005
"""How much more than before the most loaded PE may have over all columns."""


def spread(table: np.ndarray, codes, activity: np.ndarray) -> bool:
    """Swap rows between PEs, in place, and tell whether it was done; a table that would be worse is left alone.

    Parameters
    ----------
    table : numpy.ndarray
        Rows by PE and slot, -1 where a slot is absent.
    codes : numpy.ndarray or scipy.sparse array
        0 where there is no weight; rows and columns in the network's own order.
    activity : numpy.ndarray
        How often each input is not 0.
    """
    if codes.shape[0] > MOST_ROWS or len(table) < 2:
        return False
    filled = sparse.csc_array(codes) != 0
    weight = np.rint(STEPS * np.asarray(activity, np.float64) / (np.max(activity, initial=0) or 1))
    rows = np.where(table < 0, np.cumsum(table < 0).reshape(table.shape) + codes.shape[0] - 1, table)
    shared, work = _shared(filled, weight, table.size), np.zeros(table.size)
    work[:codes.shape[0]] = filled @ weight / STEPS
    before, found = work[rows].sum(1).max(), _swap(rows, shared, work)
    if work[found].sum(1).max() > LEEWAY * before:
        return False
    table[:] = np.where(found < codes.shape[0], found, -1)
    return True


def _shared(filled, weight: np.ndarray, size: int) -> np.ndarray:
    """Return the activity of the columns that each two rows share: whole numbers, exact in any order of addition."""
    shared, rows = np.zeros((size, size), np.float32), filled.shape[0]
    for first in range(0, filled.shape[1], BLOCK):
        block = filled[:, first:first + BLOCK].toarray().astype(np.float32)
        shared[:rows, :rows] += (block * weight[first:first + BLOCK].astype(np.float32)) @ block.T
    return shared


def _swap(rows: np.ndarray, shared: np.ndarray, work: np.ndarray) -> np.ndarray:
    """Return rows by PE and slot after swaps, best partner first, that lower the sum of squares.

    ``meets[p, r]`` is what row r shares with all rows of PE p. Work over all columns joins in as one more
    column that every row fills: its square is the variance that an unequal PE would have when half the inputs live.
    """
    pes, count = len(rows), rows.size
    where = np.empty(count, np.intp)
    where[rows.ravel()] = np.repeat(np.arange(pes), rows.shape[1])
    meets = np.stack([shared[mine].sum(0, dtype=np.float64) for mine in rows])
    load = np.array([work[mine].sum() for mine in rows]) * STEPS
    work, own, each = work * STEPS, shared.diagonal().astype(np.float64), np.arange(count)
    for _ in range(SWEEPS):
        swaps = 0
        mates = meets[where, each] - own                # what a row shares with the others of its PE
        for row in range(count):
            home, moved = where[row], work - work[row]
            gain = meets[where, row] + meets[home] - mates[row] - mates - 2.0 * shared[row]
            gain += moved * (moved + load[home] - load[where]) / STEPS
            gain[where == home] = 0
            other = int(gain.argmin())
            if gain[other] >= 0:
                continue
            away, change = where[other], shared[other].astype(np.float64) - shared[row]
            meets[home] += change
            meets[away] -= change
            load[home] += moved[other]
            load[away] -= moved[other]
            where[row], where[other] = away, home
            mates = meets[where, each] - own
            swaps += 1
        if swaps * 100 < count:
            break
    return np.argsort(where, kind="stable").reshape(rows.shape)
