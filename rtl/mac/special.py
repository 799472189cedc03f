"""Not-a-number and infinities of a dot product, decided on operand flags alone."""
from amaranth import Cat

from rtl.mac.pipe import Pipe


def specials(p: Pipe, a, b, c_flags):
    """Return the result's NaN and infinity flags and the infinity's sign, at the stage after the cut ``special``.

    Parameters
    ----------
    p : Pipe
    a, b : sequence of views of `head_layout`
    c_flags : tuple
        Sign, infinity and NaN of C.
    """
    nan, plus, minus = [], [], []
    for x, y in zip(a, b, strict=True):
        neg, inf = x.neg ^ y.neg, x.inf | y.inf
        nan.append(x.nan | y.nan | (x.inf & y.zero) | (x.zero & y.inf))
        plus.append(inf & ~neg)
        minus.append(inf & neg)
    neg, inf, bad = c_flags
    flags = [p.put(Cat(v), name) for v, name in ((nan + [bad], "nans"), (plus + [inf & ~neg], "plus_infs"),
                                                 (minus + [inf & neg], "minus_infs"))]
    p = p.fork()
    p.cut("special")
    any_nan, any_plus, any_minus = (p[f].any() for f in flags)
    is_nan = p.put(any_nan | (any_plus & any_minus), "is_nan")
    is_inf = p.put(any_plus | any_minus, "is_inf")
    minus_inf = p.put(any_minus, "inf_neg")
    return is_nan, is_inf, minus_inf
