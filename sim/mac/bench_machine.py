"""The machine on its buses: whole products against golden, and commands it must refuse."""
import os

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles

from compress.actions import Wait
from compress.mac.actions import Product, accepted, packet
from compress.mac.pack import words
from golden.mac import matmul
from golden.mac.cases import dots
from sim.host import PERIOD, Host
from sim.mac.spec_env import spec_of
from spec.framing import header
from spec.mac import ROWS, SLOTS, registers

SPEC = spec_of(os.environ["MAC_SPEC"])
SHAPES = ((4, 4, 4), (1, 1, 1), (9, 3 * SPEC.k + 1, 13), (17, 5, 2))
LONG = (4 * SLOTS + 2, 9 * SPEC.k, 3)
"""More block rows than a tile has slots, and more steps than the A buffer holds for so many."""


LIMIT = 100_000


async def started(dut, idle="never", stall="never"):
    """Return a host of a machine that has been reset."""
    Clock(dut.clk, PERIOD, unit="ns").start()
    host = Host(dut, registers(SPEC), idle=idle, stall=stall)
    await host.reset()
    return host


def operands(fmt, shape, seed):
    rng = np.random.default_rng(seed)
    rows, length, columns = shape
    acc = SPEC.acc_of(fmt)
    a, _, _ = dots(fmt, acc, rows, length, rng)
    b, _, _ = dots(fmt, acc, columns, length, rng)
    _, _, c = dots(fmt, acc, rows * columns, 1, rng)
    return a, b.T, c.reshape(rows, columns)


@cocotb.test()
@cocotb.parametrize(idle=["never", "often"], stall=["never", "often", "burst"])
async def products_match_golden(dut, idle, stall):
    host = await started(dut, idle, stall)
    for number, shape in enumerate((*SHAPES, LONG) if idle == stall == "never" else SHAPES):
        fmt = SPEC.formats[number % len(SPEC.formats)]
        if SPEC.stochastic and number:
            await host.reset()
        a, b, c = operands(fmt, shape, number)
        c = c if number % 2 else None
        product = Product(SPEC, a, b, c, fmt)
        result = await host.perform(product.actions())
        want, got = matmul(SPEC, a, b, c, fmt=fmt), result.outputs
        wrong = np.argwhere(got != want)
        assert not len(wrong), (f"{shape} {fmt}: {len(wrong)} of {want.size} differ; first at {wrong[0]}: machine "
                                f"{got[tuple(wrong[0])]:x}, golden {want[tuple(wrong[0])]:x}")
        assert result.counters["operations"] == product.operations


@cocotb.test()
async def runs_take_the_documented_cycles(dut):
    """One operation every fold cycles; steps of few blocks wait for their accumulators, counted."""
    host, latency, fold = await started(dut), int(os.environ["MAC_ACCUMULATE_LATENCY"]), SPEC.fold
    before = await host.counters()
    for blocks, steps in ((1, 5), (SLOTS, 8), (3, 1)):
        await host.write("run", format=SPEC.code(SPEC.formats[0]), blocks=blocks, steps=steps)
        await host.write("a", stride=steps)
        await host.write("control", start=1)
        accepted(await host.wait(Wait("done", LIMIT, "the run")), "run")
        await host.flags(clear=True)
        after = await host.counters()
        took = {name: after[name] - before[name] for name in before}
        step = max(blocks * fold, latency)
        assert took == {"cycles": step * (steps - 1) + blocks * fold + latency, "operations": blocks * steps,
                        "waits": (step - blocks * fold) * (steps - 1)}, (blocks, steps, took)
        before = after


@cocotb.test()
async def bad_commands_and_packets_are_refused(dut):
    host = await started(dut)
    await host.write("irq_enable", enable=0)

    async def flags():
        await ClockCycles(dut.clk, 8)
        return {name for name, value in (await host.flags(clear=True)).items() if value}

    for fields in ({"blocks": 0, "steps": 1}, {"blocks": SLOTS + 1, "steps": 1}, {"blocks": 1, "steps": 0}):
        await host.write("run", **fields)
        await host.write("control", start=1)
        assert await flags() == {"refused"}, fields
    await host.write("run", blocks=1, steps=1)
    await host.write("control", start=1, read=1)
    assert await flags() == {"refused"}
    await host.write("run", blocks=2, steps=200)
    await host.write("control", start=1)
    await host.write("control", start=1)
    assert await flags() == {"refused"}
    while (await host.read("status"))["busy"]:
        pass
    assert await flags() == {"done"}
    block = words(np.zeros((1, 4, SPEC.k), np.uint32), SPEC.operand_bits)
    await host.send([packet("a", ROWS, block)])
    assert await flags() == {"range"}
    await host.send([packet("a", ROWS - 1, block)])
    assert await flags() == set()
    await host.send([[header(9, len(block)), *block]])
    assert await flags() == {"unknown"}
