"""Packets into beats, good and bad ones in any order, against a reading of the framing in Python."""
import itertools
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time
from cocotb.triggers import ClockCycles, RisingEdge, Timer
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSource

from sim.stream import PATTERNS, Sink, pattern
from spec.framing import header

TYPES = (1, 2, 55, 200)
INDEX_BITS = int(os.environ.get("INDEX_BITS", "18"))
"""Bits of a beat's index that a packet counts through; all 24 take 8 million cycles."""


async def start(dut, idle, stall):
    Clock(dut.clk, 10, unit="ns").start()
    source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.clk, dut.rst, byte_lanes=1)
    source.set_pause_generator(itertools.cycle(PATTERNS[idle]))
    sink, errors = Sink(dut, "o", pattern(stall)), [0, 0, 0]
    dut.rst.value = 1
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst.value = 0

    async def watch():
        while True:
            await RisingEdge(dut.clk)
            for bit in range(3):
                errors[bit] += dut.errors.value.to_unsigned() >> bit & 1
    cocotb.start_soon(watch())
    return source, sink, errors


def split(beat):
    """One payload of ``o`` as type, address, index, data, last."""
    fields = []
    for bits in (8, 32, 24, 64, 1):
        fields.append(beat & (1 << bits) - 1)
        beat >>= bits
    return tuple(fields)


def expected(frames):
    """The beats and the number of short, long and unknown packets that a list of frames must give."""
    beats, errors = [], [0, 0, 0]
    for first, *payload in frames:
        kind, length, address = first & 0xFF, first >> 8 & 0xFFFFFF, first >> 32
        if kind not in TYPES or not length:
            errors[2] += 1
            continue
        beats += [(kind, address, k, word, int(k == length - 1)) for k, word in enumerate(payload[:length])]
        errors[0] += len(payload) < length
        errors[1] += len(payload) > length
    return beats, errors


def good(draw, length=None):
    length = length or draw.choice((1, 1, 2, 3, 7, 20))
    words = [draw.getrandbits(64) for _ in range(length)]
    return [header(draw.choice(TYPES), length, draw.getrandbits(32)), *words]


def frames(draw):
    """Every way to be wrong, each followed by a good packet; then good ones."""
    for length in (1, 2, 5):
        for cut in range(1, length + 1):
            yield good(draw, length)[:-cut]                 # short, down to the header alone
            yield good(draw)
        for more in (1, 2, 6):
            yield good(draw, length) + [header(1, 3)] * more    # long, by what looks like a header
            yield good(draw)
    for kind in (0, 3, 255):
        for words in (0, 1, 4):
            yield [kind | words << 8, *range(words)]
            yield good(draw)
    for words in (0, 1, 3):
        yield [1, *range(words)]                            # a length of 0
        yield good(draw)
    for bit in range(24):
        for more in (0, 1, 2):                              # far too short, by a length that one bit makes long
            yield [header(draw.choice(TYPES), 1 << bit | more, draw.getrandbits(32)), *range(min(bit, max(more, 1)))]
            yield good(draw)
    for _ in range(30):
        yield good(draw)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(idle=list(PATTERNS), stall=list(PATTERNS))
async def beats_match_the_framing(dut, idle, stall):
    draw = random.Random(cocotb.RANDOM_SEED)
    source, sink, errors = await start(dut, idle, stall)
    sent = list(frames(draw))
    beats, wrong = expected(sent)
    for frame in sent:
        source.send_nowait(AxiStreamFrame(frame))
    got = [split(beat) for beat in await sink.take(len(beats))]
    for number, (one, other) in enumerate(zip(got, beats, strict=True)):
        assert one == other, f"beat {number}: {one}, expected {other}; seed {cocotb.RANDOM_SEED}"
    await source.wait()
    for _ in range(5):
        await RisingEdge(dut.clk)
        assert not dut.o__valid.value
    assert errors == wrong


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_long_packet_is_counted_to_its_end(dut):
    draw, words = random.Random(2), 4_200
    source, sink, errors = await start(dut, "never", "never")
    sent = [good(draw, words), good(draw)]
    for frame in sent:
        source.send_nowait(AxiStreamFrame(frame))
    beats, wrong = expected(sent)
    assert [split(beat) for beat in await sink.take(len(beats))] == beats and errors == wrong


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_beat_a_cycle(dut):
    """A packet of n words takes n + 1 cycles, and its first beat comes two after its header is taken."""
    source, sink, _ = await start(dut, "never", "never")
    draw = random.Random(1)
    sent = [good(draw, 40) for _ in range(5)]
    for frame in sent:
        source.send_nowait(AxiStreamFrame(frame))
    while not (dut.s_axis_tvalid.value and dut.s_axis_tready.value):
        await RisingEdge(dut.clk)
    begin = get_sim_time("ns")
    await sink.take(1)
    assert get_sim_time("ns") - begin == 20
    await sink.take(40 * 5 - 1)
    assert get_sim_time("ns") - begin == (5 * 41) * 10


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def only_payload_waits(dut):
    """While a beat waits, the next header is taken and the payload after it is not; nor is one too many."""
    source, sink, _ = await start(dut, "never", "never")
    for frame in ([header(1, 1), 11], [header(9, 1), 5], [header(2, 2), 12, 13]):
        source.send_nowait(AxiStreamFrame(frame))
    taken = 0
    for _ in range(20):
        await RisingEdge(dut.clk)
        taken += bool(dut.s_axis_tvalid.value and dut.s_axis_tready.value)
    assert taken == 2 + 2 + 1
    assert [split(beat)[3] for beat in await sink.take(3)] == [11, 12, 13]


@cocotb.test()
async def an_index_counts_to_its_last_bit(dut):
    """The index of every word that sets one bit more, and the last word; those between pass, one a cycle, without a look."""
    Clock(dut.clk, 10, unit="ns").start()
    length = (1 << INDEX_BITS - 1) + 3
    dut.rst.value, dut.o__ready.value, dut.s_axis_tvalid.value, dut.s_axis_tlast.value = 1, 1, 0, 0
    await ClockCycles(dut.clk, 3)
    dut.rst.value, dut.s_axis_tvalid.value, dut.s_axis_tdata.value = 0, 1, header(TYPES[0], length)
    await RisingEdge(dut.clk)
    dut.s_axis_tdata.value, past = 0, -1                    # beats seen before the first
    await RisingEdge(dut.clk)
    for index in [*(1 << bit for bit in range(INDEX_BITS)), length - 2, length - 1]:
        await Timer((index - past) * 10 - 5, "ns")
        dut.s_axis_tlast.value = int(index == length - 2)         # the last word, taken as the one before it is seen
        await RisingEdge(dut.clk)
        kind, _, got, _, last = split(dut.o__payload.value.to_unsigned())
        assert (dut.o__valid.value, kind, got, last) == (1, TYPES[0], index, index == length - 1), f"word {index}"
        past = index
