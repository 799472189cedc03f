"""Activation queue: the columns that were broadcast and wait for the sparse-matrix read."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Widths, always_taken
from rtl.emit import Library
from rtl.parts import clock
from spec.eie import ceil_log2


class ActivationQueue(wiring.Component):
    """Keep fragments in order until they are taken, and ask for a stop of the broadcast before they overflow.

    A fragment written in one cycle may be taken in the next. ``stop`` is asked while the activations that arrived and are
    not yet taken or dropped leave no more room than the ``2 * broadcast_latency`` that are on their way.

    Members
    -------
    arrive : ``In(1)``
        An activation arrives at the PE; its fragment follows on ``i`` from the pointer read.
    i : ``In(always_taken(Widths.fragment))``
        A fragment, or a column found empty: that is dropped with ``skip_empty`` and kept without.
    o : ``Out(stream.Signature(Widths.queued))``
        The oldest fragment.
    stop, idle : ``Out(1)``
        Stop request; no activation is here.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        super().__init__({"arrive": In(1), "i": In(always_taken(self._w.fragment)), "o": Out(stream.Signature(self._w.queued)),
                          "stop": Out(1), "idle": Out(1)})

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        address = max(1, ceil_log2(spec.queue_depth))
        write = Signal(address + 1)
        read = Signal(address + 1)
        level = Signal(range(spec.queue_depth + 1))
        keep = Signal()
        drop = Signal()
        take = Signal()
        left = Signal(2)
        m.d.comb += [
            drop.eq(self.i.valid & self.i.p.empty & int(spec.skip_empty)),
            keep.eq(self.i.valid & ~drop),
            self.o.valid.eq(write != read),
            take.eq(self.o.valid & self.o.ready),
            self.stop.eq(level >= spec.queue_depth - 2 * spec.broadcast_latency),
            self.idle.eq(level == 0),
        ]
        with m.If(keep):
            m.d.sync += write.eq(write + 1)
        with m.If(take):
            m.d.sync += read.eq(read + 1)
        m.d.sync += [
            level.eq(level + self.arrive - left),
            left.eq(drop + take),
        ]
        self._storage(m, write[:address], read[:address])
        return m

    def _storage(self, m, write, read):
        """Write whatever comes where the next fragment goes: it stays only if ``write`` moves on, and its place is free."""
        queued = self._w.queued
        stored = Signal(queued.size)
        given = Cat(self.i.p[name] for name in queued.members)
        self._library.cell(
            m, "memory", "nz_regfile", p_WIDTH=len(stored), p_DEPTH=1 << len(write), p_ADDR_BITS=len(write), i_clk=clock(),
            i_we=self.i.valid, i_waddr=write, i_wdata=given, i_raddr=read, o_rdata=stored)
        m.d.comb += self.o.p.eq(stored)
