"""The front of an exact dot unit: every term at its own place in one window wide enough for all, summed exactly."""
from amaranth import Const, Signal

from rtl.emit import Library
from rtl.mac.datapath import Datapath
from rtl.mac.front import Addend, Sum
from rtl.mac.pipe import Late, Pipe
from rtl.mac.shift import shift_left
from rtl.mac.total import Term, magnitude, total


def exact(p: Pipe, datapath: Datapath, library: Library, multiply, a, b, negs: list[Late], c: Addend) -> Sum:
    """Return the magnitude and sign of the infinitely precise sum.

    Bit 0 of the window weighs 2^``datapath.low``; a term's exponent is its left shift. Nothing is compared, and
    nothing is lost.
    """
    shifts = []
    for x, y in zip(a, b, strict=True):
        amount = Signal(datapath.x_bits, name="place")
        p.m.d.comb += amount.eq(x.x + y.x)
        shifts.append(p.put(amount, "place"))
    products = multiply(p, [])
    after = p.fork()
    size = 2 * datapath.man + 2
    values = [p.put(p[v][:size].as_unsigned(), "product") for v in products[:datapath.terms]]
    terms = [(v, s, n, size + datapath.product_reach) for v, s, n in zip(values, shifts, negs, strict=True)]
    terms.append((c.sig, c.x, c.neg, datapath.acc.man_bits + 1 + datapath.addend_reach))
    placed = shift_left(p, [(v, s, top) for v, s, _, top in terms])
    done = [Term(v, n, (1 << top) - 1) for v, (_, _, n, top) in zip(placed, terms, strict=True)]
    mag, neg = magnitude(p, library, total(p, library, done[:-1], done[-1]))
    bits = len(mag.taps[mag.last])
    limit = p.put(Const(datapath.low + bits - 1 - datapath.acc.emin), "limit")
    return Sum(mag, neg, limit, products, after)
