"""A line driven bit by bit, at rates that are not quite ours, with glitches and breaks."""
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer

DIVISOR = int(os.environ["DIVISOR"])
NS = 10


async def start(dut):
    Clock(dut.clk, NS, unit="ns").start()
    dut.rx.value, dut.rst.value = 1, 1
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    got = []

    async def watch():
        while True:
            await RisingEdge(dut.clk)
            if dut.valid.value:
                got.append(dut.data.value.to_unsigned())
    cocotb.start_soon(watch())
    return got


async def put(dut, byte, bit, stop=1):
    for level in (0, *(byte >> k & 1 for k in range(8)), stop):
        dut.rx.value = level
        await Timer(round(bit * 1000), unit="ps")
    dut.rx.value = 1


@cocotb.test(timeout_time=50, timeout_unit="ms")
@cocotb.parametrize(percent=[-3, -1, 0, 1, 3])
async def bytes_come_at_every_rate_near_ours(dut, percent):
    got = await start(dut)
    sent = [0x00, 0xFF, 0x55, 0xAA, 0x7E, *random.randbytes(60)]
    for byte in sent:
        await put(dut, byte, DIVISOR * NS * (1 + percent / 100))
        if random.random() < 0.3:
            await Timer(random.randrange(1, 3 * DIVISOR * NS * 1000), unit="ps")
    await Timer(2 * DIVISOR * NS, unit="ns")
    assert got == sent


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def a_glitch_is_no_start_bit(dut):
    got = await start(dut)
    for _ in range(20):
        dut.rx.value = 0
        await Timer(NS * max(1, DIVISOR // 4), unit="ns")
        dut.rx.value = 1
        await Timer(random.randrange(2, 4) * DIVISOR * NS, unit="ns")
    await put(dut, 0x5A, DIVISOR * NS)
    await Timer(2 * DIVISOR * NS, unit="ns")
    assert got == [0x5A]


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def a_break_is_one_byte_lost(dut):
    got = await start(dut)
    dut.rx.value = 0
    await Timer(50 * DIVISOR * NS, unit="ns")
    dut.rx.value = 1
    await Timer(2 * DIVISOR * NS, unit="ns")
    await put(dut, 0xC3, DIVISOR * NS, stop=0)
    await Timer(2 * DIVISOR * NS, unit="ns")
    await put(dut, 0x3C, DIVISOR * NS)
    await Timer(2 * DIVISOR * NS, unit="ns")
    assert got == [0x3C]
