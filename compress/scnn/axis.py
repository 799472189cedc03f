"""One axis of a layer cut into tiles: which inputs, sums and outputs a tile holds, and where they lie in its accumulators.

Rows and columns are alike, so that each layer has two of these. A sum o of a layer with stride s and p zeros before the
plane is made of inputs y with y + p - r = s o. With phase = r mod s and rho = r / s (whole), the inputs of a phase have
(y + p) mod s = phase and reach sum q - rho with q = (y + p - phase) / s.
"""

from dataclasses import dataclass

EVEN, FULL, FOLLOW = "even", "full", "follow"
CUTS = (EVEN, FULL, FOLLOW)
"""How a plane is cut into tiles: into tiles that differ by at most one; into tiles that are equally large but the last ones;
or so that an output is in the tile of its first input. Which of them does depends on the strides and pools that follow."""


def bounds(extent: int, tiles: int, cut: str = EVEN) -> tuple[int, ...]:
    """Return where each of ``tiles`` tiles of ``extent`` numbers begins, and the end.

    The largest tiles of both kinds of ``cut`` are equally large.
    """
    if extent < tiles or cut == FULL:
        return tuple(min(tile * -(-extent // tiles), extent) for tile in range(tiles + 1))
    return tuple(tile * extent // tiles for tile in range(tiles + 1))


def follow(inputs: tuple[int, ...], hop: int, extent: int) -> tuple[int, ...]:
    """Return bounds of outputs, ``hop`` inputs apart, each in the tile that holds its first input; tiles may be empty."""
    return (*(min(-(-first // hop), extent) for first in inputs[:-1]), extent)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis of one layer.

    Parameters
    ----------
    inputs : tuple of int
        Where each tile's inputs begin, and the end.
    outputs : tuple of int
        The same of the tensor that is written, behind pooling.
    taps, stride, before, sums : int
        Taps of the filter, stride, zeros before the plane, sums along the axis.
    window, hop, blank : int
        Size and stride of the pool and what is absent before the plane; 1, 1, 0 without one.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
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
        return len(self.inputs) - 1

    @property
    def depth(self) -> int:
        """Most taps of a phase, less one."""
        return -(-self.taps // self.stride) - 1

    def own(self, tile: int) -> tuple[int, int]:
        """Return the sums of a tile: first and end. Sums behind the last window belong to the last tile with outputs."""
        edges = [0 if output <= 0 else self.sums if output >= self.outputs[-1] else
                 min(self.sums, max(0, output * self.hop - self.blank)) for output in self.outputs[tile:tile + 2]]
        return edges[0], edges[1]

    def reach(self, tile: int) -> int:
        """Return the end of the sums that the tile's windows read: its own, or some more of the next tile."""
        first, end = self.own(tile)
        if self.outputs[tile] == self.outputs[tile + 1]:
            return end
        return min(self.sums, max(end, (self.outputs[tile + 1] - 1) * self.hop - self.blank + self.window))

    def phase(self, tile: int, phase: int) -> tuple[int, int]:
        """Return first q and number of the tile's inputs of a phase."""
        first, end = self.inputs[tile], self.inputs[tile + 1]
        start = first + (phase - first - self.before) % self.stride
        return (start + self.before - phase) // self.stride, max(0, -(-(end - start) // self.stride))

    def origin(self, tile: int) -> int:
        """Return the sum at place 0 of the tile's accumulators: the least that its inputs or windows touch."""
        touched = [q - self.depth for q, count in (self.phase(tile, phase) for phase in range(self.stride)) if count]
        first, end = self.own(tile)
        return min([*touched, *([first] if end > first else [])], default=first)

    def size(self, tile: int) -> int:
        """Return how many accumulators the tile needs along the axis."""
        origin = self.origin(tile)
        ends = [q + count - origin for q, count in (self.phase(tile, phase) for phase in range(self.stride)) if count]
        return max([*ends, self.reach(tile) - origin])

    def base(self, tile: int, phase: int) -> int:
        """Return the place of the tile's first input of a phase when it meets the phase's last tap (offset 0)."""
        return self.phase(tile, phase)[0] - self.depth - self.origin(tile)

    def phases(self) -> list[int]:
        """Return the phases that have taps."""
        return [phase for phase in range(self.stride) if phase < self.taps]

    def tap(self, r: int) -> int:
        """Return the offset of tap r."""
        return self.depth - r // self.stride

    def fault(self) -> str | None:
        """Return why neighbours cannot exchange what does not belong to a tile, or None if they can."""
        for tile in range(self.tiles):
            origin, end = self.origin(tile), self.origin(tile) + self.size(tile)
            low = self.own(tile - 1)[0] if tile else 0
            high = self.own(tile + 1)[1] if tile + 1 < self.tiles else self.sums
            if end > origin and (max(0, origin) < low or min(self.sums, end) > max(high, self.own(tile)[1])):
                return (f"a tile's sums {max(0, origin)} to {min(self.sums, end) - 1} must lie in its neighbours' "
                        f"{low} to {high - 1}")
            if self.reach(tile) > high:
                return f"a tile's windows must end in the next tile, before {high}, not at {self.reach(tile)}"
        return None
