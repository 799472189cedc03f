"""Dot products of block-scaled operands: each block summed exactly, scaled, then added as the tile adds.

An operation sums `ScaledFormat.terms` products and C. The products of a block are summed exactly and multiplied exactly by
the two scales. The sums of the blocks and C are then aligned to the largest exponent among them, cut toward zero and rounded
once by the rule of `spec.mac.scaled`. A block's exponent is that of its sum. With ``exact``, nothing is cut before one
rounding to nearest even.
"""
import ml_dtypes
import numpy as np

from golden.mac import exact
from golden.mac.block import align, specials
from golden.mac.convert import odd
from golden.mac.operand import INFINITE, INVALID, ZERO, Terms, decode, patterns, split
from golden.mac.pack import pack
from spec.mac.number import FORMATS
from spec.mac.scaled import E8M0_BIAS, E8M0_NAN, INT8_FRACTION, SCALED, SUM_FRAC, SUM_ZERO, ScaledFormat

DTYPES = {"e4m3": ml_dtypes.float8_e4m3fn, "e5m2": ml_dtypes.float8_e5m2, "e3m2": ml_dtypes.float6_e3m2fn,
          "e2m3": ml_dtypes.float6_e2m3fn, "e2m1": ml_dtypes.float4_e2m1fn}
WINDOW = 61
"""Bits kept of a block's sum ahead of the alignment; the tile keeps far fewer."""


def dot(fmt: str, a, a_scale, b, b_scale, c, *, arith: str = "blackwell") -> np.ndarray:
    """Return fp32 patterns of N dot products of block-scaled rows, plus C.

    Parameters
    ----------
    fmt : str
        Name of a format of `spec.mac.scaled.SCALED`.
    a, b : array of integers, shape (N, K)
        Patterns of the elements; K is a multiple of the block.
    a_scale, b_scale : array of integers, shape (N, K / block)
        Patterns of the scales.
    c : array of integers, shape (N,)
        fp32 patterns of the addends.
    arith : str
        ``"blackwell"``, operation after operation, or ``"exact"``, one rounding to nearest even for the whole sum.
    """
    form = named(fmt)
    if arith not in ("blackwell", "exact"):
        raise ValueError(f"arith must be blackwell or exact, not {arith!r}; no other adds block-scaled numbers")
    a, b, c = _elements("a", form, a), _elements("b", form, b), patterns("c", "fp32", c)
    if a.ndim != 2 or a.shape != b.shape or c.shape != a.shape[:1] or a.shape[1] % form.block:
        raise ValueError(f"a, b and c must have shapes (N, K), (N, K) and (N,), K a multiple of {form.block}, not {a.shape}, "
                         f"{b.shape} and {c.shape}; pad the rows with zeros")
    scales = [_scale(name, form, given, a.shape) for name, given in (("a_scale", a_scale), ("b_scale", b_scale))]
    products = _products(form, a, b, *scales)
    if arith == "exact":
        flat = [(sig, exp) for block in products for sig, exp in block]
        return exact.total(flat, c, "fp32")
    per = form.terms // form.block
    for start in range(0, len(products), per):
        c = _operation(products[start:start + per], c)
    return c


def named(fmt: str) -> ScaledFormat:
    """Return a block-scaled format, or say which there are."""
    if fmt not in SCALED:
        raise ValueError(f"format must be one of {', '.join(SCALED)}, not {fmt!r}; choose one of those")
    return SCALED[fmt]


def to_blocks(fmt: str, values) -> tuple[np.ndarray, np.ndarray]:
    """Return patterns of elements (N, K) and of scales (N, K / block) for real values (N, K).

    A power-of-two scale is the largest magnitude's exponent less the element's largest exponent (OCP MX v1.0, section
    6.3); the scale of ``nvfp4`` is the largest magnitude over 6, rounded to e4m3. Elements round to nearest even and
    saturate.
    """
    form, values = named(fmt), np.asarray(values, np.float64)
    if values.ndim != 2 or values.shape[1] % form.block or not np.isfinite(values).all():
        raise ValueError(f"values must be finite and of shape (N, K), K a multiple of {form.block}, not of shape "
                         f"{values.shape}; pad the rows with zeros")
    blocks = values.reshape(len(values), -1, form.block)
    largest = np.abs(blocks).max(axis=2)
    if form.scale == "e8m0":
        top = 0 if form.element.name == "int8" else element_top(form)
        exponent = np.frexp(np.where(largest > 0, largest, 1))[1] - 1 - top
        scale = np.where(largest > 0, np.clip(exponent + E8M0_BIAS, 0, E8M0_NAN - 1), 0).astype(np.uint8)
        factor = np.exp2(scale.astype(np.float64) - E8M0_BIAS)
    else:
        limit = np.minimum(largest / element_largest(form), 448)
        scale = odd(limit).astype(DTYPES["e4m3"]).view(np.uint8)
        factor = scale.view(DTYPES["e4m3"]).astype(np.float64)
    scaled = np.divide(blocks, factor[:, :, None], out=np.zeros_like(blocks), where=factor[:, :, None] > 0)
    return _round(form, scaled).reshape(values.shape), scale


def to_real(fmt: str, elements, scales) -> np.ndarray:
    """Return the values, float64 and exact, of elements (N, K) and scales (N, K / block); NaN where the format says so."""
    form = named(fmt)
    elements, scales = np.asarray(elements), np.asarray(scales)
    if form.element.name == "int8":
        real = elements.astype(np.uint8).view(np.int8) / 2.0**INT8_FRACTION
    else:
        real = elements.astype(np.uint8).view(DTYPES[form.element.name]).astype(np.float64)
    if form.scale == "e8m0":
        factor = np.where(scales == E8M0_NAN, np.nan, np.exp2(scales.astype(np.float64) - E8M0_BIAS))
    else:
        factor = scales.astype(np.uint8).view(DTYPES["e4m3"]).astype(np.float64)
    return real * np.repeat(factor, form.block, axis=-1)


def element_top(form: ScaledFormat) -> int:
    """Return the exponent of the largest element."""
    return int(np.frexp(element_largest(form))[1]) - 1


def element_largest(form: ScaledFormat) -> float:
    """Return the largest finite element."""
    return (127 / 2**INT8_FRACTION if form.element.name == "int8" else
            float(ml_dtypes.finfo(DTYPES[form.element.name]).max))


def _round(form: ScaledFormat, values) -> np.ndarray:
    """Return patterns of elements, rounded to nearest even and saturated."""
    if form.element.name == "int8":
        return np.clip(np.rint(values * 2**INT8_FRACTION), -128, 127).astype(np.int8).view(np.uint8)
    top = element_largest(form)
    return odd(np.clip(values, -top, top)).astype(DTYPES[form.element.name]).view(np.uint8)


def _elements(what: str, form: ScaledFormat, array) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind not in "iu" or (array.size and (array.min() < 0 or int(array.max()) >> form.element.bits)):
        raise ValueError(f"{what} must be patterns of {form.element.bits} bits, not {array.dtype} up to "
                         f"{array.max() if array.size else 0}; convert values with golden.mac.scaled.to_blocks")
    return array.astype(np.int64)


def _scale(what: str, form: ScaledFormat, array, shape) -> Terms:
    """Return scales as significands and exponents of shape (N, K / block); a NaN has the exponent `INVALID`."""
    array = np.asarray(array)
    wanted, top = (shape[0], shape[1] // form.block), 0xFF if form.scale == "e8m0" else 0x7F
    if array.shape != wanted or array.dtype.kind not in "iu" or (array.size and (array.min() < 0 or array.max() > top)):
        raise ValueError(f"{what} must be {form.scale} patterns of 0 to {top} of shape {wanted}, not {array.dtype} of shape "
                         f"{array.shape}; give each block its scale")
    bits = array.astype(np.int64)
    if form.scale == "e8m0":
        return Terms(np.ones_like(bits), np.where(bits == E8M0_NAN, INVALID, bits - E8M0_BIAS))
    scale = decode("e4m3", bits)
    return Terms(scale.sig, np.where(scale.exp > INFINITE // 2, INVALID, scale.exp - FORMATS["e4m3"].man_bits))


def _products(form: ScaledFormat, a, b, a_scale: Terms, b_scale: Terms) -> list[list[tuple[np.ndarray, np.ndarray]]]:
    """Return, block by block, the scaled products as integers and the weights of their last bits."""
    left, right = _split(form, a), _split(form, b)
    blocks = []
    for block in range(a.shape[1] // form.block):
        sig = a_scale.sig[:, block] * b_scale.sig[:, block]
        exp = a_scale.exp[:, block] + b_scale.exp[:, block]
        at = range(block * form.block, (block + 1) * form.block)
        blocks.append([(left.sig[:, k] * right.sig[:, k] * sig, left.exp[:, k] + right.exp[:, k] + exp) for k in at])
    return blocks


def _split(form: ScaledFormat, bits) -> Terms:
    if form.element.name == "int8":
        sig = (bits ^ 128) - 128
        return Terms(sig, np.where(sig == 0, ZERO, -INT8_FRACTION))
    sig, exp = split(form.element, bits)
    return Terms(sig, np.where(np.abs(exp) < INFINITE // 2, exp - form.element.man_bits * (exp > ZERO // 2), exp))


def _operation(blocks, c):
    """Return the sum of blocks and C by the rule of `spec.mac.scaled`."""
    addend, wide = decode("fp32", c), FORMATS["fp32"]
    sums = [exact.lead(block, c.shape) for block in blocks]
    tops = [np.where(window == 0, SUM_ZERO, exponent + WINDOW - 1) for _, window, exponent in sums]
    leader = np.maximum(addend.exp, SUM_ZERO)
    for top in tops:
        leader = np.maximum(leader, top)
    total = align(addend.sig, SUM_FRAC - wide.man_bits, leader - addend.exp)
    for (negative, window, _), top in zip(sums, tops, strict=True):
        cut = window >> np.minimum(WINDOW - 1 - SUM_FRAC + leader - top, 62)
        total = total + np.where(negative, -cut, cut)
    result = pack(wide, total < 0, np.abs(total), leader - SUM_FRAC, how="rz", keep=wide.sig_bits)
    flat = [product for block in blocks for product in block]
    odd = max([addend.exp.max(initial=0), *(exp.max(initial=0) for _, exp in flat)]) > INFINITE // 2
    return specials(result, flat, addend, "fp32") if odd else result
