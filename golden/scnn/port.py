"""When a weight lane can take its items: the transfers of the weight stream, and what lanes keep of them."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from spec.scnn import ScnnSpec
from spec.scnn.shape import LANE_TRANSFERS, LANE_VECTORS

Credit = Callable[[int, int], int]
"""For a pair of a layer and a set of a lane, counted from its first one: the first cycle in which the block may be begun."""


class Port:
    """The transfers of the weight stream, which all lanes share.

    Parameters
    ----------
    spec : ScnnSpec
    start : int
        First cycle in which a transfer may be taken.
    lanes : sequence of int, optional
        For each transfer the lane that it is for, -1 for none; if not given, one lane gets all of them.
    """

    def __init__(self, spec: ScnnSpec, *, start: int, lanes: Sequence[int] | None = None) -> None:
        self._start = start
        self._lanes: list[Lane] = []
        self._taken: list[int] = []                 # cycle in which each transfer was taken
        self._sent, self._mine = lanes, None if lanes is None else [
            np.flatnonzero(np.asarray(lanes) == lane).tolist() for lane in range(spec.weight_lanes)]
        self._before = [] if lanes is None else _before(lanes)

    def join(self, lane: "Lane") -> int:
        """Add a lane and return its number."""
        self._lanes.append(lane)
        return len(self._lanes) - 1

    def taken(self, lane: int, number: int) -> int:
        """Return the cycle in which transfer ``number`` of a lane was taken; each lane keeps `LANE_TRANSFERS` of them."""
        if self._sent is None or self._mine is None:
            return self._start - 1
        wanted = self._mine[lane][number]
        while len(self._taken) <= wanted:
            at = len(self._taken)
            cycle = self._taken[-1] + 1 if at else self._start
            if (to := self._sent[at]) >= 0 and (behind := self._before[at] - LANE_TRANSFERS) >= 0:
                cycle = max(cycle, self._lanes[to].left(behind) + 1)
            self._taken.append(cycle)
        return self._taken[wanted]


class Lane:
    """One weight lane: what it takes in a layer is said at once, and followed take by take as far as somebody asks.

    Parameters
    ----------
    spec : ScnnSpec
    port : Port, optional
        Brings the items; without it they are always there.
    start : int
        First cycle in which anything may be taken.

    Attributes
    ----------
    wait : int
        Cycles in which a take waited for its items alone.
    """

    def __init__(self, spec: ScnnSpec, *, port: Port | None, start: int) -> None:
        self._f, self._bias_items, self._port = spec.f, spec.bias_items, port
        self._number = port.join(self) if port else 0
        self._size, self._items = LANE_VECTORS * spec.f, spec.transfer_items
        self._parts, self._part = spec.transfer_parts, spec.part_items
        self._come: list[int] = []                  # cycle in which each part of a transfer was put into the buffer
        self._totals, self._when = [0], [start - 1]         # items taken out, and in which cycle
        self._ends: list[int] = []                  # cycle of the last take of each block of the layer
        self._given = 0                             # blocks of the layer that were asked for
        self._takes: Iterator[None] = iter(())
        self.last, self.wait = start - 1, 0

    def left(self, transfer: int) -> int:
        """Return the cycle in which the last part of a transfer was put into the buffer."""
        return self._arrived((transfer + 1) * self._parts - 1)

    def layer(self, counts: np.ndarray, *, kc: int, first: int, credit: Credit) -> None:
        """Begin a layer.

        Parameters
        ----------
        counts : numpy.ndarray
            (passes, pairs, sets of this lane): entries of each block.
        kc : int
            Biases of each set ahead of each pass.
        first : int
            First cycle in which anything of the layer may be taken.
        credit : callable
        """
        for _ in self._takes:
            pass
        self._ends, self._given = [], 0
        self._takes = self._follow(counts, kc, first, credit)

    def block(self) -> int:
        """Return the cycle of the last take of the layer's next block."""
        while len(self._ends) <= self._given:
            next(self._takes)
        self._given += 1
        return self._ends[self._given - 1]

    def take(self, items: int, earliest: int) -> int:
        """Return the cycle in which ``items`` more are taken, not before ``earliest``; count what the port delays."""
        cycle = could = max(earliest, self.last + 1)
        if self._port:
            total = self._totals[-1] + items
            transfer, rest = divmod(total - 1, self._items)
            cycle = max(could, self._arrived(transfer * self._parts + rest // self._part) + 1)
            self._totals.append(total)
            self._when.append(cycle)
            self.wait += cycle - could
        self.last = cycle
        return cycle

    def _follow(self, counts: np.ndarray, kc: int, first: int, credit: Credit) -> Iterator[None]:
        """Take what the layer has for this lane, a take a step."""
        f = self._f
        for number, own in enumerate(counts.tolist()):
            for _ in range(kc * counts.shape[2]):
                self.take(self._bias_items, first)
                yield
            for pair, blocks in enumerate(own):
                for place, count in enumerate(blocks):
                    earliest = max(first, credit(number * len(own) + pair, place))
                    if self._port:
                        self.take(max(1, min(f, count)), earliest)
                        for rest in range(count - f, 0, -f):
                            yield
                            self.take(min(f, rest), self.last + 1)
                    else:
                        self.last = max(earliest, self.last + 1) + max(1, -(-count // f)) - 1
                    self._ends.append(self.last)
                    yield

    def _arrived(self, part: int) -> int:
        """Return the cycle in which a part of the lane's transfers was put into the buffer."""
        while len(self._come) <= part:
            transfer, own = divmod(len(self._come), self._parts)
            cycle = self._come[-1] + 1 if self._come else 0
            if self._port:
                cycle = max(cycle, self._port.taken(self._number, transfer) + 1)
            out = transfer * self._items + own * self._part + self._part - self._size      # so many have left before
            if out > 0:
                while self._totals[-1] < out:
                    next(self._takes)
                cycle = max(cycle, self._when[bisect_left(self._totals, out)] + 1)
            self._come.append(cycle)
        return self._come[part]


def _before(lanes: Sequence[int]) -> list[int]:
    """Return for each transfer how many came before it for its lane."""
    found, seen = [], dict[int, int]()
    for lane in lanes:
        found.append(seen.get(lane, 0))
        seen[lane] = found[-1] + 1
    return found
