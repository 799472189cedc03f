"""Words of the activation memory as vectors: the runs of their entries turned into offsets."""

from amaranth.hdl import Cat, Mux, Signal, Value

from rtl.parts import delayed
from rtl.scnn.bus import Widths
from spec.scnn.shape import ACT_ENTRY_BITS, MAX_RUN, VALUE_BITS


def add_decode(m, supply, go, what) -> None:
    """Turn runs into offsets in two cycles: first places within the word, then offsets in the tile.

    The offset of a block's first entry counts from its base - 1.

    Parameters
    ----------
    m : Module
    supply : Supply
    go : Value
        A word of the activation memory arrives.
    what : Value
        What is known of it, as `rtl.scnn.supply` joins it: its kind, how many of its entries are the part's, and the base.
    """
    lanes, address, later = supply.spec.i, Widths(supply.spec).address, delayed(m, go, "decoded", cycles=1)
    few, base = what[5:-address], delayed(m, what[-address:] - 1, "base", cycles=1, reset_less=True)
    begin, end, empty, local, ends = delayed(m, what[:5], "kind", cycles=1, reset_less=True)
    to_all, own = supply.o_bus, Signal()
    m.d.sync += [
        own.eq(later & local),
        to_all.valid.eq(later & ~local),
        to_all.last.eq(end),
        to_all.ends.eq(ends),
        to_all.empty.eq(empty),
    ]
    m.d.comb += supply.o_valid.eq(own | supply.i_bus.valid)
    for name, port in (("last", supply.o_last), ("empty", supply.o_empty), ("vector", supply.o_vector.as_value())):
        mine, others = (Value.cast(getattr(bus, name)) for bus in (to_all, supply.i_bus))
        m.d.comb += port.eq(Mux(supply.i_bus.valid, others, mine))
    entries = [supply.memory[k * ACT_ENTRY_BITS:(k + 1) * ACT_ENTRY_BITS] for k in range(lanes)]
    before, offset, wrong = Signal(address), Signal(address), []
    m.d.comb += offset.eq(Mux(begin, base, before))
    for k, entry in enumerate(entries):
        value, run, here = entry[:VALUE_BITS], entry[VALUE_BITS:], k < few
        total, kept = Signal(8, name=f"ahead{k}", reset_less=True), Signal(VALUE_BITS, name=f"kept{k}", reset_less=True)
        some, tail = Signal(name=f"some{k}"), Signal(name=f"tail{k}")
        m.d.sync += [
            total.eq(_sum([other[VALUE_BITS:] for other in entries[:k + 1]]) + k + 1),
            kept.eq(value),
            some.eq(here & value.any()),
            tail.eq(~here),
        ]
        lane = to_all.vector[k]
        m.d.sync += [
            lane.value.eq(kept),
            lane.offset.eq(offset + total),
            lane.live.eq(some),
            lane.tail.eq(tail),
        ]
        wrong.append(here & ~value.any() & (run != MAX_RUN))
    with m.If(later):
        m.d.sync += before.eq(offset + total)
    m.d.sync += supply.bad_run.eq(later & delayed(m, Cat(wrong), "wrong", cycles=1, reset_less=True).any())


def _sum(values):
    """Return the sum of some values, added in pairs."""
    while len(values) > 1:
        values = [values[k] + values[k + 1] if k + 1 < len(values) else values[k] for k in range(0, len(values), 2)]
    return values[0]
