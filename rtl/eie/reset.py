"""The reset of the array: from the control unit down the tree, long enough that all of it is in reset at once."""

from amaranth.hdl import Const, ResetSignal, Signal


def reset_cycles(spec) -> int:
    """Return how long the array is in reset: longer than its tree is deep, so that all of it is at once; 0 without a tree."""
    return 8 if spec.broadcast_latency else 0


def drive_reset(m, spec, reset):
    """Hold ``reset`` for some cycles from power-up and after a reset of ``m``; return whether as many more cycles are over."""
    if not (cycles := reset_cycles(spec)):
        m.d.comb += reset.eq(ResetSignal())
        return Const(1)
    asleep = Signal(2 * cycles, init=-1)            # cycles of reset and after it, a bit each
    m.d.sync += asleep.eq(asleep << 1)
    m.d.comb += reset.eq(asleep[cycles - 1])
    return ~asleep[-1]
