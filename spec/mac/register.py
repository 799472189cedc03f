"""Registers, packets and buffer sizes of the MAC machine: what its host sees."""
from spec.framing import WORD_BITS
from spec.mac.shape import SIDE, MacSpec
from spec.registers import Field, MapBuilder, RegisterMap

IDENTITY = 0x4E5A4D02
"""First register: "NZM" and the version of this map."""

PACKETS = {"a": 1, "b": 2, "c": 3, "run": 4}
"""Packet types; `a`, `b` and `run` have no address, it is ignored.

``a``: blocks of A, after those that are there. ``b``: rows of B, after those that are there, in each row one block per
tile, tile 0 first. ``c``: accumulators from slot ``address`` on, in each slot one block per tile. ``run``: commands, one per
word (`RUN`).

A block of A is 4 x k patterns by rows, of B k x 4 by rows, of C 4 x 4 by rows, the first in the lowest bits;
each block fills whole words. In a sparse build A's patterns are the kept ones, after them comes the metadata by rows,
`MacSpec.meta_bits` per row, chunk 0 lowest, and a block of B is 2 k x 4.
"""

RUN = (
    Field(name="format", bits=8, doc="Code of the operand format."),
    Field(name="accumulate", bits=1, doc="1: the first step adds onto what the slots hold; 0: onto zero."),
    Field(name="read", bits=1, doc="1: send D when the run has ended, slot 0 first, of each slot the block of every tile."),
    Field(name="release", bits=1, doc="1: each step makes room of its rows of B; 0: the next run finds them again."),
    Field(name="spare", bits=5, doc="0."),
    Field(name="blocks", bits=16, doc="Operations of a step, each onto its own slot from 0 on."),
    Field(name="columns", bits=16, doc="Rows of B of a step; each row of A meets all of them in turn."),
    Field(name="steps", bits=16, doc="Steps: operations on the same slot."),
)
"""A command, lowest bits first: for each step, for each slot, one operation on slot // columns of the step's rows of A
and slot mod columns of its rows of B. A step takes its rows of A off the buffer and its rows of B in turn."""

A_ROWS = 256
"""Blocks that the buffer of A holds, one operation's operand each."""

SLOTS = 256
"""Accumulators a tile, one 4 x 4 block each; also the most blocks of a run."""

COUNTERS = {
    "cycles": "Cycles of runs, from the first that can begin to the last result in its accumulator.",
    "operations": "Operations issued, each to every tile.",
    "waits": "Cycles in which a run waited for results that it accumulates onto.",
    "starved": "Cycles in which a run waited for operands from the stream.",
    "held": "Cycles in which a run waited for D of the run before to be sent.",
}
"""Hardware counters since reset."""


def command(**fields: int) -> int:
    """Return the word of a run, fields not named as 0."""
    word, lsb = 0, 0
    for field in RUN:
        value = fields.pop(field.name, 0)
        if not 0 <= value < 1 << field.bits:
            raise OverflowError(f"{field.name} of a run must fit {field.bits} bits, not {value}")
        word |= int(value) << lsb
        lsb += field.bits
    if fields:
        raise ValueError(f"fields of a run must be among {', '.join(field.name for field in RUN)}, not {next(iter(fields))}")
    return word


def a_words(spec: MacSpec) -> int:
    """Words of a block of A, with its metadata in a sparse build, filled up with zeros."""
    return -(-SIDE * (spec.k * spec.operand_bits + spec.meta_bits) // WORD_BITS)


def b_words(spec: MacSpec) -> int:
    """Words of a block of B."""
    return SIDE * spec.depth * spec.operand_bits // WORD_BITS


def acc_words(spec: MacSpec) -> int:
    """Words of a block of C or D."""
    return SIDE * SIDE * spec.acc_bits // WORD_BITS


def registers(spec: MacSpec) -> RegisterMap:
    """Return the register map of a build."""
    build = MapBuilder("mac")
    build.constant("identity", IDENTITY, "Identity of this register map.")
    build.constant("tiles", spec.tiles, "Tiles.")
    build.constant("k", spec.k, "Terms a unit sums at once.")
    build.constant("a_rows", A_ROWS, "Blocks that the buffer of A holds.")
    build.constant("b_rows", spec.rows, "Rows that the buffer of B holds.")
    build.constant("slots", SLOTS, "Accumulator blocks per tile.")
    build.add("ro", "status", "State.", busy="A run goes on or waits, or D is being sent.")
    build.add("w1c", "flags", "Events; any of them raises the interrupt if enabled.",
              done="All runs have ended, and their D has been sent.",
              refused="A run of no steps, blocks or columns, of more blocks than slots, of more columns than blocks, or of a "
              "format that is not built in: it was dropped.",
              short="A packet ended early.", long="A packet ended late.", unknown="A packet of unknown type or length 0.",
              range="A packet for a slot that does not exist: that block was dropped.")
    build.add("rw", "irq_enable", "Interrupt.", enable="Raise irq while any flag is set.")
    for name, doc in COUNTERS.items():
        build.add("counter", name, doc)
    return build.map()
