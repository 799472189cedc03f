"""Which PE and slot a row belongs to, and what that does to the columns of the next layer.

An order is an array of the rows at physical index p = slot * pes + pe, -1 where a slot is absent.
"""

import heapq

import numpy as np
from scipy import sparse

from compress.eie.spread import spread
from spec.eie.image import ORDERS

PRESET_ORDERS = {"paper": "modulo"}
"""Rows to PEs where nothing else is asked for, by preset; the published machine takes them modulo N, others balanced."""


def order(name: str, work, pes: int, codes=None, activity=None) -> np.ndarray:
    """Return the order ``name``, one of :data:`ORDERS`, of rows that cost ``work`` each.

    With ``codes``, the layer's matrix, and the ``activity`` of its inputs, balanced rows are also spread over columns.
    """
    if name not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, not {name!r}")
    work = np.asarray(work, np.float64)
    return balanced(work, pes, codes, activity) if name == "balanced" else modulo(len(work), pes)


def modulo(rows: int, pes: int) -> np.ndarray:
    """Return the paper's order: row i belongs to PE ``i % pes``."""
    place = np.arange(-(-rows // pes) * pes, dtype=np.int32)
    return np.where(place < rows, place, -1).astype(np.int32)


def balanced(work: np.ndarray, pes: int, codes=None, activity=None) -> np.ndarray:
    """Return an order whose most loaded PE has little more work than the mean, and no more than by modulo.

    Rows go, heaviest first, to the least loaded PE with a free slot; then the most loaded PE swaps a row
    with another PE (or gives it up for a free slot) as long as that lowers the higher load of the two.
    The same swaps from the modulo order are the other candidate. With ``codes``, `compress.eie.spread` goes on from
    there. Within a PE heavy rows come first: zeros after a column's last weight are not encoded.
    """
    cost = np.append(work, 0.0)                         # the -1 of an absent slot finds 0
    tables = _greedy(work, pes), np.ascontiguousarray(modulo(len(work), pes).reshape(-1, pes).T)
    for table in tables:
        _refine(table, cost)
    table = min(tables, key=lambda table: cost[table].sum(1).max())
    if codes is not None and spread(table, codes, activity):
        _refine(table, cost)
    heavy_first = np.lexsort((table, -cost[table], table < 0), axis=1)
    return np.ascontiguousarray(np.take_along_axis(table, heavy_first, 1).T).ravel()


def _greedy(work: np.ndarray, pes: int) -> np.ndarray:
    """Return rows by PE and slot, each given in turn of weight to the least loaded PE with a free slot."""
    slots = -(-len(work) // pes)
    table = np.full((pes, slots), -1, np.int32)
    used, heap = [0] * pes, [(0.0, pe) for pe in range(pes)]
    for row in np.argsort(-work, kind="stable"):
        load, pe = heapq.heappop(heap)
        table[pe, used[pe]] = row
        used[pe] += 1
        if used[pe] < slots:
            heapq.heappush(heap, (load + work[row], pe))
    return table


def _refine(table: np.ndarray, cost: np.ndarray) -> None:
    """Swap rows of the most loaded PE with others, in place, until no swap lowers the higher load."""
    loads = cost[table].sum(1)
    for _ in range(20 * len(table)):
        high = int(loads.argmax())
        for low in np.argsort(loads, kind="stable"):
            gap = loads[high] - loads[low]
            if gap <= 1e-9 * loads[high]:
                return
            mine, sorting = cost[table[high]], np.argsort(cost[table[low]], kind="stable")
            theirs = cost[table[low]][sorting]
            near = np.searchsorted(theirs, mine - gap / 2)      # the ideal swap halves the gap
            near = np.stack([np.clip(near - 1, 0, None), np.clip(near, None, len(theirs) - 1)])
            moved = mine - theirs[near]
            helps = (moved > 1e-9 * gap) & (moved < gap * (1 - 1e-9))
            miss = np.where(helps, np.abs(moved - gap / 2), np.inf)
            side, slot = np.unravel_index(miss.argmin(), miss.shape)
            if np.isfinite(miss[side, slot]):
                other, shift = sorting[near[side, slot]], moved[side, slot]
                table[high, slot], table[low, other] = table[low, other], table[high, slot]
                loads[high] -= shift
                loads[low] += shift
                break
        else:
            return


def physical(codes, *, rows: np.ndarray, columns: np.ndarray) -> sparse.coo_array:
    """Return the matrix of codes in physical order, with empty rows and columns for absent slots.

    Parameters
    ----------
    codes : numpy.ndarray or scipy.sparse array
        Codes in the network's own order.
    rows, columns : numpy.ndarray
        Order of this layer, and that of the layer before.
    """
    if sparse.issparse(codes):
        found = codes.tocoo()
        row, column, code = found.row, found.col, found.data
    else:
        row, column = np.nonzero(codes)
        code = codes[row, column]
    shape = len(rows), len(columns)
    return sparse.coo_array((code, (_inverse(rows, codes.shape[0])[row],
                                    _inverse(columns, codes.shape[1])[column])), shape=shape)


def _inverse(order: np.ndarray, count: int) -> np.ndarray:
    inverse = np.full(count, -1, np.int64)
    present = np.flatnonzero(order >= 0)
    inverse[order[present]] = present
    return inverse
