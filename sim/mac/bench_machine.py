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
from golden.mac.cases import dots, thinned
from sim.host import PERIOD, Host
from sim.mac.spec_env import spec_of
from spec.framing import header
from spec.mac import SIDE, SLOTS, a_words, acc_words, b_words, command, registers
from spec.mac.number import OPERANDS

SPEC = spec_of(os.environ["MAC_SPEC"])
LATENCY = int(os.environ["MAC_ACCUMULATE_LATENCY"])
WIDE = SIDE * SPEC.tiles
SHAPES = ((4, 4, 4), (1, 1, 1), (9, 3 * SPEC.k + 1, 13), (17, 5, 2))
LONG = {
    "more blocks than slots": (4 * 66 - 1, 2 * SPEC.k, 5 * WIDE),
    "more of B than its buffer holds": (8, (SPEC.rows // 5 - 1) * SPEC.k, 6 * WIDE - 2),
    "more steps than its buffer holds": (3, (SPEC.rows + 9) * SPEC.k, 4),
}
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
    if SPEC.sparse:
        a = thinned(fmt, a, rng)
    b, _, _ = dots(fmt, acc, columns, length, rng)
    _, _, c = dots(fmt, acc, rows * columns, 1, rng)
    return a, b.T, c.reshape(rows, columns)


@cocotb.test()
@cocotb.parametrize(idle=["never", "often"], stall=["never", "often", "burst"])
async def products_match_golden(dut, idle, stall):
    host = await started(dut, idle, stall)
    for number, shape in enumerate((*SHAPES, *LONG.values()) if idle == stall == "never" else SHAPES):
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


async def loaded(host, *, a=0, b=0):
    """Send so many blocks of zeros of A, and rows of B."""
    blank_a, blank_b = np.zeros(a * a_words(SPEC), np.uint64), np.zeros(b * SPEC.tiles * b_words(SPEC), np.uint64)
    await host.send([packet("a", 0, blank_a), packet("b", 0, blank_b)])


def run(**fields):
    """Return a packet of one run."""
    given = {"format": SPEC.code(SPEC.formats[0]), "blocks": 1, "columns": 1, "steps": 1} | fields
    return packet("run", 0, np.array([command(**given)], np.uint64))


@cocotb.test()
async def runs_take_the_documented_cycles(dut):
    """One operation every fold cycles; steps of few blocks wait for their accumulators, counted."""
    host, fold = await started(dut), SPEC.fold
    before = await host.counters()
    for blocks, columns, steps in ((1, 1, 5), (SLOTS, 16, 3), (6, 2, 4), (7, 3, 2)):
        await loaded(host, a=-(-blocks // columns) * steps, b=columns * steps)
        await host.send([run(blocks=blocks, columns=columns, steps=steps, release=1)])
        accepted(await host.wait(Wait("done", LIMIT, "the run")), "run")
        await host.flags(clear=True)
        after = await host.counters()
        took = {name: after[name] - before[name] for name in before}
        step = max(blocks * fold, LATENCY)
        assert took == {"cycles": 1 + step * (steps - 1) + (blocks - 1) * fold + LATENCY, "operations": blocks * steps,
                        "waits": (step - blocks * fold) * (steps - 1), "starved": 0, "held": 0}, (blocks, columns, steps, took)
        before = after


@cocotb.test()
async def a_product_keeps_the_tiles_busy(dut):
    """An operation every fold cycles, or what the stream of 64 bits or the order of random numbers permits."""
    host, fmt = await started(dut), SPEC.formats[0]
    shape = (64, 8 * SPEC.length(fmt), 8 * WIDE)
    product = Product(SPEC, *operands(fmt, shape, 5)[:2], None, fmt)
    counters = (await host.perform(product.actions())).counters
    stream = 16 * 8 * a_words(SPEC) + 64 * SPEC.tiles * b_words(SPEC)
    alone = 16 * 8 * (7 * LATENCY + SPEC.fold)                  # a block at a time, each step after the one before
    bound = max(alone if SPEC.stochastic else product.operations * SPEC.fold, stream)
    assert bound / (counters["cycles"] - LATENCY) >= 0.95, (bound, counters)


@cocotb.test()
async def operands_may_come_after_their_run(dut):
    """A run waits for A and for B and says so; C waits for the run; B stays for a second run until it is released."""
    host, fmt = await started(dut), SPEC.formats[0]
    a, b, _ = operands(fmt, (2 * SIDE, SPEC.length(fmt), WIDE), 9)
    a = a.reshape(2, SIDE, -1)
    products = [Product(SPEC, block, b, None, fmt) for block in a]
    one = range(1)
    first, second = (packet("a", 0, product._a_blocks(one, one)) for product in products)
    await host.send([run(read=1), first])
    await ClockCycles(dut.clk, 50)
    assert (await host.read("status"))["busy"] and (await host.counters())["starved"] > 40
    await host.send([packet("b", 0, products[0]._b_blocks(one, one)), run(read=1, release=1), second])
    if SPEC.stochastic:
        want = matmul(SPEC, np.concatenate(a), b, fmt=fmt).reshape(2, SIDE, SPEC.tiles, SIDE)
    else:
        want = np.stack([matmul(SPEC, block, b, fmt=fmt) for block in a]).reshape(2, SIDE, SPEC.tiles, SIDE)
    for block in want:
        got = await host.within(LIMIT, host.stream.receive(SPEC.tiles * acc_words(SPEC)), "D")
        assert np.array_equal(got, words(block.swapaxes(0, 1), SPEC.acc_bits))


@cocotb.test()
async def bad_commands_and_packets_are_refused(dut):
    host = await started(dut)
    await host.write("irq_enable", enable=0)

    async def flags():
        await ClockCycles(dut.clk, 8)
        return {name for name, value in (await host.flags(clear=True)).items() if value}

    absent = next(code for code in range(256) if code >= len(OPERANDS) or OPERANDS[code] not in SPEC.formats)
    for fields in ({"blocks": 0}, {"blocks": SLOTS + 1}, {"steps": 0}, {"columns": 0}, {"columns": 2}, {"format": absent}):
        await host.send([run(**fields)])
        assert await flags() == {"refused"}, fields
        assert not (await host.read("status"))["busy"]
    block = np.zeros(acc_words(SPEC), np.uint64)
    await host.send([packet("c", SLOTS, block)])
    assert await flags() == {"range"}
    await host.send([packet("c", SLOTS - 1, block)])
    assert await flags() == set()
    await host.send([[header(9, len(block)), *block]])
    assert await flags() == {"unknown"}
    await loaded(host, a=1, b=1)
    await host.send([run(release=1)])
    while (await host.read("status"))["busy"]:
        pass
    assert await flags() == {"done"}
