"""The last step of every floating sum: one normalisation, one rounding, one pattern."""
import numpy as np

from spec.mac.number import Format


def infinity(fmt: Format) -> int:
    """Return the pattern of positive infinity, or refuse a format that has none."""
    if fmt.inf is None:
        raise ValueError(f"format must have an infinity to hold sums, not {fmt.name}; "
                         f"accumulate into fp32 or fp16")
    return fmt.inf


def pack(fmt: Format, negative, magnitude, exponent, *, how: str, keep: int, sticky=None,
         random=None) -> np.ndarray:
    """Return patterns of ``(-1)**negative * magnitude * 2**exponent`` rounded once.

    Zero, and whatever rounds to zero, is +0. What rounds past the largest finite number is infinite, also
    toward zero.

    Parameters
    ----------
    fmt : Format
        Format of the result.
    negative, magnitude, exponent : array
        Sign; exact magnitude below 2**62 as an integer; weight of its last bit.
    how : str
        ``"rz"`` or ``"rne"``.
    keep : int
        Significant bits kept, at most ``fmt.sig_bits``; fewer leave low zeros.
    sticky : array of bool, optional
        Where the true magnitude exceeds ``magnitude`` by less than 1, which must then have 62 bits.
    random : array, optional
        32 random bits per result: rounds stochastically by the rule of `spec.mac.lfsr`, whatever ``how`` says.
    """
    length = np.frexp(magnitude.astype(np.float64))[1].astype(np.int64)     # may be 1 high above 2**53 - 1
    length -= (magnitude >> np.maximum(length - 1, 0)) == 0
    last = np.maximum(exponent + length - 1, fmt.emin) - (keep - 1)         # weight of its last place
    drop = last - exponent
    down = np.clip(drop, 0, 62)
    whole = magnitude >> down
    if how == "rne" or random is not None:
        rest = magnitude - (whole << down)
        whole = whole + (_stochastic(rest, drop, random) if random is not None else
                         _nearest(whole, rest, drop, sticky))
    whole <<= np.clip(-drop, 0, 62)
    bits = (last - (fmt.emin - (keep - 1)) << fmt.man_bits) + (whole << fmt.sig_bits - keep)
    bits = np.minimum(bits, infinity(fmt))
    bits = np.where(whole == 0, 0, bits | negative.astype(np.int64) << fmt.bits - 1)
    return bits.astype(np.uint32 if fmt.bits == 32 else np.uint16)


def _nearest(whole, rest, drop, sticky):
    half = np.where(drop > 0, np.int64(1) << np.clip(drop - 1, 0, 62), np.int64(1) << 62)
    odd = (whole & 1).astype(bool)
    return (rest > half) | (rest == half) & (odd if sticky is None else odd | sticky)


def _stochastic(rest, drop, random):
    share = np.where(drop <= 32, rest << np.clip(32 - drop, 0, 32), rest >> np.clip(drop - 32, 0, 62))
    return np.where(drop > 0, share + random.astype(np.int64) >> 32, 0)
