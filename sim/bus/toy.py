"""The smallest machine on the bus: adds a number to words that it is sent, and counts them."""
from dataclasses import dataclass

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring

from rtl.bus.front import FrontEnd
from rtl.bus.port import front_end
from rtl.bus.result import ResultStream
from rtl.emit import Library
from rtl.generated import GeneratedMachine, Memory, manifest
from rtl.parts import leave_open
from spec.parameter import check, choice, chosen
from spec.registers import Field, MapBuilder

TOY = (MapBuilder("toy")
       .constant("id", 0x4E5A0001, "Says what this is.")
       .add("pulse", "control", "Commands.", clear="Clear the counter.")
       .add("ro", "status", "State.", Field(name="layer", bits=8, doc="Low bits of the last word."), busy="A word waits.")
       .add("w1c", "flags", "Events.", short="A packet ended early.", long="A packet ended late.",
            unknown="A packet of unknown type or length 0.", done="A packet was answered.")
       .add("rw", "layers", "Layers.", Field(name="count", bits=9, doc="How many.", init=3))
       .add("counter", "cycles", "Words taken; a packet's last counts twice.")
       .add("rw", "shift", "Added to every word.")
       .add("rw", "irq_enable", "Interrupt.", enable="Raise irq while any flag is set.")
       .map())
PACKETS = {"words": 7}


@dataclass(frozen=True, kw_only=True)
class ToySpec:
    """One number."""

    bits: int = choice(16, (8, 16), "Bits of a result.")

    def __post_init__(self):
        check(self)


Spec = ToySpec
PRESETS = {"default": ToySpec()}


def preset(name="default", **changes):
    """Return a preset with changes."""
    return chosen(PRESETS, name, changes)


class Toy(wiring.Component):
    """Answers each payload word with the sum of its low bits and the register ``shift``, a word per cycle."""

    def __init__(self, spec: ToySpec):
        self.spec = spec
        super().__init__(front_end())

    def elaborate(self, platform):
        m = Module()
        m.submodules.front = front = FrontEnd(TOY, PACKETS.values(), ResultStream(self.spec.bits), counter_steps={"cycles": 2})
        front.expose(m, self)
        leave_open(front.layers)
        leave_open(front.flags)
        packet, result = front.packet, front.result
        taken = Signal(name="taken")
        m.d.comb += [
            result.p["values"][0].eq(packet.p.data + front.shift.value),
            result.p.last.eq(packet.p.last),
            result.valid.eq(packet.valid),
            packet.ready.eq(result.ready),
            taken.eq(packet.valid & packet.ready),
            front.event.done.eq(taken & packet.p.last),
            front.cycles.eq(taken + (taken & packet.p.last)),
            front.clear.eq(front.control.clear),
            front.status.busy.eq(packet.valid),
        ]
        with m.If(taken):
            m.d.sync += front.status.layer.eq(packet.p.data)
        return m


def generate(spec: ToySpec) -> GeneratedMachine:
    """Return the machine, as every folder of ``rtl/`` with a machine does."""
    top, library, name = Toy(spec), Library(), f"toy_{spec.bits}"
    memory = Memory(name="nothing", packet="words", depth=1, bits=spec.bits, copies=1, doc="Words pass through.")
    facts = manifest(name=name, design="toy", spec=spec, top=top, registers=TOY, packets=PACKETS,
                     memories=[memory], latency=2)
    library.add(top, module=name)
    return GeneratedMachine(name, library.verilog(), facts)
