"""The MAC machine: registers, packets in, blocks of D out, and the array of tiles between them."""
from amaranth import Module, Signal
from amaranth.lib import wiring

from rtl.bus.front import FrontEnd
from rtl.bus.port import front_end
from rtl.bus.result import ResultStream
from rtl.emit import Submodules
from rtl.mac.array import Array
from rtl.mac.assemble import Assemble
from rtl.mac.depth import cuts_of
from rtl.mac.plan import Plan
from rtl.mac.readout import Readout
from rtl.mac.sequence import Sequence
from rtl.parts import leave_open
from spec.framing import WORD_BITS
from spec.mac import MacSpec
from spec.mac.register import PACKETS, SLOTS, registers


class Machine(wiring.Component):
    """An array of MAC tiles behind AXI4-Lite and AXI4-Stream; `spec.mac.register` says how to use it.

    Buffers may be loaded while a run goes on, rows in use excepted; accumulators wait until it has ended.

    Parameters
    ----------
    spec : MacSpec
    library : Submodules, optional
        Where its parts go: submodules of this design if not given, shared modules of a `Library` when Verilog is written.

    Members
    -------
    s_axil_*, s_axis_*, m_axis_*, irq
    """

    def __init__(self, spec: MacSpec, library: Submodules | None = None):
        self.spec, self.library = spec, library or Submodules()
        self.plan = Plan(spec)
        self.array = Array(self.plan, cuts_of(spec.target), self.library)
        super().__init__(front_end())

    def elaborate(self, platform):
        m = Module()
        spec, array = self.spec, self.array
        m.submodules.front = front = FrontEnd(
            registers(spec), PACKETS.values(), ResultStream(spec.acc_bits, lanes=WORD_BITS // spec.acc_bits))
        m.submodules.assemble = assemble = Assemble(spec)
        m.submodules.sequence = sequence = Sequence(spec, array.accumulate_latency)
        m.submodules.array = array
        m.submodules.readout = readout = Readout(spec)
        front.expose(m, self)
        leave_open(front.flags)
        wiring.connect(m, front.packet, assemble.i)
        busy = Signal(name="busy")
        go = Signal(name="go")
        look = Signal(name="look")
        legal = Signal(name="legal")
        run = front.run
        m.d.comb += [
            busy.eq(sequence.busy | readout.busy),
            legal.eq((run.blocks != 0) & (run.blocks <= SLOTS) & (run.steps != 0) & ~busy
                     & ~(front.control.start & front.control.read)),
            go.eq(front.control.start & legal),
            look.eq(front.control.read & legal),
            sequence.start.eq(go),
            array.start.eq(go),
            readout.start.eq(look),
            assemble.busy.eq(busy),
        ]
        self._join_run(m, front, sequence)
        self._join_array(m, run, assemble, sequence, readout)
        m.d.comb += [
            front.result.valid.eq(readout.o.valid),
            readout.o.ready.eq(front.result.ready),
            front.result.p["values"].as_value().eq(readout.o.p["values"].as_value()),
            front.result.p.last.eq(readout.o.p.last),
        ]
        self._report(m, front, assemble, sequence, readout, busy, legal)
        return m

    def _join_run(self, m, front, sequence):
        """Tell the sequence what a run does."""
        run = front.run
        m.d.comb += [
            sequence.run.blocks.eq(run.blocks),
            sequence.run.steps.eq(run.steps),
            sequence.run.accumulate.eq(run.accumulate),
        ]
        for side in "ab":
            for what in ("base", "stride"):
                m.d.comb += sequence.run[f"{side}_{what}"].eq(getattr(front, side)[what])

    def _join_array(self, m, run, assemble, sequence, readout):
        """Connect what writes, issues and reads the array's memories."""
        array = self.array
        m.d.comb += [
            array.valid.eq(sequence.valid),
            array.issue.eq(sequence.issue),
            array.fmt.eq(run.format),
            array.blocks.eq(run.blocks),
            readout.blocks.eq(run.blocks),
            array.look.eq(readout.busy),
            array.look_slot.eq(readout.slot),
            readout.seen.eq(array.seen),
            array.row.eq(assemble.row),
            array.block.eq(assemble.block),
            array.we_a.eq(assemble.we_a),
            array.we_b.eq(assemble.we_b),
            array.we_c.eq(assemble.we_c),
        ]

    def _report(self, m, front, assemble, sequence, readout, busy, legal):
        """Drive status, flags and counters; the counters run from reset on."""
        command = front.control.start | front.control.read
        m.d.comb += [
            front.status.busy.eq(busy),
            front.event.done.eq(sequence.done | readout.done),
            front.event.refused.eq(command & ~legal),
            front.event.range.eq(assemble.range),
            front.cycles.eq(sequence.busy),
            front.operations.eq(sequence.valid),
            front.waits.eq(sequence.waiting),
            front.clear.eq(0),
        ]
