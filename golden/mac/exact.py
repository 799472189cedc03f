"""The exact block: an infinitely precise sum in fixed-point limbs, rounded once to nearest even."""
import numpy as np

from golden.mac.block import specials
from golden.mac.operand import INFINITE, ZERO, Terms, decode
from golden.mac.pack import pack
from spec.mac.number import FORMATS

LIMB = 28
"""Bits a limb holds; a term spans two limbs, and 2**7 terms and their carries still fit 64 bits."""


def block(a: Terms, b: Terms, c, *, fmt: str, acc: str, random=None):
    """Return patterns of sum(a * b) + c with nothing lost before the one rounding.

    Parameters are those of `golden.mac.block.block`; there is no rule, because nothing is cut.
    """
    addend = decode(acc, c)
    products = [(x * y, p + q) for x, y, p, q in zip(a.sig, b.sig, a.exp, b.exp, strict=True)]
    cut = 2 * FORMATS[fmt].man_bits
    return _round([(sig, exp - cut) for sig, exp in products], products, addend, c.shape, acc, random)


def add(x, y, acc: str):
    """Return patterns of x + y in one format, rounded once to nearest even."""
    x, y = decode(acc, x), decode(acc, y)
    return _round([(x.sig, x.exp - FORMATS[acc].man_bits)], [(x.sig, x.exp)], y, x.sig.shape, acc, None)


def total(terms, c, acc: str):
    """Return patterns of the sum of terms ``sig * 2**exp`` and C, rounded once; an odd ``exp`` marks a special value."""
    return _round(terms, terms, decode(acc, c), c.shape, acc, None)


def lead(terms, shape):
    """Return the sign, the 61 leading bits and the weight of the last of them of the exact sum of terms ``sig * 2**exp``."""
    floor, limbs = _add(terms, shape)
    negative, window, exponent, _ = _lead(limbs, floor)
    spare = 62 - np.frexp(window.astype(np.float64))[1].astype(np.int64)
    spare += (window >> np.maximum(61 - spare, 0) == 0) & (window > 0)
    return negative, np.where(window > 0, window << np.maximum(spare, 0) >> 1, 0), exponent - spare + 1


def _round(scaled, products, addend: Terms, shape, acc: str, random):
    """Sum terms ``sig * 2**exp`` and the addend exactly, and round once."""
    scaled = [*scaled, (addend.sig, addend.exp - FORMATS[acc].man_bits)]
    floor, limbs = _add(scaled, shape)
    negative, window, exponent, sticky = _lead(limbs, floor)
    result = pack(FORMATS[acc], negative, window, exponent, how="rne", keep=FORMATS[acc].sig_bits,
                  sticky=sticky, random=random)
    top = max(exp.max(initial=ZERO) for _, exp in scaled)
    return specials(result, products, addend, acc) if top > INFINITE // 2 else result


def _add(terms, shape):
    """Sum signed terms into limbs, least significant first; return the weight of bit 0, and the limbs."""
    real = [np.where((exp < ZERO // 2) | (exp > INFINITE // 2), 0, exp) for _, exp in terms]
    floor = min(int(exp.min(initial=0)) for exp in real)
    high = max(int(exp.max(initial=0)) for exp in real) + 32 + len(terms).bit_length()
    limbs = np.zeros(((high - floor) // LIMB + 3, int(np.prod(shape))), np.int64)
    lane = np.arange(limbs.shape[1])
    for (sig, exp), place in zip(terms, real, strict=True):
        sig = np.where(exp > INFINITE // 2, 0, sig)
        sig, place = (np.broadcast_to(x, shape).reshape(-1) for x in (sig, place))
        limb, shift = np.divmod(place - floor, LIMB)
        wide = np.abs(sig) << shift
        low, rest = wide & (1 << LIMB) - 1, wide >> LIMB
        limbs[limb, lane] += np.where(sig < 0, -low, low)
        limbs[limb + 1, lane] += np.where(sig < 0, -rest, rest)
    return floor, limbs.reshape(-1, *shape)


def _lead(limbs, floor: int):
    """Return sign, the 62 leading bits, the weight of the last of them, and whether any lies below."""
    for k in range(len(limbs) - 1):
        limbs[k + 1] += limbs[k] >> LIMB
        limbs[k] &= (1 << LIMB) - 1
    negative = limbs[-1] < 0
    carry = negative.astype(np.int64)                           # two's complement of the negative ones
    for k in range(len(limbs)):
        flip = np.where(negative, ~limbs[k] & (1 << LIMB) - 1, limbs[k]) + carry
        limbs[k], carry = flip & (1 << LIMB) - 1, flip >> LIMB
    top = np.zeros(limbs.shape[1:], np.int64)
    for k in range(1, len(limbs)):
        top = np.where(limbs[k] > 0, k, top)
    below = [np.take_along_axis(limbs, np.maximum(top - j, 0)[None], 0)[0] * (top >= j) for j in range(4)]
    head, tail = below[0] << LIMB | below[1], below[2] << LIMB | below[3]
    spare = 62 - np.frexp(head.astype(np.float64))[1].astype(np.int64)      # 56 bits at most: 6 or more
    spare = np.where(head == 0, 0, np.minimum(spare, 2 * LIMB))
    window = head << spare | tail >> 2 * LIMB - spare
    sticky = (tail & (np.int64(1) << 2 * LIMB - spare) - 1) != 0
    for k in range(len(limbs)):
        sticky |= (limbs[k] != 0) & (k < top - 3)
    return negative, window, floor + (top - 1) * LIMB - spare, sticky
