"""Transfers of a weight lane: kept ahead where lanes share a port, and given to the lane's buffer part by part."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock
from spec.scnn.shape import LANE_TRANSFERS, ScnnSpec


class Transfers(wiring.Component):
    """Keeps up to ``LANE_TRANSFERS`` transfers and gives one part per cycle; a lane alone keeps none, the port waits for it.

    With several lanes what comes in a cycle can be given from the next one on.

    Members
    -------
    flush : ``In(1)``
        Forget everything.
    i_valid, i_items : ``In``, i_ready : ``Out(1)``
        A transfer's items.
    o_valid, o_part, o_many : ``Out``, o_ready : ``In(1)``
        A part, and how many items of it are there.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library = spec, library
        super().__init__({
            "flush": In(1), "i_valid": In(1), "i_items": In(spec.transfer_items * spec.item_bits), "i_ready": Out(1),
            "o_valid": Out(1), "o_part": Out(spec.part_items * spec.item_bits), "o_many": Out(range(spec.part_items + 1)),
            "o_ready": In(1)})

    def elaborate(self, platform):
        m = Module()
        spec, parts, go = self._spec, self._spec.transfer_parts, Signal()
        number = Signal(range(parts)) if parts > 1 else Const(0, 1)
        last = number == parts - 1
        items = self.i_items if spec.weight_lanes == 1 else self._keep(m, go & last)
        if spec.weight_lanes == 1:
            m.d.comb += [
                self.o_valid.eq(self.i_valid),
                self.i_ready.eq(self.o_ready & last),
            ]
        m.d.comb += [
            go.eq(self.o_valid & self.o_ready),
            self.o_part.eq(items.word_select(number, len(self.o_part))),
            self.o_many.eq(Mux(last, spec.transfer_items - (parts - 1) * spec.part_items, spec.part_items)),
        ]
        if parts > 1:
            with m.If(go):
                m.d.sync += number.eq(Mux(last, 0, number + 1))
            with m.If(self.flush):
                m.d.sync += number.eq(0)
        elif spec.weight_lanes == 1:
            unused = Signal()
            m.d.comb += unused.eq(self.flush)
        return m

    def _keep(self, m, leaves):
        """Return the items of the oldest transfer kept; it leaves with its last part."""
        bits = (LANE_TRANSFERS - 1).bit_length()
        write, read, level = Signal(bits), Signal(bits), Signal(range(LANE_TRANSFERS + 1))
        comes, items = Signal(), Signal(len(self.i_items))
        self._library.cell(m, "kept", "nz_regfile", p_WIDTH=len(items), p_DEPTH=LANE_TRANSFERS, p_ADDR_BITS=bits, i_clk=clock(),
                           i_we=comes, i_waddr=write, i_wdata=self.i_items, i_raddr=read, o_rdata=items)
        m.d.comb += [
            self.i_ready.eq(level != LANE_TRANSFERS),
            comes.eq(self.i_valid & self.i_ready),
            self.o_valid.eq(level.any()),
        ]
        m.d.sync += level.eq(level + comes - leaves)
        with m.If(comes):
            m.d.sync += write.eq(write + 1)
        with m.If(leaves):
            m.d.sync += read.eq(read + 1)
        with m.If(self.flush):
            m.d.sync += [
                write.eq(0),
                read.eq(0),
                level.eq(0),
            ]
        return items
