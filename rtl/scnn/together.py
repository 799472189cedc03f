"""Barrier: something has happened in all of several places."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Together(wiring.Component):
    """Remembers who has come; ``all`` is 1 for one cycle when the last one has, a cycle later, and all begin anew.

    Members
    -------
    come : ``In(places)``
    all : ``Out(1)``
    """

    def __init__(self, places: int):
        super().__init__({"come": In(places), "all": Out(1)})

    def elaborate(self, platform):
        m = Module()
        here = Signal(len(self.come))
        m.d.comb += self.all.eq(here.all())
        with m.If(self.all):
            m.d.sync += here.eq(self.come)
        with m.Else():
            m.d.sync += here.eq(here | self.come)
        return m
