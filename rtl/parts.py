"""Small pieces that the machines share."""

from collections.abc import Callable, Iterator

from amaranth.hdl import Cat, ClockSignal, Module, Signal, Value
from amaranth.lib import data, wiring


def clock():
    """Return the clock of the one domain, for a technology cell."""
    return ClockSignal()


def delayed(m: Module, value, name: str, *, cycles: int, reset_less: bool = False):
    """Return ``value``, or a record, as it was ``cycles`` cycles ago, in registers named ``name_1``, ``name_2``, ..."""
    shape = value.shape() if isinstance(value, data.View) else len(value)
    for cycle in range(1, cycles + 1):
        later = Signal(shape, name=f"{name}_{cycle}", reset_less=reset_less)
        m.d.sync += later.eq(value)
        value = later
    return value


def stepped(value, *, down=0):
    """Return ``value`` one higher, or one lower where ``down``, modulo its size: a look-up table a bit and no carry chain.

    For counters of a few bits, on which a chain spends more to begin and to end than to count.
    """
    return Cat(value[k] ^ Cat(value[j] ^ down for j in range(k)).all() if k else ~value[0] for k in range(len(value)))


def ones(value):
    """Return how many bits of ``value`` are set."""
    return sum((value[k] for k in range(len(value))), 0)


def copies(first: wiring.Component, make: Callable[[], wiring.Component]) -> Callable[[], wiring.Component]:
    """Return a callable that returns ``first``, and from its second call on a new component that ``make`` returns."""
    def all_of_them() -> Iterator[wiring.Component]:
        yield first
        while True:
            yield make()
    return all_of_them().__next__


def leave_open(port) -> None:
    """Say that a port is not read in this build: an input by its block, or an output of a block by the block around it.

    ``rtl.check`` refuses a port that is not read and of which this is not said, and one of which it is said and that is read.
    """
    Value.cast(port).attrs[LEFT_OPEN] = 1


LEFT_OPEN = "nonzero_left_open"
