"""The largest of several unsigned numbers: a tree of compare-and-select."""
from amaranth import Mux

from rtl.mac.pipe import Late, Pipe


def largest(p: Pipe, values: list[Late], last: Late) -> Late:
    """Return the largest of ``values`` and, joined after all of them, ``last``.

    Each level of the tree is a comparison and a selection, then a cut ``largest``.
    """
    level = list(values)
    while len(level) > 1:
        pairs = [p.put(_larger(p, level[i], level[i + 1]), "larger") for i in range(0, len(level) - 1, 2)]
        level = pairs + level[2 * len(pairs):]
        p.cut("largest")
    top = p.put(_larger(p, level[0], last), "largest")
    p.cut("largest")
    return top


def _larger(p: Pipe, x: Late, y: Late):
    return Mux(p[x] >= p[y], p[x], p[y])
