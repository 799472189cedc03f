"""Multiplier array: the Cartesian product of two vectors, and where each product goes."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed
from rtl.scnn.bus import Widths, bank_and_entry, vector_layout
from spec.scnn.shape import VALUE_BITS, ScnnSpec


class ProductArray(wiring.Component):
    """Multiplies every weight of a vector with every activation of another, one pair of vectors per cycle; never waits.

    Operands come in cycle t + 2 of ``docs/scnn/pipeline.md``; places in the queues are reserved in t + 3, products pushed in
    t + 5. Multiplier f * I + i takes weight lane f and activation lane i.

    Members
    -------
    i_valid, i_buffer, weights, acts : ``In``
    shift : ``In``
        The layer's product shift, if the machine has one.
    reserve, odd : ``Out(products)``
    o_valid : ``Out(products)``, o_buffer : ``Out(1)``, o_bank, o_entry, o_product : ``Out`` arrays
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w, count = self._w, spec.products
        ports = {
            "i_valid": In(1), "i_buffer": In(1), "weights": In(vector_layout(spec, spec.f)),
            "acts": In(vector_layout(spec, spec.i)), "reserve": Out(count), "odd": Out(count), "o_valid": Out(count),
            "o_buffer": Out(1), "o_bank": Out(w.bank).array(count), "o_entry": Out(w.entry).array(count),
            "o_product": Out(w.product).array(count)}
        if spec.product_shift_bits:
            ports["shift"] = In(spec.product_shift_bits)
        super().__init__(ports)

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        m.d.comb += self.o_buffer.eq(delayed(m, self.i_buffer, "buffer", cycles=3, reset_less=True))
        for f in range(spec.f):
            for i in range(spec.i):
                self._multiply(m, f * spec.i + i, self.weights[f], self.acts[i])
        return m

    def _multiply(self, m, k, weight, act):
        address = Signal(self._w.address, name=f"address{k}", reset_less=True)
        live = Signal(name=f"live{k}")
        m.d.sync += [
            address.eq(weight.offset + act.offset),
            live.eq(self.i_valid & weight.live & act.live),
        ]
        bank, entry = bank_and_entry(self._spec, address)
        bank_3 = Signal(self._w.bank, name=f"bank{k}")
        m.d.comb += [
            bank_3.eq(bank),
            self.reserve[k].eq(live),
            self.odd[k].eq(bank_3[0]),
            self.o_valid[k].eq(delayed(m, live, f"live{k}", cycles=2)),
            self.o_bank[k].eq(delayed(m, bank_3, f"bank{k}", cycles=2, reset_less=True)),
            self.o_entry[k].eq(delayed(m, entry, f"entry{k}", cycles=2, reset_less=True)),
        ]
        product = Signal(signed(2 * VALUE_BITS), name=f"product{k}")
        self._library.cell(m, f"multiplier{k}", "nz_mult", p_A_BITS=VALUE_BITS, p_B_BITS=VALUE_BITS, i_clk=clock(), i_ce=1,
                           i_a=weight.value.as_signed(), i_b=act.value.as_signed(), o_p=product)
        shifted = _rounded(m, product, self.shift, f"rounded{k}") if self._spec.product_shift_bits else product
        m.d.comb += self.o_product[k].eq(delayed(m, shifted[:self._w.product], f"kept{k}", cycles=1, reset_less=True))


def _rounded(m, value, shift, name):
    """Return ``value >> shift``, rounded half to even."""
    lost = (1 << len(shift)) - 1
    wide = Signal(len(value) + lost, name=f"{name}_wide")       # the point is at bit ``lost``
    out = Signal(signed(len(value)), name=name)
    m.d.comb += wide.eq(Cat(Const(0, lost), value).as_signed() >> shift)
    kept, below = wide[lost:].as_signed(), wide[:lost]
    up = below[-1] & (below[:-1].any() | kept[0])
    m.d.comb += out.eq(Mux(up, kept + 1, kept))
    return out
