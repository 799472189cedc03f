"""The front end of every machine: registers, flags, counters and interrupt, packets in and results out."""

from collections.abc import Iterable, Mapping

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.axil import AxiLiteSlave
from rtl.bus.loader import BEAT, ERRORS, StreamLoader
from rtl.bus.port import front_end, pass_through
from rtl.bus.result import ResultStream
from rtl.parts import delayed
from spec.registers import RegisterMap

COUNTER_BITS = 48
"""Bits of a hardware counter: more than a week at 400 MHz; the host reads 64."""

STREAM_FLAGS = tuple(ERRORS.members)


class FrontEnd(wiring.Component):
    """What a machine shows its host, apart from ``clk`` and ``rst``; the machine connects the other ports.

    The stream's errors go into the fields ``short``, ``long`` and ``unknown`` of the register ``flags``; the machine raises the
    other fields. ``irq`` is high, a cycle later, while a flag stands and the field ``enable`` of ``irq_enable`` is 1. A counter
    adds what the machine gives in a cycle; the sum can be read two cycles later. ``clear`` puts 0 in all of them: what is given
    in the cycle of the clear is not counted, what is given in the cycle after it is.

    Parameters
    ----------
    registers : RegisterMap
        With the registers ``flags`` (w1c) and ``irq_enable`` (rw) as said above.
    packets : iterable of int
        The packet types of the machine.
    result : ResultStream
        Packs the results.
    counter_steps : mapping
        Bits of what a counter may add in a cycle; 1 for those not named.

    Members
    -------
    s_axil_*, s_axis_*, m_axis_*, irq
        The host's, as in :func:`rtl.bus.port.front_end`; :meth:`expose` makes them the machine's.
    packet : ``Out(stream.Signature(BEAT))``
        Payload of the packets, as :class:`rtl.bus.loader.StreamLoader` gives it.
    result : ``In``
        A stream of the shape that the result packer takes.
    NAME : of each rw, pulse and w1c register ``Out``, of each ro ``In``, of each counter ``In(bits)``; not of ``irq_enable``
    event : ``In``
        A 1 sets the flag of that name: the fields of ``flags`` other than the stream's.
    clear : ``In(1)``
        Present if there is a counter.
    """

    def __init__(self, registers: RegisterMap, packets: Iterable[int], result: ResultStream, *,
                 counter_steps: Mapping[str, int] | None = None):
        steps = dict(counter_steps or {})
        flags = {field.name: field.bits for field in registers["flags"].fields}
        if missing := [name for name in STREAM_FLAGS if name not in flags]:
            raise ValueError(f"flags of {registers.name} must have a field {missing[0]}, not only {', '.join(flags)}")
        counters = [register.name for register in registers.registers if register.kind == "counter"]
        if unknown := [name for name in steps if name not in counters]:
            raise ValueError(f"counter_steps must name counters of {registers.name}, not {unknown[0]!r}")
        self.registers, self.counters = registers, counters
        self._axil, self._loader, self._result = AxiLiteSlave(registers), StreamLoader(packets), result
        ports = {"packet": Out(stream.Signature(BEAT)), "result": result.signature.members["i"]}
        for register in registers.registers:
            if register.kind == "counter":
                ports[register.name] = In(steps.get(register.name, 1))
            elif register.kind != "constant" and register.name != "irq_enable":
                ports[register.name] = self._axil.signature.members[register.name]
        ports["event"] = In(data.StructLayout({name: bits for name, bits in flags.items() if name not in STREAM_FLAGS}))
        super().__init__(front_end() | ports | ({"clear": In(1)} if counters else {}))

    def expose(self, m: Module, machine: wiring.Component) -> None:
        """Connect the host's ports to those of the same names of ``machine``, whose body is ``m``."""
        for prefix in ("s_axil", "s_axis", "m_axis"):
            pass_through(m, machine, self, prefix)
        m.d.comb += machine.irq.eq(self.irq)

    def elaborate(self, platform):
        m = Module()
        axil, loader, result = self._axil, self._loader, self._result
        m.submodules.axil = axil
        m.submodules.loader = loader
        m.submodules.result = result
        for prefix, part in (("s_axil", axil), ("s_axis", loader), ("m_axis", result)):
            pass_through(m, self, part, prefix)
        wiring.connect(m, loader.o, wiring.flipped(self.packet))
        wiring.connect(m, wiring.flipped(self.result), result.i)
        for register in self.registers.registers:
            if register.kind == "ro":
                m.d.comb += getattr(axil, register.name).eq(getattr(self, register.name))
            elif register.kind not in ("constant", "counter") and register.name != "irq_enable":
                m.d.comb += getattr(self, register.name).eq(getattr(axil, register.name))
        for name in axil.flags.shape().members:
            source = loader.errors if name in STREAM_FLAGS else self.event
            m.d.comb += axil.flags_set[name].eq(source[name])
        m.d.sync += self.irq.eq(axil.flags.as_value().any() & axil.irq_enable.enable)
        self._count(m)
        return m

    def _count(self, m):
        """Sum up what each counter is given, a cycle later, so that where that comes from is free."""
        if not self.counters:
            return
        clear = delayed(m, self.clear, "clear", cycles=1)
        for name in self.counters:
            count = Signal(COUNTER_BITS, name=f"count_{name}")
            m.d.sync += count.eq(count + delayed(m, getattr(self, name), f"step_{name}", cycles=1))
            with m.If(clear):
                m.d.sync += count.eq(0)
            m.d.comb += getattr(self._axil, name).value.eq(count)
