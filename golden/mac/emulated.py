"""8-bit floats through `mma.sync` on Hopper: no native unit, but fp16 arithmetic in two halves."""
import numpy as np

from golden.mac import exact
from golden.mac.block import block
from golden.mac.convert import to_bits, to_values
from golden.mac.operand import Terms, decode, patterns
from spec.mac.generation import RULES
from spec.mac.number import FORMATS


def dot(a, b, c, fmt: str, acc: str):
    """Return the patterns of sum(a * b) + c for operands (N, K) of an 8-bit float, by this rule.

    The operands become fp16, exactly. Starting from zero, the terms whose k mod 4 is 0 or 1 are summed as one
    block of Hopper's fp16 rule into ``acc``, then the others on top of that; the addend is added last,
    rounded to nearest even in ``acc``.
    """
    a, b, c = patterns("a", fmt, a), patterns("b", fmt, b), patterns("c", acc, c)
    left, right = (decode("fp16", _half(fmt, x.T)) for x in (a, b))
    rule = RULES["hopper", "fp16", acc]
    total = np.zeros_like(c)
    early = np.arange(a.shape[1]) % 4 < 2
    for half in early, ~early:
        mine, theirs = (Terms(x.sig[half], x.exp[half]) for x in (left, right))
        total = block(mine, theirs, total, fmt="fp16", acc=acc, rule=rule)
    return exact.add(total, c, acc)


def _half(fmt: str, bits):
    """Widen 8-bit floats to fp16; every NaN becomes the canonical one."""
    values = to_values(fmt, bits)
    return np.where(np.isnan(values), FORMATS["fp16"].nan, to_bits("fp16", values))
