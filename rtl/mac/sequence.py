"""The order of a run: which rows meet in which accumulator, and when."""
from amaranth import Module, Mux, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from spec.mac import MacSpec
from spec.mac.register import ROWS, SLOTS

ISSUE = data.StructLayout({"a_row": range(ROWS), "b_row": range(ROWS), "slot": range(SLOTS), "fresh": 1})
"""One operation: its rows of A and B, its accumulator, and whether that starts from zero."""

RUN = data.StructLayout({"blocks": SLOTS.bit_length(), "steps": ROWS.bit_length(), "accumulate": 1,
                         "a_base": ROWS.bit_length(), "a_stride": ROWS.bit_length(),
                         "b_base": ROWS.bit_length(), "b_stride": ROWS.bit_length()})


class _State(enum.Enum, shape=2):
    IDLE = 0
    ISSUE = 1
    WAIT = 2
    DRAIN = 3


class Sequence(wiring.Component):
    """Issues the operations of a run, steps outside, blocks inside, one every ``fold`` cycles.

    A step begins no earlier than ``accumulate_latency`` cycles after the step before it, when the first of that one's
    results is in its accumulator; the other blocks follow at the same distance. ``done`` is high for a cycle
    ``accumulate_latency`` cycles after the last operation.

    Parameters
    ----------
    spec : MacSpec
    accumulate_latency : int
        Cycles from an operation to the next on the same accumulator.

    Members
    -------
    start : ``In(1)``; run : ``In(RUN)``
        ``run`` must stand still from ``start`` to ``done``.
    valid : ``Out(1)``; issue : ``Out(ISSUE)``
    busy, waiting, done : ``Out(1)``
    """

    def __init__(self, spec: MacSpec, accumulate_latency: int):
        self.spec, self.accumulate_latency = spec, accumulate_latency
        super().__init__({"start": In(1), "run": In(RUN), "valid": Out(1), "issue": Out(ISSUE), "busy": Out(1),
                          "waiting": Out(1), "done": Out(1)})

    def elaborate(self, platform):
        m = Module()
        run, fold = self.run, self.spec.fold
        state = Signal(_State, name="state")
        slot, step, phase = Signal(range(SLOTS)), Signal(range(ROWS)), Signal(range(max(2, fold)))
        rows = {side: (Signal(range(ROWS), name=f"{side}_now"), Signal(range(ROWS), name=f"{side}_first"),
                       run[f"{side}_base"], run[f"{side}_stride"]) for side in "ab"}
        since = Signal(range(self.accumulate_latency + 1))
        last_slot, last_step, ripe = Signal(), Signal(), Signal()
        m.d.comb += [
            last_slot.eq(slot == run.blocks - 1),
            last_step.eq(step == run.steps - 1),
            ripe.eq(since == self.accumulate_latency - 1),
            self.valid.eq((state == _State.ISSUE) & (phase == 0)),
            self.busy.eq(state != _State.IDLE),
            self.waiting.eq(state == _State.WAIT),
            self.done.eq((state == _State.DRAIN) & ripe),
            self.issue.a_row.eq(rows["a"][0]),
            self.issue.b_row.eq(rows["b"][0]),
            self.issue.slot.eq(slot),
            self.issue.fresh.eq((step == 0) & ~run.accumulate),
        ]
        m.d.sync += since.eq(Mux(ripe, since, since + 1))

        def begin(first: bool):
            """Go to block 0 of the first or the next step."""
            moves = [
                state.eq(_State.ISSUE),
                slot.eq(0),
                since.eq(0),
                phase.eq(0),
                step.eq(0 if first else step + 1),
            ]
            for now, kept, base, _ in rows.values():
                moves += [
                    now.eq(base if first else kept + 1),
                    kept.eq(base if first else kept + 1),
                ]
            return moves

        with m.Switch(state):
            with m.Case(_State.IDLE):
                with m.If(self.start):
                    m.d.sync += begin(True)
            with m.Case(_State.ISSUE):
                m.d.sync += phase.eq(phase + 1)
                with m.If(phase == fold - 1):
                    m.d.sync += [
                        phase.eq(0),
                        slot.eq(slot + 1),
                    ]
                    m.d.sync += [now.eq(now + stride) for now, _, _, stride in rows.values()]
                    with m.If(last_slot):
                        with m.If(last_step):
                            m.d.sync += [
                                state.eq(_State.DRAIN),
                                since.eq(0),
                            ]
                        with m.Elif(ripe):
                            m.d.sync += begin(False)
                        with m.Else():
                            m.d.sync += state.eq(_State.WAIT)
            with m.Case(_State.WAIT):
                with m.If(ripe):
                    m.d.sync += begin(False)
            with m.Case(_State.DRAIN):
                with m.If(ripe):
                    m.d.sync += state.eq(_State.IDLE)
        return m
