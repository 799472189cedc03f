"""Operands for the tile: uniform patterns, sums that nearly cancel, specials more often than chance."""
import numpy as np

from spec.number import FORMATS
from tests.mac_oracle import BYTES


def patterns(fmt, size, rng, specials=0.05):
    """Uniform patterns of a format, of which a share are zeros, subnormals, extremes, infinities or NaN."""
    form = FORMATS[fmt]
    bits = rng.integers(0, 1 << form.bits, size)
    if form.is_float:
        top, one = (1 << form.bits - 1) - 1, form.bias << form.man_bits
        odd = np.array([0, 1, (1 << form.man_bits) - 1, 1 << form.man_bits, one, one + 1, one - 1, top,
                        top - 1, (form.inf or top), (form.inf or top) - 1])
    else:
        odd = np.array([0, 1, (1 << form.bits - 1) - 1, 1 << form.bits - 1, (1 << form.bits) - 1])
    chosen = rng.choice(odd, size) | rng.integers(0, 2, size) * (1 << form.bits - 1) * form.is_float
    return np.where(rng.random(size) < specials, chosen, bits).astype(BYTES[fmt])


def near(fmt, size, rng, spread):
    """Patterns whose exponents lie within ``spread`` of 1, so that terms overlap and cancel."""
    form = FORMATS[fmt]
    field = np.clip(form.bias + rng.integers(-spread, spread + 1, size), 0, (1 << form.exp_bits) - 2)
    bits = field << form.man_bits | rng.integers(0, 1 << form.man_bits, size)
    return (bits | rng.integers(0, 2, size) << form.bits - 1).astype(BYTES[fmt])


def dots(fmt, acc, count, terms, rng):
    """A mixture of dot products (a, b, c) of ``terms`` terms: wild, tame, cancelling and sparse ones."""
    wild, tame = count // 3, count // 3
    left = count - wild - tame
    a = np.concatenate([patterns(fmt, (wild, terms), rng, 0.02), near(fmt, (tame, terms), rng, 6),
                        near(fmt, (left, terms), rng, 2)])
    b = np.concatenate([patterns(fmt, (wild, terms), rng, 0.02), near(fmt, (tame, terms), rng, 6),
                        near(fmt, (left, terms), rng, 2)])
    c = np.concatenate([patterns(acc, wild, rng), near(acc, tame, rng, 12), near(acc, left, rng, 3)])
    half = slice(wild + tame, None)                             # pairs that cancel but for the last place
    a[half, 1::2], b[half, 1::2] = a[half, 0:-1:2], b[half, 0:-1:2] ^ (1 << FORMATS[fmt].bits - 1)
    b[half, -1] ^= rng.integers(0, 2, left).astype(b.dtype)
    sparse = rng.random(count) < 0.3
    a[sparse] = np.where(rng.random((sparse.sum(), terms)) < 0.6, 0, a[sparse])
    c[rng.random(count) < 0.2] = 0
    return a, b, c
