"""Numbers of the SCNN array that rtl, golden, compress and boards must agree on (SCNN, ISCA 2017)."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from spec.parameter import check, choice, chosen, expanded, number, shorthand, switch


@dataclass(frozen=True, kw_only=True)
class ScnnSpec:
    """Shape of one SCNN array; the presets of :data:`PRESETS` are the usual starting points.

    PE p stands in row ``p // cols`` and column ``p % cols``.
    """

    rows: int = number(8, 1, 16, "Rows of PEs.")
    cols: int = number(8, 1, 16, "Columns of PEs.")
    f: int = number(4, 1, 8, "Weights per vector (F).", power=True)
    i: int = number(4, 1, 8, "Activations per vector (I).", power=True)
    banks: int = number(32, 4, 128, "Accumulator banks per PE.", power=True)
    bank_entries: int = number(256, 16, 1024, "Accumulators per bank in each of the two buffers.", power=True)
    kc: int = number(128, 1, 256, "Most output channels per pass of a PE.", power=True)
    queue_depth: int = number(32, 8, 64, "Products that one of the two queues of a multiplier holds.", power=True)
    crossbar_stages: int = choice(1, (1, 2), "Stages of the crossbar; 2 take fewer look-up tables and 9 cycles more per pass.")
    lean: bool = switch(False, "Fewer look-up tables in a PE, for resets of flip-flops and, with one stage, two "
                               "block memories per queue.")
    queue_blocks: bool = switch(False, "Block memories for products in the queues of a crossbar of two stages.")
    weight_words: int = number(512, 16, 4096, "Depth of a PE's weight buffer in vectors of F.", power=True)
    act_words: int = number(2048, 16, 4096, "Depth of a PE's activation buffer in vectors of I.", power=True)
    memory_words: int = number(4096, 64, 65536, "Depth of a PE's activation memory in words of I entries.", power=True)
    blocks: int = number(2048, 16, 8192, "Activation blocks that a PE's block table holds.", power=True)
    taps: int = number(1024, 16, 4096, "Offsets of filter taps in a lane, those of all layers together.", power=True)
    program: int = number(1024, 16, 4096, "Words of each program: of the lanes, of a PE's supply and drain.", power=True)
    layers: int = number(64, 1, 256, "Layers that the machine keeps.")
    weight_code_bits: int = choice(0, (0, 4), "Bits of a weight's codebook index; 0 for plain weights of 16 bits.")
    weight_lanes: int = number(16, 1, 64, "Weight lanes: vectors of weights that can be broadcast each cycle.")
    weight_port_bits: int = number(1024, 64, 4096, "Bits of the weight stream's port, whole bytes.")
    weight_memory: int = number(0, 0, 65536, "Transfers of the weight stream that the machine keeps and gives to each run; "
                                             "0 for none: they come over s_weight.")
    acc_bits: int = number(32, 20, 32, "Bits of an accumulator whose sum counts as correct, two's complement.")
    guard_bits: int = number(4, 1, 8, "Bits above them, which make the saturated flag exact.")
    product_shift_bits: int = number(0, 0, 4, "Bits of a layer's shift of each product before accumulation; 0 for none.")
    input_groups: int = choice(1, (1, 2, 4), "Most input-channel groups whose sums a tile's PEs add up; above 1 there are "
                                             "blocks of half as many PEs.")
    broadcast_latency: int = number(2, 0, 8, "Registers between the central unit and the PEs, each way.")

    def __post_init__(self) -> None:
        """Refuse a machine that cannot be built, naming the parameter, its rule and its value."""
        check(self)
        if self.banks < 2 * self.products:
            raise ValueError(f"banks must be at least {2 * self.products}, not {self.banks}: with fewer than twice the "
                             f"{self.products} multipliers of a PE the crossbar stalls")
        if self.crossbar_stages == 2 and self.products < 2 * LINES:
            raise ValueError(f"crossbar_stages must be 1 for {self.products} multipliers in a PE, not 2: "
                             f"a second stage joins products of at least two times {LINES}")
        if self.queue_blocks and self.crossbar_stages == 1:
            raise ValueError("queue_blocks must be false with one stage of the crossbar, not true: "
                             "there lean keeps products in block memories")
        if self.queue_depth <= self.stop_margin:
            raise ValueError(f"queue_depth must be more than {self.stop_margin}, not {self.queue_depth}: so many products "
                             f"of a multiplier are on their way when a queue stops the issue")
        if len(self.block_sides) > MOST_LEVELS:
            raise ValueError(f"input_groups must be 1 for {self.rows} x {self.cols} PEs, not {self.input_groups}: blocks have "
                             f"{len(self.block_sides)} levels then, and a program can name {MOST_LEVELS}")
        if self.broadcast_latency < len(self.block_sides) - 3:
            raise ValueError(f"broadcast_latency must be at least {len(self.block_sides) - 3} for {self.rows} x {self.cols} "
                             f"PEs, not {self.broadcast_latency}: a layer begins when the buses of the blocks are empty")
        if self.weight_port_bits % 8:
            raise ValueError(f"weight_port_bits must be whole bytes, not {self.weight_port_bits}; "
                             f"take {-(-self.weight_port_bits // 8) * 8}")
        if self.weight_memory and self.weight_port_bits not in STORED_BITS:
            raise ValueError(f"weight_port_bits must be one of {', '.join(map(str, STORED_BITS))} with weight_memory, "
                             f"not {self.weight_port_bits}")
        if self.acc_bits < 32 and not self.product_shift_bits:
            raise ValueError(f"acc_bits must be 32 without product_shift_bits, not {self.acc_bits}: "
                             f"a product of 16 x 16 bits has 32")

    @property
    def pes(self) -> int:
        """Processing elements of the array."""
        return self.rows * self.cols

    @property
    def products(self) -> int:
        """Multipliers of a PE; multiplier ``f_lane * i + i_lane`` takes weight lane f_lane and activation lane i_lane."""
        return self.f * self.i

    @property
    def multipliers(self) -> int:
        """Multipliers of the array."""
        return self.pes * self.products

    @property
    def accumulators(self) -> int:
        """Accumulators of a PE in each of the two buffers; local addresses L are below it."""
        return self.banks * self.bank_entries

    @property
    def address_bits(self) -> int:
        """Width of a local address L."""
        return self.accumulators.bit_length() - 1

    @property
    def sum_bits(self) -> int:
        """Width of an accumulator as it is stored: additions are modulo ``2**sum_bits``."""
        return self.acc_bits + self.guard_bits

    @property
    def entry_bits(self) -> int:
        """Bits of an encoded weight: value or code below, run of zeros above."""
        return (self.weight_code_bits or VALUE_BITS) + RUN_BITS

    @property
    def item_bits(self) -> int:
        """Bits of an item of the weight stream: an encoded weight, and above it whether it is its block's last."""
        return self.entry_bits + 1

    @property
    def bias_items(self) -> int:
        """Items of a weight lane that hold a bias of 32 bits."""
        return -(-BIAS_BITS // self.entry_bits)

    @property
    def act_word_bits(self) -> int:
        """Bits of a word of the activation memory: I encoded activations."""
        return self.i * ACT_ENTRY_BITS

    @property
    def transfer_items(self) -> int:
        """Items of a transfer of the weight stream: what fits beside the turn of several lanes; whole vectors for one lane."""
        fits = (self.weight_port_bits - (self.weight_lanes > 1)) // self.item_bits
        return fits - fits % self.f if self.weight_lanes == 1 and fits > self.f else fits

    @property
    def part_items(self) -> int:
        """Items that a lane can put into its buffer per cycle, as a part of a transfer: a vector of them or few more."""
        return -(-self.transfer_items // max(1, self.transfer_items // self.f))

    @property
    def transfer_parts(self) -> int:
        """Parts of a transfer; the last one has what is left."""
        return -(-self.transfer_items // self.part_items)

    @property
    def wide_port_bits(self) -> int:
        """Bits of a port that brings a vector of weights for every lane per cycle, whole bytes."""
        return -(-(self.weight_lanes * self.f * self.item_bits + (self.weight_lanes > 1)) // 8) * 8

    @property
    def stored_words(self) -> int:
        """Words of the host's stream that fill the weight memory."""
        return self.weight_memory * self.weight_port_bits // 64

    @property
    def block_sides(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of the blocks of PEs that a layer may cut the array into, by level.

        Level 0 is one PE a block, the last level one block, the whole array. From the last one down, each level halves both
        sides (a side of 1 stays 1) while they divide. With input-channel groups there is one between two levels that differ
        in both sides, with the rows of the upper and the columns of the lower one.
        """
        sides = [(self.rows, self.cols)]
        while sides[-1] != (1, 1):
            rows, cols = sides[-1]
            even = all(side == 1 or side % 2 == 0 for side in sides[-1])
            sides.append((max(1, rows // 2), max(1, cols // 2)) if even else (1, 1))
        if self.input_groups > 1:
            halves = [(high, wide) for (high, before), (low, wide) in pairwise(sides) if high != low and before != wide]
            sides = sorted({*sides, *halves}, reverse=True)
        return tuple(reversed(sides))

    def grouped(self, level: int, groups: int) -> int | None:
        """Return the level of the blocks of which ``groups`` make one of a level by doubling a side at a time, or None."""
        lower = level - (groups.bit_length() - 1)
        if lower < 0 or groups > self.input_groups:
            return None
        areas = [high * wide for high, wide in self.block_sides[lower:level + 1]]
        return lower if all(after == 2 * before for before, after in pairwise(areas)) else None

    def position(self, pe: int, level: int) -> tuple[int, int]:
        """Return of which block of a level a PE is part (counted row by row), and its place in the block (row by row)."""
        (row, col), (high, wide) = divmod(pe, self.cols), self.block_sides[level]
        return row // high * (self.cols // wide) + col // wide, row % high * wide + col % wide

    @property
    def far(self) -> bool:
        """Whether PEs stand far from each other: ways have a register more, and each PE has the last ones of its own.

        Only for arrays of few levels, whose buses are empty again when a layer begins. A PE alone has no others.
        """
        empty = 3 * (len(self.block_sides) - 1) < 2 * self.broadcast_latency + 4
        return self.pes > 1 and self.broadcast_latency >= FAR and empty

    @property
    def hop(self) -> int:
        """Cycles that the bus of a block takes for each of its levels, up and down."""
        return 2 + self.far

    def across(self, level: int) -> int:
        """Return the cycles that the bus of a block of a level takes from one of its PEs to all of them."""
        return self.hop * level + (self.far if level else 0)

    @property
    def own_value(self) -> bool:
        """Whether post-processing has a register of the side port's value of its own."""
        return self.far or self.crossbar_stages == 2

    @property
    def stop_margin(self) -> int:
        """Places of a queue that products on their way may take after a stop."""
        return RESERVE + 1 + self.crossbar_stages


FAR = 3
"""``broadcast_latency`` from which PEs stand far from each other."""

STORED_BITS = (64, 128, 256, 512)
"""Widths of the weight port with a weight memory: a power of two of the host's words."""

MOST_STORED = STORED_BITS[-1]

MOST_PLANE = 1 << 16
"""Rows and columns of the largest plane of activations."""

MOST_LEVELS = 8
"""Levels of blocks of PEs that a program can name."""

MOST_PES_A_SIDE = 16
"""Rows and columns of the largest array."""

VALUE_BITS = 16
"""Width of a weight and of an activation, two's complement."""

BIAS_BITS = 32
"""Width of a bias, two's complement."""

RUN_BITS = 4
"""Width of a run of zeros."""

MAX_RUN = (1 << RUN_BITS) - 1
"""Longest run of zeros before an entry; a placeholder is value (or code) 0 with this run and stands for 16 zeros."""

ACT_ENTRY_BITS = VALUE_BITS + RUN_BITS
"""Bits of an encoded activation: value below, run of zeros above."""

LANE_TRANSFERS = 8
"""Transfers that each of several weight lanes keeps ahead of its buffer."""

LANE_VECTORS = 4
"""Vectors of F items that a weight lane's buffer holds."""

MAX_SLOTS = 32
"""Most slots that a buffer of vectors is cut into, however small they are."""

RESERVE = 3
"""Cycles from the issue of a vector pair to the reservation of places in the queues for its products."""

PUSH = 5
"""Cycles from the issue of a vector pair to the push of its products into the queues."""

HEAD = 2
"""Cycles from the push of a product into an empty queue to the first arbitration that may choose it."""

LINES = 4
"""Multipliers whose products share lines in a crossbar of two stages, and lines for the banks of a parity."""

LINE = 3
"""Cycles from the choice of a product for a line to its push into the line's queue."""

LINE_DEPTH = 16
"""Products that a line's queue holds."""

LINE_MARGIN = 3
"""Places that may be left when the queue of a line counts as full, for what is on its way."""

LINE_SEEN = 4
"""Cycles after which the check for a complete pass sees the level of a line's queue."""

LANE = 5
"""Cycles from the take of a block's items in a lane to its vector on the lane's output."""

SUPPLY = 4
"""Cycles from the read of a word of activations to the activation buffer's write port, in a block of its own."""

STEP = 5
"""Cycles from the start of a drain step to its first operation."""

RECORD = 1
"""Cycles of a drain step, but the first of a pass, that count under the cause of the step before: its record is on its way."""

POST = 16
"""Cycles from the last operation of a post step to its end: by then its last block stands in memory and table."""

BANK = 7
"""Cycles from the choice of an operation for a bank to its sum being written, and to the old value leaving."""

LINK = 7
"""Cycles from the choice of a send's operation to that of the addition in the neighbour, whose value comes a cycle later."""

PRESETS = {
    "paper": ScnnSpec(bank_entries=32, kc=128, acc_bits=24, product_shift_bits=4, weight_lanes=1, weight_port_bits=128),
    "default": ScnnSpec(),
    "ecp5": ScnnSpec(rows=2, cols=4, f=2, i=2, banks=8, bank_entries=256, kc=64, queue_depth=16, act_words=512,
                     memory_words=2048, blocks=512, taps=256, program=256, layers=16, weight_lanes=1, weight_port_bits=64,
                     broadcast_latency=3),
}
"""``paper``: the published machine. ``default``: the fastest we know. ``ecp5``: 8 PEs of 2 x 2 for a hobby board."""


def preset(name: str = "default", **changes: Any) -> ScnnSpec:
    """Return the preset ``name`` with ``changes``, or say which presets and parameters exist; ``pes`` is short for a shape.

    Unless they are among the changes, there are not more weight lanes than PEs, and the weight stream's port is not wider than
    its lanes can use; with ``weight_memory`` it is one of `STORED_BITS`. With input-channel groups ``broadcast_latency`` is as
    long as their levels need.
    """
    wanted = expanded(SHORTHANDS, changes)
    late = wanted.get("input_groups", 1) != 1 and "broadcast_latency" not in changes
    given = PRESETS[name].weight_port_bits if name in PRESETS else MOST_STORED
    if wanted.get("weight_memory") and "weight_port_bits" not in changes and given not in STORED_BITS:
        wanted["weight_port_bits"] = MOST_STORED
    made = chosen(PRESETS, name, wanted | ({"broadcast_latency": MOST_LEVELS} if late else {}))
    if late:
        made = replace(made, broadcast_latency=max(PRESETS[name].broadcast_latency, len(made.block_sides) - 3))
    return fitted(made, lanes="weight_lanes" not in changes, port="weight_port_bits" not in changes)


def fitted(made: ScnnSpec, *, lanes: bool = True, port: bool = True) -> ScnnSpec:
    """Return an array with no more weight lanes than PEs, and no wider a port than they use, as far as each may change."""
    if lanes:
        made = replace(made, weight_lanes=min(made.weight_lanes, made.pes))
    if port:
        wide = max(STORED_BITS[0], made.wide_port_bits)
        if made.weight_memory:
            wide = next((bits for bits in STORED_BITS if bits >= wide), MOST_STORED)
        made = replace(made, weight_port_bits=min(made.weight_port_bits, wide))
    return made


def need_pes(spec: ScnnSpec) -> None:
    """Refuse weight lanes that no PE takes from, and more input-channel groups than PEs."""
    if spec.weight_lanes > spec.pes:
        raise ValueError(f"weight_lanes must be at most {spec.pes}, the PEs, not {spec.weight_lanes}; take {spec.pes}")
    if spec.input_groups > spec.pes:
        raise ValueError(f"input_groups must be at most {spec.pes}, the PEs, not {spec.input_groups}; "
                         f"take {1 << spec.pes.bit_length() - 1}")


def square(pes: int) -> dict[str, int]:
    """Return rows and columns of the array of ``pes`` PEs that is nearest to a square, not more rows than columns."""
    if pes < 1:
        raise ValueError(f"pes must be at least 1, not {pes}")
    rows = max(side for side in range(1, pes + 1) if pes % side == 0 and side * side <= pes)
    if pes // rows > MOST_PES_A_SIDE:
        raise ValueError(f"pes must be rows x columns of at most {MOST_PES_A_SIDE} each, not {pes}; give --rows and --cols")
    return {"rows": rows, "cols": pes // rows}


SHORTHANDS = {"pes": shorthand(square, "PEs, in rows and columns of nearly a square; in the place of --rows and --cols.",
                               f"1 to {MOST_PES_A_SIDE ** 2}, rows x columns of at most {MOST_PES_A_SIDE}")}
"""Options that stand for several parameters."""
