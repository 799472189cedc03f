"""The dot unit: k products and C, one result, one operation every cycle."""
from amaranth import Cat, Const, Module, Mux, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Library
from rtl.mac.align import align_addend, align_product
from rtl.mac.decode import addend, head_layout
from rtl.mac.integer import integer_sum
from rtl.mac.largest import largest
from rtl.mac.normalise import normalise
from rtl.mac.pipe import Pipe
from rtl.mac.plan import Plan
from rtl.mac.product import exponents, multiply, shift_of
from rtl.mac.round import round_pack
from rtl.mac.special import specials
from rtl.mac.total import Term, magnitude, total
from spec.lfsr import LFSR_BITS

MODE = data.StructLayout({"integer": 1, "byte": 1})
"""What a dot unit must know of the format: integers, and the 8-bit floats that keep fewer bits."""


class Dot(wiring.Component):
    """Truncated fused dot-product-add, pipelined, one operation accepted every cycle, no waiting.

    Exponents run ahead of significands: the heads, C and the mode of an operation are sampled at one edge, its
    significands ``sig_stage`` cycles later, its random number ``random_stage`` cycles later, and ``d`` holds
    its result ``latency`` cycles after the heads were presented.

    Parameters
    ----------
    plan : Plan
    cuts : frozenset of str
    library : Library
        Takes the multiplier cell.

    Members
    -------
    a, b : ``In(ArrayLayout(head_layout(...), lanes))``
    a_sig, b_sig : ``In(ArrayLayout(signed(plan.sig_bits), lanes))``
    c : ``In(plan.spec.acc_bits)``
    mode : ``In(MODE)``
    random : ``In(LFSR_BITS)``
    d : ``Out(plan.spec.acc_bits)``
    """

    def __init__(self, plan: Plan, cuts: frozenset[str], library: Library):
        self.plan, self.cuts, self.library = plan, cuts, library
        heads = [data.ArrayLayout(head_layout(bits), plan.lanes) for bits in (plan.a_bits, plan.b_bits)]
        sigs = data.ArrayLayout(signed(plan.sig_bits), plan.lanes)
        super().__init__({"a": In(heads[0]), "b": In(heads[1]), "a_sig": In(sigs), "b_sig": In(sigs),
                          "c": In(plan.spec.acc_bits), "mode": In(MODE), "random": In(LFSR_BITS),
                          "d": Out(plan.spec.acc_bits)})
        self._module = m = Module()
        self.random_stage = 0
        p = Pipe(m, cuts)
        result = self._float(p)
        m.d.comb += self.d.eq(p[result])
        self.latency, self.log = p.stage, tuple(p.log)

    def elaborate(self, platform):
        return self._module

    def _float(self, p: Pipe):
        plan = self.plan
        a, b = ([bus[lane] for lane in range(plan.terms)] for bus in (self.a, self.b))
        integer = p.put(self.mode.integer, "integer") if plan.ints else None
        byte = p.put(self.mode.byte, "byte")
        mask = byte if any(plan.narrow(f) for f in plan.floats) else None
        short = byte if any(plan.spec.rule(f).keep < plan.acc.sig_bits for f in plan.floats) else None

        c_neg, c_x, c_sig, c_inf, c_nan = addend(p.m, plan, self.c)
        flags = specials(p, a, b, (c_neg, c_inf, c_nan))
        c_raw = p.put(self.c, "c_raw")
        c_neg, c_x, c_sig = p.put(c_neg, "c_neg"), p.put(c_x, "c_x"), p.put(c_sig, "c_sig")
        x = exponents(p, plan, a, b)
        negs = [p.put(u.neg ^ v.neg, "product_neg") for u, v in zip(a, b, strict=True)]
        p.cut("exponents")

        top = largest(p, x, c_x)
        shifts = [shift_of(p, plan, top, v, integer) for v in x]
        limit = p.put(p[top] + plan.limit_offset, "limit")
        side = p.fork()
        p.cut("distance")
        self.sig_stage = p.stage
        products = [multiply(p, self.library, f"mult{lane}", self.a_sig[lane], self.b_sig[lane],
                             shifts[lane] if lane < plan.terms else None) for lane in range(plan.lanes)]
        p.wait("multiply", 2)
        whole = p.fork()

        terms = [align_product(p, plan, v, s, mask) for v, s in zip(products, shifts, strict=False)]
        c_term = align_addend(side, plan, c_sig, top, c_x, mask)
        p.cut("align")
        bound = 4 << plan.frac
        terms = [Term(t, n, bound) for t, n in zip(terms, negs, strict=True)]
        mag, neg = magnitude(p, total(p, terms, Term(c_term, c_neg, bound // 2)))
        mag = p.put(p[mag] | Const(0, plan.mag_bits), "mag")
        mag, shift = normalise(p, mag, limit)
        random = self._random(p)
        result = round_pack(p, plan, mag=mag, shift=shift, limit=limit, neg=neg, flags=flags, short=short,
                            random=random)
        if not plan.ints:
            return result
        whole.cut("align")
        d = integer_sum(whole, plan, products[:plan.int_terms], c_raw)
        return p.put(Mux(p[integer], p[d], p[result]), "either")

    def _random(self, p: Pipe):
        """Take the random number at this stage, where its operation is rounded."""
        if not self.plan.spec.stochastic:
            return None
        self.random_stage = p.stage
        return p.put(self.random, "random")
