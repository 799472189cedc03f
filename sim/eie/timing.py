"""Cycles that ``docs/eie/pipeline.md`` promises, written down from that page and not from the hardware."""

from spec.eie import EieSpec, ceil_log2

LOAD_DELAY = 8
"""Most cycles from a beat to the last of its commands."""

START_DELAY, READ_DELAY = 15, 13
"""Cycles from a start, and from a read, at the control unit to its first command."""

NEXT_DELAY = 4
"""Cycles from the last output written of a layer to the first command of the next one of the same start."""

LOOKUP_DELAY = 10
"""Cycles from a broadcast to its first codebook look-up."""

WRITE_DELAY = 8
"""Cycles from a DRAIN at a PE to its output in the activation memory."""


def reset_cycles(spec: EieSpec) -> int:
    """Cycles of the array's reset, and as many again before the accumulators are cleared."""
    return 8 if spec.broadcast_latency else 0


def pe_bits(spec: EieSpec) -> int:
    """Bits of a PE's number in a token at the root: two for each level of the quadtree."""
    return 2 * max(1, -(-ceil_log2(spec.pes) // 2))
