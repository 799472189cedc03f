"""The range of inputs that a user states: ``--input-range``."""

import math


def read_range(text: str) -> tuple[float, float]:
    """Return the least and the largest input of two numbers with a comma; a ValueError tells how to write them."""
    parts = text.split(",")
    try:
        low, high = map(float, parts)
    except ValueError:
        low, high = math.nan, math.nan
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"--input-range must be two numbers, the least and the largest input, not {text!r}; "
                         f"write --input-range=-1,1")
    return low, high
