"""One normalisation: shift the magnitude's first one to the top, but not past D's subnormals."""
from amaranth import Cat, Const, Mux

from rtl.mac.pipe import Late, Pipe


def normalise(p: Pipe, mag: Late, limit: Late) -> tuple[Late, Late, Late]:
    """Shift the magnitude left by the smaller of its leading zeros and ``limit``.

    Returns it, ``limit`` less the even part of that shift, and the shift's last digit, which comes a level later.

    One binary digit of the shift after another, largest first, a cut ``normalise`` after each. A digit of the
    limit left behind by a shift not taken means that the magnitude stops the shift before the limit does.
    """
    width = len(mag.taps[mag.last])
    levels = (width - 1).bit_length()
    taken: dict[int, Late] = {}
    for bit in reversed(range(levels)):
        step = 1 << bit
        value, room = p[mag], p[limit]
        left = Cat(room[j] & ~p[taken[j]] if j in taken else room[j] for j in range(bit, len(room)))
        go = p.put(~value[width - step:].any() & left.any(), "go")
        mag = p.put(Mux(p[go], Cat(Const(0, step), value[:width - step]), value), "shifted")
        if not bit:
            even = Cat(Const(0, 1), (p[taken[j]] for j in range(1, levels)))
            rest = p.put((p[limit] - even)[:len(p[limit])], "limit_left")
        taken[bit] = go
        p.cut("normalise")
    return mag, rest, taken[0]
