"""Operands for trying a tile: uniform patterns, sums that nearly cancel, specials more often than chance."""
import numpy as np

from spec.mac.number import FORMATS, Format
from spec.mac.sparse import PATTERNS


def patterns(name: str, size, rng: np.random.Generator, specials: float = 0.05) -> np.ndarray:
    """Draw uniform patterns, a share of them zeros, subnormals, extremes, infinities or NaN."""
    fmt = FORMATS[name]
    bits = rng.integers(0, 1 << fmt.bits, size)
    chosen = rng.choice(_corners(fmt), size)
    if fmt.is_float:
        chosen |= rng.integers(0, 2, size) << fmt.bits - 1
    return np.where(rng.random(size) < specials, chosen, bits).astype(unsigned(fmt))


def near(name: str, size, rng: np.random.Generator, spread: int) -> np.ndarray:
    """Draw floats whose exponents lie within ``spread`` of 1, so that terms overlap and cancel."""
    fmt = FORMATS[name]
    field = np.clip(fmt.bias + rng.integers(-spread, spread + 1, size), 0, (1 << fmt.exp_bits) - 2)
    bits = field << fmt.exp_lsb | rng.integers(0, 1 << fmt.exp_lsb, size)
    return (bits | rng.integers(0, 2, size) << fmt.bits - 1).astype(unsigned(fmt))


def dots(name: str, acc: str, count: int, terms: int, rng: np.random.Generator):
    """Draw dot products (a, b, c): a third wild, a third tame, a third cancelling; some of each sparse.

    ``a`` and ``b`` have shape (count, terms), ``c`` (count,); integers are all wild.
    """
    if not FORMATS[name].is_float:
        return (patterns(name, (count, terms), rng, 0.2), patterns(name, (count, terms), rng, 0.2),
                patterns(acc, count, rng, 0.2))
    wild, tame = count // 3, count // 3
    left = count - wild - tame
    a, b = (np.concatenate([patterns(name, (wild, terms), rng, 0.02), near(name, (tame, terms), rng, 6),
                            near(name, (left, terms), rng, 2)]) for _ in "ab")
    c = np.concatenate([patterns(acc, wild, rng), near(acc, tame, rng, 12), near(acc, left, rng, 3)])
    part = slice(wild + tame, None)                             # pairs that cancel but for a last place
    a[part, 1::2], b[part, 1::2] = a[part, 0:-1:2], b[part, 0:-1:2] ^ (1 << FORMATS[name].bits - 1)
    b[part, -1] ^= rng.integers(0, 2, left).astype(b.dtype)
    sparse = rng.random(count) < 0.3
    a[sparse] = np.where(rng.random((sparse.sum(), terms)) < 0.6, 0, a[sparse])
    c[rng.random(count) < 0.2] = 0
    return a, b, c


def thinned(name: str, a: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rows of patterns or numbers with a random half of each chunk, at least, set to zero, for a sparse build."""
    pattern = PATTERNS[name]
    wide = np.pad(a, ((0, 0), (0, -a.shape[1] % pattern.chunk)))
    units = wide.reshape(len(a), -1, pattern.chunk // pattern.unit, pattern.unit).copy()
    order = rng.permuted(np.broadcast_to(np.arange(units.shape[2]), units.shape[:3]), axis=2)
    units[order >= units.shape[2] // 2] = 0
    return np.asarray(units.reshape(wide.shape)[:, :a.shape[1]])


def unsigned(fmt: Format) -> type:
    """Return the NumPy type that raw patterns of a format are kept in."""
    return {1: np.uint8, 2: np.uint16, 4: np.uint32}[fmt.bytes]


def _corners(fmt: Format) -> np.ndarray:
    top = (1 << fmt.bits - 1) - 1
    if not fmt.is_float:
        return np.array([0, 1, top, top + 1, (1 << fmt.bits) - 1])
    one, largest, last = fmt.bias << fmt.exp_lsb, top if fmt.inf is None else fmt.inf, 1 << fmt.unused
    return np.array([0, 1, last, (1 << fmt.exp_lsb) - 1, 1 << fmt.exp_lsb, one - last, one, one + last, top - 1, top,
                     largest - 1, largest])
