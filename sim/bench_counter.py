"""Seen by the simulator in test_launch: a counter and a register slice small enough to know by heart."""
import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, gather

from sim.stream import Sink, Source, pattern


async def start(dut):
    Clock(dut.clk, 10, unit="ns").start()
    dut.rst.value = 1
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    dut.rst.value = 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def counts_cycles(dut):
    await start(dut)
    await RisingEdge(dut.clk)
    for expected in range(20):
        assert dut.count.value.to_unsigned() == expected
        await RisingEdge(dut.clk)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(idle=["never", "other", 0.5], stall=["never", "often", 0.5])
async def words_pass(dut, idle, stall):
    await start(dut)
    words = [0, 255, 1, *range(40, 60)]
    source, sink = Source(dut, "i", pattern(idle, 1)), Sink(dut, "o", pattern(stall, 2))
    before = dut.count.value.to_unsigned() if dut.count.value.is_resolvable else 0
    _, got = await gather(source.send(words), sink.take(len(words)))
    took = dut.count.value.to_unsigned() - before
    assert got == [(word + int(os.environ.get("ADD", "0"))) % 256 for word in words]
    if idle == stall == "never":
        assert took <= len(words) + 2
    else:
        assert took > len(words) + 5
