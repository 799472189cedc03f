"""The logarithmic lane: products are additions, additions are tables, sums may be compensated."""
from functools import cache
from math import log2

import numpy as np

from spec.mac.lns import LNS_BITS, LNS_LIMIT, LNS_ZERO

SIGN = 1 << LNS_BITS - 1


@cache
def tables(frac: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the plus table by cell, and the minus table: by d below one octave, then by cell."""
    cell = (lambda i: i / 2**step) if step == frac else (lambda i: (i + 0.5) / 2**step)

    def entries(sign: int, xs) -> list[int]:
        out = []
        for x in xs:
            entry = round(2**frac * log2(1 + sign * 2.0**-x))
            if not entry:
                break                                           # both curves are monotone: only zeros follow
            out.append(entry)
        return out

    far = range(32 << step)
    plus = entries(1, map(cell, far))
    near = entries(-1, (d / 2**frac for d in range(1, 1 << frac)))
    return np.array(plus), np.array([0, *near, *entries(-1, map(cell, range(1 << step, 32 << step)))])


def split(words):
    """Return sign bits, logarithms and whether zero, of raw words."""
    words = np.asarray(words).astype(np.int64)
    log = words & SIGN - 1
    log = np.where(log >= LNS_ZERO, log - SIGN, log)
    return words & SIGN, log, log == -LNS_ZERO


def join(sign, log, zero):
    """Return raw words: saturated above, zero where told or too small."""
    zero = zero | (log < -LNS_LIMIT)
    return np.where(zero, LNS_ZERO, sign | np.minimum(log, LNS_LIMIT) & SIGN - 1).astype(np.uint16)


def multiply(x, y):
    """Return the product of words."""
    (sx, lx, zx), (sy, ly, zy) = split(x), split(y)
    return join(sx ^ sy, lx + ly, zx | zy)


def negate(x):
    """Return words with their sign inverted; a zero stays a zero."""
    return np.asarray(x).astype(np.uint16) ^ np.uint16(SIGN)


def add(x, y, *, frac: int, step: int):
    """Return the sum of words by the tables for ``frac`` fraction and ``step`` address bits."""
    plus, minus = tables(frac, step)
    (sx, lx, zx), (sy, ly, zy) = split(x), split(y)
    ahead = lx >= ly
    big, behind, sign = np.where(ahead, lx, ly), np.abs(lx - ly), np.where(ahead, sx, sy)
    coarse = behind >> frac - step
    up = _look(plus, coarse)
    down = _look(minus, np.where(behind < 1 << frac, behind, (1 << frac) + coarse - (1 << step)))
    unlike = sx != sy
    total = join(sign, big + np.where(unlike, down, up), unlike & (behind == 0))
    return np.where(zx, join(sy, ly, zy), np.where(zy, join(sx, lx, zx), total)).astype(np.uint16)


def _look(table, index):
    return np.where(index < len(table), table[np.minimum(index, len(table) - 1)], 0)


def dot(a, b, c, *, frac: int, step: int, kahan: bool, carry=None):
    """Return (D, kept compensation) of words: a and b summed over their first axis in order, from c.

    ``carry`` is the compensation the tile kept with c; none where c came from outside.
    """
    total = np.asarray(c).astype(np.uint16)
    lost = np.full(total.shape, LNS_ZERO, np.uint16) if carry is None else carry
    for x, y in zip(a, b, strict=True):
        term = multiply(x, y)
        if kahan:
            term = add(term, negate(lost), frac=frac, step=step)
        fresh = add(total, term, frac=frac, step=step)
        if kahan:
            moved = add(fresh, negate(total), frac=frac, step=step)
            lost = add(moved, negate(term), frac=frac, step=step)
        total = fresh
    return total, lost
