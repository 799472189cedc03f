"""Activation queue: the columns that were broadcast and wait for the sparse-matrix read."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Widths
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
        An activation arrives at the PE; its fragment follows as ``i_valid`` from the pointer read.
    i_valid, i_empty, i_single, i_act, i_start, i_last : ``In``
        A fragment, or a column found empty: that is dropped with ``skip_empty`` and kept without.
    o_valid, o_empty, o_single, o_act, o_start, o_last, o_ready
        The oldest fragment, taken when valid and ready.
    stop, none : ``Out(1)``
        Stop request; no activation is here.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        fragment = {"valid": 1, "empty": 1, "single": 1, "act": spec.act_bits, "start": spec.pointer_bits,
                    "last": spec.pointer_bits}
        super().__init__({"arrive": In(1), "stop": Out(1), "none": Out(1), "o_ready": In(1)}
                         | {f"i_{name}": In(bits) for name, bits in fragment.items()}
                         | {f"o_{name}": Out(bits) for name, bits in fragment.items()})

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
            drop.eq(self.i_valid & self.i_empty & int(spec.skip_empty)), keep.eq(self.i_valid & ~drop),
            self.o_valid.eq(write != read), take.eq(self.o_valid & self.o_ready),
            self.stop.eq(level >= spec.queue_depth - 2 * spec.broadcast_latency), self.none.eq(level == 0)]
        with m.If(keep):
            m.d.sync += write.eq(write + 1)
        with m.If(take):
            m.d.sync += read.eq(read + 1)
        m.d.sync += [level.eq(level + self.arrive - left), left.eq(drop + take)]
        self._storage(m, write[:address], read[:address])
        return m

    def _storage(self, m, write, read):
        """Write whatever comes where the next fragment goes: it stays only if ``write`` moves on, and its place is free."""
        spec = self._spec
        flag = [] if spec.skip_empty else [(self.i_empty, self.o_empty)]
        pairs = [(self.i_act, self.o_act), (self.i_start, self.o_start), (self.i_last, self.o_last),
                 (self.i_single, self.o_single), *flag]
        stored = Signal(sum(len(value) for value, _ in pairs))
        self._library.cell(
            m, "memory", "nz_regfile", p_WIDTH=len(stored), p_DEPTH=1 << len(write), p_ADDR_BITS=len(write), i_clk=clock(),
            i_we=self.i_valid, i_waddr=write, i_wdata=Cat(value for value, _ in pairs), i_raddr=read, o_rdata=stored)
        if not flag:
            m.d.comb += self.o_empty.eq(0)
        m.d.comb += Cat(port for _, port in pairs).eq(stored)
