"""Integer operations: exact sums into int32, wrapped or saturated once an operation."""
import numpy as np

from spec.mac.number import FORMATS

LOW, HIGH = -(1 << 31), (1 << 31) - 1


def signed(name: str, bits) -> np.ndarray:
    """Return the two's complement values of patterns as int64."""
    half = 1 << FORMATS[name].bits - 1
    return (np.asarray(bits).astype(np.int64) ^ half) - half


def block(a, b, c, *, overflow: str):
    """Return int32 patterns of sum(a * b) + c for signed values a, b (first axis summed) and patterns c."""
    total = signed("int32", c)
    for x, y in zip(a, b, strict=True):
        total = total + x * y
    if overflow == "saturate":
        total = np.clip(total, LOW, HIGH)
    return (total & 0xFFFF_FFFF).astype(np.uint32)
