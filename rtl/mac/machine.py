"""The MAC machine: registers, packets in, blocks of D out, and the array of tiles between them."""
from amaranth import Module, Signal
from amaranth.lib import wiring

from rtl.bus.front import FrontEnd
from rtl.bus.port import front_end
from rtl.bus.result import ResultStream
from rtl.emit import Submodules
from rtl.mac.array import Array
from rtl.mac.assemble import Assemble
from rtl.mac.commands import Commands
from rtl.mac.datapath import Datapath
from rtl.mac.depth import cuts_of
from rtl.mac.readout import Readout
from rtl.mac.ring import Ring
from rtl.mac.sequence import Sequence
from rtl.parts import leave_open
from spec.framing import WORD_BITS
from spec.mac import A_ROWS, PACKETS, MacSpec, registers


class Machine(wiring.Component):
    """An array of MAC tiles with AXI4-Lite and AXI4-Stream; `spec.mac.register` says how to use it.

    Operands stream into the buffers while runs go on; accumulators wait until all have ended.

    Parameters
    ----------
    spec : MacSpec
        What to build.
    library : Submodules, optional
        Where its parts go: submodules of this design if not given, shared modules of a `Library` when Verilog is written.

    Members
    -------
    s_axil_*, s_axis_*, m_axis_*, irq
        Registers over AXI4-Lite, packets in, packets out, the interrupt.
    """

    def __init__(self, spec: MacSpec, library: Submodules | None = None):
        self.spec, self.library = spec, library or Submodules()
        self.datapath = Datapath(spec)
        self.array = Array(self.datapath, cuts_of(spec.target), self.library)
        super().__init__(front_end())

    def elaborate(self, platform):
        m = Module()
        spec, array = self.spec, self.array
        m.submodules.front = front = FrontEnd(
            registers(spec), PACKETS.values(), ResultStream(spec.acc_bits, lanes=WORD_BITS // spec.acc_bits))
        m.submodules.assemble = assemble = Assemble(spec)
        m.submodules.commands = commands = Commands(spec)
        m.submodules.ring_a = ring_a = Ring(A_ROWS)
        m.submodules.ring_b = ring_b = Ring(spec.rows)
        m.submodules.sequence = sequence = Sequence(spec, array.accumulate_latency)
        m.submodules.array = array
        m.submodules.readout = readout = Readout(spec)
        front.expose(m, self)
        leave_open(front.flags)
        wiring.connect(m, front.packet, assemble.i)
        wiring.connect(m, assemble.run, commands.i)
        wiring.connect(m, commands.o, sequence.run)
        self._join_rings(m, assemble, ring_a, ring_b, sequence)
        self._join_array(m, assemble, sequence, readout)
        m.d.comb += [
            assemble.busy.eq(sequence.busy),
            front.result.valid.eq(readout.o.valid),
            readout.o.ready.eq(front.result.ready),
            front.result.p["values"].as_value().eq(readout.o.p["values"].as_value()),
            front.result.p.last.eq(readout.o.p.last),
        ]
        self._report(m, front, assemble, commands, sequence, readout)
        return m

    def _join_rings(self, m, assemble, ring_a, ring_b, sequence):
        """Count the rows of the operand buffers."""
        m.d.comb += [
            assemble.room_a.eq(ring_a.room),
            assemble.room_b.eq(ring_b.room),
            ring_a.take.eq(assemble.take_a),
            ring_b.take.eq(assemble.take_b),
            ring_a.written.eq(assemble.we_a),
            ring_b.written.eq(assemble.we_b[-1]),
            ring_a.free.eq(sequence.a_free),
            ring_b.free.eq(sequence.b_free),
            sequence.a_rows.eq(ring_a.rows),
            sequence.b_rows.eq(ring_b.rows),
            sequence.a_written.eq(ring_a.written),
            sequence.b_written.eq(ring_b.written),
        ]

    def _join_array(self, m, assemble, sequence, readout):
        """Connect what writes, issues and reads the array's memories."""
        array = self.array
        m.d.comb += [
            array.valid.eq(sequence.valid),
            array.issue.eq(sequence.issue),
            sequence.retire.eq(array.retire),
            sequence.sendable.eq(readout.free),
            readout.claim.eq(sequence.claim),
            readout.blocks.eq(sequence.claimed),
            readout.written.eq(array.last),
            array.look_slot.eq(readout.slot),
            readout.seen.eq(array.seen),
            array.row.eq(assemble.row),
            array.block.eq(assemble.block),
            array.we_a.eq(assemble.we_a),
            array.we_b.eq(assemble.we_b),
            array.we_c.eq(assemble.we_c),
        ]

    def _report(self, m, front, assemble, commands, sequence, readout):
        """Drive status, flags and counters; the counters run from reset on."""
        busy, was = Signal(name="busy"), Signal(name="was_busy")
        m.d.comb += busy.eq(sequence.busy | ~readout.free)
        m.d.sync += was.eq(busy)
        m.d.comb += [
            front.status.busy.eq(busy),
            front.event.done.eq(was & ~busy),
            front.event.refused.eq(commands.refused),
            front.event.range.eq(assemble.range),
            front.cycles.eq(sequence.busy),
            front.operations.eq(sequence.valid),
            front.waits.eq(sequence.waits),
            front.starved.eq(sequence.starved),
            front.held.eq(sequence.held),
            front.clear.eq(0),
        ]
