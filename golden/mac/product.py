"""Dot products and matrix products on raw patterns, by whichever arithmetic a specification names."""
import numpy as np

from golden.mac import lfsr, sparse
from golden.mac.arithmetic import Arithmetic
from golden.mac.operand import Terms, patterns
from spec.mac import SIDE, MacSpec
from spec.mac.generation import Rule
from spec.mac.lns import LNS_ZERO
from spec.mac.number import FORMATS

CHUNK = 1 << 13
"""Results worked on at once: few enough for the arrays of a step to stay in the cache."""


def dot(spec: MacSpec | str, a, b, c, fmt: str, acc: str | None = None, *, rule: Rule | None = None,
        random=None) -> np.ndarray:
    """Return patterns of N dot products, sum(a[n] * b[n]) + c[n], each as the hardware computes it.

    K longer than a block chains: the result of one is the addend of the next, in ascending k. A K that does
    not divide behaves as if padded with +0.

    Parameters
    ----------
    spec, fmt, acc, rule
        As for `golden.mac.arithmetic.Arithmetic`.
    a, b : array of integers, shape (N, K)
        Raw patterns of the operands.
    c : array of integers, shape (N,)
        Raw patterns of the addends.
    random : array of uint32, shape (operations, N), optional
        Random words, one per operation and result; needed where, and only where, the build rounds
        stochastically.
    """
    arith = Arithmetic(spec, fmt, acc, rule=rule)
    a, b, c = patterns("a", fmt, a), patterns("b", fmt, b), patterns("c", arith.acc, c)
    if a.ndim != 2 or a.shape != b.shape or c.shape != a.shape[:1]:
        raise ValueError(f"a, b and c must have shapes (N, K), (N, K) and (N,), not {a.shape}, {b.shape} and "
                         f"{c.shape}; give one row a dot product")
    _check_random(random, arith, (arith.steps(a.shape[1]), len(a)))
    out = _results(arith, len(a))
    for start in range(0, len(a), CHUNK):
        at = slice(start, start + CHUNK)
        left, right = (arith.prepare(np.ascontiguousarray(x[at].T)) for x in (a, b))
        out[at] = arith.run(left, right, c[at], None if random is None else random[:, at])
    return out


def sparse_dot(spec: MacSpec | str, a, codes, b, c, fmt: str, acc: str | None = None) -> np.ndarray:
    """Return patterns of N dot products of kept elements a (N, K / 2), which metadata places, with rows b (N, K), plus c.

    Otherwise as `dot`; `golden.mac.sparse.compress` makes a and its metadata of rows with zeros.
    """
    b = patterns("b", fmt, b)
    return dot(spec, a, np.take_along_axis(b, sparse.index(fmt, codes), axis=1), c, fmt, acc)


def padding(spec: MacSpec, rows: int, length: int, columns: int, fmt: str) -> tuple[int, int, int]:
    """Return M, K and N as the tiles see them: padded with +0 to whole operations on whole tiles."""
    def whole(size: int, unit: int) -> int:
        return -(-size // unit) * unit

    return whole(rows, SIDE), whole(length, spec.length(fmt)), whole(columns, SIDE * spec.tiles)


def matmul(spec: MacSpec, a, b, c=None, *, fmt: str) -> np.ndarray:
    """Return D = A*B + C as the tiles of ``spec`` compute it, on raw patterns; C left out is zeros.

    Sizes are padded with +0 as `padding` states; a whole product is one run from reset, in the order that
    `MacSpec` gives.

    Parameters
    ----------
    spec : MacSpec
        The build.
    a, b, c : array of integers, shapes (M, K), (K, N), (M, N)
        Raw patterns; a and b in ``fmt``, c in its accumulator. In a sparse build a has all its elements, zeros too.
    fmt : str
        Operand format, one of ``spec.formats``.
    """
    arith = Arithmetic(spec, fmt)
    a, b = patterns("a", fmt, a), patterns("b", fmt, b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"a and b must have shapes (M, K) and (K, N), not {a.shape} and {b.shape}; "
                         f"the K of both must agree")
    (rows, length), columns = a.shape, b.shape[1]
    zero = LNS_ZERO if fmt == "lns" else 0
    c = np.full((rows, columns), zero, np.uint32) if c is None else patterns("c", arith.acc, c)
    if c.shape != (rows, columns):
        raise ValueError(f"c must have shape {(rows, columns)}, not {c.shape}; it is added to A*B")
    full = padding(spec, rows, length, columns, fmt)
    a = np.pad(a, ((0, 0), (0, full[1] - length)), constant_values=zero)
    b = np.pad(b, ((0, full[1] - length), (0, 0)), constant_values=zero)
    met = None
    if spec.sparse:
        a, codes = sparse.compress(fmt, a)
        met = sparse.index(fmt, codes).T
    left, right = arith.prepare(np.ascontiguousarray(a.T)[:, :, None]), arith.prepare(b[:, None, :])
    random = _words(spec, full, arith.steps(len(a.T)))[:, :rows, :columns] if arith.random else None
    out = _results(arith, rows, columns)
    height = max(1, CHUNK // max(columns, 1))
    for start in range(0, rows, height):
        at = slice(start, start + height)
        part = _part(left, (slice(None), at))
        other = right if met is None else _part(right, (met[:, at], 0))
        out[at] = arith.run(part, other, c[at], None if random is None else random[:, at])
    return out


def _part(operand, at):
    """Return a part of a prepared operand."""
    return Terms(operand.sig[at], operand.exp[at]) if isinstance(operand, Terms) else operand[at]


def _results(arith: Arithmetic, *shape: int):
    return np.empty(shape, np.uint16 if FORMATS[arith.acc].bits == 16 else np.uint32)


def _check_random(random, arith: Arithmetic, shape: tuple[int, int]) -> None:
    if arith.random and (random is None or np.shape(random) != shape):
        given = "left out" if random is None else f"of shape {np.shape(random)}"
        raise ValueError(f"random must be words of shape {shape} for a stochastic build, not {given}; "
                         f"draw them with golden.mac.words")
    if not arith.random and random is not None:
        raise ValueError(f"random must be left out where {arith.fmt} is not rounded stochastically, not of "
                         f"shape {np.shape(random)}; ask for stochastic in the build")


def _words(spec: MacSpec, full: tuple[int, int, int], steps: int):
    """Return the random word of every operation and output of a padded product, shape (steps, M, N)."""
    down, groups = full[0] // SIDE, full[2] // (SIDE * spec.tiles)
    out = np.empty((steps, down, SIDE, groups, spec.tiles, SIDE), np.uint32)
    for tile in range(spec.tiles):
        for i in range(SIDE):
            for j in range(SIDE):
                run = lfsr.words(spec.seed, 16 * tile + SIDE * i + j, down * groups * steps)
                out[:, :, i, :, tile, j] = run.reshape(down, groups, steps).transpose(2, 0, 1)
    return out.reshape(steps, full[0], full[2])
