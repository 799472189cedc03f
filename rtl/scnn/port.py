"""Weight port: each transfer of the weight stream goes to the lane whose turn it is."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from spec.scnn.shape import ScnnSpec


def weight_slave(spec: ScnnSpec) -> dict[str, wiring.Member]:
    """Return the members of the weight stream's port."""
    return {"s_weight_tdata": In(spec.weight_port_bits), "s_weight_tvalid": In(1), "s_weight_tready": Out(1)}


class WeightPort(wiring.Component):
    """Deals transfers to the lanes, one after another; the bit above the items says that lane 0 is next.

    A transfer whose first item is 0 is for nobody: it only takes its turn.

    Members
    -------
    s_weight_* : the host's stream
    run, flush : ``In(1)``
        Transfers are taken; lane 0 is next.
    o_valid : ``Out(lanes)``, i_ready : ``In(lanes)``, o_items : ``Out``
    """

    def __init__(self, spec: ScnnSpec):
        self._spec = spec
        super().__init__(weight_slave(spec) | {
            "run": In(1), "flush": In(1), "o_valid": Out(spec.weight_lanes), "i_ready": In(spec.weight_lanes),
            "o_items": Out(spec.transfer_items * spec.item_bits)})

    def elaborate(self, platform):
        m = Module()
        lanes, data = self._spec.weight_lanes, self.s_weight_tdata
        m.d.comb += self.o_items.eq(data)
        if lanes == 1:
            unused = Signal()
            m.d.comb += [
                self.o_valid.eq(self.s_weight_tvalid & self.run),
                self.s_weight_tready.eq(self.i_ready & self.run),
                unused.eq(self.flush),
            ]
            return m
        lane, none, go = Signal(range(lanes)), Signal(), Signal()
        mine = Cat(lane == number for number in range(lanes))
        m.d.comb += [
            none.eq(~data[:self._spec.item_bits].any()),
            go.eq(self.s_weight_tvalid & self.s_weight_tready),
            self.s_weight_tready.eq(self.run & ((self.i_ready & mine).any() | none)),
            self.o_valid.eq(Mux(self.s_weight_tvalid & self.run & ~none, mine, 0)),
        ]
        with m.If(go):
            m.d.sync += lane.eq(Mux(data[len(self.o_items)] | (lane == lanes - 1), Const(0), lane + 1))
        with m.If(self.flush):
            m.d.sync += lane.eq(0)
        return m
