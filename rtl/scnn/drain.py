"""Drain: the steps of a pass, turned into operations of the accumulators' side port."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import delayed
from rtl.scnn.bus import DRAINED_BITS, Widths, mark_layout, side_layout
from rtl.scnn.issue import Cause
from rtl.scnn.operations import add_operations, add_pace
from rtl.scnn.records import LAYERS_BITS, keep_layers, read_records
from spec.framing import WORD_BITS
from spec.scnn.program import CAUSES, DRAIN_LAYER, DRAIN_STEP
from spec.scnn.shape import HEAD, PUSH, ScnnSpec

COMPLETE = PUSH + HEAD + 1
SHOWN = ("shift", "relu", "bias", "word", "limit", "level")     # fields of a layer that others see
CAUSE = {CAUSES["drain"]: Cause.DRAIN, CAUSES["halo"]: Cause.HALO, CAUSES["reduction"]: Cause.REDUCTION}


class Drain(wiring.Component):
    """Drains pass after pass as the drain program says.

    Members
    -------
    start, start_addr, start_final : ``In``
        A layer begins; ``final``, it is the last of the run.
    program_addr : ``Out``, program : ``In``
        The drain program, read in two cycles.
    pass_issued : ``In(1)``, heads : ``In(2)``
        Last issue of a pass; heads of the crossbar by buffer.
    arrive : ``Out(1)``, go : ``In(1)``
        The PE is ready to drain and waits for the others; all are ready.
    o_valid, o_side : ``Out``
        An operation, a cycle before it is chosen.
    o_mark : ``Out``
        Of that operation, for post-processing, in the cycle after.
    o_send, o_direction, o_level, o_address : ``Out``
        In the cycle after: the operation's old value goes to a neighbour, to this address.
    layer_shift, layer_relu, layer_bias, layer_word, layer_limit, layer_level : ``Out``
        Fields of the layer being drained.
    layer_ring : ``Out``
        Number of that layer since the reset, modulo 4.
    fresh : ``Out(1)``
        They have just been loaded.
    block, pool, gap : ``Out``
        For post-processing, of the step at hand: index of the block of channel 0, reduction, zeros after a row.
    buffer : ``Out(1)``, ring : ``Out(2)``
        Buffer of the pass being drained; its number modulo 4.
    pass_drained, finished : ``Out(1)``
        In the cycle in which a pass is drained; the run's last one.
    drained : ``Out``
        Passes drained since the reset.
    draining, cause : ``Out``
        A pass of the PE is not drained; the drain's cause.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self.spec, self.library = spec, library
        w = Widths(spec)
        shown = {name: width for name, width in w.of_record(DRAIN_LAYER).items() if name in SHOWN}
        self._shown = tuple(shown)
        super().__init__({f"layer_{name}": Out(bits) for name, bits in shown.items()} | {
            "start": In(1), "start_addr": In(w.program), "start_final": In(1), "program_addr": Out(w.program),
            "program": In(WORD_BITS), "pass_issued": In(1), "heads": In(2), "arrive": Out(1), "go": In(1), "o_valid": Out(1),
            "o_side": Out(side_layout(spec)), "o_mark": Out(mark_layout(spec)), "o_send": Out(1), "o_direction": Out(2),
            "o_level": Out(3), "o_address": Out(w.address), "layer_ring": Out(LAYERS_BITS), "fresh": Out(1),
            "block": Out(w.block), "pool": Out(2), "gap": Out(5), "buffer": Out(1), "ring": Out(2), "pass_drained": Out(1),
            "finished": Out(1), "drained": Out(DRAINED_BITS), "draining": Out(1), "cause": Out(Cause)})

    def elaborate(self, platform):
        m = Module()
        w = Widths(self.spec)
        self._layer = {name: Signal(width, name=f"of_layer_{name}") for name, width in w.of_record(DRAIN_LAYER).items()}
        self._step = {name: Signal(width, name=f"of_step_{name}") for name, width in w.of_record(DRAIN_STEP).items()}
        m.d.comb += [getattr(self, f"layer_{name}").eq(self._layer[name]) for name in self._shown]
        self._passes(m)
        self._next_layer = Signal()                         # the layer at hand is drained
        waiting = keep_layers(m, self, self._next_layer)
        m.d.comb += self.layer_ring.eq(waiting.ring)
        records = read_records(m, self, waiting.place, self._layer, self._step)
        pace = add_pace(m, self._step, records.begin)
        self._steps(m, waiting, records, pace)
        add_operations(m, self, self._layer, self._step, pace)
        return m

    def _passes(self, m):
        """Count passes issued and not drained; a pass is complete when none of its products waits."""
        issued, open_ = Signal(2), Signal(2)
        self._complete = Signal()
        old = delayed(m, self.pass_issued, "issued", cycles=COMPLETE - 1 + self.spec.far)
        m.d.sync += [
            issued.eq(issued + old - self.pass_drained),
            open_.eq(open_ + self.pass_issued - self.pass_drained),
            self.drained.eq(self.drained + self.pass_drained),
            self.buffer.eq(self.buffer ^ self.pass_drained),
            self.ring.eq(self.ring + self.pass_drained),
        ]
        m.d.comb += [self._complete.eq(issued.any() & ~self.heads.bit_select(self.buffer, 1)),
                     self.draining.eq(open_.any())]

    def _steps(self, m, waiting, records, pace):
        """Load a layer; wait for a complete pass and for the others; do its steps one after another."""
        layer, step = self._layer, self._step
        number, pass_ = Signal(len(layer["steps"])), Signal(len(layer["passes"]))
        last_step, last_pass = Signal(), Signal()           # both stand still long before they are asked for
        m.d.sync += [
            last_step.eq(number + 1 == layer["steps"]),
            last_pass.eq(pass_ + 1 == layer["passes"]),
        ]
        base = Signal(Widths(self.spec).program)
        along = Signal(Widths(self.spec).block)          # kc x pass of the layer
        m.d.comb += [
            self.cause.eq(Cause.DRAIN),
            self.block.eq(step["block"] + along),
            self.pool.eq(step["pool"]),
            self.gap.eq(step["gap"]),
        ]
        with m.FSM():
            with m.State("EMPTY"):
                m.d.comb += records.load.eq(waiting.count.any())
                m.d.sync += [
                    pass_.eq(0),
                    along.eq(0),
                ]
                with m.If(records.load):
                    m.next = "LOAD"
            with m.State("LOAD"):
                m.d.sync += self.fresh.eq(records.loaded)
                with m.If(records.loaded):
                    m.d.sync += base.eq(records.at)
                    m.next = "WAIT"
            with m.State("WAIT"):
                m.d.sync += [
                    self.fresh.eq(0),
                    number.eq(0),
                ]
                with m.If(self._complete):
                    m.d.comb += self.arrive.eq(layer["exchange"])
                    m.next = "BARRIER"
                    with m.If(~layer["exchange"]):
                        m.next = "BEGIN"
            with m.State("BARRIER"):
                m.d.comb += self.cause.eq(Cause.BARRIER)
                with m.If(self.go):
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += records.begin.eq(1)
                m.next = "STEP"
            with m.State("STEP"):
                with m.Switch(step["cause"]):
                    for value, cause in CAUSE.items():
                        with m.Case(value):
                            m.d.comb += self.cause.eq(cause)
                with m.If(pace.ended):
                    m.d.sync += number.eq(number + 1)
                    m.d.comb += records.begin.eq(~last_step)
                    with m.If(~records.begin):
                        m.d.comb += self.pass_drained.eq(1)
                        m.d.sync += [
                            pass_.eq(pass_ + 1),
                            along.eq(along + layer["kc"]),
                            records.at.eq(base),
                        ]
                        m.next = "WAIT"
                        with m.If(last_pass):
                            m.d.comb += [
                                self._next_layer.eq(1),
                                self.finished.eq(waiting.final),
                            ]
                            m.next = "EMPTY"
