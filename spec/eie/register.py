"""Registers of the EIE array: what its host reads and writes over AXI4-Lite."""

from spec.eie.shape import EieSpec
from spec.registers import Field, MapBuilder, RegisterMap

IDENTITY = 0x4E5A4501
"""First register: "NZE" and the version of this map."""

COUNTERS = {
    "cycles": "Cycles of the layers run, from start to last output written.",
    "broadcasts": "Non-zero activations broadcast.",
    "useful_macs": "Multiplications of a non-zero weight, summed over PEs.",
    "padding": "Padding entries that took a cycle, summed over PEs.",
    "empty": "Columns found empty, summed over PEs.",
    "stall_queue": "Cycles in which a non-zero waited for a full queue.",
    "stall_scan": "Cycles spent on rows without a non-zero and on gaps between rows.",
    "stall_barrier": "Cycles in which a batch waited for the array to drain.",
    "preload": "Cycles spent on loading a codebook or biases.",
    "drain": "Cycles from the last activation to the drained array.",
    "writeback": "Cycles of writing outputs back.",
}
"""Hardware counters of one start, exactly as ``docs/eie/pipeline.md`` defines them; a start clears them."""


def registers(spec: EieSpec) -> RegisterMap:
    """Return the register map of an array."""
    layer_bits = max(1, (spec.layers - 1).bit_length())
    build = MapBuilder("eie")
    build.constant("identity", IDENTITY, "Identity of this register map.")
    build.constant("pes", spec.pes, "Processing elements.")
    build.constant("slots", spec.slots, "Activations per PE and region.")
    build.add("pulse", "control", "Commands.", start="Run the layers chosen by layers.",
              read="Send the activations of the source region to the result stream.")
    build.add("rw", "layers", "Layers to run.", Field(name="first", bits=layer_bits, doc="First layer."),
              Field(name="count", bits=layer_bits + 1, doc="Number of layers, at least 1.", init=1))
    build.add("ro", "status", "State.", busy="A run or a read-out is going on, or a reset is; starts are ignored.")
    build.add("w1c", "flags", "Events; any of them raises the interrupt if enabled.", done="A run or read-out has ended.",
              saturated="An accumulator addition saturated.",
              refused="A start or read without a loaded layer or vector, or after an uncleared stream error: nothing was done.",
              short="A packet ended early.", long="A packet ended late.", unknown="A packet of unknown type or length 0.",
              range="A packet for a place that does not exist.")
    build.add("rw", "irq_enable", "Interrupt.", enable="Raise irq while any flag is set.")
    for name, doc in COUNTERS.items():
        build.add("counter", name, doc)
    return build.map()
