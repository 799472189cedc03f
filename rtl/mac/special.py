"""Not-a-number and infinities of a dot product, decided on operand flags alone."""
from amaranth import Cat

from rtl.mac.pipe import Pipe
from spec.mac.number import Format


def specials(p: Pipe, a, b, c, fmt: Format):
    """Return the result's NaN and infinity flags and the infinity's sign, two cuts ``special`` later.

    Nobody waits for them before the result is packed, so they take three short steps instead of a long one.

    Parameters
    ----------
    p : Pipe
    a, b : sequence of views of `head_layout`
    c : value
        Pattern of C.
    fmt : Format
        C's, with infinities.
    """
    nan, plus, minus = [], [], []
    for x, y in zip(a, b, strict=True):
        neg, inf = x.neg ^ y.neg, x.inf | y.inf
        nan.append(x.nan | y.nan | (x.inf & y.zero) | (x.zero & y.inf))
        plus.append(inf & ~neg)
        minus.append(inf & neg)
    flags = [p.put(Cat(v), name) for v, name in ((nan, "nans"), (plus, "plus_infs"), (minus, "minus_infs"))]
    top, some = p.put(c[fmt.man_bits:fmt.bits - 1].all(), "c_top"), p.put(c[:fmt.man_bits].any(), "c_some")
    sign = p.put(c[fmt.bits - 1], "c_sign")
    p = p.fork()
    p.cut("special")
    endless = p[top] & ~p[some]
    own = (p[top] & p[some], endless & ~p[sign], endless & p[sign])
    nan, plus, minus = (p.put(p[found].any() | more, "any_special") for found, more in zip(flags, own, strict=True))
    p.cut("special")
    is_nan = p.put(p[nan] | (p[plus] & p[minus]), "is_nan")
    return is_nan, p.put(p[plus] | p[minus], "is_inf"), p.put(p[minus], "inf_neg")
