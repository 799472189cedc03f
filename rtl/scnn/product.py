"""Multiplier array: the Cartesian product of two vectors, and where each product goes."""

from itertools import pairwise

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed
from rtl.scnn.bus import Widths, bank_and_entry, vector_layout
from spec.scnn.shape import VALUE_BITS, ScnnSpec

SCALED = 2
"""Bits of a product's shift that its operands take: the multiplier has 18 bits each, and values 16."""


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
        if spec.product_shift_bits:
            self._left = [self.shift[SCALED:]]              # by weight, each a cycle after the one before
            for f in range(spec.f):
                self._left.append(delayed(m, self._left[-1], f"shift_of_weight{f}", cycles=1, reset_less=True))
        weights = [self._scaled(m, self.weights[f].value, f"weight{f}", bit=0) for f in range(spec.f)]
        acts = [self._scaled(m, self.acts[i].value, f"act{i}", bit=1) for i in range(spec.i)]
        for f in range(spec.f):
            for i in range(spec.i):
                self._place(m, f * spec.i + i, self.weights[f], self.acts[i])
                self._multiply(m, f * spec.i + i, weights[f], acts[i])
        return m

    def _place(self, m, k, weight, act):
        """Add the offsets, which say where the product goes and whether there is one."""
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

    def _multiply(self, m, k, weight, act):
        product = Signal(signed(len(weight) + len(act)), name=f"product{k}")
        self._library.cell(m, f"multiplier{k}", "nz_mult", p_A_BITS=len(weight), p_B_BITS=len(act), i_clk=clock(), i_ce=1,
                           i_a=weight, i_b=act, o_p=product)
        if not self._spec.product_shift_bits:
            m.d.comb += self.o_product[k].eq(delayed(m, product[:self._w.product], f"kept{k}", cycles=1, reset_less=True))
            return
        kept, up = (delayed(m, what, f"{name}{k}", cycles=1, reset_less=True)
                    for name, what in zip(("kept", "up"), self._shifted(m, k, product), strict=True))
        m.d.comb += self.o_product[k].eq((kept + up)[:self._w.product])     # added on the way to the queue

    def _scaled(self, m, value, name, *, bit):
        """Return an operand times ``2**2**bit`` where that bit of the shift is 0, in bits that the multiplier has to spare.

        So two bits of the shift cost a choice per operand instead of one per product.
        """
        value = value.as_signed()
        if bit >= self._spec.product_shift_bits:
            return value
        scaled = Signal(signed(VALUE_BITS + (1 << bit)), name=f"scaled_{name}")
        m.d.comb += scaled.eq(Mux(self.shift[bit], value, value << (1 << bit)))
        return scaled

    def _shifted(self, m, k, product):
        """Return the product shifted right by what is left of the shift, and what rounding half to even adds to it."""
        low = min(SCALED, self._spec.product_shift_bits)
        width, least = self._w.product, (1 << low) - 1
        points = range(least, least + (1 << self._spec.product_shift_bits), 1 << low)       # bits below, by what is left
        words = []
        for point in points:
            kept = product[point:point + width]
            words.append(Cat(product[point - 1], kept, product[-1].replicate(width - len(kept))))
        left = self._left[1 + k // self._spec.i]
        lost = [product[:least - 1].any(), *(product[point - 1:after - 1].any() & (left > number)
                                             for number, (point, after) in enumerate(pairwise(points)))]
        chosen = Signal(len(words[0]), name=f"shifted{k}")
        if len(words) > 1:
            self._library.cell(m, f"choose_shift{k}", "nz_choose", p_WIDTH=len(chosen), p_STEPS=len(left), i_words=Cat(*words),
                               i_choice=left, o_word=chosen)
        else:
            m.d.comb += chosen.eq(words[0])
        half, kept = chosen[0], chosen[1:]
        return kept, half & (Cat(lost).any() | kept[0])
