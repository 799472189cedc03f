"""Exact products: the exponents first, then factors shifted just enough for the alignment that follows."""
from dataclasses import dataclass

from amaranth import Cat, ClockSignal, Const, Mux, Signal, signed

from rtl.emit import Library
from rtl.mac.datapath import FINE_SHIFT, Datapath
from rtl.mac.pipe import Late, Pipe

PAIR_BITS = 8
"""Bits of a factor where one multiplier block is split in two."""

MULT_STAGES = 2
"""Cycles through `nz_mult`."""


def exponents(p: Pipe, datapath: Datapath, a, b) -> list[Late]:
    """Return X of every product, 0 where it is zero."""
    out = []
    for x, y in zip(a, b, strict=True):
        total = Signal(datapath.x_bits, name="x_sum")
        p.m.d.comb += total.eq(x.x + y.x)
        out.append(p.put(Mux(x.zero | y.zero, 0, total), "x_product"))
    return out


@dataclass(frozen=True)
class Shift:
    """How far a term moves right: ``fine`` is `FINE_SHIFT` minus the low bits, ``coarse`` counts eights."""

    fine: Late
    coarse: Late
    gone: Late


def shift_of(p: Pipe, datapath: Datapath, top: Late, x: Late, is_int: Late | None) -> Shift:
    """Split the distance of a product from the largest exponent; ``gone`` where nothing of it is left."""
    coarse_bits = (-(-(datapath.frac + 2) // (FINE_SHIFT + 1)) - 1).bit_length()
    far = Signal(datapath.x_bits, name="distance")
    p.m.d.comb += far.eq(p[top] - p[x])
    fine, gone = ~far[:3], far[3 + coarse_bits:].any()
    if is_int is not None:
        fine, gone = Mux(p[is_int], 0, fine), gone & ~p[is_int]
    return Shift(p.put(fine, "fine"), p.put(far[3:3 + coarse_bits], "coarse"), p.put(gone, "gone"))


def factors(p: Pipe, a, b, shift: Shift | None) -> tuple[Late, Late]:
    """Return what the multiplier takes: a and b, times 2^fine together and zero where it says gone.

    The multiplier's spare input bits do the fine part of the alignment: a moves by 0 or 4, b by 0 to 3.
    """
    if shift is not None:
        fine = p[shift.fine]
        a = Mux(p[shift.gone], 0, Mux(fine[2], a.shift_left(4), a))
        b = Mux(fine[1], b.shift_left(2), b)
        b = Mux(fine[0], b.shift_left(1), b)
    return p.put(a, "factor_a"), p.put(b, "factor_b")


def multiply_pair(p: Pipe, library: Library, name: str, pairs) -> list[Late]:
    """Return the products of two lanes of 8-bit integers from one cell, `MULT_STAGES` later."""
    ports, out = {}, []
    for number, (a, b) in enumerate(pairs):
        result = Signal(signed(2 * PAIR_BITS), name="product")
        ports |= {f"i_a{number}": _signed(p[a]), f"i_b{number}": _signed(p[b]), f"o_p{number}": result}
        out.append(Late(result, p.stage + MULT_STAGES))
    library.cell(p.m, name, "nz_mult_pair", i_clk=ClockSignal(), i_ce=Const(1), **ports)
    return out


def _signed(value):
    """Sign-extend a factor to the width of a pair's."""
    return Cat(value, value[-1].replicate(PAIR_BITS - len(value)))


def multiply(p: Pipe, library: Library, name: str, a: Late, b: Late) -> Late:
    """Return signed a * b, `MULT_STAGES` later."""
    left, right = p[a], p[b]
    result = Signal(signed(len(left) + len(right)), name="product")
    library.cell(p.m, name, "nz_mult", p_A_BITS=len(left), p_B_BITS=len(right), i_clk=ClockSignal(), i_ce=Const(1),
                 i_a=left, i_b=right, o_p=result)
    return Late(result, p.stage + MULT_STAGES)
