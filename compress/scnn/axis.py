"""One axis of a layer cut into tiles: which inputs, sums and outputs a tile holds, and where they lie in its accumulators.

Rows and columns are alike, so that each layer has two of these. A sum o of a layer with stride s and p zeros before the
plane is made of inputs y with y + p - r = s o. With phase = r mod s and rho = r / s (whole), the inputs of a phase have
(y + p) mod s = phase and reach sum q - rho with q = (y + p - phase) / s.
"""

import itertools
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

EVEN, FULL, FOLLOW, TURNS = "even", "full", "follow", "turns"
CUTS = (EVEN, FULL, FOLLOW, TURNS)
"""How a plane is cut into tiles. Which cut is possible depends on the strides and pools that follow.

``even``: sizes differ by at most one, or by more where neighbours could not exchange their sums otherwise. ``full``: equal
sizes, the last tiles are smaller or empty. ``follow``: an output is in the tile of its first input. ``turns``: channels
alternate between ``even`` and its mirror image, so that no PE has the largest tile of every channel.
"""

Cut = tuple[int, ...]
"""Where each tile begins, and the end."""


def bounds(extent: int, tiles: int, cut: str = EVEN) -> Cut:
    """Return where each of ``tiles`` tiles of ``extent`` numbers begins, and the end.

    The largest tiles of both kinds of ``cut`` are equally large.
    """
    if extent < tiles or cut == FULL:
        return tuple(min(tile * -(-extent // tiles), extent) for tile in range(tiles + 1))
    return tuple(tile * extent // tiles for tile in range(tiles + 1))


def mirrored(cut: Cut) -> Cut:
    """Return a cut the other way round: its last tile is as large as the first one of ``cut``."""
    return tuple(cut[-1] - edge for edge in reversed(cut))


def follow(inputs: Cut, hop: int, extent: int) -> Cut:
    """Return bounds of outputs, ``hop`` inputs apart, each in the tile that holds its first input; tiles may be empty."""
    return (*(min(-(-first // hop), extent) for first in inputs[:-1]), extent)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis of one layer.

    Parameters
    ----------
    inputs : tuple of tuple of int
        For each turn where each tile's inputs begin, and the end: one turn, or two if channels have two cuts.
    outputs : tuple of tuple of int
        The same of the tensor that is written, after pooling.
    taps, stride, before, sums : int
        Taps of the filter, stride, zeros before the plane, sums along the axis.
    window, hop, blank : int
        Size and stride of the pool and what is absent before the plane; 1, 1, 0 without one.
    """

    inputs: tuple[Cut, ...]
    outputs: tuple[Cut, ...]
    taps: int
    stride: int
    before: int
    sums: int
    window: int = 1
    hop: int = 1
    blank: int = 0

    @property
    def tiles(self) -> int:
        """Tiles along the axis."""
        return len(self.inputs[0]) - 1

    @property
    def depth(self) -> int:
        """Most taps of a phase, less one."""
        return -(-self.taps // self.stride) - 1

    def own(self, tile: int, turn: int = 0) -> tuple[int, int]:
        """Return which sums a tile computes, as a half-open range: index of the first sum, index after the last sum.

        The last tile with outputs also has the sums that no window reads.
        """
        before, after = (self._edge(output, self.outputs[turn][-1]) for output in self.outputs[turn][tile:tile + 2])
        return before, after

    def _edge(self, output: int, outputs: int) -> int:
        """Return the first sum that belongs to an output, of so many."""
        if not 0 < output < outputs:
            return self.sums if output else 0
        return min(self.sums, max(0, output * self.hop - self.blank))

    def reach(self, tile: int, turn: int = 0) -> int:
        """Return the end of the sums that the tile's windows read: its own, or some more of the next tile."""
        end, (before, after) = self.own(tile, turn)[1], self.outputs[turn][tile:tile + 2]
        if before == after:
            return end
        return min(self.sums, max(end, (after - 1) * self.hop - self.blank + self.window))

    def phase(self, tile: int, phase: int, turn: int = 0) -> tuple[int, int]:
        """Return first q and number of the tile's inputs of a phase."""
        first, end = self.inputs[turn][tile:tile + 2]
        start = first + (phase - first - self.before) % self.stride
        return (start + self.before - phase) // self.stride, max(0, -(-(end - start) // self.stride))

    def origin(self, tile: int) -> int:
        """Return the sum at place 0 of the tile's accumulators: the least that its inputs or windows touch."""
        touched = [q - self.depth for q, count in self._inputs(tile) if count]
        owns = [self.own(tile, turn) for turn in range(len(self.outputs))]
        return min([*touched, *(first for first, end in owns if end > first)], default=owns[0][0])

    def size(self, tile: int) -> int:
        """Return how many accumulators the tile needs along the axis."""
        origin = self.origin(tile)
        ends = [q + count - origin for q, count in self._inputs(tile) if count]
        return max([*ends, *(self.reach(tile, turn) - origin for turn in range(len(self.outputs)))])

    def _inputs(self, tile: int) -> list[tuple[int, int]]:
        """Return first q and number of the tile's inputs for each phase and turn."""
        return [self.phase(tile, phase, turn) for phase in range(self.stride) for turn in range(len(self.inputs))]

    def phases(self) -> list[int]:
        """Return the phases that have taps."""
        return [phase for phase in range(self.stride) if phase < self.taps]

    def tap(self, r: int) -> int:
        """Return the offset of tap r."""
        return self.depth - r // self.stride

    def nearest(self, wanted: Cut) -> Cut:
        """Return the cut of outputs nearest to ``wanted`` in which a tile computes sums only for itself and its neighbours.

        If there is no such cut, or a pooling window reaches beyond the next tile, the returned cut has a `fault`.
        """
        ends = [self._edge(output, wanted[-1]) for output in range(wanted[-1] + 1)]
        spans = []
        for tile in range(self.tiles):
            met = [(q - self.depth, q + count) for q, count in self._inputs(tile) if count]
            spans.append((max(0, min((first for first, _ in met), default=self.sums)),
                          min(self.sums, max((end for _, end in met), default=0))))
        found = [0]
        for edge in range(1, self.tiles):
            low = bisect_left(ends, spans[edge - 2][1]) if edge > 1 else 0
            high = bisect_right(ends, spans[edge + 1][0]) - 1 if edge + 1 < self.tiles else wanted[-1]
            found.append(max(found[-1], min(max(wanted[edge], low), high)))
        return (*found, wanted[-1])

    def fault(self) -> str | None:
        """Return why neighbours cannot exchange what does not belong to a tile, or None if they can."""
        for turn, tile in itertools.product(range(len(self.outputs)), range(self.tiles)):
            origin, end = self.origin(tile), self.origin(tile) + self.size(tile)
            low = self.own(tile - 1, turn)[0] if tile else 0
            high = self.own(tile + 1, turn)[1] if tile + 1 < self.tiles else self.sums
            if end > origin and (max(0, origin) < low or min(self.sums, end) > max(high, self.own(tile, turn)[1])):
                theirs = f" {low} to {high - 1}" if high > low else ", of which there are none"
                return f"a tile's sums {max(0, origin)} to {min(self.sums, end) - 1} must lie in its neighbours' sums{theirs}"
            if self.reach(tile, turn) > high:
                return f"a tile's windows must end in the next tile, before {high}, not at {self.reach(tile, turn)}"
        return None
