"""Multiplier array against exact fractions: products shifted right and rounded half to even."""

from fractions import Fraction

import cocotb

from rtl.scnn.bus import vector_layout
from sim.scnn.drive import SIZES, Block, draw
from spec.scnn.shape import preset

SPEC = preset("ecp5", **SIZES)
LATENCY = 3             # cycles from operands to their product
WIDTH = SPEC.acc_bits + 4
CORNERS = (-32768, -32767, -2, -1, 0, 1, 2, 3, 127, 128, 16384, 32766, 32767)


def vector(values):
    """Return a vector's bits with these values, all of them live."""
    return vector_layout(SPEC, len(values)).const([{"value": value & 0xffff, "live": 1} for value in values]).as_bits()


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(shift=range(1 << SPEC.product_shift_bits))
async def products_are_rounded(dut, shift):
    """Each product of corners, of powers of two (whose halves are ties) and of random numbers, one vector per cycle."""
    rng = draw()
    some = [*CORNERS, *(odd << bit for bit in range(14) for odd in (1, -1, 3)),
            *(rng.randrange(-32768, 32768) for _ in range(40))]
    pairs = [([rng.choice(some) for _ in range(SPEC.f)], [rng.choice(some) for _ in range(SPEC.i)]) for _ in range(1500)]
    block = await Block(dut).start("i_valid", "i_buffer", "weights", "acts", "shift")
    for cycle in range(len(pairs) + LATENCY):
        weights, acts = pairs[min(cycle, len(pairs) - 1)]
        await block.step(i_valid=1, weights=vector(weights), acts=vector(acts), shift=shift)
        if cycle < LATENCY:
            continue
        weights, acts = pairs[cycle - LATENCY]
        assert block["o_valid"] == (1 << SPEC.products) - 1
        for k in range(SPEC.products):
            weight, act = weights[k // SPEC.i], acts[k % SPEC.i]
            wanted = round(Fraction(weight * act, 1 << shift))          # Python rounds a tie to the even number
            got = block[f"o_product__{k}"]
            assert got == wanted % (1 << WIDTH), f"{weight} x {act} >> {shift} is {got:#x}, expected {wanted}"
