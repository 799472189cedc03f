"""Results packed into stream words, compared as bytes."""
import itertools
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time
from cocotb.triggers import RisingEdge, gather
from cocotbext.axi import AxiStreamBus, AxiStreamSink

from sim.stream import PATTERNS, Source, pattern

BITS, LANES = int(os.environ.get("BITS", "16")), int(os.environ.get("LANES", "1"))
SLOT = {8: 1, 16: 2, 20: 4, 32: 4, 64: 8}[BITS]             # bytes that a result takes
FULL = 8 // SLOT // LANES                                    # transfers a word


async def start(dut, idle, stall):
    Clock(dut.clk, 10, unit="ns").start()
    source = Source(dut, "i", pattern(idle))
    sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk, dut.rst)
    sink.set_pause_generator(itertools.cycle(PATTERNS[stall]))
    dut.rst.value = 1
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    await RisingEdge(dut.clk)
    cocotb.start_soon(kept_bytes_are_the_first(dut))
    return source, sink


async def kept_bytes_are_the_first(dut):
    """Watch that a word is kept whole, and the last of a packet from its first byte on."""
    while True:
        await RisingEdge(dut.clk)
        if dut.m_axis_tvalid.value:
            keep = dut.m_axis_tkeep.value.to_unsigned()
            assert keep == 255 or dut.m_axis_tlast.value and keep and keep & keep + 1 == 0, f"{keep:08b}"


def packets(draw):
    """Lists of transfers: every length up to three words, corners first."""
    low, high = -(1 << BITS - 1), (1 << BITS - 1) - 1
    corners = itertools.cycle((low, -1, 0, 1, high))
    for length in (*range(1, 3 * FULL + 2), 40):
        yield [tuple(next(corners) for _ in range(LANES)) for _ in range(length)]
        yield [tuple(draw.randint(low, high) for _ in range(LANES)) for _ in range(length)]


def transfers(packet):
    for number, group in enumerate(packet):
        bits = sum((value & (1 << BITS) - 1) << BITS * lane for lane, value in enumerate(group))
        yield bits | (number == len(packet) - 1) << BITS * LANES


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(idle=list(PATTERNS), stall=list(PATTERNS))
async def bytes_match(dut, idle, stall):
    source, sink = await start(dut, idle, stall)
    sent = list(packets(random.Random(cocotb.RANDOM_SEED)))
    await source.send([bits for packet in sent for bits in transfers(packet)])
    for number, packet in enumerate(sent):
        frame = await sink.recv()
        want = b"".join(v.to_bytes(SLOT, "little", signed=True) for group in packet for v in group)
        assert bytes(frame.tdata) == want, f"packet {number} of {len(packet)}; seed {cocotb.RANDOM_SEED}"
    for _ in range(5):
        await RisingEdge(dut.clk)
    assert sink.empty() and sink.idle()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def unused_bytes_are_zero(dut):
    source, sink = await start(dut, "never", "never")

    async def watch():
        while not (dut.m_axis_tvalid.value and dut.m_axis_tlast.value):
            await RisingEdge(dut.clk)
        return dut.m_axis_tdata.value.to_unsigned(), dut.m_axis_tkeep.value.to_unsigned()
    _, (data, keep) = await gather(source.send(transfers([(-1,) * LANES] * (FULL + 1))), watch())
    used = SLOT * LANES
    assert (data, keep) == ((1 << 8 * used) - 1, (1 << used) - 1)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_word_waits_and_the_next_is_filled(dut):
    """While the host takes nothing, a whole word stands and all but the last transfer of the next one are taken."""
    source, sink = await start(dut, "never", "never")
    sink.clear_pause_generator()
    sink.pause = True
    await RisingEdge(dut.clk)
    feed, taken = cocotb.start_soon(source.send(transfers([(1,) * LANES] * 3 * FULL))), 0
    for _ in range(4 * FULL + 4):
        await RisingEdge(dut.clk)
        taken += bool(dut.i__valid.value and dut.i__ready.value)
    assert taken == 2 * FULL - 1 and dut.m_axis_tvalid.value
    sink.pause = False
    await feed
    assert len((await sink.recv()).tdata) == 3 * FULL * SLOT * LANES


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_transfer_a_cycle(dut):
    """A free host never holds the results back, and sees a word the cycle after the one that fills it."""
    source, sink = await start(dut, "never", "never")
    begin = get_sim_time("ns")
    await source.send(transfers([(1,) * LANES] * 50 * FULL))
    assert get_sim_time("ns") - begin == 10 * 50 * FULL
    await RisingEdge(dut.clk)
    assert dut.m_axis_tvalid.value and dut.m_axis_tlast.value
