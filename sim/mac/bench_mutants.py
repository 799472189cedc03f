"""Mutants of the dot unit, one after another: which of them the vectors tell from the original."""
import json
import os
from pathlib import Path

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge

from sim.mac.bench_tile import reset
from sim.mac.pack import bits_of, operations, words_of
from sim.mac.spec_env import spec_of


@cocotb.test()
async def mutants_differ(dut):
    stim, spec = np.load(os.environ["MAC_STIM"]), spec_of(os.environ["MAC_SPEC"])
    words = operations(spec, stim["a"], stim["b"], stim["c"], stim["code"])
    want = words_of(bits_of(stim["d"], spec.acc_bits))
    dut.mutsel.value = 0
    await reset(dut, spec)
    alive = []
    for mutant in [0, *json.loads(os.environ["MAC_MUTANTS"])]:
        dut.mutsel.value = mutant
        if await differs(dut, words, want) is None:
            alive.append(mutant)
    assert alive and alive[0] == 0, "the original must pass every vector"
    Path(os.environ["MAC_ALIVE"]).write_text(json.dumps(alive[1:]))


async def differs(dut, words, want):
    """Play operations until a result is wrong; return its number, or None."""
    dut.rst.value = 1
    dut.i_valid.value = 0
    for _ in range(3):
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    sent = seen = quiet = 0
    while seen < len(words):
        go = sent < len(words) and bool(dut.i_ready.value)
        dut.i_valid.value = int(go)
        if go:
            dut.i_op.value = words[sent]
            sent += 1
        await FallingEdge(dut.clk)
        quiet += 1
        if dut.o_valid.value:
            if dut.o_d.value.to_unsigned() != want[seen]:
                return seen
            seen, quiet = seen + 1, 0
        if quiet > 200:
            return seen
    return None
