"""The loader of an SCNN array: which words of which packets are for a place that exists."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from rtl.scnn.loader import Loader
from spec.framing import ADDRESS_BITS, LENGTH_BITS
from spec.scnn import preset
from spec.scnn.packet import PACKET_PE_SHIFT, PACKETS


def places(spec):
    """How many places each packet's memory has."""
    return {"layers": spec.layers, "lanes": spec.program, "taps": spec.taps, "supply": spec.program, "drain": spec.program,
            "blocks": spec.blocks, "activations": spec.memory_words, "weights": spec.stored_words}


def beats(spec, rng):
    """Packet, PE, first place and number of a word: at both ends of a memory, and with sums that 24 bits do not hold."""
    most_start, most_index = (1 << PACKET_PE_SHIFT) - 1, (1 << LENGTH_BITS) - 1
    for name, depth in places(spec).items():
        for total in (0, 1, max(0, depth - 1), depth, depth + 1, 2 * depth, 2 * depth + 1):
            for index in {0, min(total, 3), total}:
                yield name, 0, total - index, index
        for start in (most_start, most_start - 1, 1 << PACKET_PE_SHIFT - 1, depth):
            for total in (most_start + 1, most_start + 2, most_start + 1 + depth, most_start + most_index):
                yield name, 0, start, min(max(total - start, 0), most_index)
        for _ in range(40):
            yield name, 0, int(rng.integers(most_start + 1)) >> int(rng.integers(24)), int(rng.integers(1 << 24)) >> int(
                rng.integers(24))
        yield name, spec.pes - 1, 0, 0
        yield name, spec.pes, 0, 0


@pytest.mark.parametrize("more", [{}, {"weight_memory": 512, "rows": 1, "cols": 3}])
def test_a_word_for_a_place_that_does_not_exist_is_told_and_not_written(more):
    spec = preset("ecp5", **{"rows": 2, "cols": 2} | more)
    made, own, wrong = Loader(spec), places(spec), []
    central, cases = {"layers", "lanes", "taps", "weights"}, list(beats(spec, np.random.default_rng(2)))

    async def bench(ctx):
        ctx.set(made.enable, 1)
        ctx.set(made.i.valid, 1)
        for name, pe, start, index in cases:
            ctx.set(made.i.p.type, PACKETS[name])
            ctx.set(made.i.p.address, (0 if name in central else pe << PACKET_PE_SHIFT) | start)
            ctx.set(made.i.p.index, index)
            await ctx.tick()
            legal = start + index < own[name] and (name in central or pe < spec.pes)
            written = bool(ctx.get(made.we)) or bool(ctx.get(made.load_valid))
            if (bool(ctx.get(made.range)), written) != (not legal, legal):
                wrong.append((name, pe, start, index))

    simulator = Simulator(made)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert wrong == [] and ADDRESS_BITS == PACKET_PE_SHIFT + 8
