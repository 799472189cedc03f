"""Pointer read: both pointers of a column in one access of a two-port memory."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Op, Widths
from rtl.emit import Library
from rtl.parts import clock, delayed


class PointerRead(wiring.Component):
    """Look up the fragment of each column that is broadcast: one column a cycle, answer three cycles later.

    The memory holds the end of column j at address j; the start of column j is the end of the column before it, except for
    the first column of a layer, which starts at the layer's base word. ``o_empty`` says that start and end are equal; then
    ``o_last`` has no meaning.

    Members
    -------
    i_valid, i_act, i_first : ``In``
        A broadcast activation; ``i_first`` marks column 0 of a layer.
    addr_a, addr_b : ``In``
        Address of the column's end and of the end before it; ``addr_a`` is also the address of a POINTER command.
    o_valid, o_act, o_start, o_last, o_empty, o_single : ``Out``
        The fragment: its first and its last entry, whether it has none, whether both lie in one word.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        super().__init__({
            "cmd_op": In(3), "cmd_data": In(32), "cfg_base": In(self._w.word),
            "i_valid": In(1), "i_act": In(spec.act_bits), "i_first": In(1),
            "addr_a": In(self._w.column), "addr_b": In(self._w.column),
            "o_valid": Out(1), "o_act": Out(spec.act_bits), "o_start": Out(spec.pointer_bits),
            "o_last": Out(spec.pointer_bits), "o_empty": Out(1), "o_single": Out(1)})

    def elaborate(self, platform):
        m = Module()
        bits = self._spec.pointer_bits
        end = Signal(bits)
        before = Signal(bits)
        self._library.cell(
            m, "memory", "nz_ram_dual", p_WIDTH=bits, p_DEPTH=self._spec.columns, p_ADDR_BITS=self._w.column,
            i_clk=clock(), i_we=self.cmd_op == Op.POINTER, i_wdata=self.cmd_data[:bits], i_addr_a=self.addr_a,
            i_addr_b=self.addr_b, o_rdata_a=end, o_rdata_b=before)
        first = delayed(m, self.i_first, "first", cycles=2)
        start = Signal(bits)
        after = Signal(bits)
        m.d.sync += [start.eq(Mux(first, self.cfg_base << self._w.entry, before)), after.eq(end)]
        m.d.comb += [
            self.o_start.eq(start), self.o_last.eq(after - 1), self.o_empty.eq(start == after),
            self.o_single.eq(self.o_start[self._w.entry:] == self.o_last[self._w.entry:]),
            self.o_valid.eq(delayed(m, self.i_valid, "valid", cycles=3)),
            self.o_act.eq(delayed(m, self.i_act, "act", cycles=3, reset_less=True))]
        return m
