"""Input-channel groups: which PEs of a tile have which input channels, and how they add up their sums."""

from collections.abc import Iterator, Sequence
from functools import cache

from compress.scnn.tensor import Tensor
from spec.scnn import ScnnSpec


@cache
def members(spec: ScnnSpec, level: int, shared: int) -> list[tuple[int, ...]]:
    """Return for each place of a group the places in the block of all groups, group after group."""
    (high, wide), (rows, cols) = spec.block_sides[level], spec.block_sides[shared]
    found: list[list[int]] = [[0] * (high * wide // (rows * cols)) for _ in range(rows * cols)]
    for place in range(high * wide):
        row, col = divmod(place, wide)
        group = 0
        for own in reversed(range(shared, level)):          # the block of level own in that of the next one: first or second
            (high_own, wide_own), (high_next, wide_next) = spec.block_sides[own:own + 2]
            second = row % high_next // high_own or col % wide_next // wide_own
            group = 2 * group + second
        found[row % rows * cols + col % cols][group] = place
    return [tuple(own) for own in found]


def ranges(tensor: Tensor, places: Sequence[int], low: int, high: int) -> tuple[int, tuple[int, ...]]:
    """Return how many pairs some places need for a tensor's channels ``low`` to ``high - 1``, and the first block of each.

    Channels of a place lie in the order in which readers cut them. Every place has as many blocks as the one with the most
    channels, so that one with fewer may read some that it has no weights for.
    """
    most = max(map(len, tensor.orders))
    skips = [int((tensor.orders[place] < low).sum()) for place in places]
    pairs = max(int(((tensor.orders[place] >= low) & (tensor.orders[place] < high)).sum()) for place in places)
    return pairs, tuple(skips) if len(places) == 1 else tuple(min(skip, most - pairs) for skip in skips)


def number_of(spec: ScnnSpec, level: int, shared: int, pe: int) -> int:
    """Return the input-channel group of a PE in a layer of a level whose groups are blocks of level ``shared``."""
    place = spec.position(pe, level)[1]
    return next(own.index(place) for own in members(spec, level, shared) if place in own)


def halves(spec: ScnnSpec, level: int, shared: int, group: int) -> Iterator[tuple[int, str, int, int]]:
    """Yield level, direction, first part and parts of each send by which a group gives away the sums of the others.

    Parts are those of a pass, one of each group: the group's own one is what it keeps.
    """
    first, count = 0, 1 << level - shared
    for own in reversed(range(shared, level)):
        count //= 2
        second = group >= first + count
        down = spec.block_sides[own][0] < spec.block_sides[own + 1][0]
        way = {(True, False): "south", (True, True): "north", (False, False): "east", (False, True): "west"}[down, second]
        yield own, way, first if second else first + count, count
        first += count * second
