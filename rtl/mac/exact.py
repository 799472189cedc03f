"""The front of an exact dot unit: every term at its own place in one window wide enough for all, summed exactly."""
from amaranth import Const, Signal

from rtl.emit import Library
from rtl.mac.front import Addend, Sum
from rtl.mac.pipe import Late, Pipe
from rtl.mac.plan import Plan
from rtl.mac.shift import shift_left
from rtl.mac.total import Term, magnitude, total


def exact(p: Pipe, plan: Plan, library: Library, multiply, a, b, negs: list[Late], c: Addend) -> Sum:
    """Return the magnitude and sign of the infinitely precise sum.

    Bit 0 of the window weighs 2^``plan.low``; a term's exponent is its left shift. Nothing is compared, and
    nothing is lost.
    """
    shifts = []
    for x, y in zip(a, b, strict=True):
        amount = Signal(plan.x_bits, name="place")
        p.m.d.comb += amount.eq(x.x + y.x)
        shifts.append(p.put(amount, "place"))
    products = multiply(p, [])
    after = p.fork()
    size = 2 * plan.man + 2
    values = [p.put(p[v][:size].as_unsigned(), "product") for v in products[:plan.terms]]
    terms = [(v, s, n, size + plan.product_place) for v, s, n in zip(values, shifts, negs, strict=True)]
    terms.append((c.sig, c.x, c.neg, plan.acc.man_bits + 1 + plan.addend_place))
    placed = shift_left(p, [(v, s, top) for v, s, _, top in terms])
    done = [Term(v, n, (1 << top) - 1) for v, (_, _, n, top) in zip(placed, terms, strict=True)]
    mag, neg = magnitude(p, library, total(p, library, done[:-1], done[-1]))
    bits = len(mag.taps[mag.last])
    limit = p.put(Const(plan.low + bits - 1 - plan.acc.emin), "limit")
    return Sum(mag, neg, limit, products, after)
