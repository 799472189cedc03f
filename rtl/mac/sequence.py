"""The order of a run: which operands meet in which accumulator, and when."""
from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.mac.bus import COMMAND, issue_layout
from rtl.mac.walk import Walk
from spec.mac import A_ROWS, SLOTS, MacSpec


class Sequence(wiring.Component):
    """Issues the operations of one run after another: steps outside, slots inside, one every ``fold`` cycles.

    An operation waits until its operands are in their buffers, until an accumulator that it adds onto has its last result,
    and, if it is the first of a step whose results are sent, until D of the run before is gone. The first operation of a run
    that accumulates waits until no result is outstanding. All that the decision asks for is in registers, a cycle ahead.

    Parameters
    ----------
    spec : MacSpec
    latency : int
        Cycles from an operation to ``retire``, at most.

    Members
    -------
    run : ``In(stream.Signature(COMMAND))``
        Taken when the run before has issued its last operation.
    a_rows, b_rows : ``In``; a_written, b_written : ``In(1)``
        As `Walk` takes them.
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
            "run": In(stream.Signature(COMMAND)), "a_rows": In(range(A_ROWS + 1)), "b_rows": In(rows), "a_written": In(1),
            "b_written": In(1), "a_free": Out(1), "b_free": Out(rows), "valid": Out(1), "issue": Out(issue_layout(spec)),
            "retire": In(1), "sendable": In(1), "claim": Out(1), "claimed": Out(range(SLOTS + 1)), "busy": Out(1),
            "waits": Out(1), "starved": Out(1), "held": Out(1)})

    def elaborate(self, platform):
        m = Module()
        self._run = run = Signal(COMMAND, name="now")
        self._active, self._slot = Signal(name="active"), Signal(range(SLOTS), name="slot")
        self._phase = Signal(range(max(2, self.spec.fold)), name="phase")
        self._first_slot, self._last_slot, self._last_column, self._first_step, self._last_step = (
            Signal(name=name) for name in ("first_slot", "last_slot", "last_column", "first_step", "last_step"))
        self._taken = taken = Signal(name="run_taken")
        m.d.comb += [
            self.run.ready.eq(~self._active),
            taken.eq(self.run.valid & self.run.ready),
        ]
        self._decide(m, self._walk(m), self._outstanding(m))
        with m.If(self._phase != 0):
            m.d.sync += self._phase.eq(self._phase - 1)
        with m.If(self.valid):
            m.d.sync += self._phase.eq(self.spec.fold - 1)
        with m.If(self.valid & self._last_slot & self._last_step):
            m.d.sync += self._active.eq(0)
        with m.If(taken):
            m.d.sync += [
                run.eq(self.run.payload),
                self._active.eq(1),
            ]
        self._count(m)
        return m

    def _decide(self, m, fed, ripe):
        """Say whether an operation is due, and what it waits for."""
        run, read, opens = self._run, Signal(name="reads"), Signal(name="opens")
        due, free = Signal(name="due"), Signal(name="free")
        m.d.comb += [
            read.eq(self._last_step & run.read),
            opens.eq(read & self._first_slot),
            due.eq(self._active & (self._phase == 0)),
            free.eq(~opens | self.sendable),
            self.valid.eq(due & ripe & fed & free),
            self.waits.eq(due & ~ripe),
            self.starved.eq(due & ripe & ~fed),
            self.held.eq(due & ripe & fed & ~free),
            self.claim.eq(self.valid & opens),
            self.claimed.eq(run.blocks),
            self.issue.slot.eq(self._slot),
            self.issue.fmt.eq(run.format),
            self.issue.fresh.eq(self._first_step & ~run.accumulate),
            self.issue.read.eq(read),
            self.issue.last.eq(read & self._last_slot),
        ]

    def _count(self, m):
        """Go from an operation to the next; what is left is counted down, and its last is known a cycle ahead."""
        run, new = self._run, self.run.payload
        slots, columns, steps = (Signal(size, name=f"{name}_left") for name, size in (
            ("slots", range(SLOTS)), ("columns", range(SLOTS)), ("steps", 16)))
        one_block, one_column = Signal(name="one_block"), Signal(name="one_column")
        last_slot = Mux(self._last_slot, one_block, slots == 1)
        with m.If(self.valid):
            m.d.sync += [
                self._slot.eq(self._slot + 1),
                self._first_slot.eq(self._last_slot),
                slots.eq(slots - 1),
                columns.eq(columns - 1),
                self._last_slot.eq(last_slot),
                self._last_column.eq(Mux(self._last_column, one_column, columns == 1) | last_slot),
            ]
            with m.If(self._last_column):
                m.d.sync += columns.eq(run.columns - 1)
            with m.If(self._last_slot):
                m.d.sync += [
                    self._slot.eq(0),
                    slots.eq(run.blocks - 1),
                    steps.eq(steps - 1),
                    self._first_step.eq(0),
                    self._last_step.eq(steps == 1),
                ]
        with m.If(self._taken):
            m.d.sync += [
                self._slot.eq(0),
                self._first_slot.eq(1),
                self._first_step.eq(1),
                slots.eq(new.blocks - 1),
                columns.eq(new.columns - 1),
                steps.eq(new.steps - 1),
                one_block.eq(new.blocks == 1),
                one_column.eq(new.columns == 1),
                self._last_slot.eq(new.blocks == 1),
                self._last_column.eq(new.columns == 1),
                self._last_step.eq(new.steps == 1),
            ]

    def _outstanding(self, m):
        """Count the results that are under way; return whether the next operation's accumulator has its last one.

        ``spare`` is what a step has of blocks beyond them; less than 0 while results of a longer run are under way.
        """
        top = max(self.latency + 1, SLOTS)
        pending, spare = Signal(range(self.latency + 2), name="pending"), Signal(range(-top, top + 1), name="spare")
        none, written, ripe = Signal(name="none", init=1), Signal(name="written"), Signal(name="ripe")
        change = self.retire - self.valid
        m.d.comb += [
            self.busy.eq(self._active | self.run.valid | ~none),
            ripe.eq(Mux(self._first_step, ~self._run.accumulate | ~self._first_slot | none, written)),
        ]
        m.d.sync += [
            pending.eq(pending - change),
            spare.eq(spare + change),
        ]
        with m.If(self.valid == self.retire):
            m.d.sync += written.eq(spare > 0)
        with m.Elif(self.valid):
            m.d.sync += [
                none.eq(0),
                written.eq(spare > 1),
            ]
        with m.Else():
            m.d.sync += [
                none.eq(pending == 1),
                written.eq(spare >= 0),
            ]
        with m.If(self._taken):
            m.d.sync += spare.eq(self.run.payload.blocks - pending + self.retire)
        return ripe

    def _walk(self, m):
        """Join the walk through the operands; return whether those of the next operation are there."""
        m.submodules.walk = walk = Walk(self.spec)
        m.d.comb += [
            walk.active.eq(self._active),
            walk.valid.eq(self.valid),
            walk.last_column.eq(self._last_column),
            walk.last_slot.eq(self._last_slot),
            walk.columns.eq(self._run.columns),
            walk.release.eq(self._run.release),
            walk.a_rows.eq(self.a_rows),
            walk.b_rows.eq(self.b_rows),
            walk.a_written.eq(self.a_written),
            walk.b_written.eq(self.b_written),
            self.a_free.eq(walk.a_free),
            self.b_free.eq(walk.b_free),
            self.issue.a_row.eq(walk.a_row),
            self.issue.b_row.eq(walk.b_row),
        ]
        return walk.fed
