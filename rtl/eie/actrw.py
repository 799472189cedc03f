"""Activation read/write: source and destination regions of one memory, write-back with rounding, saturation and ReLU."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.arithmetic import REGFILE_SLOTS
from rtl.eie.bus import Op, Widths, always_taken
from rtl.eie.requant import Requantiser
from rtl.emit import Library
from rtl.parts import clock, delayed


class ActivationReadWrite(wiring.Component):
    """Hold a PE's activations: the source region is scanned and loaded, the destination region takes the outputs of a layer.

    A scan read takes two steps, each under its own enable: the array at ``scan.read``, the register at ``scan.load``. A
    value that is drained is written four cycles after it leaves the accumulator.

    Members
    -------
    command : ``In(Widths.command)``
        ACT writes an activation of the source region.
    config : ``In(Widths.config)``
    scan : ``In(Widths.scan)``
    act, nonzero : ``Out``
        The second register, and whether it is not 0.
    i : ``In(always_taken(Widths.drained))``
        Accumulators to write back.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__({
            "command": In(w.command), "config": In(w.config), "scan": In(w.scan), "act": Out(spec.act_bits), "nonzero": Out(1),
            "i": In(always_taken(w.drained))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.requantiser = requantiser = Requantiser(self._spec)
        m.d.comb += [
            requantiser.i.eq(self.i.p.value),
            requantiser.shift.eq(self.config.shift),
            requantiser.relu.eq(self.config.relu),
        ]
        back = delayed(m, self.i.valid, "back", cycles=Requantiser.LATENCY)
        slot = delayed(m, self.i.p.slot, "slot", cycles=Requantiser.LATENCY, reset_less=True)
        load = self.command.op == Op.ACT
        address = Cat(Mux(load, self.command.addr[:self._w.slot], slot), Mux(load, self.config.source, ~self.config.source))
        value = Mux(load, self.command.data[:self._spec.act_bits], requantiser.o.as_unsigned())
        ports = {"i_we": back | load, "i_waddr": address, "i_wdata": value, "i_raddr": Cat(self.scan.addr, self.config.source),
                 "p_WIDTH": self._spec.act_bits, "p_DEPTH": 2 * self._spec.slots, "p_ADDR_BITS": self._w.slot + 1,
                 "i_clk": clock()}
        (self._in_regfile if self._spec.slots <= REGFILE_SLOTS else self._in_block)(m, ports)
        return m

    def _in_regfile(self, m, ports):
        read = Signal(self._spec.act_bits)
        first = Signal(self._spec.act_bits, reset_less=True)
        self._library.cell(m, "activations", "nz_regfile", **ports, o_rdata=read)
        with m.If(self.scan.read):
            m.d.sync += first.eq(read)
        with m.If(self.scan.load):
            m.d.sync += [
                self.act.eq(first),
                self.nonzero.eq(first.any()),
            ]

    def _in_block(self, m, ports):
        self._library.cell(m, "activations", "nz_ram", **ports, p_LANES=1, i_re=self.scan.read, i_oe=self.scan.load,
                           o_rdata=self.act)
        m.d.comb += self.nonzero.eq(self.act.any())
