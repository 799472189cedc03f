"""The integer side of a dot unit: products summed exactly with C, then 32 bits by wrapping or saturating."""
from amaranth import Cat, Const, Mux

from rtl.emit import Library
from rtl.mac.datapath import Datapath
from rtl.mac.pipe import Late, Pipe
from rtl.mac.total import Term, total
from spec.mac.number import FORMATS

ACC_BITS = 32


def integer_sum(p: Pipe, datapath: Datapath, library: Library, products: list[Late], addend: Late) -> Late:
    """Return the 32-bit result of an integer operation; cuts ``sum`` and ``pack`` on the way."""
    low = max(1 << 2 * (FORMATS[f].bits - 1) for f in datapath.ints)
    plus = p.put(Const(0, 1), "plus")
    terms = [Term(p.put(p[x][:low.bit_length() + 1].as_signed(), "int_term"), plus, low) for x in products]
    c = Term(p.put(p[addend].as_signed(), "int_c"), plus, 1 << ACC_BITS - 1)
    result = total(p, library, terms, c).value
    value = p[result]
    if datapath.spec.overflow == "saturate":
        sign, high = value[-1], value[ACC_BITS - 1:]
        fits = p.put(high.all() | ~high.any(), "fits")
        limit = Cat((~sign).replicate(ACC_BITS - 1), sign)
        value = Mux(p[fits], value[:ACC_BITS], limit)
    d = p.put(value[:ACC_BITS], "int_d")
    p.cut("pack")
    return d

