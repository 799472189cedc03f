"""Small pieces that the machines share."""

from amaranth.hdl import ClockSignal, Module, Signal


def clock():
    """Return the clock of the one domain, for a technology cell."""
    return ClockSignal()


def delayed(m: Module, value, name: str, *, cycles: int, reset_less: bool = False):
    """Return ``value`` as it was ``cycles`` cycles ago, in registers named ``name_1``, ``name_2``, ..."""
    for cycle in range(1, cycles + 1):
        later = Signal(len(value), name=f"{name}_{cycle}", reset_less=reset_less)
        m.d.sync += later.eq(value)
        value = later
    return value


def ones(value):
    """Return how many bits of ``value`` are set."""
    return sum((value[k] for k in range(len(value))), 0)
