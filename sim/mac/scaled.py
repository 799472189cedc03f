"""Operations for block-scaled dot units: random blocks and corners, with the golden model's results."""
from typing import Any

import numpy as np

from golden.mac import scaled
from spec.mac.scaled import E8M0_NAN, SCALED, ScaledFormat

LARGEST = {"e8m0": E8M0_NAN - 1, "e4m3": 0x7E}
NAN = {"e8m0": E8M0_NAN, "e4m3": 0x7F}
ONE = {"e8m0": 127, "e4m3": 0x38}
ADDENDS = (0, 1 << 31, 1, 0x7FFFFF, 0x800000, 0x7F7FFFFF, 0xFF800000, 0x7F800001)
"""Zeros, subnormals, the least and the largest normal number, an infinity, a NaN."""


def operations(name: str, count: int, seed: int) -> dict[str, np.ndarray]:
    """Return ``count`` operations of a format, each of `ScaledFormat.terms` elements, and what golden makes of them.

    Exponents of scales near each other or anywhere; blocks of zeros, blocks that cancel, NaN and largest scales, special
    elements, C near the sums, anywhere, special or zero.
    """
    form, rng = SCALED[name], np.random.default_rng(seed)
    a, b = (_elements(form, count, rng) for _ in range(2))
    half = form.block // 2
    for start in range(0, form.terms, form.block):          # the second half of some blocks takes the first one away
        at = np.flatnonzero(rng.random(count) < 0.15)
        first, second = slice(start, start + half), slice(start + half, start + form.block)
        a[at, second] = _negated(form, a[at, first])
        b[at, second] = b[at, first]
        lone = rng.random(len(at)) < 0.5                    # but for one element, which then is all that is left
        a[at[lone], start] = rng.integers(0, 1 << form.element.bits, lone.sum())
    for x in (a, b):
        for start in range(0, form.terms, form.block):
            x[rng.random(count) < 0.04, start:start + form.block] = 0
        x[rng.random(x.shape) < rng.choice([0.0, 0.3, 0.95], size=(count, 1))] = 0
    scales = [_scales(form, count, rng) for _ in range(2)]
    c = _addends(count, rng)
    want = np.concatenate([scaled.dot(name, a[k:k + 5000], scales[0][k:k + 5000], b[k:k + 5000], scales[1][k:k + 5000],
                                      c[k:k + 5000]) for k in range(0, count, 5000)])
    return {"a": a, "b": b, "a_scale": scales[0], "b_scale": scales[1], "c": c, "d": want}


def words(name: str, stim: dict[str, Any]) -> dict[str, list[int]]:
    """Return the value of each port of the unit in each operation, element 0 lowest."""
    form = SCALED[name]
    widths = {"a": form.element.bits, "b": form.element.bits, "a_scale": 8, "b_scale": 8}
    if form.scale == "e4m3":
        widths |= {"a_scale": 7, "b_scale": 7}
    return {port: _packed(stim[port], bits) for port, bits in widths.items()} | {"c": [int(x) for x in stim["c"]]}


def _packed(values: np.ndarray, bits: int) -> list[int]:
    ones = (values.astype(np.uint8)[:, :, None] >> np.arange(bits, dtype=np.uint8)) & 1
    rows = np.packbits(ones.reshape(len(values), -1).astype(np.uint8), axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


def _elements(form: ScaledFormat, count: int, rng) -> np.ndarray:
    """Return patterns: any, or with near exponents; NaN and infinities in few operations alone."""
    element = form.element
    found = rng.integers(0, 1 << element.bits, (count, form.terms))
    if element.specials != "none":
        top = ((1 << element.exp_bits) - 1) << element.man_bits
        odd = (found & top) == top
        found = np.where(odd & (rng.random((count, 1)) < 0.97), found ^ 1 << element.man_bits, found)
    return found


def _negated(form: ScaledFormat, patterns: np.ndarray) -> np.ndarray:
    if form.element.is_float:
        return patterns ^ 1 << form.element.bits - 1
    return -patterns & (1 << form.element.bits) - 1


def _scales(form: ScaledFormat, count: int, rng) -> np.ndarray:
    """Return scales, most of them near each other in an operation."""
    shape = (count, form.terms // form.block)
    top, one = LARGEST[form.scale], ONE[form.scale]
    wide, narrow = rng.integers(0, top + 1, shape), one + rng.integers(-6, 7, shape)
    found = np.where(rng.random((count, 1)) < 0.7, narrow, wide)
    found[rng.random(shape) < 0.02] = top
    found[rng.random(shape) < 0.02] = 0
    found[rng.random(shape) < 0.005] = NAN[form.scale]
    return found


def _addends(count: int, rng) -> np.ndarray:
    """Return fp32 patterns of C."""
    near = rng.integers(0x3A000000, 0x47000000, count) | rng.integers(0, 2, count) << 31
    kind = rng.random(count)
    found = np.where(kind < 0.5, near, rng.integers(0, 1 << 32, count))
    return np.where(kind > 0.9, rng.choice(ADDENDS, count), found).astype(np.uint32)
