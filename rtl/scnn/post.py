"""Post-processing: windows reduced, bias, rounding, ReLU, and the outputs compressed into the activation memory."""

from types import SimpleNamespace

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.requant import Requantiser
from rtl.emit import Submodules
from rtl.parts import clock, delayed
from rtl.scnn.bus import Widths, mark_layout
from spec.scnn.program import DRAIN_LAYER, POOLS
from spec.scnn.shape import BIAS_BITS, VALUE_BITS, ScnnSpec

RING = 4                # passes whose biases are kept
REDUCED, BIASED = 1, 1  # cycles of the stages ahead of the rounding


class PostProcessing(wiring.Component):
    """Turns old values of accumulators into outputs, one operation per cycle.

    An output is on the port six cycles after the last value of its window: window, bias, and the four of the rounding.

    Members
    -------
    i_value, i_mark : ``In``
        An old value and what it is; a gap comes in a cycle of its own.
    i_ahead : ``In``
        The channel of the mark that comes in the next cycle.
    pool, shift, relu, bias : ``In``
        Of the step and of the layer; they stand still while values are on their way.
    ring : ``In(2)``
        Number of the pass, modulo the ring.
    bias_we, bias_addr, bias_value : ``In``
        Writes the ring: number of the pass modulo the ring above the channel.
    o_value, o_valid, o_gap, o_none, o_end, o_channel : ``Out``
        An output, or a gap, or a channel without outputs; whether it ends its channel.
    saturated : ``Out(1)``
        A sum with its bias does not fit ``acc_bits``.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__({
            "i_value": In(signed(w.sum)), "i_mark": In(mark_layout(spec)), "i_ahead": In(w.channel),
            "pool": In(2), "shift": In(DRAIN_LAYER["shift"][1]),
            "relu": In(1), "bias": In(1), "ring": In(2), "bias_we": In(1), "bias_addr": In(w.channel + 2),
            "bias_value": In(signed(BIAS_BITS)), "o_value": Out(signed(VALUE_BITS)), "o_valid": Out(1), "o_gap": Out(1),
            "o_none": Out(1), "o_end": Out(1), "o_channel": Out(w.channel), "saturated": Out(1)})

    def elaborate(self, platform):
        m = Module()
        bits, mark = self._w.sum, self.i_mark
        reduced = self._reduce(m, bits)
        bias = Signal(signed(BIAS_BITS))
        self._library.cell(m, "biases", "nz_ram", p_WIDTH=BIAS_BITS, p_DEPTH=RING << self._w.channel, p_LANES=1,
                           p_ADDR_BITS=self._w.channel + 2, i_clk=clock(), i_we=self.bias_we, i_waddr=self.bias_addr,
                           i_wdata=self.bias_value, i_re=1, i_oe=1, i_raddr=Cat(self.i_ahead, self.ring),
                           o_rdata=bias)
        out = Cat(mark.valid & mark.last, mark.gap, mark.none, mark.channel_end, mark.channel)
        total = Signal(signed(bits + 1))
        given = delayed(m, mark.valid & mark.last, "given", cycles=2)
        m.d.sync += total.eq(reduced + Mux(self.bias, bias, 0))
        over = total[self._spec.acc_bits - 1:]
        m.d.comb += self.saturated.eq(given & over.any() & ~over.all())
        m.submodules.requantiser = requantiser = Requantiser(
            SimpleNamespace(acc_bits=bits + 1, act_bits=VALUE_BITS, shift_bits=len(self.shift)))
        m.d.comb += [
            requantiser.i.eq(total),
            requantiser.shift.eq(self.shift),
            requantiser.relu.eq(self.relu),
            self.o_value.eq(requantiser.o),
        ]
        came = delayed(m, out, "out", cycles=REDUCED + BIASED + Requantiser.LATENCY, reset_less=False)
        m.d.comb += Cat(self.o_valid, self.o_gap, self.o_none, self.o_end, self.o_channel).eq(came)
        return m

    def _reduce(self, m, bits):
        """Reduce the values of a window in a register, which holds the result a cycle after the last of them."""
        mark = self.i_mark
        kept, some = Signal(signed(bits), name="kept", reset_less=True), Signal()
        fresh, adds, sure, under = Signal(), Signal(), Signal(), Signal(signed(bits + 1))
        m.d.comb += [
            fresh.eq(mark.first | ~some),
            adds.eq(self.pool == POOLS["sum"]),
            under.eq(kept - self.i_value),          # below 0: of a comparison synthesis makes two chains
            sure.eq(mark.valid & Mux(mark.ignored, mark.first, fresh | adds)),
        ]
        with m.If(sure | mark.valid & ~mark.ignored & under[-1]):       # the comparison, which is late, decides nothing else
            m.d.sync += kept.eq(Mux(adds & ~fresh, kept + self.i_value, self.i_value) & ~mark.ignored.replicate(bits))
        with m.If(mark.valid):
            m.d.sync += some.eq(~mark.ignored | some & ~mark.first)
        return kept
