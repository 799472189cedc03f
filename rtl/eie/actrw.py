"""Activation read/write: source and destination regions of one memory, write-back with rounding, saturation and ReLU."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.arithmetic import REGFILE_SLOTS
from rtl.eie.bus import Op, Widths
from rtl.eie.requant import Requantiser
from rtl.emit import Library
from rtl.parts import clock, delayed


class ActivationReadWrite(wiring.Component):
    """Hold a PE's activations: the source region is scanned and loaded, the destination region takes the outputs of a layer.

    A scan read takes two steps, each under its own enable: the array at ``scan_read``, the register at ``scan_load``. A
    value that is drained is written four cycles after it leaves the accumulator.

    Members
    -------
    scan_addr, scan_read, scan_load : ``In``
        Slot to read; load the first register; pass it to the second.
    act, nonzero : ``Out``
        The second register, and whether it is not 0.
    i_drain, i_slot, i_value : ``In``
        An accumulator to write back.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__({
            "cmd_op": In(3), "cmd_addr": In(w.address), "cmd_data": In(32), "cfg_shift": In(spec.shift_bits), "cfg_relu": In(1),
            "cfg_source": In(1), "scan_addr": In(w.slot), "scan_read": In(1), "scan_load": In(1), "act": Out(spec.act_bits),
            "nonzero": Out(1), "i_drain": In(1), "i_slot": In(w.slot), "i_value": In(signed(spec.acc_bits))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.requantiser = requantiser = Requantiser(self._spec)
        m.d.comb += [requantiser.i.eq(self.i_value), requantiser.shift.eq(self.cfg_shift), requantiser.relu.eq(self.cfg_relu)]
        back = delayed(m, self.i_drain, "back", cycles=Requantiser.LATENCY)
        slot = delayed(m, self.i_slot, "slot", cycles=Requantiser.LATENCY, reset_less=True)
        load = self.cmd_op == Op.ACT
        address = Cat(Mux(load, self.cmd_addr[:self._w.slot], slot), Mux(load, self.cfg_source, ~self.cfg_source))
        value = Mux(load, self.cmd_data[:self._spec.act_bits], requantiser.o.as_unsigned())
        ports = {"i_we": back | load, "i_waddr": address, "i_wdata": value, "i_raddr": Cat(self.scan_addr, self.cfg_source),
                 "p_WIDTH": self._spec.act_bits, "p_DEPTH": 2 * self._spec.slots, "p_ADDR_BITS": self._w.slot + 1,
                 "i_clk": clock()}
        (self._in_regfile if self._spec.slots <= REGFILE_SLOTS else self._in_block)(m, ports)
        return m

    def _in_regfile(self, m, ports):
        read = Signal(self._spec.act_bits)
        first = Signal(self._spec.act_bits, reset_less=True)
        self._library.cell(m, "activations", "nz_regfile", **ports, o_rdata=read)
        with m.If(self.scan_read):
            m.d.sync += first.eq(read)
        with m.If(self.scan_load):
            m.d.sync += [self.act.eq(first), self.nonzero.eq(first.any())]

    def _in_block(self, m, ports):
        self._library.cell(m, "activations", "nz_ram", **ports, p_LANES=1, i_re=self.scan_read, i_oe=self.scan_load,
                           o_rdata=self.act)
        m.d.comb += self.nonzero.eq(self.act.any())
