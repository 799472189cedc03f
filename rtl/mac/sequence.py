"""The order of a run: which operands meet in which accumulator, and when."""
from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.mac.bus import COMMAND, issue_layout
from spec.mac import A_ROWS, SLOTS, MacSpec


class Sequence(wiring.Component):
    """Issues the operations of one run after another: steps outside, slots inside, one every ``fold`` cycles.

    An operation waits until its operands are in their buffers, until an accumulator that it adds onto has its last result,
    and, if it is the first of a step whose results are sent, until D of the run before is gone. The first operation of a run
    that accumulates waits until no result is outstanding.

    Parameters
    ----------
    spec : MacSpec
    latency : int
        Cycles from an operation to ``retire``, at most.

    Members
    -------
    run : ``In(stream.Signature(COMMAND))``
        Taken when the run before has issued its last operation.
    a_rows, b_rows : ``In``
        Rows that can be read, those of B from the oldest that is kept on.
    a_free : ``Out(1)``; b_free : ``Out(...)``
        Rows that are read no more.
    valid : ``Out(1)``; issue : ``Out(issue_layout(spec))``
    retire : ``In(1)``
        A result is written in this cycle.
    sendable : ``In(1)``; claim : ``Out(1)``; claimed : ``Out(range(SLOTS + 1))``
        D can be taken; the results of a step, so many, will be D.
    busy, waits, starved, held : ``Out(1)``
    """

    def __init__(self, spec: MacSpec, latency: int):
        self.spec, self.latency = spec, latency
        rows = range(spec.rows + 1)
        super().__init__({
            "run": In(stream.Signature(COMMAND)), "a_rows": In(range(A_ROWS + 1)), "b_rows": In(rows), "a_free": Out(1),
            "b_free": Out(rows), "valid": Out(1), "issue": Out(issue_layout(spec)), "retire": In(1), "sendable": In(1),
            "claim": Out(1), "claimed": Out(range(SLOTS + 1)), "busy": Out(1), "waits": Out(1), "starved": Out(1),
            "held": Out(1)})

    def elaborate(self, platform):
        m = Module()
        self._run = run = Signal(COMMAND, name="now")
        self._active, self._pending = Signal(name="active"), Signal(range(self.latency + 2), name="pending")
        self._slot, self._column = Signal(range(SLOTS), name="slot"), Signal(range(SLOTS), name="column")
        self._step, self._phase = Signal(16, name="step"), Signal(range(max(2, self.spec.fold)), name="phase")
        self._last_column, self._last_slot, self._last_step = (
            Signal(name=f"last_{name}") for name in ("column", "slot", "step"))
        m.d.comb += [
            self._last_slot.eq(self._slot == run.blocks - 1),
            self._last_column.eq((self._column == run.columns - 1) | self._last_slot),
            self._last_step.eq(self._step == run.steps - 1),
            self.busy.eq(self._active | self.run.valid | (self._pending != 0)),
            self.run.ready.eq(~self._active),
        ]
        m.d.sync += self._pending.eq(self._pending + self.valid - self.retire)
        self._operands(m)
        self._decide(m)
        with m.If(self._phase != 0):
            m.d.sync += self._phase.eq(self._phase - 1)
        with m.If(self.valid):
            m.d.sync += self._phase.eq(self.spec.fold - 1)
            self._advance(m)
        with m.If(self.run.valid & self.run.ready):
            m.d.sync += [
                run.eq(self.run.payload),
                self._active.eq(1),
                self._slot.eq(0),
                self._column.eq(0),
                self._step.eq(0),
            ]
        return m

    def _decide(self, m):
        """Say whether an operation is due, and what it waits for."""
        run, first = self._run, Signal(name="first")
        due, ripe, fed, free = (Signal(name=name) for name in ("due", "ripe", "fed", "free"))
        fresh, read = first & ~run.accumulate, self._last_step & run.read
        m.d.comb += [
            first.eq(self._step == 0),
            due.eq(self._active & (self._phase == 0)),
            ripe.eq(Mux(first, ~run.accumulate | (self._slot != 0) | (self._pending == 0), self._pending < run.blocks)),
            fed.eq((self.a_rows != 0) & (self._offset < self.b_rows)),
            free.eq(~read | (self._slot != 0) | self.sendable),
            self.valid.eq(due & ripe & fed & free),
            self.waits.eq(due & ~ripe),
            self.starved.eq(due & ripe & ~fed),
            self.held.eq(due & ripe & fed & ~free),
            self.claim.eq(self.valid & read & (self._slot == 0)),
            self.claimed.eq(run.blocks),
            self.issue.slot.eq(self._slot),
            self.issue.fmt.eq(run.format),
            self.issue.fresh.eq(fresh),
            self.issue.read.eq(read),
            self.issue.last.eq(read & self._last_slot),
        ]

    def _advance(self, m):
        """Go from an operation to the next."""
        m.d.sync += [
            self._slot.eq(self._slot + 1),
            self._column.eq(self._column + 1),
        ]
        with m.If(self._last_column):
            m.d.sync += self._column.eq(0)
        with m.If(self._last_slot):
            m.d.sync += [
                self._slot.eq(0),
                self._step.eq(self._step + 1),
            ]
            with m.If(self._last_step):
                m.d.sync += self._active.eq(0)

    def _operands(self, m):
        """Walk through the buffers: A row by row, B's rows of a step again for every row of A.

        ``offset`` is the row of B counted from the oldest that is kept, ``start`` that of the step's first.
        """
        run, rows = self._run, range(self.spec.rows)
        a_row, oldest = Signal(range(A_ROWS), name="a_row"), Signal(rows, name="oldest")
        self._offset, start = (Signal(self.spec.rows.bit_length(), name=name) for name in ("offset", "start"))
        next_start = Signal.like(start, name="next_start")
        m.d.comb += [
            self.issue.a_row.eq(a_row),
            self.issue.b_row.eq(oldest + self._offset),
            self.a_free.eq(self.valid & self._last_column),
            next_start.eq(Mux(run.release, 0, start + run.columns)),
        ]
        with m.If(self.valid):
            m.d.sync += self._offset.eq(self._offset + 1)
            with m.If(self._last_column):
                m.d.sync += [
                    a_row.eq(a_row + 1),
                    self._offset.eq(start),
                ]
            with m.If(self._last_slot):
                m.d.sync += [
                    start.eq(next_start),
                    self._offset.eq(next_start),
                ]
                with m.If(run.release):
                    m.d.comb += self.b_free.eq(run.columns)
                    m.d.sync += oldest.eq(oldest + run.columns)
        with m.If(~self._active):
            m.d.sync += [
                start.eq(0),
                self._offset.eq(0),
            ]
