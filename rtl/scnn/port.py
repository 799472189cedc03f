"""Weight port: transfers of the weight stream joined to beats, a word for every lane."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from spec.scnn.shape import ScnnSpec


def weight_slave(spec: ScnnSpec) -> dict[str, wiring.Member]:
    """Return the members of the weight stream's port."""
    return {"s_weight_tdata": In(spec.weight_port_bits), "s_weight_tvalid": In(1), "s_weight_tready": Out(1)}


class WeightPort(wiring.Component):
    """Joins ``spec.beat_words`` transfers to a beat, the first one lowest; a beat leaves with its last transfer.

    Members
    -------
    s_weight_* : the host's stream
    run, flush : ``In(1)``
        Transfers are taken; a part of a beat is forgotten.
    o_valid, o_ready, o_beat
    """

    def __init__(self, spec: ScnnSpec):
        self._spec = spec
        super().__init__(weight_slave(spec) | {"run": In(1), "flush": In(1), "o_valid": Out(1), "o_ready": In(1),
                                               "o_beat": Out(spec.beat_bits)})

    def elaborate(self, platform):
        m = Module()
        words, wide = self._spec.beat_words, self._spec.weight_port_bits
        if words == 1:
            m.d.comb += [self.o_beat.eq(self.s_weight_tdata), self.o_valid.eq(self.s_weight_tvalid & self.run),
                         self.s_weight_tready.eq(self.o_ready & self.run)]
            unused = Signal()
            m.d.comb += unused.eq(self.flush)
            return m
        held, number = Signal((words - 1) * wide), Signal(range(words))
        last = Signal()
        m.d.comb += [last.eq(number == words - 1), self.o_beat.eq(Cat(held, self.s_weight_tdata)),
                     self.o_valid.eq(self.s_weight_tvalid & self.run & last),
                     self.s_weight_tready.eq(self.run & (~last | self.o_ready))]
        with m.If(self.s_weight_tvalid & self.s_weight_tready):
            m.d.sync += number.eq(number + 1)
            with m.If(last):
                m.d.sync += number.eq(0)
            with m.Else():
                m.d.sync += held.eq(Cat(held, self.s_weight_tdata)[wide:])
        with m.If(self.flush):
            m.d.sync += number.eq(0)
        return m
