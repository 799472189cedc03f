"""Accumulators on their way to the host."""
from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.mac.array import READ_STAGES
from rtl.mac.feed import OUTPUTS
from spec.framing import WORD_BITS
from spec.mac import MacSpec
from spec.mac.register import SLOTS


class Readout(wiring.Component):
    """Sends slots 0 to ``blocks`` - 1, of each the block of every tile, a word at a time.

    Between two slots it waits `READ_STAGES` cycles for the memory.

    Members
    -------
    start : ``In(1)``; blocks : ``In(...)``; busy, done : ``Out(1)``
    slot : ``Out(range(SLOTS))``; seen : ``In(...)``
        Address and data of the accumulators, as `Array` has them.
    o : ``Out(stream.Signature(...))``
        As many results as fit a word, ``last`` with the last of all.
    """

    def __init__(self, spec: MacSpec):
        self.spec, self.lanes = spec, WORD_BITS // spec.acc_bits
        values = data.ArrayLayout(spec.acc_bits, self.lanes)
        super().__init__({"start": In(1), "blocks": In(SLOTS.bit_length()), "busy": Out(1), "done": Out(1),
                          "slot": Out(range(SLOTS)),
                          "seen": In(data.ArrayLayout(OUTPUTS * spec.acc_bits, spec.tiles)),
                          "o": Out(stream.Signature(data.StructLayout({"values": values, "last": 1})))})

    def elaborate(self, platform):
        m = Module()
        words = OUTPUTS * self.spec.acc_bits // WORD_BITS * self.spec.tiles
        word, wait = Signal(range(max(2, words))), Signal(range(READ_STAGES + 1))
        final, whole = Signal(), Signal()
        m.d.comb += [
            whole.eq(word == words - 1),
            final.eq(whole & (self.slot == self.blocks - 1)),
            self.o.valid.eq(self.busy & (wait == 0)),
            self.o.p.last.eq(final),
            self.o.p["values"].as_value().eq(self.seen.as_value().word_select(word, WORD_BITS)),
        ]
        m.d.sync += self.done.eq(0)
        with m.If(~self.busy):
            with m.If(self.start):
                m.d.sync += [
                    self.busy.eq(1),
                    self.slot.eq(0),
                    word.eq(0),
                    wait.eq(READ_STAGES),
                ]
        with m.Elif(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        with m.Elif(self.o.ready):
            m.d.sync += word.eq(Mux(whole, 0, word + 1))
            with m.If(whole):
                m.d.sync += [
                    self.slot.eq(self.slot + 1),
                    wait.eq(READ_STAGES),
                ]
            with m.If(final):
                m.d.sync += [
                    self.busy.eq(0),
                    self.done.eq(1),
                ]
        return m
