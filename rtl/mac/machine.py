"""The MAC machine: registers, packets in, blocks of D out, and the array of tiles between them."""
from amaranth import Module, Signal
from amaranth.lib import wiring

from rtl.bus.axil import AxiLiteSlave
from rtl.bus.loader import StreamLoader
from rtl.bus.port import front_end, pass_through
from rtl.bus.result import ResultStream
from rtl.emit import Library
from rtl.mac.array import Array
from rtl.mac.assemble import Assemble
from rtl.mac.plan import Plan
from rtl.mac.readout import Readout
from rtl.mac.sequence import Sequence
from spec.mac.register import COUNTERS, PACKETS, SLOTS, registers


class Machine(wiring.Component):
    """An array of MAC tiles behind AXI4-Lite and AXI4-Stream; `spec.mac.register` says how to use it.

    Buffers may be loaded while a run goes on, rows in use excepted; accumulators wait until it has ended.

    Parameters
    ----------
    plan : Plan
    cuts : dict
        As `Pipe` takes them.
    library : Library

    Members
    -------
    s_axil_*, s_axis_*, m_axis_*, irq
    """

    def __init__(self, plan: Plan, cuts: dict[str, int], library: Library):
        self.plan, self.spec, self.library = plan, plan.spec, library
        self.array = Array(plan, cuts, library)
        super().__init__(front_end())

    def elaborate(self, platform):
        m = Module()
        spec = self.spec
        parts = {"regs": AxiLiteSlave(registers(spec)), "loader": StreamLoader(PACKETS.values()), "assemble": Assemble(spec),
                 "sequence": Sequence(spec, self.array.turn), "array": self.array, "readout": Readout(spec),
                 "results": ResultStream(spec.acc_bits, lanes=64 // spec.acc_bits)}
        for name, part in parts.items():
            m.submodules[name] = part
        regs, loader, assemble, sequence, array, readout, results = parts.values()
        for prefix, part in (("s_axil", regs), ("s_axis", loader), ("m_axis", results)):
            pass_through(m, self, part, prefix)
        busy, go, look, legal = (Signal(name=name) for name in ("busy", "go", "look", "legal"))
        run = regs.run
        m.d.comb += [
            busy.eq(sequence.busy | readout.busy),
            legal.eq((run.blocks != 0) & (run.blocks <= SLOTS) & (run.steps != 0) & ~busy
                     & ~(regs.control.start & regs.control.read)),
            go.eq(regs.control.start & legal), look.eq(regs.control.read & legal),
            sequence.start.eq(go), array.start.eq(go), readout.start.eq(look),
            sequence.run.blocks.eq(run.blocks), sequence.run.steps.eq(run.steps), sequence.run.accumulate.eq(run.accumulate),
            *(sequence.run[f"{side}_{what}"].eq(getattr(regs, side)[what]) for side in "ab" for what in ("base", "stride")),
            array.valid.eq(sequence.valid), array.issue.eq(sequence.issue), array.fmt.eq(run.format),
            array.blocks.eq(run.blocks), readout.blocks.eq(run.blocks),
            array.look.eq(readout.busy), array.look_slot.eq(readout.slot), readout.seen.eq(array.seen),
            assemble.busy.eq(busy), array.row.eq(assemble.row), array.block.eq(assemble.block),
            *(getattr(array, name).eq(getattr(assemble, name)) for name in ("we_a", "we_b", "we_c")),
        ]
        wiring.connect(m, loader.o, assemble.i)
        m.d.comb += [results.i.valid.eq(readout.o.valid), readout.o.ready.eq(results.i.ready),
                     results.i.p["values"].as_value().eq(readout.o.p["values"].as_value()),
                     results.i.p.last.eq(readout.o.p.last)]
        self._report(m, regs, loader, assemble, sequence, readout, busy, legal)
        return m

    def _report(self, m, regs, loader, assemble, sequence, readout, busy, legal):
        """Drive status, flags, interrupt and counters."""
        flags = regs.flags_set
        command = regs.control.start | regs.control.read
        m.d.comb += [
            regs.status.busy.eq(busy), flags.done.eq(sequence.done | readout.done), flags.refused.eq(command & ~legal),
            flags.short.eq(loader.errors.short), flags.long.eq(loader.errors.long), flags.unknown.eq(loader.errors.unknown),
            flags.range.eq(assemble.range)]
        m.d.sync += self.irq.eq(regs.flags.as_value().any() & regs.irq_enable.enable)
        for name, event in zip(COUNTERS, (sequence.busy, sequence.valid, sequence.waiting), strict=True):
            count = Signal(64, name=f"{name}_count")
            m.d.sync += count.eq(count + event)
            m.d.comb += getattr(regs, name).value.eq(count)
