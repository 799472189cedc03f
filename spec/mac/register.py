"""Registers, packets and buffer sizes of the MAC machine: what its host sees."""
from spec.framing import WORD_BITS
from spec.mac.shape import SIDE, MacSpec
from spec.registers import Field, MapBuilder, RegisterMap

IDENTITY = 0x4E5A4D01
"""First register: "NZM" and the version of this map."""

PACKETS = {"a": 1, "b": 2, "c": 3}
"""Packet types. ``a``: rows of the A buffer from ``address`` on. ``b``: rows of the B buffer, in each row one
block a tile, tile 0 first. ``c``: accumulators from slot ``address`` on, in each slot one block a tile.

A block of A is 4 x k patterns by rows, of B k x 4 by rows, of C 4 x 4 by rows, the first in the lowest bits;
each block fills whole words.
"""

ROWS = 256
"""Rows of the A buffer and of the B buffer, one operation's operands each."""

SLOTS = 32
"""Accumulators a tile, one 4 x 4 block each; also the most blocks a run works on in turn."""

COUNTERS = {
    "cycles": "Cycles of runs, from start to the last result in its accumulator.",
    "operations": "Operations issued, each to every tile.",
    "waits": "Cycles in which a run waited for results that it accumulates onto.",
}
"""Hardware counters since reset."""


def operand_words(spec: MacSpec) -> int:
    """Words of a block of A or B."""
    return SIDE * spec.k * spec.operand_bits // WORD_BITS


def acc_words(spec: MacSpec) -> int:
    """Words of a block of C or D."""
    return SIDE * SIDE * spec.acc_bits // WORD_BITS


def registers(spec: MacSpec) -> RegisterMap:
    """Return the register map of a build."""
    row, slot = ROWS.bit_length(), SLOTS.bit_length()
    build = MapBuilder("mac")
    build.constant("identity", IDENTITY, "Identity of this register map.")
    build.constant("tiles", spec.tiles, "Tiles.")
    build.constant("k", spec.k, "Terms a unit sums at once.")
    build.constant("rows", ROWS, "Rows of each operand buffer.")
    build.constant("slots", SLOTS, "Accumulator blocks a tile.")
    build.add("pulse", "control", "Commands; ignored, with the flag refused, while one is going on.",
              start="Run steps x blocks operations.",
              read="Send the accumulators of slots 0 to blocks - 1, each of all tiles.")
    build.add("rw", "run", "What a run does: for each step, for each block, one operation on row "
              "a.base + block * a.stride + step of A and the like of B, both modulo rows, added onto slot block.",
              Field(name="format", bits=3, doc="Code of the operand format."),
              Field(name="accumulate", bits=1, doc="1: the first step adds onto what the slots hold; 0: onto zero."),
              Field(name="blocks", bits=slot, doc="Blocks, at least 1.", init=1),
              Field(name="steps", bits=row, doc="Steps, at least 1.", init=1))
    for side in "ab":
        build.add("rw", side, f"Where a run finds rows of {side.upper()}.", Field(name="base", bits=row, doc="First row."),
                  Field(name="stride", bits=row, doc="Rows from one block's to the next's."))
    build.add("ro", "status", "State.", busy="A run or a read-out is going on.")
    build.add("w1c", "flags", "Events; any of them raises the interrupt if enabled.", done="A run or read-out has ended.",
              refused="A command while busy, with no blocks, more than there are slots, or no steps: nothing was done.",
              short="A packet ended early.", long="A packet ended late.", unknown="A packet of unknown type or length 0.",
              range="A packet for a row or slot that does not exist: that row was dropped.")
    build.add("rw", "irq_enable", "Interrupt.", enable="Raise irq while any flag is set.")
    for name, doc in COUNTERS.items():
        build.add("counter", name, doc)
    return build.map()
