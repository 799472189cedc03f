"""Elements that take another place: filters of one weight for each element, from a plane to channels and back.

A filter as large as the plane makes a channel of each element. Back, a plane of one place is padded until filters of the wanted
size reach it at every place with another of their weights.
"""

import math
from typing import Any

import numpy as np

from compress.scnn.real import Step

MOST = 2048         # elements of a value that may move: as many filters, each with a place for every element
PLANE = 16          # rows and columns of a filter


def can(have: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    """Tell whether the elements of one shape can be brought into another."""
    return math.prod(have) == math.prod(wanted) <= MOST and max(*have[1:], *wanted[1:]) <= PLANE


def channels(shape: tuple[int, int, int], order: np.ndarray | None = None, **rest: Any) -> Step:
    """Return a step that makes a channel of each element of a shape; channel k has element ``order[k]``."""
    count = math.prod(shape)
    one = np.eye(count)
    return Step(shape=(count, 1, 1), weight=(one if order is None else one[order]).reshape(count, *shape), **rest)


def plane(shape: tuple[int, int, int], **rest: Any) -> Step:
    """Return a step that puts channels of one place, in their order, into a shape."""
    depth, high, wide = shape
    channel, row, column = np.indices(shape)
    weight = np.zeros((depth, math.prod(shape), high, wide))
    weight[channel, np.arange(math.prod(shape)).reshape(shape), high - 1 - row, wide - 1 - column] = 1
    return Step(shape=shape, weight=weight, pad=(high - 1, high - 1, wide - 1, wide - 1), **rest)
