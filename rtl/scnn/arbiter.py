"""Arbiter of queue heads: each place takes one head, and no priority passes through a place."""

from functools import reduce
from operator import or_
from types import SimpleNamespace

from amaranth.hdl import Cat, Module, Signal


def grant(m: Module, label: str, heads: list, *, places: int, order: list[int], aside) -> list[tuple]:
    """Pop the heads that no rival beats, and return which place each popped head had, a cycle later.

    Heads are compared in pairs. Place p takes the first of the heads that want it in the order p mod n, p + 1 mod n, ... of
    the n heads.

    Parameters
    ----------
    label : str
        Ends the names of the signals.
    heads : list
        With ``valid``, ``place`` and ``pop``.
    order : list of int
        Numbers of the heads, for names.
    aside : callable
        From a place's bits, whether the place takes no head in this cycle.

    Returns
    -------
    list of tuple
        For each head two one-hot registers, of the two low bits of its place and, all 0 unless it was popped, of the rest.
    """
    granted = []
    for number, head, own in zip(order, heads, _rivals(m, label, heads, places=places, order=order), strict=True):
        beaten = Signal(name=f"beaten{number}_{label}")
        m.d.comb += [
            beaten.eq(Cat(own).any() | aside(head.place)),
            head.pop.eq(head.valid & ~beaten),
        ]
        granted.append(decoded(m, f"{number}_{label}", head.place, head.pop, places=places))
    return granted


def choice_of(m: Module, name: str, granted: list[tuple], place: int) -> SimpleNamespace:
    """Return for a place which of the heads was popped for it in the cycle before, and whether one was."""
    hits = [which[place & 3] & rest[place >> 2] for which, rest in granted]
    steps = (len(hits) - 1).bit_length()
    chosen = Signal(steps, name=f"chosen{name}")
    m.d.comb += chosen.eq(Cat(reduce(or_, (hit for k, hit in enumerate(hits) if k >> step & 1)) for step in range(steps)))
    return SimpleNamespace(chosen=chosen, valid=chosen.any() | hits[0])


def decoded(m: Module, name: str, place, valid, *, places: int) -> tuple[Signal, Signal]:
    """Return a place's bits as two one-hot registers: of the two low ones and, all 0 unless valid, of the rest."""
    low = min(4, places)
    which = Signal(low, name=f"which{name}")
    rest = Signal(max(1, places // 4), name=f"rest{name}")
    m.d.sync += [which.eq(Cat(place[:2] == value for value in range(low))),
                 rest.eq(Cat(valid & ((place[2:] == value) if len(place) > 2 else 1) for value in range(len(rest))))]
    return which, rest


def _rivals(m, label, heads, *, places, order):
    """Return for each head which heads want its place and come before it there; each pair is compared once."""
    rivals = [[] for _ in heads]
    for k, head in enumerate(heads):
        for j, other in enumerate(heads[:k]):
            names = f"{order[j]}_{order[k]}_{label}"
            same, first = Signal(name=f"same{names}"), Signal(name=f"first{names}")
            m.d.comb += [
                same.eq(other.place == head.place),
                first.eq(_beats(j, k, head.place, heads=len(heads), places=places)),
            ]
            rivals[k].append(other.valid & same & first)
            rivals[j].append(head.valid & same & ~first)
    return rivals


def _beats(j, k, bits, *, heads, places):
    """Whether head j comes before k in the order of the place with these bits."""
    before = [place for place in range(places) if (j - place) % heads < (k - place) % heads]
    return Cat(bits == place for place in before).any() if len(before) <= places // 2 else \
        ~Cat(bits == place for place in range(places) if place not in before).any()
