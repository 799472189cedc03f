"""Elements and scales of block-scaled formats, decoded, and their exact products."""
from dataclasses import dataclass
from typing import Any

from amaranth import Cat, Const, Mux, Value

from rtl.emit import Submodules
from rtl.mac.decode import fields
from rtl.mac.pipe import Late, Pipe
from rtl.mac.product import MULT_STAGES, multiply
from rtl.mac.scaled.datapath import ScaledDatapath
from spec.mac.number import FORMATS


@dataclass(frozen=True)
class Flags:
    """What `special.specials` asks of an element; a scale is never negative, and neither infinite nor zero for it."""

    neg: Any
    zero: Any
    inf: Any
    nan: Any


@dataclass(frozen=True)
class Product:
    """A product of two elements: ``value``, negated where ``neg``, times 2^place."""

    value: Late
    neg: Late
    place: Late


def flags(datapath: ScaledDatapath, bits) -> Flags:
    """Return the flags of an element's pattern."""
    neg, _, _, inf, nan = fields(bits, datapath.form.element)
    return Flags(neg, ~bits[:datapath.form.element.bits - 1].any(), inf, nan)


def scale_flags(bits) -> Flags:
    """Return the flags of a scale's pattern, which is NaN where all its bits are set."""
    return Flags(Const(0, 1), Const(0, 1), Const(0, 1), bits.all())


def products(p: Pipe, datapath: ScaledDatapath, library: Submodules, a, b) -> list[Product]:
    """Multiply patterns pair by pair; cuts ``decode`` and ``product``, or the multipliers, on the way."""
    if not datapath.form.element.is_float:
        return _integers(p, library, a, b)
    pairs = []
    for left, right in zip(a, b, strict=True):
        (neg, sig, place), (other_neg, other_sig, other_place) = _split(datapath, left), _split(datapath, right)
        pairs.append((p.put(neg ^ other_neg, "product_neg"), p.put(sig, "a_sig"), p.put(other_sig, "b_sig"),
                      p.put(place + other_place, "place")))
    p.cut("decode")
    found = [Product(p.put(_small(p[x], p[y])[:datapath.product_bits], "product"), neg, place) for neg, x, y, place in pairs]
    p.cut("product")
    return found


def _split(datapath: ScaledDatapath, bits):
    """Return sign, significand and place of a pattern."""
    neg, exp, frac, _, _ = fields(bits, datapath.form.element)
    normal = exp.any()
    return neg, Cat(frac, normal), (Cat(exp[0] | ~normal, exp[1:]) - 1)[:len(exp)]


def _small(x, y) -> Value:
    """Return a product of two significands of at most four bits, from rows of x: they are too small for a block."""
    rows = [Mux(y[k], Cat(Const(0, k), x), 0) if k else Mux(y[k], x, 0) for k in range(len(y))]
    while len(rows) > 1:
        rows = [rows[k] + rows[k + 1] if k + 1 < len(rows) else rows[k] for k in range(0, len(rows), 2)]
    return rows[0]


def _integers(p: Pipe, library: Submodules, a, b) -> list[Product]:
    """Multiply two's complement patterns in blocks; the products keep their signs."""
    plus, place = p.put(Const(0, 1), "plus"), p.put(Const(0, 1), "place")
    pairs = [(p.put(x.as_signed(), "a_sig"), p.put(y.as_signed(), "b_sig")) for x, y in zip(a, b, strict=True)]
    p.cut("decode")
    found = [multiply(p, library, f"mult{lane}", x, y) for lane, (x, y) in enumerate(pairs)]
    p.wait("multiply", MULT_STAGES)
    p.cut("product")
    return [Product(value, plus, place) for value in found]


def scales(p: Pipe, datapath: ScaledDatapath, a, b) -> tuple[Late, Late | None]:
    """Return X of the top bit of a block's sum and, unless scales are powers of two, the product of their significands.

    Cuts ``decode`` and ``product`` follow the operands.
    """
    if datapath.power:
        total, sig = p.put(a + b, "scale"), None
        p.cut("decode")
        p.cut("product")
    else:
        (x, sig_a), (y, sig_b) = _number(a), _number(b)
        total, left, right = p.put(x + y, "scale"), p.put(sig_a, "a_scale_sig"), p.put(sig_b, "b_scale_sig")
        p.cut("decode")
        sig = p.put(_small(p[left], p[right])[:2 * FORMATS["e4m3"].sig_bits], "scale_sig")
        p.cut("product")
    return p.put(p[total] + datapath.top_offset, "top_x"), sig


def _number(bits):
    """Return exponent field, 1 for 0, and significand of a scale that is a number."""
    man = FORMATS["e4m3"].man_bits
    exp, normal = bits[man:], bits[man:].any()
    return Cat(exp[0] | ~normal, exp[1:]), Cat(bits[:man], normal)
