"""Between which ends a host keeps the inputs of an image, as the network does that it was made from."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cli.text import share
from compress.image import AGAIN

Ends = tuple[int | None, int | None]
"""Least and largest whole number of an input; None where there is no such end."""


def whole(bounds: tuple[float, float] | None, scale: float, bits: int) -> Ends | None:
    """Return real bounds, either of which may be infinite, in steps of ``scale``; an end that no input reaches is none."""
    if bounds is None:
        return None
    top = 1 << bits - 1
    low, high = (np.clip(np.rint(end / scale), -top, top - 1) if np.isfinite(end) else None for end in bounds)
    return None if low is None else int(low), None if high is None else int(high)


def inside(bounds: tuple[float, float] | None, given: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return a range of inputs as far as it lies between the bounds."""
    if bounds is None or given is None:
        return given
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in given)
    return low, high


def beyond(values: np.ndarray, scale: float, bits: int) -> list[str]:
    """Return a sentence on how many inputs of the data saturate in steps of ``scale``, or none where all fit."""
    top = 1 << bits - 1
    count = sum(int(((steps < -top) | (steps >= top)).sum()) for steps in (np.rint(one / scale) for one in values))
    if not count:
        return []
    said = (f"{share(count, values.size)} of the inputs of the data ({count:,} of {values.size:,}) saturate: they go from "
            f"{values.min():g} to {values.max():g}, and the image takes {-top * scale:g} to {(top - 1) * scale:g}; "
            f"give --input-range LOW,HIGH that holds them, or leave it out")
    return [said]


def keep(ends: tuple[float | None, float | None] | None, values: Any) -> np.ndarray:
    """Return values no further out than the ends."""
    values = np.asarray(values)
    return values if ends is None or ends == (None, None) else np.clip(values, *ends)


def open_to(ends: Ends | None, bits: int) -> tuple[int, int]:
    """Return the least and the largest whole number of ``bits`` that inputs may be."""
    low, high = ends or (None, None)
    top = 1 << bits - 1
    return -top if low is None else low, top - 1 if high is None else high


def real(ends: Ends | None, scale: float, values: Any) -> np.ndarray:
    """Return real values no further out than the ends, which are whole numbers of steps of ``scale``."""
    low, high = (None if end is None else end * scale for end in ends or (None, None))
    return keep((low, high), values)


def checked(given: Any, bits: int) -> Ends | None:
    """Return the ends that a header states, or refuse what is none."""
    if given is None:
        return None
    top = 1 << bits - 1
    good = isinstance(given, Sequence) and len(given) == 2 and all(
        end is None or type(end) is int and -top <= end < top for end in given)
    if not good or (None not in given and given[0] > given[1]):
        raise ValueError(f"input_bounds must be null, or two rising whole numbers of {bits} bits, null for none, not "
                         f"{given!r:.40}; {AGAIN}")
    return given[0], given[1]
