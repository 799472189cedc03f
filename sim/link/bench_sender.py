"""A line read bit by bit: every byte takes ten bits to the cycle, and none waits for the next."""
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from sim.stream import Source, pattern

DIVISOR = int(os.environ["DIVISOR"])


@cocotb.test(timeout_time=50, timeout_unit="ms")
@cocotb.parametrize(pause=["never", "burst"])
async def each_bit_takes_its_cycles(dut, pause):
    Clock(dut.clk, 10, unit="ns").start()
    source = Source(dut, "i", pattern(pause))
    dut.rst.value = 1
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    levels = []

    async def watch():
        while True:
            await RisingEdge(dut.clk)
            levels.append(int(dut.tx.value))
    cocotb.start_soon(watch())
    sent = [0x00, 0xFF, 0x7E, *random.randbytes(30)]
    await source.send(sent)
    for _ in range(11 * DIVISOR):
        await RisingEdge(dut.clk)
    got, at = [], 0
    while (at := next((k for k in range(at, len(levels)) if not levels[k]), len(levels))) < len(levels):
        bits = [levels[at + k * DIVISOR:at + (k + 1) * DIVISOR] for k in range(10)]
        assert all(len(set(bit)) == 1 for bit in bits) and bits[0][0] == 0 and bits[9][0] == 1
        got.append(sum(bit[0] << k for k, bit in enumerate(bits[1:9])))
        at += 10 * DIVISOR
        if pause == "never" and len(got) < len(sent):
            assert not levels[at]
    assert got == sent
