"""The gate of a lookup: whether the pass that wrote what it reads has been drained."""

from amaranth.hdl import Cat, Mux, Signal, signed

from rtl.parts import delayed
from rtl.scnn.bus import DRAINED_BITS, Widths
from rtl.scnn.supply_program import PART, SEGMENT, arriving


def add_gate(m, lookup, part, last, came, *, along, passed, divides, divided):
    """Return whether the pass needed is not drained: first one of the layer - back + (pairs before) / gate.

    ``ahead`` is how many passes beyond the needed one are drained; it follows both, and is computed anew with a record.

    Parameters
    ----------
    m : Module
    lookup : Lookup
    part, last : dict
        Fields of the part at hand; whether the part, pair, segment and pass at hand are the last ones.
    came : list of Value
        Words of a record as they arrive.
    along, passed : Value
        Blocks that the passes before have read of the part; how many passes those are.
    divides, divided : Signal
        For the gate to drive: a division follows the record that is whole now; it is done.
    """
    first, whole, rest = Signal(DRAINED_BITS), Signal(Widths(lookup.spec).block + 1), Signal(9)
    needed, ahead = Signal(DRAINED_BITS), Signal(signed(DRAINED_BITS))
    base, waits, turn, more, drained = Signal(DRAINED_BITS), Signal(), Signal(), Signal(), Signal()
    with m.If(lookup.start):
        m.d.sync += first.eq(first + lookup.passes)
    one, two = (Signal(len(rest) + 1, name=f"gate_less_{less}") for less in (1, 2))
    gates = Signal()
    m.d.sync += [
        gates.eq(part["gate"].any()),
        one.eq(part["gate"] - 1),
        two.eq(part["gate"] - 2),
        turn.eq(rest == one),
    ]
    m.d.comb += more.eq(lookup.o_valid & last["part"] & turn)
    with m.If(lookup.o_valid & last["part"]):
        m.d.sync += [
            rest.eq(Mux(turn, 0, rest + 1)),
            turn.eq(Mux(turn, part["gate"] == 1, rest == two)),
        ]
        with m.If(turn):
            m.d.sync += whole.eq(whole + 1)
    with m.If(lookup.start | lookup.o_valid & last["part"] & last["pair"]):
        m.d.sync += [
            rest.eq(0),
            whole.eq(0),
        ]
    m.d.sync += [
        base.eq(first + whole),
        needed.eq(base - arriving(lookup)["back"]),
    ]
    counted = _divide(m, lookup, part, came, whole, rest, along=along, passed=passed, divides=divides, divided=divided)
    with m.If(counted[2]):
        m.d.sync += needed.eq(base - part["back"])
    known = delayed(m, came[PART], "needed", cycles=1) | counted[3]
    with m.If(known):
        m.d.sync += ahead.eq(lookup.drained - needed)
    with m.Elif(drained ^ more):
        m.d.sync += ahead.eq(ahead + Cat(1, more.replicate(len(ahead) - 1)).as_signed())
    none, missed = Signal(), Signal()
    m.d.sync += missed.eq(known & lookup.pass_drained)      # in ``drained`` of the lookup a cycle later
    m.d.comb += [
        drained.eq(lookup.pass_drained | missed),
        none.eq(Mux(drained, Mux(more, ahead <= 0, ahead < 0), Mux(more, ahead <= 1, ahead <= 0))),
    ]
    m.d.sync += waits.eq(gates & none & lookup.o_mine)
    return waits


def _divide(m, lookup, part, came, whole, rest, *, along, passed, divides, divided):
    """Divide what the passes before have read by the gate, at the head of a segment, one bit per cycle.

    Returns whether the last bit is at hand, and whether it was in each of the four cycles before; with the last of them the
    lookup may go on.
    """
    bits = Widths(lookup.spec).block
    fresh, left, dividend = Signal(), Signal(range(bits + 1)), Signal(bits)
    trial, less = Signal(len(rest) + 1), Signal(len(rest) + 2)
    needs = Signal()                                        # of the record, which is whole a cycle before it is asked for
    m.d.sync += needs.eq(part["gate"].any() & part["advance"].any() & passed.any())
    with m.If(came[SEGMENT]):
        m.d.sync += fresh.eq(1)
    record = delayed(m, came[PART], "divisor", cycles=2)
    m.d.comb += [
        divides.eq(fresh & needs),
        trial.eq(Cat(dividend[-1], rest)),
        less.eq(trial - part["gate"]),
    ]
    with m.If(record):
        m.d.sync += fresh.eq(0)
    with m.If(record & divides):
        m.d.sync += [
            left.eq(bits),
            dividend.eq(along),
            whole.eq(0),
            rest.eq(0),
        ]
    with m.If(left.any()):
        m.d.sync += [
            left.eq(left - 1),
            dividend.eq(dividend << 1),
            whole.eq(Cat(~less[-1], whole)),
            rest.eq(Mux(less[-1], trial, less)),
        ]
    counted = [left == 1]
    for k in range(4):
        counted.append(delayed(m, counted[-1], f"counted{k}", cycles=1))
    m.d.comb += divided.eq(counted[4])
    return counted
