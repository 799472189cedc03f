"""The machine on its buses: whole products against golden, and commands it must refuse."""
import os

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles

from golden.mac import matmul
from golden.mac.cases import dots
from sim.mac.driver import Driver
from sim.mac.host import Load, Product, words
from sim.mac.spec_env import spec_of
from spec.mac.register import PACKETS, ROWS, SLOTS

SPEC = spec_of(os.environ["MAC_SPEC"])
SHAPES = ((4, 4, 4), (1, 1, 1), (9, 3 * SPEC.k + 1, 13), (17, 5, 2))
LONG = (4 * SLOTS + 2, 9 * SPEC.k, 3)
"""More block rows than a tile has slots, and more steps than the A buffer holds for so many."""


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
    driver = Driver(dut, SPEC, idle, stall)
    await driver.reset()
    for number, shape in enumerate((*SHAPES, LONG) if idle == stall == "never" else SHAPES):
        fmt = SPEC.formats[number % len(SPEC.formats)]
        if SPEC.stochastic and number:
            await driver.reset_again()
        a, b, c = operands(fmt, shape, number)
        c = c if number % 2 else None
        product = Product(SPEC, a, b, c, fmt)
        before = await driver.read("operations")
        await driver.multiply(product)
        want, got = matmul(SPEC, a, b, c, fmt=fmt), product.result()
        wrong = np.argwhere(got != want)
        assert not len(wrong), (f"{shape} {fmt}: {len(wrong)} of {want.size} differ; first at {wrong[0]}: machine "
                                f"{got[tuple(wrong[0])]:x}, golden {want[tuple(wrong[0])]:x}")
        assert await driver.read("operations") - before == product.operations


@cocotb.test()
async def runs_take_the_documented_cycles(dut):
    """One operation every fold cycles; steps of few blocks wait for their accumulators, counted."""
    driver, latency, fold = Driver(dut, SPEC), int(os.environ["MAC_ACCUMULATE_LATENCY"]), SPEC.fold
    await driver.reset()
    before = {name: await driver.read(name) for name in ("cycles", "operations", "waits")}
    for blocks, steps in ((1, 5), (SLOTS, 8), (3, 1)):
        await driver.write("run", format=SPEC.code(SPEC.formats[0]), blocks=blocks, steps=steps)
        await driver.write("a", stride=steps)
        await driver.write("control", start=1)
        await driver.done()
        after = {name: await driver.read(name) for name in before}
        took = {name: after[name] - before[name] for name in before}
        step = max(blocks * fold, latency)
        assert took == {"cycles": step * (steps - 1) + blocks * fold + latency, "operations": blocks * steps,
                        "waits": (step - blocks * fold) * (steps - 1)}, (blocks, steps, took)
        before = after


@cocotb.test()
async def bad_commands_and_packets_are_refused(dut):
    driver = Driver(dut, SPEC)
    await driver.reset()
    await driver.write("irq_enable", enable=0)
    names = [field.name for field in driver.map["flags"].fields]

    async def flags():
        await ClockCycles(dut.clk, 8)
        value = await driver.read("flags")
        await driver.write("flags", **dict.fromkeys(names, 1))
        return {name for bit, name in enumerate(names) if value >> bit & 1}

    for fields in ({"blocks": 0, "steps": 1}, {"blocks": SLOTS + 1, "steps": 1}, {"blocks": 1, "steps": 0}):
        await driver.write("run", **fields)
        await driver.write("control", start=1)
        assert await flags() == {"refused"}, fields
    await driver.write("run", blocks=1, steps=1)
    await driver.write("control", start=1, read=1)
    assert await flags() == {"refused"}
    await driver.write("run", blocks=2, steps=200)
    await driver.write("control", start=1)
    await driver.write("control", start=1)
    assert await flags() == {"refused"}
    while await driver.read("status"):
        pass
    assert await flags() == {"done"}
    block = words(np.zeros((1, 4, SPEC.k), np.uint32), SPEC.operand_bits)
    await driver.send(Load(type=PACKETS["a"], address=ROWS, words=block))
    assert await flags() == {"range"}
    await driver.send(Load(type=PACKETS["a"], address=ROWS - 1, words=block))
    assert await flags() == set()
    await driver.send(Load(type=9, address=0, words=block))
    assert await flags() == {"unknown"}
