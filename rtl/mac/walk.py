"""The rows that the operations of a run read, and whether they are there."""
from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from spec.mac import A_ROWS, SLOTS, MacSpec


class Walk(wiring.Component):
    """Walks through the buffers: A row by row, B's rows of a step again for every row of A.

    What an operation needs is counted ahead, so that `fed` comes from registers: it already knows of the operation and of the
    rows of the cycle before.

    Parameters
    ----------
    spec : MacSpec

    Members
    -------
    active : ``In(1)``
        A run goes on; between two runs B is walked from its oldest row on.
    valid, last_column, last_slot : ``In(1)``
        An operation is issued; it is the last of its row of A, of its step.
    columns : ``In(range(SLOTS + 1))``; release : ``In(1)``
        Rows of B of a step; they are read no more when it ends.
    a_rows, b_rows : ``In``; a_written, b_written : ``In(1)``
        Rows that can be read, those of B from the oldest that is kept on; one more can be read from the next cycle on.
    fed : ``Out(1)``
        Both rows of the next operation are there.
    a_row, b_row : ``Out``
        They are these.
    a_free : ``Out(1)``; b_free : ``Out(...)``
        Rows that are read no more.
    """

    def __init__(self, spec: MacSpec):
        self.spec = spec
        count = range(spec.rows + 1)
        super().__init__({
            "active": In(1), "valid": In(1), "last_column": In(1), "last_slot": In(1), "columns": In(range(SLOTS + 1)),
            "release": In(1), "a_rows": In(range(A_ROWS + 1)), "b_rows": In(count), "a_written": In(1), "b_written": In(1),
            "fed": Out(1), "a_row": Out(range(A_ROWS)), "b_row": Out(range(spec.rows)), "a_free": Out(1), "b_free": Out(count)})

    def elaborate(self, platform):
        m = Module()
        a_there, b_there = Signal(name="a_there"), Signal(name="b_there")
        m.d.comb += [
            self.fed.eq(a_there & b_there),
            self.a_free.eq(self.valid & self.last_column),
        ]
        m.d.sync += a_there.eq(self.a_written | Mux(self.a_free, self.a_rows > 1, self.a_rows != 0))
        with m.If(self.a_free):
            m.d.sync += self.a_row.eq(self.a_row + 1)
        with m.If(self.valid & self.last_slot & self.release):
            m.d.comb += self.b_free.eq(self.columns)
        self._addresses(m)
        self._ahead(m, b_there)
        return m

    def _addresses(self, m):
        """Keep the row of B that is next, the first of its step, and the oldest that is kept."""
        start, oldest = Signal.like(self.b_row, name="start"), Signal.like(self.b_row, name="oldest")
        with m.If(self.valid):
            m.d.sync += self.b_row.eq(self.b_row + 1)
            with m.If(self.last_column):
                m.d.sync += self.b_row.eq(start)
            with m.If(self.last_slot):
                m.d.sync += [
                    start.eq(start + self.columns),
                    self.b_row.eq(start + self.columns),
                ]
                with m.If(self.release):
                    m.d.sync += oldest.eq(oldest + self.columns)
        with m.If(~self.active):
            m.d.sync += [
                start.eq(oldest),
                self.b_row.eq(oldest),
            ]

    def _ahead(self, m, there):
        """Count the rows of B that can be read from the next one on, and from the first of its step on."""
        ahead, whole = Signal.like(self.b_rows, name="ahead"), Signal.like(self.b_rows, name="whole")
        m.d.sync += [
            ahead.eq(ahead + self.b_written),
            whole.eq(whole + self.b_written),
            there.eq((ahead != 0) | self.b_written),
        ]
        with m.If(self.valid):
            m.d.sync += [
                ahead.eq(ahead - 1 + self.b_written),
                there.eq((ahead > 1) | self.b_written),
            ]
            with m.If(self.last_column):
                m.d.sync += [
                    ahead.eq(whole + self.b_written),
                    there.eq((whole != 0) | self.b_written),
                ]
            with m.If(self.last_slot):
                m.d.sync += [
                    ahead.eq(whole - self.columns + self.b_written),
                    whole.eq(whole - self.columns + self.b_written),
                    there.eq((whole != self.columns) | self.b_written),
                ]
        with m.If(~self.active):
            m.d.sync += [
                ahead.eq(self.b_rows + self.b_written),
                whole.eq(self.b_rows + self.b_written),
                there.eq((self.b_rows != 0) | self.b_written),
            ]
