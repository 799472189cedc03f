"""How full a buffer is that is written and read around and around."""
from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Ring(wiring.Component):
    """Counts the rows of a buffer: those given away, and those that can be read.

    Parameters
    ----------
    depth : int
        Rows of the buffer, a power of two.

    Members
    -------
    room : ``Out(1)``
        There is a row to be given away.
    take : ``In(1)``
        A row is given away: it will be written.
    written : ``In(1)``
        A row is written in this cycle, in the order in which they were given away; it can be read from the next one on.
    free : ``In(range(depth + 1))``
        Rows that are read no more.
    rows : ``Out(range(depth + 1))``
        Rows that can be read.
    """

    def __init__(self, depth: int):
        self.depth = depth
        count = range(depth + 1)
        super().__init__({"room": Out(1), "take": In(1), "written": In(1), "free": In(count), "rows": Out(count)})

    def elaborate(self, platform):
        m = Module()
        given = Signal(range(self.depth + 1), name="given")
        m.d.comb += self.room.eq(~given[-1])
        m.d.sync += [
            given.eq(given + self.take - self.free),
            self.rows.eq(self.rows + self.written - self.free),
        ]
        return m
