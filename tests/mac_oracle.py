"""A second reading of the tile's sums, one at a time in fractions; shares nothing with golden."""
from fractions import Fraction
from math import floor, frexp, inf, isinf, isnan, nan

import ml_dtypes
import numpy as np

DTYPES = {"fp16": np.float16, "bf16": ml_dtypes.bfloat16, "e4m3": ml_dtypes.float8_e4m3fn,
          "e5m2": ml_dtypes.float8_e5m2, "fp32": np.float32}
BYTES = {"fp16": np.uint16, "bf16": np.uint16, "e4m3": np.uint8, "e5m2": np.uint8, "fp32": np.uint32,
         "int8": np.uint8, "int4": np.uint8, "int32": np.uint32}
LOWEST = {"fp16": -14, "bf16": -126, "e4m3": -6, "e5m2": -14, "fp32": -126, "tf32": -126}     # of the smallest normal
NAN = {"fp16": 0x7FFF, "fp32": 0x7FFFFFFF}

WIDTHS = {                                  # generation, operand, result: terms, F, significant bits, e_zero
    ("volta", "fp16", "fp32"): (4, 23, 24, -131), ("volta", "fp16", "fp16"): (4, 23, 11, -19),
    ("ampere", "fp16", "fp32"): (8, 24, 24, -132), ("ampere", "fp16", "fp16"): (8, 24, 11, -20),
    ("ampere", "bf16", "fp32"): (8, 24, 24, -132),
    ("hopper", "fp16", "fp32"): (16, 25, 24, -133), ("hopper", "fp16", "fp16"): (16, 25, 11, -21),
    ("hopper", "bf16", "fp32"): (16, 25, 24, -133),
    ("hopper", "e4m3", "fp32"): (32, 13, 14, -133), ("hopper", "e4m3", "fp16"): (32, 13, 11, -21),
    ("hopper", "e5m2", "fp32"): (32, 13, 14, -133), ("hopper", "e5m2", "fp16"): (32, 13, 11, -21),
    ("ampere", "tf32", "fp32"): (4, 24, 24, -132), ("hopper", "tf32", "fp32"): (8, 25, 24, -133),
    ("ada", "fp16", "fp32"): (8, 24, 24, -132), ("ada", "fp16", "fp16"): (8, 24, 11, -20),
    ("ada", "bf16", "fp32"): (8, 24, 24, -132), ("ada", "tf32", "fp32"): (4, 24, 24, -132),
    ("ada", "e4m3", "fp32"): (16, 13, 14, -132), ("ada", "e4m3", "fp16"): (16, 13, 11, -20),
    ("ada", "e5m2", "fp32"): (16, 13, 14, -132), ("ada", "e5m2", "fp16"): (16, 13, 11, -20),
    ("blackwell", "fp16", "fp32"): (16, 25, 24, -133), ("blackwell", "fp16", "fp16"): (16, 25, 11, -21),
    ("blackwell", "bf16", "fp32"): (16, 25, 24, -133), ("blackwell", "tf32", "fp32"): (8, 25, 24, -133),
    ("blackwell", "e4m3", "fp32"): (32, 25, 24, -133), ("blackwell", "e4m3", "fp16"): (32, 25, 11, -21),
    ("blackwell", "e5m2", "fp32"): (32, 25, 24, -133), ("blackwell", "e5m2", "fp16"): (32, 25, 11, -21),
}


def values(fmt, bits):
    """Patterns as Python floats."""
    if fmt == "tf32":
        fmt, bits = "fp32", np.asarray(bits, np.uint32) >> 13 << 13
    with np.errstate(invalid="ignore"):                         # a signalling NaN is a NaN
        return np.asarray(bits, BYTES[fmt]).view(DTYPES[fmt]).astype(np.float64).tolist()


def special(products, c):
    """NaN or an infinity where the exact terms call for one, else None."""
    def product(x, y):
        if isnan(x) or isnan(y) or (isinf(x) or isinf(y)) and 0 in (x, y):
            return nan
        return inf * (1 if (x > 0) == (y > 0) else -1) if isinf(x) or isinf(y) else 0.0

    terms = [product(x, y) for x, y in products] + [c]
    if any(isnan(t) for t in terms) or (inf in terms and -inf in terms):
        return nan
    return next((t for t in terms if isinf(t)), None)


def exponent(value, fmt):
    """Exponent an operand counts with: its own, or the smallest normal's."""
    return max(frexp(value)[1] - 1, LOWEST[fmt])


def encode(value, acc):
    """The pattern of a representable result; zero is +0, NaN the canonical one."""
    if isnan(value):
        return NAN[acc]
    return int(np.array(value + 0.0 if value else 0.0, DTYPES[acc]).view(BYTES[acc]))


def finish(total, acc, keep, how, word=None):
    """Round an exact fraction once: "rz", "rne", or "sr" with a random word; overflow is infinite."""
    if total == 0:
        return 0
    top = abs(total).numerator.bit_length() - abs(total).denominator.bit_length()
    top -= Fraction(2) ** top > abs(total)                      # now 2**top <= |total| < 2**(top + 1)
    unit = Fraction(2) ** (max(top, LOWEST[acc]) - keep + 1)
    whole = floor(abs(total) / unit)
    rest = abs(total) / unit - whole
    if how == "rne":
        whole += rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1)
    elif how == "sr":
        whole += floor(rest * 2**32) + word >= 2**32
    size = whole * unit
    limit = Fraction(2) ** (16 if acc == "fp16" else 128)
    size = inf if size >= limit else float(size)
    return encode(size if total > 0 else -size, acc)


def truncated(a, b, c, *, fmt, acc, frac, keep, e_zero, how=None, word=None, cut=int, normalise=False):
    """One block, from the text of the rule; ``cut`` and ``normalise`` break it on purpose."""
    products, c = list(zip(values(fmt, a), values(fmt, b), strict=True)), values(acc, [c])[0]
    if (odd := special(products, c)) is not None:
        return encode(odd, acc)
    terms = []
    for x, y in products:
        size, e = Fraction(x) * Fraction(y), exponent(x, fmt) + exponent(y, fmt)
        if normalise and size:
            e = frexp(float(size))[1] - 1
        terms.append((size, e if size else e_zero))
    terms.append((Fraction(c), exponent(c, acc) if c else e_zero))
    lead = max(e for _, e in terms)
    total = sum(cut(size * Fraction(2) ** (frac - lead)) for size, _ in terms)
    return finish(total * Fraction(2) ** (lead - frac), acc, keep,
                  how or ("rne" if acc == "fp16" else "rz"), word)


def dot(arch, a, b, c, fmt, acc, **broken):
    """A dot product of any length: blocks in ascending k."""
    terms, frac, keep, e_zero = WIDTHS[arch, fmt, acc]
    for k in range(0, len(a), terms):
        c = truncated(a[k:k + terms], b[k:k + terms], c, fmt=fmt, acc=acc, frac=frac, keep=keep,
                      e_zero=e_zero, **broken)
    return c


def exact(a, b, c, fmt, acc, how="rne", word=None):
    """The infinitely precise sum, rounded once."""
    products, c = list(zip(values(fmt, a), values(fmt, b), strict=True)), values(acc, [c])[0]
    if (odd := special(products, c)) is not None:
        return encode(odd, acc)
    total = sum((Fraction(x) * Fraction(y) for x, y in products), Fraction(c))
    return finish(total, acc, 11 if acc == "fp16" else 24, how, word)
