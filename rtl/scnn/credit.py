"""Which set of PEs a weight lane serves next, and whether all of its PEs have room for a block."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Mux, Signal, Value

from rtl.parts import delayed, leave_open
from rtl.scnn.bus import Widths, slot_count
from spec.scnn.shape import MAX_SLOTS


@dataclass(frozen=True, kw_only=True)
class Visit:
    """The set whose turn it is: its number (``place``), whether it is the lane's ``last``, and the one ``following`` it."""

    place: Value
    last: Value
    following: Value


def visit_sets(m, take, layer, *, begin, move) -> Visit:
    """Follow the sets of the lane; whether one is the last, and which one is next, is known with it, from registers.

    ``begin`` goes to the lane's first set, and ``move`` to the next one.
    """
    step, bits = take.spec.weight_lanes, Widths(take.spec).set
    place, last, following = (Signal(size) for size in (bits, 1, bits))

    def entered(place):
        ends = place + step >= layer["sets"]
        return [
            last.eq(ends),
            following.eq(Mux(ends, take.lane, place + step)),
        ]

    with m.If(move):
        m.d.sync += [place.eq(following), *entered(following)]
    with m.If(begin):
        m.d.sync += [place.eq(take.lane), *entered(take.lane)]
    return Visit(place=place, last=last, following=following)


def add_credit(m, take, layer, visit: Visit, *, begin, block):
    """Return whether every PE of the set that gets the next block has a free slot, as of two cycles after its release arrived.

    The sets of a lane get block n before any of them gets block n + 1, so that a PE's count of free slots does not depend
    on its set. Before the first release of a layer arrives the sets of the PEs may not be known; all count alike then.
    ``begin`` says that a layer begins, and ``block`` that a block does.
    """
    spec = take.spec
    slots, known, asked = Signal(range(MAX_SLOTS + 1)), Signal(), Signal(Widths(spec).set)
    m.d.comb += slots.eq(slot_count(spec.weight_words, layer["slot_log2"]))
    turn = block & visit.last
    if spec.pes == 1:
        leave_open(take.sets[0])
    before = delayed(m, turn, "turn", cycles=1)         # of which the free slots do not know yet
    now, later, then = [], [], []
    for pe in range(spec.pes):
        free = Signal.like(slots, name=f"free{pe}")
        m.d.sync += free.eq(free + take.released[pe] - before)
        with m.If(begin):
            m.d.sync += free.eq(slots)
        own, following = ((known & (take.sets[pe] != place)) if spec.pes > 1 else 0 for place in (asked, visit.following))
        one, two, three = free.any(), free[1:].any(), free[2:].any() | free[:2].all()
        now.append(own | Mux(before, two, one))
        later.append(following | Mux(before, two, one))
        then.append(following | Mux(before, three, two))
    with m.If(block):
        m.d.sync += asked.eq(visit.following)
    with m.If(take.released.any()):
        m.d.sync += known.eq(1)
    with m.If(begin):
        m.d.sync += [
            known.eq(0),
            asked.eq(take.lane),
        ]
    enough = Signal()
    m.d.sync += enough.eq(~begin & Mux(turn, Cat(then).all(), Mux(block, Cat(later).all(), Cat(now).all())))
    return enough
