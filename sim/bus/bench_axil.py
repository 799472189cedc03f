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


async def reset(dut):
    Clock(dut.clk, 10, unit="ns").start()
    for name in ("status", "errors_set", "cycles"):
        dut[name].value = 0
    dut.rst.value = 1
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    await RisingEdge(dut.clk)


async def start(dut, pause):
    """Reset, and return a master whose channels pause, each out of step with the others."""
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
    channels = [master.write_if.aw_channel, master.write_if.w_channel, master.write_if.b_channel,
                master.read_if.ar_channel, master.read_if.r_channel]
    for number, channel in enumerate(channels):
        steps = [*pause[number % len(pause):], *pause[:number % len(pause)]]
        channel.set_pause_generator(itertools.cycle(steps))
    await reset(dut)
    return master


async def start_bare(dut):
    """Reset, and leave the bus to the test's own hands."""
    for name in ("awvalid", "wvalid", "arvalid"):
        dut[f"s_axil_{name}"].value = 0
    for name in ("bready", "rready"):
        dut[f"s_axil_{name}"].value = 1
    await reset(dut)


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
async def every_bit_of_an_address_counts(dut):
    """One bit away from a register, above or below, is another register or none."""
    master = await start(dut, (False,))
    values = {ID: 0x4E5A0001, CONTROL: 0, STATUS: 0, ERRORS: 0, LAYERS: 3, LO: 0, HI: 0, SHIFT: 0}
    for address in values:
        for bit in range(2, 12):
            other = address ^ 1 << bit
            got = await read(master, other)
            assert got == ((values[other], AxiResp.OKAY) if other in values else (0, AxiResp.SLVERR)), f"read {other:#x}"
            if other not in values:
                assert await write(master, other, 0xFFFFFFFF) == AxiResp.SLVERR, f"write {other:#x}"
    assert dut.layers.value.to_unsigned() == 3 and not dut.shift.value.to_unsigned()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def every_bit_that_is_read_comes_through(dut):
    """Random values of a read-only register and of a counter, whose upper word is kept as its lower one is read."""
    master, draw = await start(dut, (False,)), random.Random(cocotb.RANDOM_SEED)
    for _ in range(16):
        status, count = draw.getrandbits(len(dut.status)), draw.getrandbits(len(dut.cycles))
        dut.status.value, dut.cycles.value = status, count
        assert (await read(master, STATUS))[0] == status
        low, _ = await read(master, LO)
        dut.cycles.value = draw.getrandbits(len(dut.cycles))
        high, _ = await read(master, HI)
        assert high << 32 | low == count


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def every_byte_is_written_alone(dut):
    """Random bytes of the registers that keep what is written; the others stay."""
    master, draw = await start(dut, (False,)), random.Random(cocotb.RANDOM_SEED)
    kept, masks, ports = {LAYERS: 3, SHIFT: 0}, {LAYERS: LAYERS_MASK, SHIFT: 0xFFFFFFFF}, {LAYERS: dut.layers, SHIFT: dut.shift}
    for _ in range(80):
        address, size = draw.choice((LAYERS, SHIFT)), draw.randint(1, 3)
        first, value = draw.randint(0, 4 - size), draw.getrandbits(8 * size)
        await write(master, address + first, value, size)
        bits = ((1 << 8 * size) - 1) << 8 * first
        kept[address] = (kept[address] & ~bits | value << 8 * first) & masks[address]
        assert ports[address].value.to_unsigned() == kept[address], f"{address:#x}; seed {cocotb.RANDOM_SEED}"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_write_elsewhere_clears_no_flag(dut):
    master = await start(dut, (False,))
    await write(master, SHIFT, 0xFFFFFFFF)
    dut.errors_set.value = 3
    await RisingEdge(dut.clk)
    dut.errors_set.value = 0
    for _ in range(4):
        await RisingEdge(dut.clk)
    assert dut.errors.value.to_unsigned() == 3
    await write(master, SHIFT, 0xFFFFFFFF)
    assert dut.errors.value.to_unsigned() == 3


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
@cocotb.parametrize(pause=PAUSES)
async def many_at_once_lose_nothing(dut, pause):
    """A master that does not wait for answers: each comes once, in order."""
    master = await start(dut, pause)
    writes = [master.init_write(LAYERS if k % 3 else UNMAPPED, bytes([k, 0, 0, 0])) for k in range(30)]
    reads = [master.init_read((ID, SHIFT, UNMAPPED, LAYERS)[k % 3], 4) for k in range(30)]
    for k, (one, other) in enumerate(zip(writes, reads, strict=True)):
        await one.wait()
        await other.wait()
        assert one.data.resp == (AxiResp.OKAY if k % 3 else AxiResp.SLVERR)
        assert int.from_bytes(other.data.data, "little") == (0x4E5A0001, 0, 0)[k % 3]
        assert other.data.resp == (AxiResp.OKAY if k % 3 < 2 else AxiResp.SLVERR)
    assert dut.layers.value.to_unsigned() == 29


async def strike(dut, address, value, strobe):
    """Write with bare signals; return in the cycle in which the register takes the value."""
    dut.s_axil_awaddr.value, dut.s_axil_wdata.value, dut.s_axil_wstrb.value = address, value, strobe
    dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = 1
    await RisingEdge(dut.clk)
    dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_flag_set_while_cleared_stays_set(dut):
    await start_bare(dut)
    for early, expected in (True, 0), (False, 2):
        dut.errors_set.value = 2 if early else 0
        await strike(dut, ERRORS, 3, 15)
        dut.errors_set.value = 0 if early else 2
        await RisingEdge(dut.clk)
        dut.errors_set.value = 0
        await RisingEdge(dut.clk)
        assert dut.errors.value.to_unsigned() == expected


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def bytes_without_strobe_change_nothing(dut):
    await start_bare(dut)
    for address in CONTROL, SHIFT, ERRORS:
        dut.errors_set.value = 3
        await strike(dut, address, 0xFFFFFFFF, 0b1110)
        dut.errors_set.value = 0
        for _ in range(3):
            await RisingEdge(dut.clk)
            assert dut.control.value.to_unsigned() == 0
    assert dut.shift.value.to_unsigned() == 0xFFFFFF00 and dut.errors.value.to_unsigned() == 3


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def answers_take_a_few_cycles(dut):
    """Bare signals: the docstring's latency, and a read every third cycle, a write every other."""
    await start_bare(dut)

    async def cycles_until(signal, count=1):
        begin, seen = get_sim_time("ns"), 0
        while seen < count:
            await RisingEdge(dut.clk)
            seen += bool(signal.value)
        return (get_sim_time("ns") - begin) // 10

    dut.s_axil_araddr.value, dut.s_axil_arvalid.value = ID, 1
    await RisingEdge(dut.clk)                                      # taken here
    dut.s_axil_arvalid.value = 0
    assert await cycles_until(dut.s_axil_rvalid) == 3
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
    assert await cycles_until(dut.s_axil_rvalid, 10) <= 3 * 10 + 3
    assert await cycles_until(dut.s_axil_bvalid, 10) <= 2 * 10 + 2
