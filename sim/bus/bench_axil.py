"""AXI4-Lite registers against a dictionary, under masters that pause."""
import itertools
import random

import cocotb
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

ID, CONTROL, STATUS, ERRORS, LAYERS, LO, HI, SHIFT, UNMAPPED = 0, 4, 8, 12, 16, 20, 24, 28, 32
LAYERS_MASK = 0x1FF


async def start(dut, pause=(False,)):
    Clock(dut.clk, 10, unit="ns").start()
    for name in ("status", "errors_set", "cycles"):
        dut[name].value = 0
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
    channels = [master.write_if.aw_channel, master.write_if.w_channel, master.write_if.b_channel,
                master.read_if.ar_channel, master.read_if.r_channel]
    for number, channel in enumerate(channels):
        steps = [*pause[number % len(pause):], *pause[:number % len(pause)]]    # every channel out of step
        channel.set_pause_generator(itertools.cycle(steps))
    dut.rst.value = 1
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    return master


async def read(master, address):
    answer = await master.read(address, 4)
    return int.from_bytes(answer.data, "little"), answer.resp


async def write(master, address, value, size=4):
    return (await master.write(address, value.to_bytes(size, "little"))).resp


PAUSES = [(False,), (True, False), (True, True, True, False), (False,) * 5 + (True,) * 4]


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(pause=PAUSES)
async def registers_match_a_dictionary(dut, pause):
    """Random reads and writes of one to four bytes anywhere: values, answers, and no side effects."""
    master, draw = await start(dut, pause), random.Random(cocotb.RANDOM_SEED)
    dut.status.value = 0x155
    fixed = {ID: 0x4E5A0001, CONTROL: 0, STATUS: 0x155, ERRORS: 0, LO: 0, HI: 0}
    kept, masks = {LAYERS: 3, SHIFT: 0}, {LAYERS: LAYERS_MASK, SHIFT: 0xFFFFFFFF}
    for address in (*fixed, *kept):
        assert await read(master, address) == ({**fixed, **kept}[address], AxiResp.OKAY)
    for _ in range(60):
        address = draw.choice([*fixed, *kept, UNMAPPED, 0x100, 0xFFC])
        if draw.random() < 0.5:
            size = draw.randint(1, 4)
            first = draw.randint(0, 4 - size)
            value = draw.getrandbits(8 * size)
            legal = address in (CONTROL, ERRORS, *kept)
            assert await write(master, address + first, value, size) == (
                AxiResp.OKAY if legal else AxiResp.SLVERR), f"write {address:#x}; seed {cocotb.RANDOM_SEED}"
            if address in kept:
                bits = ((1 << 8 * size) - 1) << 8 * first
                kept[address] = (kept[address] & ~bits | value << 8 * first) & masks[address]
        else:
            both = {**fixed, **kept}
            expected = (both[address], AxiResp.OKAY) if address in both else (0, AxiResp.SLVERR)
            got = await read(master, address)
            assert got == expected, f"read {address:#x}: {got}, not {expected}; seed {cocotb.RANDOM_SEED}"
    assert dut.layers.value.to_unsigned() == kept[LAYERS] and dut.shift.value.to_unsigned() == kept[SHIFT]


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(pause=PAUSES)
async def a_pulse_lasts_one_cycle(dut, pause):
    master, seen = await start(dut, pause), []

    async def watch():
        while True:
            await RisingEdge(dut.clk)
            if value := dut.control.value.to_unsigned():
                seen.append(value)
    cocotb.start_soon(watch())
    for value, size, expected in (1, 4, [1]), (2, 1, [2]), (3, 4, [3]), (0, 4, []), (0xFFFFFFFC, 4, []):
        assert await write(master, CONTROL, value, size) == AxiResp.OKAY
        assert (await read(master, CONTROL))[0] == 0
        assert seen == expected
        seen.clear()
    await write(master, CONTROL + 1, 0xFF, 1)                     # another byte's strobe
    await read(master, CONTROL)
    assert not seen


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(pause=PAUSES)
async def flags_stick_until_cleared(dut, pause):
    master = await start(dut, pause)

    async def flash(value):
        dut.errors_set.value = value
        await RisingEdge(dut.clk)
        dut.errors_set.value = 0

    await flash(1)
    assert await read(master, ERRORS) == (1, AxiResp.OKAY)
    await flash(2)
    assert (await read(master, ERRORS))[0] == 3 and dut.errors.value.to_unsigned() == 3
    await write(master, ERRORS, 1)
    assert (await read(master, ERRORS))[0] == 2
    await write(master, ERRORS, 0)
    assert (await read(master, ERRORS))[0] == 2
    dut.errors_set.value = 2                                       # set and cleared at once: stays set
    await write(master, ERRORS, 3)
    dut.errors_set.value = 0
    assert (await read(master, ERRORS))[0] == 2
    await write(master, ERRORS, 2)
    assert (await read(master, ERRORS))[0] == 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(pause=PAUSES)
async def both_words_of_a_counter_belong_together(dut, pause):
    master = await start(dut, pause)

    async def count():
        for value in itertools.count(2**32 - 40):
            dut.cycles.value = value
            await RisingEdge(dut.clk)
    cocotb.start_soon(count())
    before = 0
    for _ in range(12):
        low, _ = await read(master, LO)
        now = dut.cycles.value.to_unsigned()
        high, _ = await read(master, HI)
        assert max(before + 1, now - 25) <= high << 32 | low <= now, f"{high:#x} {low:#x}, now {now:#x}"
        before = high << 32 | low
    assert before > 2**32


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def answers_take_two_cycles(dut):
    """Bare signals: the docstring's latency, and a transfer every other cycle on each channel."""
    await start(dut)
    await RisingEdge(dut.clk)

    async def cycles_until(signal, count=1):
        begin, seen = get_sim_time("ns"), 0
        while seen < count:
            await RisingEdge(dut.clk)
            seen += bool(signal.value)
        return (get_sim_time("ns") - begin) // 10

    dut.s_axil_rready.value = dut.s_axil_bready.value = 1
    dut.s_axil_araddr.value, dut.s_axil_arvalid.value = ID, 1
    await RisingEdge(dut.clk)                                      # taken here
    dut.s_axil_arvalid.value = 0
    assert await cycles_until(dut.s_axil_rvalid) == 2
    dut.s_axil_awaddr.value, dut.s_axil_awvalid.value = SHIFT, 1
    dut.s_axil_wdata.value, dut.s_axil_wstrb.value = 77, 15
    await RisingEdge(dut.clk)
    dut.s_axil_awvalid.value = 0
    for _ in range(5):
        await RisingEdge(dut.clk)
        assert not dut.s_axil_bvalid.value
    dut.s_axil_wvalid.value = 1
    await RisingEdge(dut.clk)
    dut.s_axil_wvalid.value = 0
    assert await cycles_until(dut.s_axil_bvalid) == 2
    assert dut.shift.value.to_unsigned() == 77
    dut.s_axil_arvalid.value = dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = 1
    assert await cycles_until(dut.s_axil_rvalid, 10) <= 2 * 10 + 2
    assert await cycles_until(dut.s_axil_bvalid, 10) <= 2 * 10 + 2
