"""Matrix instructions on single bits: how many ones two rows have in common, or differ in."""
import numpy as np

JOINS = {"and": np.bitwise_and, "xor": np.bitwise_xor}
"""What ``mma.sync`` on ``b1`` does with two bits before it counts: ``and`` from Ampere on, ``xor`` from Turing on."""


def dot(join: str, a, b, c) -> np.ndarray:
    """Return int32 patterns of popcount(a[n] join b[n]) + c[n], modulo 2^32.

    Parameters
    ----------
    join : str
        ``"and"`` or ``"xor"``.
    a, b : array of unsigned integers of 8 to 64 bits, shape (N, words)
        Rows of bits, of one type; the order of the bits does not matter as long as it is the same.
    c : array of uint32, shape (N,)
    """
    if join not in JOINS:
        raise ValueError(f"join must be and or xor, not {join!r}")
    a, b, c = np.asarray(a), np.asarray(b), np.asarray(c)
    if a.dtype.kind != "u" or a.dtype != b.dtype or c.dtype != np.uint32:
        raise TypeError(f"a and b must be unsigned integers of one type, and c uint32, not {a.dtype}, {b.dtype} and {c.dtype}")
    if a.ndim != 2 or a.shape != b.shape or c.shape != a.shape[:1]:
        raise ValueError(f"a, b and c must have shapes (N, words), (N, words) and (N,), not {a.shape}, {b.shape} and "
                         f"{c.shape}; give one row a dot product")
    return c + np.bitwise_count(JOINS[join](a, b)).sum(axis=1, dtype=np.uint32)
