"""The exact signed sum, without a single negation on the way."""
from dataclasses import dataclass

from amaranth import Const, Signal, signed

from rtl.emit import Library
from rtl.mac.pipe import Late, Pipe


@dataclass(frozen=True)
class Term:
    """A number that is ``value``, negated where ``neg``; its magnitude is at most ``bound``."""

    value: Late
    neg: Late
    bound: int


def total(p: Pipe, library: Library, terms: list[Term], last: Term | None = None, cut: str = "sum") -> Term:
    """Add all terms in a tree, then ``last``; a cut after each level. Nothing overflows, so order is free."""
    level = list(terms)
    while len(level) > 1:
        pairs = [_pair(p, library, level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[2 * len(pairs):]
        p.cut(cut)
    if last is None:
        return level[0]
    result = _pair(p, library, level[0], last)
    p.cut(cut)
    return result


def _pair(p: Pipe, library: Library, x: Term, y: Term) -> Term:
    """Return x + y with the sign of x taken out: one adder that adds or subtracts."""
    differ = p.differ(x.neg, y.neg, "differ")
    bound = x.bound + y.bound
    value = add_sub(p, library, p[x.value], p[y.value], p[differ], bound.bit_length() + 1)
    return Term(p.put(value, "partial"), x.neg, bound)


def add_sub(p: Pipe, library: Library, x, y, subtract, bits: int):
    """Return the signed sum or difference in ``bits``: one carry chain."""
    wide, other, chosen, result = (Signal(signed(size), name=name) for name, size in (
        ("left", bits), ("right", bits), ("subtract", 1), ("result", bits)))
    p.m.d.comb += [
        wide.eq(x),
        other.eq(y),
        chosen.eq(subtract),
    ]
    library.cell(p.m, f"add_sub{p.count('add_sub')}", "nz_add_sub", p_BITS=bits, i_a=wide, i_b=other, i_sub=chosen, o_s=result)
    return result


def magnitude(p: Pipe, library: Library, term: Term) -> tuple[Late, Late]:
    """Return magnitude and sign of a term; a cut ``magnitude`` follows."""
    bits = term.bound.bit_length()
    low = p[term.value][-1]
    size = add_sub(p, library, Const(0), p[term.value], low, bits + 1)
    result = p.put(size[:bits].as_unsigned(), "magnitude"), p.put(low ^ p[term.neg], "neg")
    p.cut("magnitude")
    return result
