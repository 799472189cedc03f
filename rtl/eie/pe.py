"""Processing element: pointer read, activation queue, sparse-matrix read, arithmetic, activation read/write."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.actrw import ActivationReadWrite
from rtl.eie.arithmetic import Arithmetic
from rtl.eie.bus import EVENTS, Widths
from rtl.eie.picker import EntryPicker
from rtl.eie.pointer import PointerRead
from rtl.eie.queue import ActivationQueue
from rtl.eie.spmat import MatrixRead
from rtl.emit import Library
from rtl.parts import delayed

FRAGMENT = ("valid", "empty", "single", "act", "start", "last")
WORD = ("valid", "word", "mask", "from", "lead", "head", "act")
ENTRY = ("valid", "code", "run", "skip", "head", "act")


class Pe(wiring.Component):
    """One EIE processing element; its stages and their timing are drawn in ``docs/eie/pipeline.md``.

    Takes a broadcast every cycle until it asks for a stop, and does one multiply-accumulate a cycle.

    Members
    -------
    cmd_op, cmd_addr, cmd_data, cfg_* : ``In``
        Command bus and what stands still during a layer; see :class:`rtl.eie.bus.Op`.
    bc_valid, bc_act, bc_first, bc_column : ``In``
        Broadcast activation, with the address of its column's pointer.
    scan_addr, scan_read, scan_load : ``In``, act, nonzero : ``Out``
        Scan of the activations by the detection leaf.
    stop, idle, saturated, ev_busy, ev_padding, ev_empty : ``Out(1)``
        Stop request, nothing left before the arithmetic, an addition saturated, events for the counters.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        super().__init__(self.inputs() | w.status() | {f"ev_{name}": Out(1) for name in EVENTS} | {
            "scan_addr": In(w.slot), "scan_read": In(1), "scan_load": In(1), "act": Out(spec.act_bits), "nonzero": Out(1)})

    def inputs(self) -> dict:
        """Return the ports of what comes down the tree; its last registers are in the PE, so that each drives one PE."""
        w = self._w
        return w.command() | w.config() | {"bc_valid": In(1), "bc_act": In(self._spec.act_bits), "bc_first": In(1),
                                           "bc_column": In(w.column)}

    def elaborate(self, platform):
        m = Module()
        spec, library = self._spec, self._library
        last = min(1, spec.broadcast_latency)
        down = {name: delayed(m, getattr(self, name), name, cycles=last) for name in self.inputs()}
        m.submodules.pointer = pointer = PointerRead(spec, library)
        m.submodules.queue = queue = ActivationQueue(spec, library)
        m.submodules.spmat = spmat = MatrixRead(spec, library)
        m.submodules.picker = picker = EntryPicker(spec)
        m.submodules.arithmetic = arithmetic = Arithmetic(spec, library)
        m.submodules.actrw = actrw = ActivationReadWrite(spec, library)
        for block in (pointer, spmat, arithmetic, actrw):
            m.d.comb += [getattr(block, name).eq(signal) for name, signal in down.items() if hasattr(block, name)]
        column = Signal(self._w.column)
        m.d.comb += [
            column.eq(Mux(down["bc_valid"], down["bc_column"], down["cmd_addr"][:self._w.column])),
            pointer.addr_a.eq(column), pointer.addr_b.eq(column - 1), pointer.i_valid.eq(down["bc_valid"]),
            pointer.i_act.eq(down["bc_act"]), pointer.i_first.eq(down["bc_first"]), queue.arrive.eq(down["bc_valid"])]
        _connect(m, pointer, queue, FRAGMENT)
        _connect(m, queue, spmat, FRAGMENT)
        _connect(m, spmat, picker, WORD)
        _connect(m, picker, arithmetic, ENTRY)
        m.d.comb += [
            queue.o_ready.eq(spmat.i_ready), spmat.o_ready.eq(picker.i_ready), arithmetic.i_bias.eq(spmat.bias),
            spmat.hold.eq(0 if spec.overlap_columns else ~(spmat.none & picker.none))]
        for port in ("drain", "slot", "value"):
            m.d.comb += getattr(actrw, f"i_{port}").eq(getattr(arithmetic, f"o_{port}"))
        for port in ("scan_addr", "scan_read", "scan_load"):
            m.d.comb += getattr(actrw, port).eq(getattr(self, port))
        idle = queue.none & spmat.none & picker.none
        m.d.comb += [
            self.act.eq(actrw.act), self.nonzero.eq(actrw.nonzero), self.stop.eq(delayed(m, queue.stop, "stop", cycles=last)),
            self.idle.eq(delayed(m, idle, "idle", cycles=last))]
        m.d.sync += [
            self.ev_busy.eq(picker.pick_real), self.ev_padding.eq(picker.pick_padding),
            self.ev_empty.eq(pointer.o_valid & pointer.o_empty), self.saturated.eq(arithmetic.saturated)]
        return m


def _connect(m: Module, source, sink, names) -> None:
    """Join the ``o_`` ports of one block to the ``i_`` ports of the next."""
    for name in names:
        m.d.comb += getattr(sink, f"i_{name}").eq(getattr(source, f"o_{name}"))
