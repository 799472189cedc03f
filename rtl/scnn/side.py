"""Side port: operations of the drain, sums from neighbours and the sweep after a reset, brought to the banks."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.parts import delayed
from rtl.scnn.accumulator import VALUE
from rtl.scnn.bus import Widths, side_layout
from rtl.scnn.link import LEVEL_BITS, way_of, ways
from rtl.scnn.product_queue import CHOSEN
from spec.scnn.shape import BANK, LINK, ScnnSpec

LATE = BANK + 1 - LINK    # cycles from the choice of an addition to its sum on ``i_sum``


def link_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return what a PE shows its neighbours: a bit a way, and the place where the value of the cycle after the next belongs."""
    w = Widths(spec)
    return data.StructLayout({"to": len(ways(spec)), "bank": w.bank, "entry": w.entry})


class SidePort(wiring.Component):
    """One operation per cycle: the drain's own, or the addition of a neighbour's sum, never both.

    After a reset it clears the accumulators, one entry of all banks per cycle.

    Members
    -------
    i_valid, i_side, buffer : ``In``
        The drain's operation, chosen in the next cycle; the buffer being drained.
    i_link, i_sum : ``In`` arrays
        From the neighbours, one for each way that a sum may come; the sum comes two cycles after its place.
    i_send, i_direction, i_level, i_bank, i_entry : ``In``
        The operation chosen in this cycle is sent on; the bank and entry it goes to.
    side_valid, side_bank, side_all : ``Out``
        To the crossbar, a cycle before the operation is chosen; the sweep's, in the cycle itself.
    place, value, take, add : ``Out``
        To the banks, three cycles later, and the value five; with a crossbar of two stages a cycle earlier, to registers of
        each line.
    old : ``In``, o_value : ``Out``
        Old values of all banks, 0 but for that of the operation, which is on ``o_value`` eight cycles after it was chosen.
    o_next : ``Out``
        With ``spec.own_value``: what will be on ``o_value`` in the next cycle.
    o_link : ``Out``
        To the neighbours; the sum that goes with it is ``o_value`` two cycles later.
    swept : ``Out(1)``
        The accumulators have been cleared since the reset.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec, self._w = spec, Widths(spec)
        w, many = self._w, len(ways(spec))
        super().__init__({
            "i_valid": In(1), "i_side": In(side_layout(spec)), "buffer": In(1), "i_link": In(link_layout(spec)).array(many),
            "i_sum": In(w.sum).array(many), "i_send": In(1), "i_direction": In(2), "i_level": In(LEVEL_BITS),
            "i_bank": In(w.bank), "i_entry": In(w.entry),
            "side_valid": Out(1), "side_bank": Out(w.bank), "side_all": Out(1), "place": Out(w.entry + 1),
            "value": Out(signed(w.sum)), "take": Out(1), "add": Out(1), "old": In(w.sum).array(spec.banks),
            "o_value": Out(signed(w.sum)), **({"o_next": Out(signed(w.sum))} if spec.own_value else {}),
            "o_link": Out(link_layout(spec)), "swept": Out(1)})

    def elaborate(self, platform):
        m = Module()
        w = self._w
        count, sweep = Signal(w.entry + 2), Signal()
        m.d.comb += sweep.eq(~count[-1])
        with m.If(sweep):
            m.d.sync += count.eq(count + 1)
        came = [link.to[k] for k, link in enumerate(self.i_link)]
        places = [Cat(link.bank, link.entry) & hit.replicate(w.bank + w.entry)
                  for link, hit in zip(self.i_link, came, strict=True)]
        own = Cat(self.i_side.bank, self.i_side.entry) & (~Cat(came).any()).replicate(w.bank + w.entry)
        found = reduce(or_, places, own)                # of no meaning without an operation, so as not to wait for i_valid
        entry = Signal(w.entry)
        take, add = Signal(), Signal()
        along = Signal(len(came))
        m.d.comb += [
            self.side_valid.eq(self.i_valid | Cat(came).any()),
            self.side_bank.eq(found[:w.bank]),
        ]
        m.d.sync += [
            entry.eq(found[w.bank:]),
            take.eq(self.i_valid & self.i_side.take),
            add.eq(Cat(came).any()),
            along.eq(Cat(came)),
        ]
        m.d.comb += self.side_all.eq(sweep)
        sums = [value & way.replicate(w.sum)
                for value, way in zip(self.i_sum, delayed(m, along, "along", cycles=LATE), strict=True)]
        place = Mux(sweep, count[:-1], Cat(entry, self.buffer))
        chosen = CHOSEN + 1 - self._spec.crossbar_stages
        for port, value, cycles in ((self.place, place, chosen), (self.take, take | sweep, chosen), (self.add, add, chosen),
                                    (self.value, reduce(or_, sums), chosen + VALUE - LATE)):
            m.d.comb += port.eq(delayed(m, value, port.name, cycles=cycles, reset_less=True))
        m.d.comb += self.swept.eq(~sweep)
        self._send(m)
        return m

    def _send(self, m):
        """Join the old values of the banks, of which one is not 0; name its place to the neighbours before it is there."""
        half = len(self.old) // 2
        joined = [Signal(self._w.sum, name=f"joined{k}", reset_less=True) for k in range(2)]
        both = self.o_next if self._spec.own_value else joined[0] | joined[1]
        m.d.sync += [
            joined[0].eq(reduce(or_, list(self.old)[:half])),
            joined[1].eq(reduce(or_, list(self.old)[half:])),
            self.o_value.eq(both),
        ]
        if self._spec.own_value:
            m.d.comb += self.o_next.eq(joined[0] | joined[1])
        to = Cat(self.i_send & hit for hit in way_of(self._spec, self.i_direction, self.i_level))
        sent = delayed(m, to, "to", cycles=LINK - 1)
        where = delayed(m, Cat(self.i_bank, self.i_entry), "where", cycles=LINK - 1, reset_less=True)
        m.d.comb += self.o_link.as_value().eq(Cat(sent, where))
