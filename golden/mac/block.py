"""One block of a truncated fused dot product: align to the largest exponent, cut, sum exactly, round once."""
import numpy as np

from golden.mac.operand import INFINITE, INVALID, Terms, decode
from golden.mac.pack import infinity, pack
from spec.mac.generation import Rule
from spec.mac.number import FORMATS


def block(a: Terms, b: Terms, c, *, fmt: str, acc: str, rule: Rule, random=None) -> np.ndarray:
    """Return patterns of sum(a * b) + c as the generation behind ``rule`` computes them.

    Parameters
    ----------
    a, b : Terms
        Decoded operands; the first axis is the position in the block, the others broadcast to the shape of
        ``c``.
    c : array
        Patterns of the addend, in ``acc``.
    fmt, acc : str
        Format of a and b; of c and the result.
    rule : Rule
        Fraction bits, exponent of zeros, rounding.
    random : array, optional
        Random bits, as in `golden.mac.pack.pack`.
    """
    if rule.frac is None or rule.e_zero is None:
        raise ValueError("rule must say how many fraction bits are kept, not None; "
                         "golden.mac.exact cuts nothing")
    addend = decode(acc, c)
    products = [(x * y, p + q) for x, y, p, q in zip(a.sig, b.sig, a.exp, b.exp, strict=True)]
    lead = np.maximum(addend.exp, rule.e_zero)      # a zero c counts with e_zero; any other c is above it
    for _, exp in products:
        lead = np.maximum(lead, exp)
    total = align(addend.sig, rule.frac - FORMATS[acc].man_bits, lead - addend.exp)
    place = rule.frac - 2 * FORMATS[fmt].man_bits
    for sig, exp in products:
        total = total + align(sig, place, lead - exp)
    result = pack(FORMATS[acc], total < 0, np.abs(total), lead - rule.frac, how=rule.round, keep=rule.keep,
                  random=random)
    return specials(result, products, addend, acc) if lead.max(initial=0) > INFINITE // 2 else result


def align(sig, place: int, behind):
    """Return ``sig * 2**(place - behind)`` with the magnitude truncated to an integer."""
    if place < 0:
        behind, place = behind - place, 0
    cut = np.abs(sig) << place >> np.minimum(behind, 62)
    return np.where(sig < 0, -cut, cut)


def specials(result, products, addend: Terms, acc: str) -> np.ndarray:
    """Overwrite the results whose products or addend are infinite or NaN."""
    fmt = FORMATS[acc]
    plus = minus = bad = np.zeros(result.shape, bool)
    for sig, exp in [*products, (addend.sig, addend.exp)]:
        infinite = exp > INFINITE - 10_000                      # beyond infinity times zero
        bad = bad | (exp > INVALID - 2 * INFINITE) | (exp > INFINITE // 2) & ~infinite
        plus, minus = plus | infinite & (sig > 0), minus | infinite & (sig < 0)
    out = result.copy()
    out[plus], out[minus] = infinity(fmt), infinity(fmt) | 1 << fmt.bits - 1
    out[bad | plus & minus] = fmt.nan
    return out
