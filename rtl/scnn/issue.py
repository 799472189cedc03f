"""Issue: pairs of a weight block and an activation block, worked off in order, one pair of vectors per cycle."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from rtl.parts import delayed, ones
from rtl.scnn.bus import PAIR_BITS, Widths, vector_layout
from spec.scnn.shape import ScnnSpec

DRAINED_LATER = 2       # passes that may be begun and not drained


class Cause(enum.Enum, shape=3):
    """What a cycle without issue is counted under; the last three are the drain's own."""

    BARRIER = 0
    WEIGHT_WAIT = 1
    ACT_WAIT = 2
    REDISTRIBUTION = 3
    CROSSBAR = 4
    DRAIN = 5
    HALO = 6
    REDUCTION = 7


class Issue(wiring.Component):
    """Decides in each cycle whether the vectors addressed in both buffers are issued, and moves both buffers on.

    Members
    -------
    start, loaded : ``In(1)``, passes, pairs : ``In``
        A layer begins; its passes and pairs are valid from ``loaded`` on and stand still until its last pair is released.
    stop, pass_drained : ``In(1)``
        Of the crossbar; a pass was drained in this cycle.
    weight_*, act_* : both buffers
    gather, gated, drain_cause, draining : ``In``
        Activations come from tiles of a lower level; the activation block is held back by a gate of this PE; what the drain is
        at; a pass is not drained.
    o_valid, o_buffer : ``Out``
        A pair of vectors is issued in this cycle.
    pass_issued, layer_released : ``Out(1)``
        In the cycle of the last issue of a pass; of a layer.
    weights, acts : ``In``
        The operands, two cycles after their issue, for the counters.
    slots, idle, cause : ``Out``
        Slots with products, activation tails, weight tails and placeholders, for the counters; whether nothing was issued, and
        why. All tell of the cycle three cycles before.
    """

    def __init__(self, spec: ScnnSpec):
        self._spec, self._w = spec, Widths(spec)
        buffers = {f"{name}_{port}": flow for name in ("weight", "act") for port, flow in (
            ("ready", In(1)), ("last", In(1)), ("empty", In(1)), ("advance", Out(1)), ("release", Out(1)))}
        super().__init__(buffers | {
            "weight_rewind": Out(1), "start": In(1), "loaded": In(1), "passes": In(self._w.passes), "pairs": In(PAIR_BITS),
            "stop": In(1),
            "pass_drained": In(1), "gather": In(1), "gated": In(1), "drain_cause": In(Cause), "draining": In(1),
            "o_valid": Out(1), "o_buffer": Out(1), "pass_issued": Out(1), "layer_released": Out(1),
            "weights": In(vector_layout(spec, spec.f)), "acts": In(vector_layout(spec, spec.i)),
            "slots": Out(self._w.slots).array(4), "idle": Out(1), "cause": Out(Cause)})

    def elaborate(self, platform):
        m = Module()
        active, first, free = Signal(), Signal(), Signal()
        go, none, end, begun = Signal(), Signal(), Signal(), Signal(2)
        last_pair, last_pass = self._last_ones(m, end)
        m.d.comb += [
            free.eq(~first | (begun != DRAINED_LATER)),
            none.eq(self.weight_empty | self.act_empty),
            go.eq(active & self.loaded & self.weight_ready & self.act_ready & free & ~self.stop),
            end.eq(go & (none | (self.weight_last & self.act_last))),
            self.pass_issued.eq(end & last_pair),
            self.layer_released.eq(end & last_pair & last_pass),
            self.o_valid.eq(go & ~none),
            self.weight_advance.eq(go & ~end & ~self.weight_last),
            self.weight_rewind.eq(go & ~end & self.weight_last),
            self.act_advance.eq(go & ~end & self.weight_last),
            self.weight_release.eq(end),
            self.act_release.eq(end),
        ]
        m.d.sync += begun.eq(begun + (go & first) - self.pass_drained)
        with m.If(go):
            m.d.sync += first.eq(self.pass_issued)
        with m.If(self.pass_issued):
            m.d.sync += self.o_buffer.eq(~self.o_buffer)
        with m.If(self.layer_released):
            m.d.sync += active.eq(0)
        with m.If(self.start):
            m.d.sync += [
                active.eq(1),
                first.eq(1),
            ]
        self._causes(m, active, free, go)
        self._slots(m, go, none)
        return m

    def _last_ones(self, m, end):
        """Return whether the pair at hand is the last of its pass, and the pass the last of the layer, from registers.

        What is left of both is counted down; they are set in the first cycle of ``loaded``, before there is a pair.
        """
        pairs_left, passes_left = Signal(PAIR_BITS), Signal(self._w.passes)
        last_pair, last_pass = Signal(), Signal()
        with m.If(end):
            m.d.sync += [
                pairs_left.eq(Mux(last_pair, self.pairs, pairs_left - 1)),
                last_pair.eq(Mux(last_pair, self.pairs == 1, pairs_left == 2)),
            ]
        with m.If(self.pass_issued):
            m.d.sync += [
                passes_left.eq(passes_left - 1),
                last_pass.eq(passes_left == 2),
            ]
        with m.If(self.loaded & ~delayed(m, self.loaded, "known", cycles=1)):
            m.d.sync += [
                pairs_left.eq(self.pairs),
                passes_left.eq(self.passes),
                last_pair.eq(self.pairs == 1),
                last_pass.eq(self.passes == 1),
            ]
        return last_pair, last_pass

    def _causes(self, m, active, free, go):
        cause = Signal(Cause)
        with m.If(~active & ~self.start):
            m.d.comb += cause.eq(Mux(self.draining, self.drain_cause, Cause.BARRIER))
        with m.Elif(~self.weight_ready):
            m.d.comb += cause.eq(Cause.WEIGHT_WAIT)
        with m.Elif(~self.act_ready):
            m.d.comb += cause.eq(Mux(self.gated, self.drain_cause, Mux(self.gather, Cause.REDISTRIBUTION, Cause.ACT_WAIT)))
        with m.Elif(~free):
            m.d.comb += cause.eq(self.drain_cause)
        with m.Else():
            m.d.comb += cause.eq(Cause.CROSSBAR)
        m.d.comb += [self.cause.eq(delayed(m, cause.as_value(), "cause", cycles=3, reset_less=True)),
                     self.idle.eq(delayed(m, ~go, "idle", cycles=3))]

    def _slots(self, m, go, none):
        """Sort the slots of an issue into products, activation tails, weight tails and placeholders."""
        f_count, count = self._spec.f, self._spec.products
        go_2 = delayed(m, go & ~none, "issued", cycles=2)
        lost_act = delayed(m, go & self.act_empty, "no_act", cycles=2)
        lost_weight = delayed(m, go & self.weight_empty & ~self.act_empty, "no_weight", cycles=2)
        act_tails = ones(Cat(lane.tail for lane in self.acts))
        weight_tails, weight_live = (ones(Cat(lane.tail for lane in self.weights)),
                                     ones(Cat(lane.live for lane in self.weights)))
        products, act_tail, weight_tail, rest = (Signal(self._w.slots, name=name)
                                                 for name in ("products", "act_tail", "weight_tail", "rest"))
        # multiplied by hand: of two such small numbers synthesis makes a whole multiplier block
        m.d.comb += [
            products.eq(sum(Mux(lane.live, weight_live, 0) for lane in self.acts)),
            act_tail.eq(act_tails * f_count),
            weight_tail.eq(sum(Mux(lane.tail, 0, weight_tails) for lane in self.acts)),
            rest.eq(count - products - act_tail - weight_tail),
        ]
        m.d.sync += [self.slots[0].eq(Mux(go_2, products, 0)),
                     self.slots[1].eq(Mux(go_2, act_tail, Mux(lost_act, count, 0))),
                     self.slots[2].eq(Mux(go_2, weight_tail, Mux(lost_weight, count, 0))),
                     self.slots[3].eq(Mux(go_2, rest, 0))]
