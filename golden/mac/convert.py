"""Between values and raw patterns: the one place where a narrow dtype of somebody else's is used."""
import ml_dtypes
import numpy as np

from spec.mac import MacSpec
from spec.mac.lns import LNS_LIMIT, LNS_ZERO
from spec.mac.number import FORMATS

DTYPES = {
    "fp16": np.dtype(np.float16), "bf16": np.dtype(ml_dtypes.bfloat16), "fp32": np.dtype(np.float32),
    "e4m3": np.dtype(ml_dtypes.float8_e4m3fn), "e5m2": np.dtype(ml_dtypes.float8_e5m2), "tf32": np.dtype(np.float32),
}
"""NumPy's name for each floating format; TF32 is kept in float32 patterns."""

_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32}


def to_bits(name: str, values, *, frac: int = MacSpec.lns_frac):
    """Return raw patterns of real values: floats round to nearest even, integers must be whole and in range.

    A value of up to 64 bits is rounded once, whatever its dtype; infinities and NaN are kept where the format has them. For
    ``lns`` the logarithm is rounded to ``frac`` fraction bits.
    """
    fmt, values = _format(name), np.asarray(values)
    unsigned = _UNSIGNED[fmt.bytes]
    if values.dtype.kind not in "iuf" and values.dtype not in DTYPES.values():
        raise TypeError(f"values must be real numbers for {name}, not {values.dtype}; convert them first")
    if name == "lns":
        return _logarithm(values.astype(np.float64), frac)
    if not fmt.is_float:
        _check_integers(fmt, values)
        return (values.astype(np.int64) & (1 << fmt.bits) - 1).astype(unsigned)
    with np.errstate(over="ignore", invalid="ignore"):
        single = values.astype(np.float32) if name == "fp32" else odd(values)
        out = _rounded(single, fmt.unused) if fmt.unused else single.astype(DTYPES[name])
    wrong = np.isfinite(values.astype(np.float64)) & ~np.isfinite(out.astype(np.float32))
    if fmt.specials == "fn":
        wrong |= np.isinf(single)                               # no pattern for infinity
    if wrong.any():
        top = float(np.array(_largest(fmt), unsigned).view(DTYPES[name]))
        raise OverflowError(f"values must be within {top:g} of zero for {name}, not "
                            f"{values[wrong].flat[0]:g}; scale them down")
    return out.view(unsigned)


def to_values(name: str, bits, *, frac: int = MacSpec.lns_frac):
    """Return the values of raw patterns.

    Those of a float are float32 and exact, those of an integer int64, those of a logarithm float64.
    """
    fmt, bits = _format(name), np.asarray(bits)
    if name == "lns":
        log = ((bits.astype(np.int64) & 0x7FFF) ^ LNS_ZERO) - LNS_ZERO
        return np.where(log == -LNS_ZERO, 0.0, np.where(bits >> 15 & 1, -1.0, 1.0) * 2.0 ** (log / 2.0**frac))
    if not fmt.is_float:
        half = 1 << fmt.bits - 1
        return (bits.astype(np.int64) ^ half) - half
    if fmt.unused:
        bits = bits >> fmt.unused << fmt.unused
    with np.errstate(invalid="ignore"):
        values = bits.astype(_UNSIGNED[fmt.bytes]).view(DTYPES[name]).astype(np.float32)
    return np.where(np.isnan(values), np.float32(np.nan), values)       # a signalling NaN would warn its user


def odd(values):
    """Return values as float32, those between two of its numbers as the odd one, so that a narrower format rounds once."""
    single, wide = values.astype(np.float32), values.astype(np.float64)
    bits, back = single.view(np.uint32), single.astype(np.float64)
    between = np.isfinite(single) & (back != wide)
    return np.where(between, bits - (np.abs(back) > np.abs(wide)) | 1, bits).astype(np.uint32).view(np.float32)


def _rounded(single, unused: int):
    """Return float32 values rounded to nearest even with their lowest bits zero."""
    bits = single.view(np.uint32).astype(np.uint64)
    kept = bits + (1 << unused - 1) - 1 + (bits >> unused & 1) >> unused << unused
    return np.where(np.isfinite(single), kept, bits).astype(np.uint32).view(np.float32)


def _format(name: str):
    if name not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {name!r}; choose one of those")
    return FORMATS[name]


def _largest(fmt) -> int:
    return (1 << fmt.bits - 1) - 2 if fmt.specials == "fn" else fmt.inf - 1


def _check_integers(fmt, values) -> None:
    if values.dtype.kind not in "iu" and np.isnan(values).any():
        raise ValueError(f"values must be whole numbers for {fmt.name}, not NaN; an integer has no NaN, "
                         f"so remove it or choose a floating format")
    low, high = -(1 << fmt.bits - 1), (1 << fmt.bits - 1) - 1
    beyond = (values < low) | (values > high)
    if beyond.any():
        raise OverflowError(f"values must be in {low}..{high} for {fmt.name}, not {values[beyond].flat[0]}; "
                            f"scale or clip them first")
    if (values != np.floor(values)).any():
        bad = values[values != np.floor(values)].flat[0]
        raise ValueError(f"values must be whole numbers for {fmt.name}, not {bad}; "
                         f"round or quantise them first")


def _logarithm(values, frac: int):
    if not np.isfinite(values).all():
        raise ValueError(f"values must be finite for lns, not {values[~np.isfinite(values)].flat[0]}; "
                         f"a logarithmic word has no infinity and no NaN")
    with np.errstate(divide="ignore"):
        log = np.rint(np.log2(np.abs(values)) * 2.0**frac)
    log = np.where(log < -LNS_LIMIT, -LNS_ZERO, np.minimum(log, LNS_LIMIT)).astype(np.int64)
    sign = np.where((values < 0) & (log != -LNS_ZERO), 0x8000, 0)
    return (sign | log & 0x7FFF).astype(np.uint16)
