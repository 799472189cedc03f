"""Pointer read: both pointers of a column in one access of a two-port memory."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Op, Widths, always_taken
from rtl.emit import Library
from rtl.parts import clock, delayed


class PointerRead(wiring.Component):
    """Look up the fragment of each column that is broadcast: one column a cycle, answer three cycles later.

    The memory holds the end of column j at address j; the start of column j is the end of the column before it, except for
    the first column of a layer, which starts at the layer's base word. If start and end are equal, ``empty`` is 1 and ``last``
    has no meaning.

    Members
    -------
    command : ``In(Widths.command)``
        POINTER writes the end of the column at its address.
    config : ``In(Widths.config)``
    broadcast : ``In(Widths.broadcast)``
    o : ``Out(always_taken(Widths.fragment))``
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__({"command": In(w.command), "config": In(w.config), "broadcast": In(w.broadcast),
                          "o": Out(always_taken(w.fragment))})

    def elaborate(self, platform):
        m = Module()
        bits = self._spec.pointer_bits
        entry = self._w.entry
        end = Signal(bits)
        before = Signal(bits)
        column = Signal(self._w.column)
        ahead = Signal(self._w.column)
        m.d.comb += [
            column.eq(Mux(self.broadcast.valid, self.broadcast.column, self.command.addr[:self._w.column])),
            ahead.eq(column - 1),
        ]
        self._library.cell(
            m, "memory", "nz_ram_dual", p_WIDTH=bits, p_DEPTH=self._spec.columns, p_ADDR_BITS=self._w.column,
            i_clk=clock(), i_we=self.command.op == Op.POINTER, i_wdata=self.command.data[:bits], i_addr_a=column,
            i_addr_b=ahead, o_rdata_a=end, o_rdata_b=before)
        first = delayed(m, self.broadcast.first, "first", cycles=2)
        start = Signal(bits)
        after = Signal(bits)
        m.d.sync += [
            start.eq(Mux(first, self.config.base << entry, before)),
            after.eq(end),
        ]
        fragment = self.o.p
        m.d.comb += [
            fragment.start.eq(start),
            fragment.last.eq(after - 1),
            fragment.empty.eq(start == after),
            fragment.single.eq(fragment.start[entry:] == fragment.last[entry:]),
            fragment.act.eq(delayed(m, self.broadcast.act, "act", cycles=3, reset_less=True)),
            self.o.valid.eq(delayed(m, self.broadcast.valid, "valid", cycles=3)),
        ]
        return m
