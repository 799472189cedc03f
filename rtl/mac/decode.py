"""Operand patterns become a sign, an exponent, a significand and three flags."""
from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.mac.datapath import Datapath
from rtl.mac.feed import CODE_BITS
from rtl.parts import leave_open
from spec.mac.number import FORMATS, Format


def head_layout(x_bits: int) -> data.StructLayout:
    """What the exponent path needs of an element: everything but its significand."""
    return data.StructLayout({"x": x_bits, "neg": 1, "zero": 1, "inf": 1, "nan": 1})


def fields(bits, fmt: Format):
    """Split a floating pattern: sign, exponent field, fraction, and the flags infinity and NaN."""
    used = bits[fmt.unused:fmt.bits]
    frac, exp = used[:fmt.man_bits], used[fmt.man_bits:fmt.man_bits + fmt.exp_bits]
    top = exp.all()
    if fmt.specials == "fn":
        inf, nan = Const(0), top & frac.all()
    else:
        inf, nan = top & ~frac.any(), top & frac.any()
    return bits[fmt.bits - 1], exp, frac, inf, nan


class Decode(wiring.Component):
    """Combinational decoder of one element of A or of B, for every operand format built in.

    A floating element leaves as ``sig * 2^(e - man)`` with ``x`` as in `Datapath`; an integer one as ``sig``, sign
    extended, with ``x`` and the flags meaningless.

    Parameters
    ----------
    datapath : Datapath
    offset : int
        Added to ``x``.
    x_bits : int
        Bits of ``x``.

    Members
    -------
    bits : ``In(datapath.spec.operand_bits)``
    fmt : ``In(CODE_BITS)``
        Format of the operation, as ``MacSpec.code``.
    dead : ``In(1)``
        The operation's format does not use this lane: the element counts as zero.
    head : ``Out(head_layout(x_bits))``
    sig : ``Out(signed(datapath.sig_bits))``
    """

    def __init__(self, datapath: Datapath, offset: int, x_bits: int):
        self.datapath, self.offset, self.x_bits = datapath, offset, x_bits
        super().__init__({"bits": In(datapath.spec.operand_bits), "fmt": In(CODE_BITS), "dead": In(1),
                          "head": Out(head_layout(x_bits)), "sig": Out(signed(datapath.sig_bits))})

    def elaborate(self, platform):
        m = Module()
        rows = [self._row(m, name) for name in self.datapath.spec.formats]
        sig, x, flags = rows[0]
        if len(rows) == 1:
            leave_open(self.fmt)
        for name, row in zip(self.datapath.spec.formats[1:], rows[1:], strict=True):
            here = Signal(name=f"is_{name}")
            m.d.comb += here.eq(self.fmt == self.datapath.spec.code(name))
            sig, x, flags = (Mux(here, new, old) for new, old in zip(row, (sig, x, flags), strict=True))
        neg, inf, nan = flags[0], flags[1], flags[2]
        m.d.comb += [
            self.sig.eq(Mux(self.dead, 0, sig)),
            self.head.x.eq(x),
            self.head.neg.eq(neg),
            self.head.zero.eq(self.dead | (self.sig == 0)),
            self.head.inf.eq(inf & ~self.dead),
            self.head.nan.eq(nan & ~self.dead),
        ]
        return m

    def _row(self, m, name: str):
        """Decode as one format; every row has the same three shapes."""
        fmt = FORMATS[name]
        sig = Signal(signed(self.datapath.sig_bits), name=f"{name}_sig")
        x = Signal(self.x_bits, name=f"{name}_x")
        flags = Signal(3, name=f"{name}_flags")
        if not fmt.is_float:
            m.d.comb += sig.eq(self.bits[:fmt.bits].as_signed())
            return sig, x, flags
        neg, exp, frac, inf, nan = fields(self.bits, fmt)
        normal = exp.any()
        m.d.comb += [
            sig.eq(Cat(frac, normal).shift_left(self.datapath.man - fmt.man_bits)),
            x.eq(Cat(exp[0] | ~normal, exp[1:]) + (fmt.emin - self.datapath.base + self.offset)),
            flags.eq(Cat(neg, inf, nan)),
        ]
        return sig, x, flags


def addend(m, datapath: Datapath, bits):
    """Decode C, a pattern of D's format: sign, X, significand; `specials` looks at infinity and NaN."""
    neg, exp, frac, _, _ = fields(bits, datapath.acc)
    normal = exp.any()
    zero = Signal(name="c_zero")
    x = Signal(datapath.x_bits, name="c_x")
    m.d.comb += [
        zero.eq(~normal & ~frac.any()),
        x.eq(Cat(exp[0] | ~normal, exp[1:]) + datapath.addend_offset),
    ]
    if datapath.deep and not datapath.exact:
        x = Mux(zero, datapath.zero_x, x)
    return neg, x, Cat(frac, normal)
