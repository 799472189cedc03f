"""AMD's matrix cores, MI100 to MI300, by published models (`spec.mac.cdna`): without a recording behind them here."""
import numpy as np

from golden.mac import exact
from golden.mac.block import align, specials
from golden.mac.operand import INFINITE, ZERO, Terms, decode, patterns
from golden.mac.pack import pack
from spec.mac.cdna import CORES, PRODUCT_FRAC, SUM_FRAC, MatrixCore
from spec.mac.number import FORMATS

ACC = FORMATS["fp32"]


def dot(gpu: str, instruction: str, a, b, c) -> np.ndarray:
    """Return fp32 patterns of N dot products, sum(a[n] * b[n]) + c[n], as a GPU's matrix core is said to compute them.

    Parameters
    ----------
    gpu, instruction : str
        Keys of `spec.mac.cdna.CORES`.
    a, b : array of integers, shape (N, K)
        Raw patterns; a K that does not divide into blocks behaves as if padded with +0.
    c : array of integers, shape (N,)
        Raw fp32 patterns.
    """
    core = _core(gpu, instruction)
    a, b, c = patterns("a", core.fmt, a), patterns("b", core.fmt, b), patterns("c", "fp32", c).astype(np.uint32)
    if a.ndim != 2 or a.shape != b.shape or c.shape != a.shape[:1]:
        raise ValueError(f"a, b and c must have shapes (N, K), (N, K) and (N,), not {a.shape}, {b.shape} and {c.shape}; "
                         "give one row a dot product")
    a, b = (np.pad(x, ((0, 0), (0, -x.shape[1] % core.terms))) for x in (a, b))
    for first in range(0, a.shape[1], core.terms):
        at = slice(first, first + core.terms)
        c = SUMS[core.sum](core, a[:, at].T, b[:, at].T, c)
    return c


def _core(gpu: str, instruction: str) -> MatrixCore:
    if gpu not in CORES:
        raise ValueError(f"gpu must be one of {', '.join(CORES)}, not {gpu!r}")
    if instruction not in CORES[gpu]:
        raise ValueError(f"instruction must be one of {', '.join(CORES[gpu])} for {gpu}, not {instruction!r}")
    return CORES[gpu][instruction]


def _exact(core: MatrixCore, a, b, c):
    """Sum without a loss, round once."""
    return exact.block(decode(core.fmt, a), decode(core.fmt, b), c, fmt=core.fmt, acc="fp32")


def _pairs(core: MatrixCore, a, b, c):
    """Multiply and add in fp32, two by two, with subnormals as zero; NumPy's fp32 rounds to nearest even."""
    with np.errstate(all="ignore"):
        level = list(_flushed(_single(core.fmt, a) * _single(core.fmt, b)))
        while len(level) > 1:
            level = [_flushed(x + y) for x, y in zip(level[::2], level[1::2], strict=True)]
        total = _flushed(_positive(c.view(np.float32)) + level[0])
    bits = total.view(np.uint32)
    return np.where(np.isnan(total), np.uint32(ACC.nan or 0), bits)


def _single(fmt: str, bits):
    """Return the values of fp16 or bf16 patterns as fp32, subnormals as +0."""
    bits = bits.astype(np.uint16)
    wide = bits.view(np.float16).astype(np.float32) if fmt == "fp16" else (bits.astype(np.uint32) << 16).view(np.float32)
    return np.where(np.abs(wide) < np.float32(2.0 ** FORMATS[fmt].emin), np.float32(0), wide)


def _positive(x):
    return np.where(np.abs(x) < np.float32(2.0 ** ACC.emin), np.float32(0), x)


def _flushed(x):
    """Return fp32 numbers with subnormals as a zero of their sign."""
    return np.where(np.abs(x) < np.float32(2.0 ** ACC.emin), np.copysign(np.float32(0), x), x)


def _floor(core: MatrixCore, a, b, c):
    """Sum with the cuts of MI300: products toward zero, then the two sums toward minus infinity."""
    a, b, addend = decode(core.fmt, a), decode(core.fmt, b), decode("fp32", c)
    wide = 2 * FORMATS[core.fmt].man_bits
    products = [_limited(x * y, p + q, wide) for x, y, p, q in zip(a.sig, b.sig, a.exp, b.exp, strict=True)]
    first = np.full(c.shape, ZERO)
    for _, exp in products:
        first = np.maximum(first, exp)
    total = sum(align(sig, PRODUCT_FRAC - wide, first - exp) for sig, exp in products)
    own = np.where(addend.sig == 0, ACC.emin, addend.exp)
    top = np.maximum(first, own)
    spare = SUM_FRAC + 1 - PRODUCT_FRAC                         # all counts in units of 2^(top - SUM_FRAC - 1) from here on
    total = (total << spare) >> np.minimum(top - first, 62)
    total = total + ((addend.sig << PRODUCT_FRAC - ACC.man_bits) >> np.minimum(top - own, 62) << spare)
    size = np.abs(total)
    length = np.frexp(size.astype(np.float64))[1].astype(np.int64)
    last = top - SUM_FRAC - 1
    down = np.maximum(np.maximum(last + length - 1, ACC.emin) - SUM_FRAC - last, 0)
    total = total >> down
    result = pack(ACC, total < 0, np.abs(total), last + down, how="rne", keep=ACC.sig_bits)
    if max(first.max(initial=ZERO), own.max(initial=ZERO)) > INFINITE // 2:
        result = specials(result, products, Terms(addend.sig, addend.exp), "fp32")
    return result


def _limited(sig, exp, wide: int):
    """Return a product, infinite where it is 2^128 or more."""
    beyond = (np.abs(sig) >= 1 << wide + 1) + exp > ACC.emax
    return sig, np.where(beyond & (exp < INFINITE // 2) & (sig != 0), INFINITE, exp)


SUMS = {"exact": _exact, "pairs": _pairs, "floor": _floor}
