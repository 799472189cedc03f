"""The SCNN array: Amaranth blocks named as in docs/scnn/pipeline.md, and their emission."""

from rtl.emit import Library
from rtl.generated import GeneratedMachine, Memory, manifest
from rtl.scnn.machine import Machine
from spec.scnn.packet import CODEBOOKS, PACKETS
from spec.scnn.register import registers
from spec.scnn.shape import ScnnSpec


def generate(spec: ScnnSpec) -> GeneratedMachine:
    """Return the Verilog and the manifest of an SCNN array."""
    library, name = Library(), f"scnn_{spec.rows}x{spec.cols}"
    top = Machine(spec, library)
    library.add(top, module=name)
    return GeneratedMachine(name, library.verilog(), manifest(
        name=name, design="scnn", spec=spec, top=top, registers=registers(spec), memories=memories(spec), packets=PACKETS,
        multipliers=spec.multipliers, accumulators=spec.accumulators))


def memories(spec: ScnnSpec) -> list[Memory]:
    """Return the memories that the host fills."""
    codebooks = [Memory(name="codebooks", packet="codebook", depth=CODEBOOKS << spec.weight_code_bits, bits=16, copies=1,
                        doc="Codebook entries; entry 0 of each codebook is 0.")] if spec.weight_code_bits else []
    return [
        Memory(name="layers", packet="layers", depth=spec.layers, bits=64, copies=1, doc="Where each layer's records begin."),
        Memory(name="lanes", packet="lanes", depth=spec.program, bits=64, copies=1, doc="Program of the weight lanes."),
        Memory(name="taps", packet="taps", depth=spec.taps, bits=spec.address_bits, copies=1, doc="Offsets of filter taps."),
        *codebooks,
        Memory(name="supply", packet="supply", depth=spec.program, bits=64, copies=spec.pes, doc="Supply program of a PE."),
        Memory(name="drain", packet="drain", depth=spec.program, bits=64, copies=spec.pes, doc="Drain program of a PE."),
        Memory(name="blocks", packet="blocks", depth=spec.blocks, bits=64, copies=spec.pes, doc="Block table of a PE."),
        Memory(name="activations", packet="activations", depth=spec.memory_words, bits=spec.act_word_bits, copies=spec.pes,
               doc="Compressed activations of a PE.")]
