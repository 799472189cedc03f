"""The MAC machine: 4 x 4 tiles that compute D = A*B + C with the numerics of the tensor cores they model."""
from rtl.emit import Library
from rtl.generated import GeneratedMachine, Memory, manifest
from rtl.mac.machine import Machine
from spec.mac import A_ROWS, PACKETS, SLOTS, MacSpec, a_words, acc_words, b_words, registers


def name_of(spec: MacSpec) -> str:
    """Return the name of a build: its numerics and terms, and tiles and fold where there is more than one."""
    parts = ["mac", "lns" if spec.arith == "lns" else spec.arch, f"k{spec.k}"]
    parts += [f"x{spec.tiles}"] if spec.tiles > 1 else []
    parts += [f"f{spec.fold}"] if spec.fold > 1 else []
    return "_".join(parts)


def generate(spec: MacSpec) -> GeneratedMachine:
    """Return the Verilog and the manifest of a MAC machine; module ``mac_tile`` in it is the bare tile."""
    library, name = Library(), name_of(spec)
    top = Machine(spec, library)
    library.add(top, module=name)
    tile = top.array.tile
    memories = [
        Memory(name="a", packet="a", depth=A_ROWS, bits=64 * a_words(spec), copies=1, doc="Blocks of A."),
        Memory(name="b", packet="b", depth=spec.rows, bits=64 * b_words(spec), copies=spec.tiles, doc="Blocks of B."),
        Memory(name="c", packet="c", depth=SLOTS, bits=64 * acc_words(spec), copies=spec.tiles,
               doc="Accumulators: blocks of C and D.")]
    about = manifest(
        name=name, design="mac", spec=spec, top=top, registers=registers(spec), memories=memories, packets=PACKETS,
        stages=[list(stage) for stage in tile.stages], tile_latency=tile.latency,
        accumulate_latency=top.array.accumulate_latency,
        multipliers=spec.tiles * spec.units * spec.k // (2 if top.datapath.paired else 1))
    return GeneratedMachine(name, library.verilog(f"{name}: {spec}"), about)
