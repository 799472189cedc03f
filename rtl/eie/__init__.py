"""The EIE array: Amaranth blocks named as in the paper, and their emission."""

from rtl.eie.arithmetic import REGFILE_SLOTS
from rtl.eie.bus import Widths
from rtl.eie.machine import Machine
from rtl.emit import Library
from rtl.generated import GeneratedMachine, Memory, manifest
from spec.eie import PACKETS, EieSpec
from spec.eie.register import registers


def generate(spec: EieSpec) -> GeneratedMachine:
    """Return the Verilog and the manifest of an EIE array."""
    library, name = Library(), f"eie_{spec.pes}"
    top = Machine(spec, library)
    library.add(top, module=name)
    facts = {"accumulators": "LUT RAM" if spec.slots <= REGFILE_SLOTS else "block RAM", "multipliers": spec.pes}
    return GeneratedMachine(name, library.verilog(), manifest(
        name=name, design="eie", spec=spec, top=top, registers=registers(spec), memories=memories(spec),
        packets=PACKETS, **facts))


def memories(spec: EieSpec) -> list[Memory]:
    """Return the memories that the host fills."""
    w = Widths(spec)
    return [
        Memory(name="codebooks", packet="codebook", depth=spec.codebooks << spec.codebook_bits, bits=spec.weight_bits, copies=1,
               doc="Codebook entries; entry 0 of each codebook is 0."),
        Memory(name="layers", packet="layer", depth=spec.layers, bits=128, copies=1, doc="Layer descriptors."),
        Memory(name="pointers", packet="pointers", depth=spec.columns, bits=spec.pointer_bits, copies=spec.pes,
               doc="End of each column, in entries modulo the number of entries."),
        Memory(name="words", packet="words", depth=spec.words, bits=spec.word_bits, copies=spec.pes,
               doc=f"Matrix words of {spec.word_entries} entries; biases of a layer ahead of its entries; {w.lanes} lanes."),
        Memory(name="activations", packet="activations", depth=2 * spec.slots, bits=spec.act_bits, copies=spec.pes,
               doc="Source and destination region.")]
