"""A tile between files: the player's clock, reset and seeds, and its verdict on latency and throughput."""
import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge

from sim.mac.spec_env import spec_of
from spec.mac import SIDE
from spec.mac.lfsr import LFSR_BITS, seed_of


@cocotb.test()
async def every_result_is_in_its_cycle(dut):
    spec, count = spec_of(os.environ["MAC_SPEC"]), int(os.environ["MAC_COUNT"])
    if spec.stochastic:
        dut.seeds.value = sum(seed_of(spec.seed, lane) << LFSR_BITS * lane for lane in range(SIDE * SIDE))
    dut.rst.value = 1
    Clock(dut.clk, 10, unit="ns").start()
    for _ in range(3):
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    await RisingEdge(dut.done)
    seen, untimely = dut.seen.value.to_unsigned(), dut.untimely.value.to_unsigned()
    assert (seen, untimely) == (count, 0), f"{seen} of {count} results came, {untimely} of them in a cycle not documented"
