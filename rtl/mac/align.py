"""Terms are brought to the largest exponent; bits that fall below F are dropped, which truncates magnitudes."""
from amaranth import Cat, Const, Mux, Signal

from rtl.mac.datapath import FINE_SHIFT, Datapath
from rtl.mac.pipe import Late, Pipe
from rtl.mac.product import Shift


def align_product(p: Pipe, datapath: Datapath, product: Late, shift: Shift, mask: Late | None) -> Late:
    """Finish the alignment of a product, whose fine part the multiplier did: a right shift by eights."""
    drop = 2 * datapath.man + FINE_SHIFT - datapath.frac
    whole = p[product][:2 * datapath.man + 2 + FINE_SHIFT].as_unsigned()
    whole = whole[drop:] if drop >= 0 else Cat(Const(0, -drop), whole)
    return p.put(_masked(p, _right(whole, p[shift.coarse], FINE_SHIFT + 1), mask, datapath), "term")


def align_addend(p: Pipe, datapath: Datapath, sig: Late, top: Late, x: Late, mask: Late | None) -> Late:
    """Align C's significand, two cuts ``addend`` later."""
    width = max(datapath.frac, datapath.acc.man_bits)
    value = align_whole(p, sig, top, x, below=width - datapath.acc.man_bits, levels=(datapath.frac + 1).bit_length())
    return p.put(_masked(p, p[value][width - datapath.frac:], mask, datapath), "c_term")


def align_whole(p: Pipe, sig: Late, top: Late, x: Late, *, below: int = 0, levels: int = 0) -> Late:
    """Shift a number right by its distance from the largest exponent; cuts ``distance`` and ``addend`` on the way.

    Parameters
    ----------
    below : int
        Zeros put below its last bit first.
    levels : int
        Digits of the distance that leave something of the number; as many as its width needs when 0.
    """
    far = Signal(len(p[top]), name="c_distance")
    p.m.d.comb += far.eq(p[top] - p[x])
    levels = levels or (len(p[sig]) + below).bit_length()
    amount = p.put(far[:levels], "c_shift")
    gone = p.put(far[levels:].any(), "c_gone")
    p.cut("distance")
    value = Cat(Const(0, below), p[sig])
    half = levels // 2
    value = p.put(_right(Mux(p[gone], 0, value), p[amount][half:], 1 << half), "c_coarse")
    p.cut("addend")
    return p.put(_right(p[value], p[amount][:half], 1), "c_aligned")


def _right(value, amount, unit: int):
    """Shift right by ``amount`` times ``unit``, one bit of the amount after another, largest first."""
    for bit in reversed(range(len(amount))):
        value = Mux(amount[bit], value[unit << bit:], value)
    return value


def _masked(p: Pipe, value, mask: Late | None, datapath: Datapath):
    if mask is None:
        return value
    low = max(datapath.narrow(f) for f in datapath.floats)
    return Cat(Mux(p[mask], 0, value[:low]), value[low:])
