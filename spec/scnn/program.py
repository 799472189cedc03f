"""Words of the programs that the array runs: what the tiler computes and the hardware reads, bit by bit.

Each table gives the place of a field's lowest bit and its width, counted through the 64-bit words of the record.
"""

LAYER = {"lanes": (0, 12), "supply": (12, 12), "drain": (24, 12)}
"""One word per layer in the layer table: where its records begin in the three programs."""

LANE_LAYER = {
    "sets": (0, 9), "passes": (9, 12), "pairs": (21, 16), "segments": (37, 8), "kc": (45, 9), "bias": (54, 1),
    "codebook": (55, 4),
    "kp_log2": (64, 4), "slot_log2": (68, 4), "stride": (72, 18),
}
"""Head of a layer in the lanes' program, 2 words; ``segments`` records `LANE_SEGMENT` follow."""

LANE_SEGMENT = {"pairs": (0, 16), "tap": (16, 12), "step": (28, 18)}
"""Consecutive pairs of every pass, 1 word. ``tap``: first tap. ``step``: what a pair adds to offsets, modulo the addresses."""

SUPPLY_LAYER = {
    "passes": (0, 12), "pairs": (12, 16), "segments": (28, 8), "set": (36, 9), "level": (45, 3),
    "weight_slot_log2": (48, 4), "act_slot_log2": (52, 4), "product_shift": (56, 4), "gather": (60, 1),
}
"""Head of a layer in a PE's supply program, 1 word; ``segments`` records `SUPPLY_SEGMENT` follow."""

SUPPLY_SEGMENT = {"pairs": (0, 16), "parts": (16, 8)}
"""Consecutive pairs of every pass, 1 word; ``parts`` records `SUPPLY_PART` follow."""

SUPPLY_PART = {
    "source": (0, 8), "local": (8, 1), "first": (9, 13), "advance": (22, 9), "gate": (31, 9), "back": (40, 12),
    "base": (64, 18),
}
"""A part of an activation block, 2 words.

``source``: place of the PE that sends the part; with ``local`` each PE takes its own. ``first``: index of its block for the
first pair of the segment. ``advance``: what a pass adds to the index. ``gate``: channels per pass of the layer that writes the
block, 0 where there is no wait. ``back``: the part of channel c waits until pass q - back + c // gate has been written, q the
first pass of this layer. ``base``: what is added to the offsets of its activations.
"""

DRAIN_LAYER = {
    "passes": (0, 12), "kc": (12, 9), "steps": (21, 8), "stride": (29, 18), "shift": (47, 5), "relu": (52, 1),
    "bias": (53, 1),
    "exchange": (54, 1), "level": (55, 3),
    "word": (64, 16), "limit": (80, 17),
}
"""Head of a layer in a PE's drain program, 2 words; ``steps`` records `DRAIN_STEP` follow."""

DRAIN_STEP = {
    "kind": (0, 2), "direction": (2, 2), "keep": (4, 1), "cause": (6, 2), "start": (8, 18), "nk": (26, 9),
    "ny": (35, 9), "nx": (44, 9), "gap": (53, 5), "pool": (58, 2),
    "dx": (64, 4), "dy": (68, 18), "wx": (86, 5), "wy": (91, 5), "wstride": (96, 18), "block": (114, 13),
    "delta": (128, 18), "cycles": (146, 22), "top": (168, 3), "bottom": (171, 3), "left": (174, 3), "right": (177, 3),
    "k0": (180, 9), "level": (189, 3),
}
"""A step of every pass of the layer, 3 words."""

KINDS = {"post": 0, "send": 1, "clear": 2}
"""What a drain step does."""

DIRECTIONS = {"north": 0, "east": 1, "south": 2, "west": 3}
"""The way that sums take in a send step; north is towards row 0, west towards column 0."""

CAUSES = {"drain": 0, "halo": 1, "reduction": 2}
"""The counter of cycles lost to a step."""

POOLS = {"none": 0, "max": 1, "sum": 2}
"""What a post step computes from a window of sums."""


def pack(fields: dict[str, tuple[int, int]], values: dict[str, int]) -> list[int]:
    """Return the words of a record; a field that is not named is 0. Negative values are for fields of an address's width."""
    for name in values:
        if name not in fields:
            raise ValueError(f"field must be one of {', '.join(fields)}, not {name!r}")
    total = 0
    for name, value in values.items():
        low, width = fields[name]
        if not -(1 << width - 1) <= value < 1 << width:
            raise OverflowError(f"{name} must fit {width} bits, not be {value}")
        total |= (value & (1 << width) - 1) << low
    words = 1 + max(low + width - 1 for low, width in fields.values()) // 64
    return [total >> 64 * k & (1 << 64) - 1 for k in range(words)]


def unpack(fields: dict[str, tuple[int, int]], words: list[int]) -> dict[str, int]:
    """Return the fields of a record, each unsigned."""
    total = sum(word << 64 * k for k, word in enumerate(words))
    return {name: total >> low & (1 << width) - 1 for name, (low, width) in fields.items()}
