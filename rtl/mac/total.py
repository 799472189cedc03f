"""The exact signed sum, without a single negation on the way."""
from dataclasses import dataclass

from amaranth import Cat, Signal, signed

from rtl.mac.pipe import Late, Pipe


@dataclass(frozen=True)
class Term:
    """A number that is ``value``, negated where ``neg``; its magnitude is at most ``bound``."""

    value: Late
    neg: Late
    bound: int


def total(p: Pipe, terms: list[Term], last: Term | None = None, cut: str = "sum") -> Term:
    """Add all terms in a tree, then ``last``; a cut after each level. Nothing overflows, so order is free."""
    level = list(terms)
    while len(level) > 1:
        pairs = [_pair(p, level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[2 * len(pairs):]
        p.cut(cut)
    if last is None:
        return level[0]
    result = _pair(p, level[0], last)
    p.cut(cut)
    return result


def _pair(p: Pipe, x: Term, y: Term) -> Term:
    """Return x + y with the sign of x taken out: one adder that adds or subtracts."""
    differ = p[x.neg] ^ p[y.neg]
    bound = x.bound + y.bound
    return Term(p.put(add_sub(p.m, p[x.value], p[y.value], differ, bound.bit_length() + 1), "partial"),
                p.put(p[x.neg], "partial_neg"), bound)


def add_sub(m, x, y, subtract, bits: int):
    """Return the signed sum or difference in ``bits``: one carry chain, its carry-in subtracting."""
    wide, other = Signal(signed(bits), name="left"), Signal(signed(bits), name="right")
    chain = Signal(bits + 1, name="chain")
    m.d.comb += [
        wide.eq(x),
        other.eq(y),
        chain.eq(Cat(1, wide) + Cat(subtract, other ^ subtract.replicate(bits))),
    ]
    return chain[1:].as_signed()


def magnitude(p: Pipe, term: Term) -> tuple[Late, Late]:
    """Return magnitude and sign of a term; a cut ``magnitude`` follows."""
    bits = term.bound.bit_length()
    low = p[term.value][-1]
    size = Signal(bits, name="size")
    p.m.d.comb += size.eq((p[term.value] ^ low.replicate(bits + 1)) + low)
    result = p.put(size, "magnitude"), p.put(low ^ p[term.neg], "neg")
    p.cut("magnitude")
    return result
