"""Runs on their way from the stream to the sequence: one waits while another goes on."""
from amaranth import Cat, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.mac.bus import COMMAND
from spec.mac import SLOTS, MacSpec


class Commands(wiring.Component):
    """Keeps a run until it is taken, and drops one that makes no sense.

    Parameters
    ----------
    spec : MacSpec

    Members
    -------
    i : ``In(stream.Signature(COMMAND))``
    o : ``Out(stream.Signature(COMMAND))``
    refused : ``Out(1)``
        A run was dropped.
    """

    def __init__(self, spec: MacSpec):
        self.spec = spec
        super().__init__({"i": In(stream.Signature(COMMAND)), "o": Out(stream.Signature(COMMAND)), "refused": Out(1)})

    def elaborate(self, platform):
        m = Module()
        run = self.i.payload
        known = Cat(run.format == self.spec.code(name) for name in self.spec.formats).any()
        sound = known & (run.steps != 0) & (run.columns != 0) & (run.columns <= run.blocks) & (run.blocks <= SLOTS)
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        m.d.sync += self.refused.eq(0)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                self.o.payload.eq(run),
                self.o.valid.eq(sound),
                self.refused.eq(~sound),
            ]
        return m
