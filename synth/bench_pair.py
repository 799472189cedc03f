"""Pairs of modules on the same inputs: what each two answer, ``ours`` and ``theirs``, must be alike."""
import json
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def both_answer_alike(dut):
    rng = random.Random(cocotb.RANDOM_SEED)
    cycles, bits = int(os.environ["CYCLES"]), len(dut.x)
    pairs = json.loads(os.environ["PAIRS"])                 # names and widths, lowest bits first
    seen: list[set[int]] = [set() for _ in pairs]
    Clock(dut.clk, 10, unit="ns").start()
    dut.x.value = 0
    for cycle in range(cycles):
        await RisingEdge(dut.clk)
        ours, theirs, valid = (int(port.value) for port in (dut.ours, dut.theirs, dut.valid))
        for number, (name, width) in enumerate(pairs):
            one, other = ours & ((1 << width) - 1), theirs & ((1 << width) - 1)
            if valid >> number & 1 and cycle > 4:
                assert one == other, (f"{name}, cycle {cycle}: ours {one:#x}, theirs {other:#x}; "
                                      f"seed {cocotb.RANDOM_SEED}")
                seen[number].add(one)
            ours, theirs = ours >> width, theirs >> width
        dut.x.value = rng.getrandbits(bits) & rng.choice((-1, -1, rng.getrandbits(bits)))
    for (name, width), answers in zip(pairs, seen, strict=True):
        few = f"{name} gave only {len(answers)} different answers in {cycles} cycles"
        assert len(answers) >= min(20, 2 * width), few
