"""Bytes on a serial line of one start bit, eight data bits, lowest first, and one stop bit."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import cdc, stream, wiring
from amaranth.lib.wiring import In, Out

LEAST_DIVISOR = 4
"""Cycles a bit below which the middle of a bit is no longer told from its edges."""


def checked(divisor: int) -> int:
    """Return a number of cycles per bit, or refuse one that is too small."""
    if divisor < LEAST_DIVISOR:
        raise ValueError(f"divisor must be at least {LEAST_DIVISOR} cycles per bit, not {divisor}; choose a lower rate")
    return divisor


class Receiver(wiring.Component):
    """Turns a line into bytes; the line passes two registers first, for it belongs to no clock of ours.

    Each bit is read once, in its middle as counted from the edge of the start bit. A start bit that is gone by its middle is
    taken for noise. A byte whose stop bit is low is dropped, and nothing begins until the line is high again.

    Parameters
    ----------
    divisor : int
        Clock cycles per bit.

    Members
    -------
    rx : In(1)
        High while idle.
    data, valid : Out(8), Out(1)
        ``valid`` for one cycle, in the middle of the stop bit.
    """

    def __init__(self, divisor: int):
        self.divisor = checked(divisor)
        super().__init__({"rx": In(1, init=1), "data": Out(8), "valid": Out(1)})

    def elaborate(self, platform):
        m = Module()
        line, left = Signal(init=1), Signal(range(self.divisor))
        bits, idle, broken = Signal(range(10)), Signal(init=1), Signal()     # bits still to come after the one waited for
        m.submodules.synchroniser = cdc.FFSynchronizer(self.rx, line, init=1)
        m.d.sync += self.valid.eq(0)
        with m.If(idle):
            m.d.sync += [
                left.eq(self.divisor // 2 - 1),
                bits.eq(9),
            ]
            with m.If(line):
                m.d.sync += broken.eq(0)
            with m.Elif(~broken):
                m.d.sync += idle.eq(0)
        with m.Elif(left):
            m.d.sync += left.eq(left - 1)
        with m.Else():
            m.d.sync += [
                left.eq(self.divisor - 1),
                bits.eq(bits - 1),
            ]
            with m.If(bits == 9):
                m.d.sync += idle.eq(line)
            with m.Elif(bits == 0):
                m.d.sync += [
                    idle.eq(1),
                    broken.eq(~line),
                    self.valid.eq(line),
                ]
            with m.Else():
                m.d.sync += self.data.eq(Cat(self.data[1:], line))
        return m


class Sender(wiring.Component):
    """Turns bytes into a line, one after another without a gap; a byte takes ten bits.

    Parameters
    ----------
    divisor : int
        Clock cycles per bit.

    Members
    -------
    i : ``In(stream.Signature(8))``
        Taken while no byte is on the line.
    tx : Out(1)
    """

    def __init__(self, divisor: int):
        self.divisor = checked(divisor)
        super().__init__({"i": In(stream.Signature(8)), "tx": Out(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        left, bits, rest = Signal(range(self.divisor)), Signal(range(10)), Signal(9, init=0x1FF)
        over = Signal()
        m.d.comb += [
            over.eq((left == 0) & (bits == 0)),
            self.i.ready.eq(over),
        ]
        with m.If(left):
            m.d.sync += left.eq(left - 1)
        with m.Elif(bits):
            m.d.sync += [
                left.eq(self.divisor - 1),
                bits.eq(bits - 1),
                self.tx.eq(rest[0]),
                rest.eq(Cat(rest[1:], 1)),
            ]
        with m.Elif(self.i.valid):
            m.d.sync += [
                left.eq(self.divisor - 1),
                bits.eq(9),
                self.tx.eq(0),
                rest.eq(Cat(self.i.payload, 1)),
            ]
        return m
