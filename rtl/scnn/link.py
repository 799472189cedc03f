"""Links between PEs: which ways sums take, and the barriers of the PEs that exchange them."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.parts import delayed
from rtl.scnn.together import Together
from spec.scnn.program import DIRECTIONS
from spec.scnn.shape import ScnnSpec

SHIFTS = {"north": (-1, 0), "east": (0, 1), "south": (1, 0), "west": (0, -1)}
LEVEL_BITS = 3


def ways(spec: ScnnSpec) -> list[tuple[str, int]]:
    """Return direction and distance of each way that a sum may take: the sides of every level but the last.

    A distance as long as the array leads nowhere, so there is none where there are shorter ones.
    """
    found = []
    for name, (down, _) in SHIFTS.items():
        sides = {high if down else wide for high, wide in spec.block_sides[:-1]} or {1}
        found += [(name, side) for side in sorted(sides - {spec.rows if down else spec.cols} or sides)]
    return found


def way_of(spec: ScnnSpec, direction, level) -> list:
    """Return for each way whether a send step's direction and level mean it."""
    hits = []
    for name, distance in ways(spec):
        levels = [number for number, (high, wide) in enumerate(spec.block_sides[:-1] or ((1, 1),))
                  if (high if SHIFTS[name][0] else wide) == distance]
        hits.append((direction == DIRECTIONS[name]) & Cat(level == number for number in levels).any())
    return hits


def source(spec: ScnnSpec, pe: int, way: tuple[str, int]) -> int | None:
    """Return the PE whose sums reach a PE along a way, or None where it would lie beyond the rim."""
    row, col = divmod(pe, spec.cols)
    down, right = SHIFTS[way[0]]
    row, col = row - down * way[1], col - right * way[1]
    return row * spec.cols + col if 0 <= row < spec.rows and 0 <= col < spec.cols else None


class Barriers(wiring.Component):
    """Lets the PEs of an exchange set drain when all of them are ready.

    An exchange set of a level is the PEs at one place of all blocks.

    Members
    -------
    arrive : ``In(pes)``, level : ``In`` array
        A PE is ready, to exchange sums at a level.
    go : ``Out(pes)``
        All of its set are; ``2 * broadcast_latency + 1`` cycles after the last one.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec = spec
        super().__init__({"arrive": In(spec.pes), "level": In(LEVEL_BITS).array(spec.pes), "go": Out(spec.pes)})

    def elaborate(self, platform):
        m = Module()
        spec, late = self._spec, self._spec.broadcast_latency
        arrive = delayed(m, self.arrive, "arrive", cycles=late)
        levels = [delayed(m, level, f"level{pe}", cycles=late) for pe, level in enumerate(self.level)]
        goes: list[list] = [[] for _ in range(spec.pes)]
        for level in range(len(spec.block_sides)):
            places: dict[int, list[int]] = {}
            for pe in range(spec.pes):
                places.setdefault(spec.position(pe, level)[1], []).append(pe)
            for place, members in places.items():
                m.submodules[f"set{level}_{place}"] = together = Together(len(members))
                m.d.comb += together.come.eq(Cat(arrive[pe] & (levels[pe] == level) for pe in members))
                for pe in members:
                    goes[pe].append(together.all)
        go = Signal(spec.pes)
        m.d.comb += [
            go.eq(Cat(Cat(own).any() for own in goes)),
            self.go.eq(delayed(m, go, "go", cycles=late)),
        ]
        return m
