"""A tile on emitted Verilog: every output bit of every operation, the latency, and one operation per cycle."""
import itertools
import os
import random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from sim.mac.pack import operations, results
from sim.mac.spec_env import spec_of
from spec.mac import SIDE
from spec.mac.lfsr import LFSR_BITS, seed_of

JUNK = random.Random(7)
PARTS = ("a", "b", "c", "code", "meta")


async def reset(dut, spec):
    """Start the clock and hold reset for two cycles; return after a falling edge."""
    if spec.stochastic:
        dut.seeds.value = sum(seed_of(spec.seed, lane) << LFSR_BITS * lane for lane in range(SIDE * SIDE))
    Clock(dut.clk, 10, unit="ns").start()
    dut.rst.value = 1
    dut.i_valid.value = 0
    for _ in range(3):
        await FallingEdge(dut.clk)
    dut.rst.value = 0


async def play(dut, words, gaps, folded):
    """Offer each word in turn, `next(gaps)` cycles of junk before it; return output words and both sides' cycles."""
    seen, sent_at, seen_at, cycle = [], [], [], 0
    junk = [JUNK.getrandbits(len(dut.i_op)) for _ in range(16)]
    queue, wait = iter(words), next(gaps)
    word = next(queue, None)
    idle = 0
    while len(seen) < len(words):
        ready = folded == 1 or bool(dut.i_ready.value)
        offering = word is not None and wait == 0 and ready
        if offering:
            dut.i_op.value = word
            sent_at.append(cycle)
            word, wait = next(queue, None), next(gaps)
        else:
            if ready or not cycle % 8:
                dut.i_op.value = junk[cycle % 16]
            wait = max(0, wait - 1)
            idle = idle + 1 if word is None else 0
            assert idle < 400, f"{len(seen)} of {len(words)} results after {cycle} cycles; the rest never came"
        dut.i_valid.value = int(offering)
        await FallingEdge(dut.clk)
        cycle += 1
        if dut.o_valid.value:
            seen.append(dut.o_d.value.to_unsigned())
            seen_at.append(cycle)
    return seen, sent_at, seen_at


def check(spec, stim, got, label):
    """Compare all outputs; name the first operation and output that differs."""
    want = stim["d"]
    wrong = np.argwhere(got != want)
    if len(wrong):
        n, i, j = wrong[0]
        raise AssertionError(
            f"{label}: {len(wrong)} of {want.size} outputs differ; first is operation {n} output ({i}, {j}): tile "
            f"{got[n, i, j]:08x}, golden {want[n, i, j]:08x}; format code {stim['code'][n]}, "
            f"a {[f'{v:04x}' for v in stim['a'][n, i]]}, b {[f'{v:04x}' for v in stim['b'][n, :, j]]}, "
            f"c {stim['c'][n, i, j]:08x}")


@cocotb.test()
async def matches_golden_back_to_back(dut):
    """Every operation of the stimulus; the latency is the documented one, and no cycle is lost."""
    spec, stim = spec_of(os.environ["MAC_SPEC"]), np.load(os.environ["MAC_STIM"])
    await reset(dut, spec)
    words = operations(spec, *(stim[part] for part in PARTS if part in stim))
    seen, sent, seen_at = await play(dut, words, itertools.repeat(0), spec.fold)
    check(spec, stim, results(spec, seen), "back to back")
    latency = int(os.environ["MAC_LATENCY"])
    assert {out - at for at, out in zip(sent, seen_at, strict=True)} == {latency}, "latency must be as documented"
    assert sent[-1] - sent[0] == spec.fold * (len(words) - 1), "an operation must be accepted every fold cycles"


@cocotb.test()
async def matches_golden_with_gaps(dut):
    """The first operations again, with idle cycles of junk between them."""
    spec, stim = spec_of(os.environ["MAC_SPEC"]), np.load(os.environ["MAC_STIM"])
    stim = {name: stim[name][:300] for name in stim.files}
    await reset(dut, spec)
    words = operations(spec, *(stim[part] for part in PARTS if part in stim))
    rng = random.Random(cocotb.RANDOM_SEED)
    seen, *_ = await play(dut, words, iter(lambda: rng.choice((0, 0, 1, 2, 7)), None), spec.fold)
    check(spec, stim, results(spec, seen), f"with gaps, seed {cocotb.RANDOM_SEED}")
