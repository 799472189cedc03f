"""Quad tree of buses between the PEs of a block: activations to all of them, and what each of them has done."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.parts import delayed, leave_open
from rtl.scnn.bus import bus_layout
from spec.scnn.shape import ScnnSpec

EVENTS = ("released", "ended")  # a pair was released; a local part has ended
AHEAD_BITS = 8                  # of the events by which a place may be ahead of another


def tree_ports(spec: ScnnSpec) -> dict[str, wiring.Member]:
    """Return what a PE shows the tree and gets from it."""
    return {"o_bus": Out(bus_layout(spec)), "i_bus": In(bus_layout(spec)), "o_did": Out(len(EVENTS)),
            "i_did": In(len(EVENTS)), "level": Out(3)}


class Least(wiring.Component):
    """Counts pulses from several places; the n-th one goes on a cycle after the last place has given its n-th.

    Members
    -------
    come : ``In(places)``
    all : ``Out(1)``
    """

    def __init__(self, places: int):
        super().__init__({"come": In(places), "all": Out(1)})

    def elaborate(self, platform):
        m = Module()
        go, some = Signal(), []
        for k, came in enumerate(self.come):
            waiting, have = Signal(AHEAD_BITS, name=f"waiting{k}"), Signal(name=f"have{k}")     # have: waiting is not 0
            with m.If(came ^ go):
                m.d.sync += [
                    waiting.eq(waiting + Cat(1, go.replicate(AHEAD_BITS - 1))),
                    have.eq(~go | waiting[1:].any()),
                ]
            some.append(came | have)
        m.d.comb += go.eq(Cat(some).all())
        m.d.sync += self.all.eq(go)
        return m


class Tree(wiring.Component):
    """Nodes at level 1 join blocks of level 0, which are PEs, nodes at level 2 those of level 1, and so on.

    What a PE of a block sends, and what all of them have done, is at every PE of the block ``spec.hop`` x level cycles later: a
    register a node on the way up, one a node on the way down, and one at each child on the way up where PEs are far from each
    other; those have one more after ``i_bus`` and ``i_did``. The level is that of the block's first PE.

    Members
    -------
    pes : array of the PEs' ``tree_ports``, seen from the other side
    """

    def __init__(self, spec: ScnnSpec):
        self._spec = spec
        super().__init__({"pes": In(wiring.Signature(tree_ports(spec))).array(spec.pes)})

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        sides = spec.block_sides
        ups = [[(self._sent(pe.o_bus), pe.o_did) for pe in self.pes]]
        for level in range(1, len(sides)):
            ups.append([self._up(m, level, block, [ups[-1][child] for child in self._children(level, block)])
                        for block in range(self._blocks(level))])
        downs: list[tuple[Signal, Signal]] = []
        for level in reversed(range(1, len(sides))):
            downs = [self._down(m, level, block, up, downs[self._inside(level, block, level + 1)] if downs else None)
                     for block, up in enumerate(ups[level])]
        asked = {self._first(level, block) for level in range(1, len(sides) - 1) for block in range(self._blocks(level))}
        for number, pe in enumerate(self.pes):
            if number not in asked:
                leave_open(pe.level)
            bus, did = downs[self._inside(0, number, 1)]
            m.d.comb += [
                pe.i_bus.as_value().eq(bus),
                pe.i_did.eq(did),
            ]
        return m

    def _sent(self, bus):
        return bus.as_value() & bus.valid.replicate(len(bus.as_value()))

    def _up(self, m, level, block, children):
        children = [tuple(delayed(m, what, f"{name}{level}_{block}_{k}", cycles=self._spec.hop - 2)
                          for name, what in zip(("sent", "done"), child, strict=True)) for k, child in enumerate(children)]
        bus = Signal(len(children[0][0]), name=f"up{level}_{block}")
        m.d.sync += bus.eq(reduce(or_, (sent for sent, _ in children)))
        did = []
        for k, event in enumerate(EVENTS):
            m.submodules[f"{event}{level}_{block}"] = least = Least(len(children))
            m.d.comb += least.come.eq(Cat(done[k] for _, done in children))
            did.append(least.all)
        return bus, Cat(did)

    def _down(self, m, level, block, own, above):
        """Turn back what goes to the PEs of this block, or pass on what comes from the block around it."""
        bus, did = Signal(len(own[0]), name=f"down{level}_{block}"), Signal(len(EVENTS), name=f"did{level}_{block}")
        turns = self.pes[self._first(level, block)].level == level
        for down, mine, other in zip((bus, did), own, above or own, strict=True):
            m.d.sync += down.eq(Mux(turns, mine, other) if above else mine)
        return bus, did

    def _blocks(self, level):
        high, wide = self._spec.block_sides[level]
        return self._spec.rows // high * (self._spec.cols // wide)

    def _first(self, level, block):
        return next(pe for pe in range(self._spec.pes) if self._spec.position(pe, level) == (block, 0))

    def _inside(self, level, block, around):
        """Return the block of level ``around`` of which a block is part."""
        return self._spec.position(self._first(level, block), around)[0]

    def _children(self, level, block):
        return [child for child in range(self._blocks(level - 1)) if self._inside(level - 1, child, level) == block]


def echo(m: Module, value, level, levels: int, hop: int) -> Signal:
    """Return what a PE sent as it comes back to it over the tree: ``hop`` x level cycles later."""
    back, late = Signal(name="echo"), value
    choices = []
    for number in range(1, levels):
        for step in range(hop):
            later = Signal(name=f"echo{number}_{step}")
            m.d.sync += later.eq(late)
            late = later
        choices.append(late & (level == number))
    m.d.comb += back.eq(reduce(or_, choices))
    return back


def own_place(places: data.View, level, levels: int):
    """Return a PE's place in its block from its places in the blocks of all levels."""
    return reduce(or_, (places[number] & (level == number).replicate(len(places[number])) for number in range(levels)))
