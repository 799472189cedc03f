"""Manifests for tests of packages, without the time it takes to write Verilog; and a register map as a plain set of facts."""
import pytest
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.bus.port import front_end
from rtl.generated import manifest
from spec import machines
from spec.registers import Field, MapBuilder

ENDS = (".v", ".md", ".core", ".vlt", "_bench.sv", ".xml", "_2022.xml", ".rdl", ".svd", ".h", "_driver.h", "_litex.py",
        "_litex.h", "_instance.vh", "_amaranth.py")
"""Ends of the names of a machine's files, after its own name; ``manifest.json`` and ``nonzero.h`` are the others."""

ODD = (MapBuilder("odd")
       .constant("reg", 0xFFFFFFFF, 'Says "quoted" \\ and <angle> & more.')
       .add("pulse", "signal", "Acts.", Field(name="type", bits=3, doc="Three at once."), w="One.")
       .add("w1c", "flags", "Events.", Field(name="short", bits=2, doc="Two."), done="Done.", int="Odd.", refused="No.")
       .add("rw", "class", "Words of languages.", Field(name="register", bits=1, doc="C.", init=1),
            Field(name="default", bits=30, doc="SystemRDL.", init=5))
       .add("counter", "field", "A split counter.", Field(name="low", bits=40, doc="Across."),
            Field(name="high", bits=24, doc="Top."))
       .add("ro", "w", "State.", Field(name="name", bits=32, doc="All."))
       .add("rw", "irq_enable", "Interrupt.", enable="Raise irq while any flag is set.")
       .map())
"""Names that are words of some language, fields of several bits in every kind, a field across two words."""


class Odd(wiring.Component):
    """The ports of every machine, and two streams besides."""

    def __init__(self):
        more = {"s_more_tdata": In(200), "s_more_tvalid": In(1), "s_more_tready": Out(1), "s_more_tlast": In(1),
                "m_other_tdata": Out(8), "m_other_tvalid": Out(1), "m_other_tready": In(1)}
        super().__init__(front_end() | more)


def described(design, registers, top, *, packets=None, spec=None):
    """Return the manifest of a machine."""
    return manifest(name=f"{design}_sample", design=design, spec=spec or machines.specification("eie").preset(),
                    top=top, registers=registers, packets=packets or {"words": 7})


def samples():
    """Yield name, register map and manifest of every preset of every machine, and of the odd one."""
    for design in machines.MACHINES:
        package = machines.specification(design)
        for preset, spec in package.PRESETS.items():
            registers = package.registers(spec)
            top = machines.part(design, "rtl", "machine").Machine(spec)
            yield f"{design}-{preset}", registers, described(design, registers, top, packets=package.PACKETS, spec=spec)
    yield "odd", ODD, described("odd", ODD, Odd())


SAMPLES = {name: (registers, manifest) for name, registers, manifest in samples()}
NAMES = [pytest.param(name, marks=() if name == "odd" or name.endswith("-default") else pytest.mark.full) for name in SAMPLES]
"""What tests take: the odd one and the default presets are quick."""

ACCESS = {"constant": "r", "ro": "r", "counter": "r", "rw": "rw", "w1c": "rw", "pulse": "w"}


def facts(registers):
    """Return (word, offset, field, lowest bit, bits, access, reset or None, written by ones to clear) of each field."""
    found = set()
    for register in registers.registers:
        for field, lsb in register.placed():
            for word in range(register.words):
                inside = [bit for bit in range(lsb, lsb + field.bits) if bit // 32 == word]
                if inside:
                    name = register.name if register.words == 1 else f"{register.name}_{('lo', 'hi')[word]}"
                    known = register.kind in ("constant", "rw", "pulse", "w1c")
                    reset = field.init >> inside[0] - lsb & (1 << len(inside)) - 1 if known else None
                    found.add((name, register.offset + 4 * word, field.name, inside[0] % 32, len(inside),
                               ACCESS[register.kind], reset, register.kind == "w1c"))
    return found
