"""The block-scaled dot unit: every block summed exactly and scaled, the sums and C added as the tile adds."""
from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.mac.align import align_whole
from rtl.mac.decode import fields
from rtl.mac.largest import largest
from rtl.mac.normalise import normalise
from rtl.mac.pipe import Late, Pipe
from rtl.mac.product import MULT_STAGES, multiply
from rtl.mac.round import round_pack
from rtl.mac.scaled.datapath import OFFSET, X_BITS, ScaledDatapath
from rtl.mac.scaled.element import Product, flags, products, scale_flags, scales
from rtl.mac.shift import shift_left
from rtl.mac.special import specials
from rtl.mac.total import Term, magnitude, total


class ScaledDot(wiring.Component):
    """Dot product of two block-scaled rows and C, pipelined: one operation accepted every cycle, no waiting.

    The result of an operation is on ``d`` ``latency`` cycles after its operands were presented. Numbers and order of the
    additions are those of `spec.mac.scaled`: a block is summed exactly and multiplied by its scales, the sums and C are cut
    toward zero below the largest exponent among them, added exactly, and rounded once.

    Parameters
    ----------
    datapath : ScaledDatapath
    cuts : dict
        As `Pipe` takes them.
    library : Submodules
        Takes the technology cells.

    Members
    -------
    a, b : ``In(ArrayLayout(element bits, terms))``
        Patterns.
    a_scale, b_scale : ``In(ArrayLayout(datapath.scale_bits, datapath.blocks))``
        Patterns of the scales of the blocks, the first block lowest.
    c, d : ``In(32)``, ``Out(32)``
        fp32 patterns.
    """

    def __init__(self, datapath: ScaledDatapath, cuts: dict[str, int], library: Submodules):
        self.datapath, self.library = datapath, library
        elements = data.ArrayLayout(datapath.form.element.bits, datapath.form.terms)
        factors = data.ArrayLayout(datapath.scale_bits, datapath.blocks)
        super().__init__({"a": In(elements), "b": In(elements), "a_scale": In(factors), "b_scale": In(factors),
                          "c": In(datapath.tile.acc.bits), "d": Out(datapath.tile.acc.bits)})
        self._module = m = Module()
        p = Pipe(m, cuts)
        p.wait("operands", 1)
        inputs = {name: _registered(m, getattr(self, name), name) for name in ("a", "b", "a_scale", "b_scale", "c")}
        result = self._result(p, **inputs)
        m.d.comb += self.d.eq(p[result])
        self.latency, self.stages = p.stage, tuple(p.log)

    def elaborate(self, platform):
        return self._module

    def _result(self, p: Pipe, *, a, b, a_scale, b_scale, c) -> Late:
        datapath, library = self.datapath, self.library
        found = self._specials(p, a, b, a_scale, b_scale, c)
        addend = p.put(c, "c_raw")
        side = p.fork()
        factors = [scales(side.fork(), datapath, x, y) for x, y in zip(a_scale, b_scale, strict=True)]
        terms = products(p, datapath, library, list(a), list(b))
        size = datapath.form.block
        pipes = [*(p.fork() for _ in factors[1:]), p]
        sums = [self._block(pipe, terms[k * size:(k + 1) * size], *factors[k]) for k, pipe in enumerate(pipes)]
        return self._add(p, sums, addend, found)

    def _specials(self, p: Pipe, a, b, a_scale, b_scale, c):
        """Find NaN and infinities among the operands; an element has them only where its format does."""
        datapath = self.datapath
        pairs = [(scale_flags(x), scale_flags(y)) for x, y in zip(a_scale, b_scale, strict=True)]
        if datapath.form.element.specials != "none":
            pairs += [(flags(datapath, x), flags(datapath, y)) for x, y in zip(a, b, strict=True)]
        return specials(p, [x for x, _ in pairs], [y for _, y in pairs], c, datapath.tile.acc)

    def _block(self, p: Pipe, terms: list[Product], top_x: Late, factor: Late | None) -> "Leading":
        """Sum a block exactly, multiply it by its scales, and keep its leading bits."""
        datapath, library = self.datapath, self.library
        values = [term.value for term in terms]
        if datapath.span:
            width = datapath.product_bits + 2 * datapath.span
            values = shift_left(p, [(value, term.place, width) for value, term in zip(values, terms, strict=True)])
        mag, neg = magnitude(p, library, total(p, library, [
            Term(value, term.neg, datapath.bound) for value, term in zip(values, terms, strict=True)]))
        if factor is not None:
            left, right = (p.put(Cat(p[x], Const(0, 1)), "unsigned") for x in (mag, factor))
            mag = multiply(p, library, f"scale{p.count('scale')}", left, right)
            p.wait("multiply", MULT_STAGES)
        bits = p[mag][:datapath.sum_bits]
        mag = p.put(Cat(Const(0, max(0, datapath.frac + 1 - datapath.sum_bits)), bits), "sum")
        mag, rest, last = normalise(p, mag, top_x)
        x = Mux(p[mag][-1], (p[rest] - p[last])[:X_BITS], datapath.zero_x)
        lead = Leading(p.put(p[mag][-datapath.frac - 1:], "lead"), neg, p.put(x, "block_x"))
        p.cut("exponents")
        return lead

    def _add(self, p: Pipe, sums: "list[Leading]", c: Late, found) -> Late:
        """Add the sums of the blocks and C below the largest exponent, and round once."""
        datapath, acc = self.datapath, self.datapath.tile.acc
        neg, exp, frac, _, _ = fields(p[c], acc)
        normal = exp.any()
        x = Mux(normal | frac.any(), Cat(exp[0] | ~normal, exp[1:]) + (OFFSET - acc.bias), datapath.zero_x)
        addend = Leading(p.put(Cat(Const(0, datapath.frac - acc.man_bits), frac, normal), "c_sig"), p.put(neg, "c_neg"),
                         p.put(x, "c_x"))
        p.cut("decode")
        top = largest(p, [one.x for one in sums], addend.x)
        limit = p.put((p[top] + datapath.limit_offset)[:X_BITS], "limit")
        parts = [*sums, addend]
        pipes = [*(p.fork() for _ in sums), p]
        terms = [Term(align_whole(pipe, one.bits, top, one.x), one.neg, (1 << datapath.frac + 1) - 1)
                 for pipe, one in zip(pipes, parts, strict=True)]
        p.cut("align")
        mag, neg = magnitude(p, self.library, total(p, self.library, terms[:-1], terms[-1]))
        mag, rest, last = normalise(p, p.widen(mag, datapath.mag_bits), limit)
        return round_pack(p, datapath.tile, mag=mag, rest=rest, last=last, neg=neg, flags=found, short=None, random=None)


@dataclass(frozen=True)
class Leading:
    """A number by its leading bits, its sign and X of the first of them."""

    bits: Late
    neg: Late
    x: Late


def _registered(m: Module, port, name: str):
    """Return a port as it was a cycle ago."""
    late = Signal(port.shape(), name=f"{name}_in", reset_less=True)
    m.d.sync += late.eq(port)
    return late
