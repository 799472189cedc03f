"""Processing element: pointer read, activation queue, sparse-matrix read, arithmetic, activation read/write."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.actrw import ActivationReadWrite
from rtl.eie.arithmetic import Arithmetic
from rtl.eie.bus import PE_EVENTS, Widths, events
from rtl.eie.picker import EntryPicker
from rtl.eie.pointer import PointerRead
from rtl.eie.queue import ActivationQueue
from rtl.eie.spmat import MatrixRead
from rtl.emit import Library
from rtl.parts import delayed


class Pe(wiring.Component):
    """One EIE processing element; its stages and their timing are drawn in ``docs/eie/pipeline.md``.

    Takes a broadcast every cycle until it asks for a stop, and does one multiply-accumulate a cycle. The last registers of what
    comes down the tree are in the PE, so that each drives one PE.

    Members
    -------
    command : ``In(Widths.command)``, config : ``In(Widths.config)``, broadcast : ``In(Widths.broadcast)``
    scan : ``In(Widths.scan)``, act, nonzero : ``Out``
        Scan of the activations by the detection leaf.
    status : ``Out(Widths.status)``
        Stop request, nothing left before the arithmetic, an addition saturated.
    event : ``Out(events(PE_EVENTS, 1))``
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__({
            "command": In(w.command), "config": In(w.config), "broadcast": In(w.broadcast), "scan": In(w.scan),
            "act": Out(spec.act_bits), "nonzero": Out(1), "status": Out(w.status), "event": Out(events(PE_EVENTS, 1))})

    def elaborate(self, platform):
        m = Module()
        spec, library = self._spec, self._library
        last = min(1, spec.broadcast_latency)
        command = delayed(m, self.command, "command", cycles=last)
        config = delayed(m, self.config, "config", cycles=last)
        broadcast = delayed(m, self.broadcast, "broadcast", cycles=last)
        m.submodules.pointer = pointer = PointerRead(spec, library)
        m.submodules.queue = queue = ActivationQueue(spec, library)
        m.submodules.spmat = spmat = MatrixRead(spec, library)
        m.submodules.picker = picker = EntryPicker(spec)
        m.submodules.arithmetic = arithmetic = Arithmetic(spec, library)
        m.submodules.actrw = actrw = ActivationReadWrite(spec, library)
        for block in (pointer, spmat, arithmetic, actrw):
            m.d.comb += block.command.eq(command)
        for block in (pointer, actrw):
            m.d.comb += block.config.eq(config)
        for source, sink in ((pointer, queue), (queue, spmat), (spmat, picker), (picker, arithmetic), (arithmetic, actrw)):
            wiring.connect(m, source.o, sink.i)
        m.d.comb += [
            pointer.broadcast.eq(broadcast),
            queue.arrive.eq(broadcast.valid),
            spmat.hold.eq(0 if spec.overlap_columns else ~(spmat.idle & picker.idle)),
            arithmetic.bias.eq(spmat.bias),
            actrw.scan.eq(self.scan),
            self.act.eq(actrw.act),
            self.nonzero.eq(actrw.nonzero),
            self.status.stop.eq(delayed(m, queue.stop, "stop", cycles=last)),
            self.status.idle.eq(delayed(m, queue.idle & spmat.idle & picker.idle, "idle", cycles=last)),
            self.status.saturated.eq(delayed(m, arithmetic.saturated, "saturated", cycles=1)),
        ]
        m.d.sync += [
            self.event.useful_macs.eq(picker.pick_real),
            self.event.padding.eq(picker.pick_padding),
            self.event.empty.eq(pointer.o.valid & pointer.o.p.empty),
        ]
        return m
