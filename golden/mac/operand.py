"""Decoding: every pattern of a format as an exact integer significand and an exponent, by table."""
from dataclasses import dataclass
from functools import cache

import numpy as np

from spec.mac.number import FORMATS, Format

ZERO = -100_000
"""Exponent a zero is given: below that of any product, so that it never leads."""

INFINITE = 1_000_000
"""Exponent an infinity is given: above any product, still above when multiplied by a zero."""

INVALID = 4_000_000
"""Exponent a NaN is given: above the product of two infinities."""


@dataclass(frozen=True)
class Terms:
    """Numbers ``sig * 2**exp`` of one format; ``exp`` counts from the last place of ``sig``."""

    sig: np.ndarray
    exp: np.ndarray


@cache
def _tables(name: str) -> tuple[np.ndarray, np.ndarray]:
    sig, exp = split(FORMATS[name], np.arange(1 << FORMATS[name].bits, dtype=np.int64))
    for table in (sig, exp):
        table.setflags(write=False)
    return sig, exp


def split(fmt: Format, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return signed significands and exponents of floating patterns, by the rule in `spec.mac.number.Format`."""
    bits = bits >> fmt.unused
    frac = bits & (1 << fmt.man_bits) - 1
    field = bits >> fmt.man_bits & (1 << fmt.exp_bits) - 1
    sig = np.where(field > 0, frac | 1 << fmt.man_bits, frac)
    exp = np.maximum(field, 1) - fmt.bias
    exp = np.where(sig == 0, ZERO, exp)
    top = field == (1 << fmt.exp_bits) - 1
    if fmt.specials == "ieee":
        exp = np.where(top, np.where(frac == 0, INFINITE, INVALID), exp)
    elif fmt.specials == "fn":
        exp = np.where(top & (frac == (1 << fmt.man_bits) - 1), INVALID, exp)
    return np.where(bits >> fmt.bits - fmt.unused - 1 & 1, -sig, sig), exp


def decode(name: str, bits: np.ndarray) -> Terms:
    """Return significands (signed, ``man_bits`` fraction bits) and exponents of floating patterns.

    A zero has `ZERO` for an exponent, an infinity `INFINITE` and a significand of its sign, a NaN `INVALID`.
    """
    if FORMATS[name].bits > 16:
        return Terms(*split(FORMATS[name], bits.astype(np.int64)))
    sig, exp = _tables(name)
    return Terms(sig[bits], exp[bits])


def patterns(what: str, name: str, array) -> np.ndarray:
    """Return ``array`` as raw patterns of format ``name``, or refuse it, calling it ``what``.

    Signed values of an integer format count as their two's complement.
    """
    fmt = FORMATS[name]
    array = np.asarray(array)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{what} must be raw {name} patterns (integers), not {array.dtype}; "
                        f"convert values with golden.mac.to_bits")
    if array.dtype.kind == "i" and not fmt.is_float:
        low, high = -(1 << fmt.bits - 1), (1 << fmt.bits - 1) - 1
        if array.size and (array.min() >= low and array.max() <= high):
            return (array.astype(np.int64) & (1 << fmt.bits) - 1).astype(np.uint32)
    if array.size and (array.min() < 0 or int(array.max()) >= 1 << fmt.bits):
        bad = array.min() if array.min() < 0 else array.max()
        raise OverflowError(f"{what} must hold {name} patterns in 0..{(1 << fmt.bits) - 1:#x}, not "
                            f"{int(bad)}; mask or convert it first")
    return array
