"""The front of a dot unit of a GPU generation: terms aligned to the largest exponent, cut, and summed exactly."""
from rtl.emit import Library
from rtl.mac.align import align_addend, align_product
from rtl.mac.datapath import Datapath
from rtl.mac.front import Addend, Sum
from rtl.mac.largest import largest
from rtl.mac.pipe import Late, Pipe
from rtl.mac.product import exponents, shift_of
from rtl.mac.total import Term, magnitude, total


def truncated(p: Pipe, datapath: Datapath, library: Library, multiply, a, b, negs: list[Late], c: Addend, integer: Late | None,
              byte: Late) -> Sum:
    """Return the magnitude and sign of the truncated sum.

    ``multiply(p, shifts)`` adds the multipliers; exponents are known before they multiply, so they do the finest
    part of the alignment themselves.
    """
    mask = byte if any(datapath.narrow(f) for f in datapath.floats) else None
    x = exponents(p, datapath, a, b)
    p.cut("exponents")
    top = largest(p, x, c.x)
    shifts = [shift_of(p, datapath, top, v, integer) for v in x]
    limit = p.put(p[top] + datapath.limit_offset, "limit")
    side = p.fork()
    p.cut("distance")
    products = multiply(p, shifts)
    after = p.fork()
    terms = [align_product(p, datapath, v, s, mask) for v, s in zip(products, shifts, strict=False)]
    c_term = align_addend(side, datapath, c.sig, top, c.x, mask)
    p.cut("align")
    bound = 4 << datapath.frac
    terms = [Term(t, n, bound) for t, n in zip(terms, negs, strict=True)]
    mag, neg = magnitude(p, library, total(p, library, terms, Term(c_term, c.neg, bound // 2)))
    return Sum(p.widen(mag, datapath.mag_bits), neg, limit, products, after)
