"""The dot unit: k products and C, one result, one operation every cycle."""
from amaranth import Module, Mux, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Library
from rtl.mac.datapath import Datapath
from rtl.mac.decode import addend, head_layout
from rtl.mac.exact import exact
from rtl.mac.front import Addend
from rtl.mac.integer import integer_sum
from rtl.mac.normalise import normalise
from rtl.mac.pipe import Late, Pipe
from rtl.mac.product import MULT_STAGES, factors, multiply, multiply_pair
from rtl.mac.round import round_pack
from rtl.mac.special import specials
from rtl.mac.truncated import truncated
from rtl.parts import leave_open
from spec.mac.lfsr import LFSR_BITS

MODE = data.StructLayout({"integer": 1, "byte": 1})
"""What a dot unit must know of the format: integers, and the 8-bit floats that keep fewer bits."""


class Dot(wiring.Component):
    """Truncated fused dot-product-add, pipelined, one operation accepted every cycle, no waiting.

    Exponents run ahead of significands: the heads, C and the mode of an operation are sampled at one edge, its
    significands ``sig_stage`` cycles later, its random number ``random_stage`` cycles later, and ``d`` holds
    its result ``latency`` cycles after the heads were presented.

    Parameters
    ----------
    datapath : Datapath
    cuts : dict
        As `Pipe` takes them.
    library : Library
        Takes the multiplier cell.

    Members
    -------
    a, b : ``In(ArrayLayout(head_layout(...), lanes))``
    a_sig, b_sig : ``In(ArrayLayout(signed(datapath.sig_bits), lanes))``
    c : ``In(datapath.spec.acc_bits)``
    mode : ``In(MODE)``
    random : ``In(LFSR_BITS)``
        Of stochastic builds only.
    d : ``Out(datapath.spec.acc_bits)``
    """

    def __init__(self, datapath: Datapath, cuts: dict[str, int], library: Library):
        self.datapath, self.cuts, self.library = datapath, cuts, library
        heads = [data.ArrayLayout(head_layout(bits), datapath.lanes) for bits in (datapath.a_bits, datapath.b_bits)]
        sigs = data.ArrayLayout(signed(datapath.sig_bits), datapath.lanes)
        random = {"random": In(LFSR_BITS)} if datapath.spec.stochastic else {}
        super().__init__({"a": In(heads[0]), "b": In(heads[1]), "a_sig": In(sigs), "b_sig": In(sigs),
                          "c": In(datapath.spec.acc_bits), "mode": In(MODE), "d": Out(datapath.spec.acc_bits)} | random)
        self._module = m = Module()
        self.random_stage = self.sig_stage = 0
        p = Pipe(m, cuts)
        result = self._result(p)
        m.d.comb += self.d.eq(p[result])
        self.latency, self.log = p.stage, tuple(p.log)

    def elaborate(self, platform):
        return self._module

    def _result(self, p: Pipe):
        datapath, c_raw = self.datapath, p.put(self.c, "c_raw")
        integer = p.put(self.mode.integer, "integer") if datapath.ints else None
        if not datapath.floats:
            leave_open(self.a)
            leave_open(self.b)
            return integer_sum(p, datapath, self.library, self._products(p, []), c_raw)
        front, flags, byte = self._front(p, integer)
        mag, rest, last = normalise(p, front.mag, front.limit)
        short = byte if any(datapath.spec.rule(f).keep < datapath.acc.sig_bits for f in datapath.floats) else None
        result = round_pack(p, datapath, mag=mag, rest=rest, last=last, neg=front.neg, flags=flags, short=short,
                            random=self._random(p))
        if integer is None:
            return result
        front.after.cut("align")
        d = integer_sum(front.after, datapath, self.library, front.products[:datapath.int_terms], c_raw)
        return p.put(Mux(p[integer], p[d], p[result]), "either")

    def _front(self, p: Pipe, integer):
        """Sum the terms of a floating operation; return that, the flags of special values and the 8-bit mode."""
        datapath = self.datapath
        a, b = ([bus[lane] for lane in range(datapath.terms)] for bus in (self.a, self.b))
        neg, x, sig = addend(p.m, datapath, self.c)
        flags = specials(p, a, b, self.c, datapath.acc)
        c = Addend(p.put(neg, "c_neg"), p.put(x, "c_x"), p.put(sig, "c_sig"))
        negs = [p.put(u.neg ^ v.neg, "product_neg") for u, v in zip(a, b, strict=True)]
        byte = p.put(self.mode.byte, "byte")
        if datapath.exact:
            return exact(p, datapath, self.library, self._products, a, b, negs, c), flags, byte
        return truncated(p, datapath, self.library, self._products, a, b, negs, c, integer, byte), flags, byte

    def _products(self, p: Pipe, shifts) -> list[Late]:
        """Multiply in every lane; the first lanes have shifts.

        Significands are sampled here or, where the target has registers for what the units share, a cycle before.
        """
        early = p.fork()
        early.stage = self.sig_stage = max(0, p.stage - self.cuts.get("broadcast", 0))
        shifts = [*shifts, *[None] * (self.datapath.lanes - len(shifts))]
        sigs = [(early.put(self.a_sig[lane], "a_sig"), early.put(self.b_sig[lane], "b_sig")) for lane in range(len(shifts))]
        pairs = [factors(p, p[a], p[b], shift) for (a, b), shift in zip(sigs, shifts, strict=True)]
        p.cut("factor")
        if self.datapath.paired:
            products = [product for lane in range(0, len(pairs), 2)
                        for product in multiply_pair(p, self.library, f"mult{lane}", pairs[lane:lane + 2])]
        else:
            products = [multiply(p, self.library, f"mult{lane}", *pair) for lane, pair in enumerate(pairs)]
        p.wait("multiply", MULT_STAGES)
        p.cut("product")
        return products

    def _random(self, p: Pipe):
        """Take the random number at this stage, where its operation is rounded."""
        if not self.datapath.spec.stochastic:
            return None
        self.random_stage = p.stage
        return p.put(self.random, "random")
