"""The smallest machine behind the bus: adds a number to words that it is sent, and counts them.

Its map has a register of every kind; benches and tests know it by heart.
"""
from dataclasses import dataclass
from typing import Annotated

import typer
from amaranth.hdl import Module
from amaranth.lib import wiring

from rtl.built import Built, Memory, manifest
from rtl.bus.axil import AxiLiteSlave
from rtl.bus.loader import StreamLoader
from rtl.bus.port import front_end, pass_through
from rtl.bus.result import ResultStream
from rtl.emit import Library
from spec.registers import Field, MapBuilder

TOY = (MapBuilder("toy")
       .constant("id", 0x4E5A0001, "Says what this is.")
       .add("pulse", "control", "Acts.", start="Starts.", reset="Resets.")
       .add("ro", "status", "State.", Field(name="layer", bits=8, doc="Layer."), busy="Works.")
       .add("w1c", "errors", "Sticky errors.", short="Too short.", long="Too long.")
       .add("rw", "layers", "Layers.", Field(name="count", bits=9, doc="How many.", init=3))
       .add("counter", "cycles", "Cycles.")
       .add("rw", "shift", "Shift.")
       .map())
PACKETS = {"words": 7}


@dataclass(frozen=True, kw_only=True)
class ToySpec:
    """Width of a result, 8 or 16 bits."""

    bits: int = 16

    def __post_init__(self):
        if self.bits not in (8, 16):
            raise ValueError(f"bits must be 8 or 16, not {self.bits}; choose one of those")


class Toy(wiring.Component):
    """Answers each payload word with the sum of its low bits and the register ``shift``, a word a cycle."""

    def __init__(self, spec: ToySpec):
        self.spec = spec
        super().__init__(front_end())

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = AxiLiteSlave(TOY)
        m.submodules.loader = loader = StreamLoader(PACKETS.values())
        m.submodules.results = results = ResultStream(self.spec.bits)
        for part, prefix in (registers, "s_axil"), (loader, "s_axis"), (results, "m_axis"):
            pass_through(m, self, part, prefix)
        m.d.comb += [
            results.i.p["values"][0].eq(loader.o.p.data + registers.shift.value),
            results.i.p.last.eq(loader.o.p.last), results.i.valid.eq(loader.o.valid),
            loader.o.ready.eq(results.i.ready), registers.errors_set.short.eq(loader.errors.short),
            registers.errors_set.long.eq(loader.errors.long), self.irq.eq(registers.errors.as_value().any())]
        with m.If(loader.o.valid & loader.o.ready):
            m.d.sync += registers.cycles.value.eq(registers.cycles.value + 1)
        return m


def generate(spec: ToySpec) -> Built:
    """Return the machine, as every folder of ``rtl/`` with a machine does."""
    top, library, name = Toy(spec), Library(), f"toy_{spec.bits}"
    memory = Memory(name="none", packet="words", depth=1, bits=spec.bits, copies=1, doc="Words pass through.")
    facts = manifest(name=name, design="toy", spec=spec, top=top, registers=TOY, packets=PACKETS,
                     memories=[memory], latency=2)
    library.add(top, module=name)
    return Built(name, library.verilog(), facts)


def make_spec(bits: Annotated[int, typer.Option(help="Bits of a result: 8 or 16.")] = 16) -> ToySpec:
    """Return the specification from the options of a command line."""
    return ToySpec(bits=bits)
