"""Registers of the SCNN array: what its host reads and writes over AXI4-Lite."""

from spec.registers import Field, MapBuilder, RegisterMap
from spec.scnn.shape import ScnnSpec

IDENTITY = 0x4E5A5301
"""First register: "NZS" and the version of this map."""

SLOT_COUNTERS = {
    "products": "Slots that multiplied two values other than 0.",
    "act_tail": "Slots without an activation after the last of a block.",
    "weight_tail": "Slots without a weight after the last of a block.",
    "placeholder": "Slots with a placeholder.",
    "crossbar": "Slots of cycles in which a queue of the crossbar stopped the issue.",
    "weight_wait": "Slots of cycles that waited for weights.",
    "act_wait": "Slots of cycles that waited for activations.",
    "barrier": "Slots of cycles that waited for other PEs.",
    "halo": "Slots of cycles that waited for the exchange of halos.",
    "reduction": "Slots of cycles that waited for sums of input-channel groups.",
    "drain": "Slots of cycles that waited for the drain of accumulators.",
    "redistribution": "Slots of cycles that waited for activations of a layer that gathers them from other tiles.",
}
"""Counters whose sum is ``cycles`` times the multipliers of the array, exactly as ``docs/scnn/pipeline.md`` defines them."""

COUNTERS = {
    "cycles": "Cycles of the layers run, from the start to the end of the last drain.",
    **SLOT_COUNTERS,
    "entries": "Encoded weights taken by the lanes.",
    "port_wait": "Cycles in which a lane could have gone on but for the weight stream, summed over lanes.",
}
"""Hardware counters of one start; a start clears them."""


def registers(spec: ScnnSpec) -> RegisterMap:
    """Return the register map of an array."""
    layer_bits = max(1, (spec.layers - 1).bit_length())
    block_bits = spec.blocks.bit_length() - 1
    build = MapBuilder("scnn")
    build.constant("identity", IDENTITY, "Identity of this register map.")
    build.constant("pes", spec.pes, "Processing elements.")
    build.constant("multipliers", spec.products, "Multipliers per PE.")
    build.add("pulse", "control", "Commands.", start="Run the layers chosen by layers.",
              read="Send blocks of activations of every PE to the result stream.")
    build.add("rw", "layers", "Layers to run.", Field(name="first", bits=layer_bits, doc="First layer."),
              Field(name="count", bits=layer_bits + 1, doc="Number of layers, at least 1.", init=1))
    build.add("rw", "blocks", "Blocks to read.", Field(name="first", bits=block_bits, doc="First block."),
              Field(name="count", bits=block_bits + 1, doc="Number of blocks, at least 1.", init=1))
    build.add("ro", "status", "State.", busy="A run or a read-out is going on, or a reset is; starts are ignored.")
    build.add("w1c", "flags", "Events; any of them raises the interrupt if enabled.", done="A run or read-out has ended.",
              saturated="A sum did not fit acc_bits.", act_overflow="A PE had no room for its outputs.",
              bad_run="An entry of value 0 with a run other than 15.",
              count_mismatch="A block of weights of more vectors than a slot of the weight buffer.",
              refused="A start or read without loaded layers, or after an uncleared stream error: nothing was done.",
              short="A packet ended early.", long="A packet ended late.", unknown="A packet of unknown type or length 0.",
              range="A packet for a place that does not exist.")
    build.add("rw", "irq_enable", "Interrupt.", enable="Raise irq while any flag is set.")
    build.add("ro", "overflow", "First PE without room for its outputs, valid with act_overflow.",
              Field(name="pe", bits=8, doc="PE."), Field(name="layer", bits=8, doc="Layer."))
    for name, doc in COUNTERS.items():
        build.add("counter", name, doc)
    return build.map()
