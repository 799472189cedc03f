"""2:4 structured sparsity of A, as `spec.mac.sparse` has it: a row thinned out, and the elements of B that it meets.

A block of L kept products sums as a dense block of L does: so do an H100 and an H200 (`golden.gpu`); for others it is an
inference.
"""
import numpy as np

from golden.mac.operand import patterns
from spec.mac.number import FORMATS
from spec.mac.sparse import PATTERNS, Pattern


def compress(fmt: str, a) -> tuple[np.ndarray, np.ndarray]:
    """Return the kept elements (..., K / 2) and the metadata, one code a chunk (..., K / chunk), of rows (..., K).

    Raises
    ------
    ValueError
        If a chunk has more elements that are not zero than are kept, or K does not end with a chunk.
    """
    pattern, a = of(fmt), patterns("a", fmt, a)
    if a.shape[-1] % pattern.chunk:
        raise ValueError(f"a must have whole chunks of {pattern.chunk} elements a row, not {a.shape[-1]} elements; pad it with "
                         "zeros")
    units = a.reshape(*a.shape[:-1], -1, pattern.chunk // pattern.unit, pattern.unit)
    filled = np.any(_filled(fmt, units), axis=-1)
    most = pattern.kept // pattern.unit
    if np.any(filled.sum(-1) > most):
        at = tuple(int(n) for n in np.argwhere(filled.sum(-1) > most)[0])
        what = "pairs of 8" if pattern.unit == 2 else f"of {pattern.chunk}"
        raise ValueError(f"a must have at most {most} {what} neighbours that are not zero, not {int(filled[at].sum())} in "
                         f"chunk {at[-1]} of row {', '.join(map(str, at[:-1]))}; prune it")
    first = np.argsort(~filled, axis=-1, kind="stable")         # those that are not zero, then zeros
    chosen = np.sort(first[..., :most], axis=-1)
    kept = np.take_along_axis(units, chosen[..., None], axis=-2).reshape(*a.shape[:-1], -1)
    if pattern.chunk == 2:
        return kept, np.where(chosen[..., 0], 14, 4).astype(np.uint8)
    return kept, (chosen[..., 0] | chosen[..., 1] << 2).astype(np.uint8)


def index(fmt: str, codes) -> np.ndarray:
    """Return, for each kept element (..., K / 2), the row of B that it meets."""
    pattern, codes = of(fmt), np.asarray(codes)
    table = np.full((16, pattern.kept), -1)
    for code, elements in pattern.codes.items():
        table[code] = elements
    if codes.size and (not 0 <= codes.min() <= codes.max() < 16 or (table[codes] < 0).any()):
        raise ValueError(f"metadata must be codes among {', '.join(map(str, pattern.codes))} for {fmt}, not others; "
                         "golden.mac.sparse.compress makes them")
    start = np.arange(codes.shape[-1])[:, None] * pattern.chunk
    return (table[codes] + start).reshape(*codes.shape[:-1], -1)


def of(fmt: str) -> Pattern:
    """Return how a format is thinned out, or refuse it."""
    if fmt not in PATTERNS:
        raise ValueError(f"format must be one of {', '.join(PATTERNS)} to be sparse, not {fmt}")
    return PATTERNS[fmt]


def _filled(fmt: str, bits: np.ndarray) -> np.ndarray:
    """Tell which patterns are not a zero of either sign."""
    number = FORMATS[fmt]
    low = (1 << number.bits - number.is_float) - (1 << number.unused)
    return np.asarray((bits & low) != 0)
