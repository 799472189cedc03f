"""Values go to their places in a window that holds all of them, by a left shift."""
from amaranth import Mux

from rtl.mac.pipe import Late, Pipe


def shift_left(p: Pipe, items) -> list[Late]:
    """Shift values left side by side, two binary digits of their shifts between two cuts ``align``.

    ``items`` are value, shift and the bits to keep; nothing above those is ever set.
    """
    values = [v for v, _, _ in items]
    levels = max(len(s.taps[s.last]) for _, s, _ in items)
    for bit in range(levels):
        for n, (_, s, top) in enumerate(items):
            amount = p[s]
            if bit < len(amount):
                moved = Mux(amount[bit], p[values[n]].shift_left(1 << bit), p[values[n]])
                values[n] = p.put(moved[:top], "placed")
        if bit % 2 or bit == levels - 1:
            p.cut("align")
    return values
