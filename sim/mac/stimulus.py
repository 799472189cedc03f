"""Operations for a tile, from recordings, directed vectors, whole domains and weighted noise; and their results."""
from typing import Any

import numpy as np

from golden.mac import dot, words
from golden.mac.sparse import index
from spec.mac import SIDE, MacSpec
from spec.mac.lns import LNS_ZERO
from spec.mac.number import FORMATS
from spec.mac.sparse import CHUNK_BITS, PATTERNS

OUTPUTS = SIDE * SIDE


def stimulus(spec: MacSpec, a, b, c, fmt, start: int = 0, meta=None) -> dict[str, np.ndarray]:
    """Return operations with their golden results: A (N, 4, k), B (N, depth, 4), C (N, 4, 4), one format each.

    ``start`` operations came before them, as random numbers count. ``meta`` (N, 4, chunks) says which rows of B each of the
    elements of A meets in a sparse build.
    """
    count = len(a)
    fmts = np.asarray(fmt if not isinstance(fmt, str) else [fmt] * count)
    d = np.zeros((count, SIDE, SIDE), np.uint32)
    random = np.stack([words(spec.seed, lane, count, start) for lane in range(OUTPUTS)]) if spec.stochastic else None
    for name in spec.formats:
        at = np.flatnonzero(fmts == name)
        if not len(at):
            continue
        terms = spec.terms(name)
        left = np.repeat(a[at, :, None, :terms], SIDE, axis=2).reshape(-1, terms)
        right = _met(spec, name, b[at], None if meta is None else meta[at])
        extra: dict[str, Any] = {}
        if random is not None and FORMATS[name].is_float:
            extra["random"] = random[:, at].T.reshape(1, -1)
        narrow = (1 << FORMATS[name].bits) - 1
        acc = (1 << spec.acc_format(name).bits) - 1
        d[at] = dot(spec, left & narrow, right & narrow, c[at].reshape(-1) & acc, name, **extra).reshape(-1, SIDE, SIDE)
    found = {"a": a, "b": b, "c": c, "code": np.array([spec.code(f) for f in fmts]), "d": d}
    return found if meta is None else found | {"meta": meta}


def _met(spec: MacSpec, fmt: str, b, meta) -> np.ndarray:
    """Return, for each output of each operation, the elements of B that a row of A meets."""
    rows = np.repeat(b[:, None, :spec.length(fmt), :].swapaxes(2, 3), SIDE, axis=1)     # operation, row, column, K
    if meta is not None:
        chunks = spec.terms(fmt) // PATTERNS[fmt].kept
        rows = np.take_along_axis(rows, index(fmt, meta[:, :, :chunks])[:, :, None, :], axis=3)
    return rows.reshape(-1, spec.terms(fmt))


def from_rows(spec: MacSpec, a, b, c):
    """Return operations that hold independent dot products (rows) on their diagonals."""
    pad = -len(a) % SIDE
    a, b = (np.concatenate([x, np.zeros((pad, x.shape[1]), x.dtype)]) for x in (a, b))
    c = np.concatenate([c, np.zeros(pad, c.dtype)])
    count = len(a) // SIDE
    a3, b3 = np.zeros((count, SIDE, spec.k), np.uint32), np.zeros((count, spec.k, SIDE), np.uint32)
    a3[:, :, :a.shape[1]] = a.reshape(count, SIDE, -1)
    b3[:, :b.shape[1], :] = b.reshape(count, SIDE, -1).swapaxes(1, 2)
    rng = np.random.default_rng(5)
    c3 = rng.permuted(np.repeat(c.reshape(count, 1, SIDE), SIDE, axis=1), axis=2).astype(np.uint32)
    c3[:, np.arange(SIDE), np.arange(SIDE)] = c.reshape(count, SIDE)
    return a3, b3, c3


def chained(spec: MacSpec, a, b, c, fmt: str) -> list[dict[str, np.ndarray]]:
    """Return operations for rows of any length: one `stimulus` per block, C of each being the golden D of the one before."""
    terms, steps = spec.terms(fmt), []
    for start in range(0, a.shape[1], terms):
        left, right, addend = from_rows(spec, a[:, start:start + terms], b[:, start:start + terms], c)
        steps.append(stimulus(spec, left, right, addend, fmt))
        c = steps[-1]["d"][:, range(SIDE), range(SIDE)].reshape(-1)[:len(a)]
    return steps


def pairs(spec: MacSpec, fmt: str):
    """Return operations whose outputs are all single products of a format's patterns, with C = 0."""
    every = np.arange(1 << FORMATS[fmt].bits, dtype=np.uint32).reshape(-1, SIDE)
    left, right = np.repeat(every, len(every), axis=0), np.tile(every, (len(every), 1))
    return _single(spec, left, right)


def ones(spec: MacSpec, fmt: str):
    """Return operations that multiply every pattern of a format by one, with C = 0."""
    unused = FORMATS[fmt].unused
    every = (np.arange(1 << FORMATS[fmt].bits - unused, dtype=np.uint32) << unused).reshape(-1, SIDE)
    one = FORMATS[fmt].bias << FORMATS[fmt].exp_lsb if FORMATS[fmt].is_float else 1
    return _single(spec, every, np.full_like(every, one))


def domains(spec: MacSpec):
    """Yield, for each format, all pairs of a narrow one, all values times one of another, as `stimulus` has them."""
    for fmt in spec.formats:
        a, b, c = pairs(spec, fmt) if FORMATS[fmt].bits <= 8 else ones(spec, fmt)
        yield stimulus(spec, a, b, c, fmt)


def _single(spec, left, right):
    a, b = np.zeros((len(left), SIDE, spec.k), np.uint32), np.zeros((len(left), spec.k, SIDE), np.uint32)
    a[:, :, 0], b[:, 0, :] = left, right
    return a, b, np.zeros((len(left), SIDE, SIDE), np.uint32)


def noise(spec: MacSpec, fmts, rng):
    """Return one operation for each format named: exponents near and far, specials, zeros, cancellation."""
    count = len(fmts)
    a = np.zeros((count, SIDE, spec.k), np.uint32)
    b = np.zeros((count, spec.depth, SIDE), np.uint32)
    c = np.zeros((count, SIDE, SIDE), np.uint32)
    fmts = np.asarray(fmts)
    for name in dict.fromkeys(fmts):
        at = np.flatnonzero(fmts == name)
        fmt, acc = FORMATS[name], spec.acc_format(name)
        width = rng.integers(0, 4, size=len(at))                # spread of exponents, operation by operation
        a[at] = _patterns(rng, fmt, a[at].shape, width)
        b[at] = _patterns(rng, fmt, b[at].shape, width)
        c[at] = _patterns(rng, acc, c[at].shape, width)
        half = at[::3]                                          # A's second half is its first, negated: cancellation
        if spec.k > 1 and fmt.is_float:
            mid = spec.k // 2
            a[half, :, mid:] = a[half, :, :mid] ^ (1 << fmt.bits - 1)
            b[half, mid:2 * mid, :] = b[half, :mid, :]
    return a, b, c


def metadata(spec: MacSpec, fmts, rng) -> np.ndarray:
    """Return legal metadata of A for each format named."""
    meta = np.zeros((len(fmts), SIDE, spec.meta_bits // CHUNK_BITS), np.uint32)
    for name in dict.fromkeys(fmts):
        at = np.flatnonzero(np.asarray(fmts) == name)
        meta[at] = rng.choice(list(PATTERNS[name].codes), meta[at].shape)
    return meta


def _patterns(rng, fmt, shape, width):
    """Draw patterns: near one, anywhere, with small exponents, and with one in 16 special."""
    bits = rng.integers(0, 1 << fmt.bits, size=shape, dtype=np.uint64)
    if fmt.name == "lns":                                       # most words within a few octaves of one
        near = rng.integers(0, 1 << 16, size=shape, dtype=np.uint64) & np.uint64(0x8000)
        near |= rng.integers(-1000, 1000, size=shape).astype(np.uint64) & np.uint64(0x7FFF)
        bits = np.where(rng.random(shape) < 0.8, near, bits)
        return np.where(rng.random(shape) < 0.06, np.uint64(LNS_ZERO), bits)
    if not fmt.is_float:
        ends = np.array([0, 1, (1 << fmt.bits) - 1, 1 << fmt.bits - 1, (1 << fmt.bits - 1) - 1], dtype=np.uint64)
        return np.where(rng.random(shape) < 0.2, rng.choice(ends, size=shape), bits)
    frac = bits & np.uint64((1 << fmt.exp_lsb) - 1)
    sign = bits & np.uint64(1 << fmt.bits - 1)
    top = (1 << fmt.exp_bits) - 1
    near = np.clip(fmt.bias + rng.integers(-3, 4, size=shape), 0, top)
    mild = np.clip(fmt.bias + rng.integers(-14, 15, size=shape), 0, top)
    low = rng.integers(0, 3, size=shape)
    any_ = rng.integers(0, top + 1, size=shape)
    kind = width.reshape(-1, *[1] * (len(shape) - 1))
    exp = np.choose(kind, [near, mild, low, any_]).astype(np.uint64)
    out = sign | exp << np.uint64(fmt.exp_lsb) | frac
    inf = np.uint64(top << fmt.exp_lsb)
    special = np.array([0, 1, 1 << fmt.bits - 1, int(inf) - 1, int(inf), int(inf) | 1 << fmt.bits - 1,
                        (1 << fmt.bits - 1) - 1, 1 << fmt.exp_lsb, (1 << fmt.exp_lsb) - 1], dtype=np.uint64)
    rare = np.where(kind == 3, 0.06, 0.02)
    zero = rng.random(shape) < 0.1
    out = np.where(zero, sign, out)
    return np.where(rng.random(shape) < rare, rng.choice(special, size=shape), out)
