"""The bus of an array, driven by bus models that no one here wrote: results, refusals, errors on the stream, interrupt."""
import json
import os
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiResp, AxiStreamFrame

from compress.actions import Wait
from sim.eie.timing import reset_cycles
from sim.host import PERIOD, Host
from sim.stream import PATTERNS
from spec.eie import PACKET_PE_SHIFT, PACKETS, EieSpec
from spec.framing import header
from spec.registers import from_data

FOLDER = Path(os.environ["EIE_BUS"])
TALK = json.loads((FOLDER / "talk.json").read_text())
SPEC = EieSpec(**TALK["spec"])
LIMIT = 20_000
BROKEN = ("short", "long", "unknown", "range")


class Bench:
    """A machine after reset, its host, and the image and vectors of the talk as frames."""

    def __init__(self, dut, idle: str = "never", stall: str = "never"):
        self.dut, self.registers = dut, from_data("eie", TALK["registers"])
        self.image = [AxiStreamFrame(packet) for packet in TALK["image"]]
        self.idle, self.stall = idle, stall

    async def start(self):
        Clock(self.dut.clk, PERIOD, unit="ns").start()
        self.host = Host(self.dut, self.registers, idle=self.idle, stall=self.stall)
        self.source, self.sink = self.host.stream.source, self.host.stream.sink
        await self.host.reset()
        return self

    async def send(self, *frames, settle: int = 8):
        """Send packets, wait until the machine has taken the last of them in, and some cycles for its flags."""
        for frame in frames:
            self.source.send_nowait(frame if isinstance(frame, AxiStreamFrame) else AxiStreamFrame(frame))
        await self.source.wait()
        await ClockCycles(self.dut.clk, settle)

    async def run(self, number: int):
        """Run the whole image on a vector; compare the outputs and the counters with the golden model."""
        await self.send(TALK["vectors"][number], settle=0)      # a start may follow at once
        await self.answers(number)

    async def answers(self, number: int):
        await self.start_layers()
        assert await self.host.counters() == TALK["counters"][number]
        await self.command("read")
        await self.result(number)

    async def start_layers(self):
        await self.host.write("layers", first=0, count=TALK["layers"])
        await self.command("start")

    async def command(self, name: str):
        """Give a command and wait for its end."""
        await self.host.write("flags", done=1, refused=1)
        await self.host.write("control", **{name: 1})
        assert (await self.host.wait(Wait("done", LIMIT, name)))["done"]

    async def result(self, number: int):
        data = bytes((await self.sink.recv()).tdata)
        got = np.frombuffer(data, np.int8 if SPEC.act_bits <= 8 else "<i2")
        assert got.tolist() == TALK["outputs"][number], f"vector {number}: {got.tolist()}, expected {TALK['outputs'][number]}"
        assert self.sink.empty()

    async def raised(self, **wanted):
        """Compare the flags with those wanted (all others 0), and clear them."""
        flags = {name: value for name, value in (await self.host.flags(clear=True)).items() if value}
        assert flags == wanted, f"flags {flags}, expected {wanted}"

    async def refused(self, command, first=0, count=1):
        """A command is refused as soon as what is on its way in the loader has arrived, and nothing runs."""
        await self.host.write("layers", first=first, count=count)
        await self.host.write("control", **{command: 1})
        await ClockCycles(self.dut.clk, REFUSAL)
        assert not (await self.host.read("status"))["busy"]
        flags = await self.host.flags()
        assert flags["refused"] and not flags["done"], f"{command} {first}, {count}: {flags}"
        await self.host.write("flags", refused=1)
        assert self.sink.empty()


REFUSAL = 16
"""Cycles in which a command that cannot be done is refused: the loader's depth and the bus."""


def load(*, kind, address, words, pe=0):
    return [header(PACKETS[kind], len(words), pe << PACKET_PE_SHIFT | address), *words]


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(idle=list(PATTERNS), stall=list(PATTERNS))
async def results_are_goldens(dut, idle, stall):
    """Whatever the pauses on both streams; the vector after the first needs no second load of the image."""
    bench = await Bench(dut, idle, stall).start()
    await bench.send(*bench.image)
    for number in range(len(TALK["vectors"])):
        await bench.run(number)
    flags = await bench.host.flags()
    assert not any(flags[name] for name in (*BROKEN, "refused"))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def places_without_a_register_answer_slverr(dut):
    bench = await Bench(dut).start()
    end = max(register.offset + 4 * register.words for register in bench.registers.registers)
    for place in (end, end + 4, 0xFFC):
        assert (await bench.host.axil.read([place]))[1] == AxiResp.SLVERR
        assert await bench.host.axil.write(place, 0x04030201) == AxiResp.SLVERR
    constant = bench.registers["pes"]
    assert await bench.host.axil.write(constant.offset, 0x04030201) == AxiResp.SLVERR
    assert (await bench.host.read("pes"))["value"] == SPEC.pes and (await bench.host.read("slots"))["value"] == SPEC.slots
    await bench.send(*bench.image)
    await bench.run(0)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def nothing_loaded_nothing_done(dut):
    """A start or read is refused before there is something to run, and the machine then runs as if it had not been asked."""
    bench = await Bench(dut).start()
    await ClockCycles(dut.clk, SPEC.slots + 2 * reset_cycles(SPEC) + 2)     # after a reset the accumulators are cleared
    await bench.refused("start")
    await bench.refused("read")
    await bench.send(*bench.image)
    await bench.refused("start")                                # layers, but no vector
    await bench.refused("read")
    await bench.send(TALK["vectors"][0])
    for first, count in ((0, 0), (TALK["layers"], 1), (0, TALK["layers"] + 1), (SPEC.layers - 1, 2), (1, SPEC.layers)):
        await bench.refused("start", first, count)
    assert await bench.host.counters() == dict.fromkeys(TALK["counters"][0], 0)
    await bench.answers(0)


def stream_errors():
    """Streams that are wrong, each with the flags that it must raise."""
    words = list(range(1, 9))
    yield load(kind="words", address=0, words=words)[:-1], {"short": 1}
    yield load(kind="words", address=0, words=words)[:1], {"short": 1}
    yield [*load(kind="pointers", address=0, words=words), 5], {"long": 1}
    yield [*load(kind="activations", address=0, words=words[:1]), *words], {"long": 1}
    yield [header(99, 2), 1, 2], {"unknown": 1}
    yield [PACKETS["words"], 1, 2], {"unknown": 1}


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(idle=["never", "other"])
async def a_broken_stream_is_flagged_and_a_fresh_load_runs(dut, idle):
    bench = await Bench(dut, idle).start()
    for packet, flags in stream_errors():
        await bench.send(packet)
        await bench.refused("start")                            # until the host has seen it
        await bench.raised(**flags)
        await bench.send(*bench.image)
        await bench.run(0)                                      # the codebook is loaded anew, as for the first vector
        await bench.raised(done=1, **({"saturated": 1} if TALK["saturated"][0] else {}))


def beyond():
    """Packets for places that do not exist."""
    words = [(1 << 64) - 1] * 3
    per_word = max(1, SPEC.word_bits // 64)
    yield load(kind="words", address=0, words=words, pe=SPEC.pes)
    yield load(kind="words", address=SPEC.words, words=words * per_word)
    yield load(kind="words", address=0xFFFFFF, words=words, pe=255)
    yield load(kind="pointers", address=SPEC.columns, words=words)
    yield load(kind="pointers", address=0, words=words, pe=SPEC.pes)
    yield load(kind="codebook", address=SPEC.codebooks, words=words)
    yield load(kind="layer", address=SPEC.layers, words=words)
    yield load(kind="activations", address=SPEC.slots, words=words)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def packets_for_no_place_are_flagged_and_change_nothing(dut):
    bench = await Bench(dut).start()
    await bench.send(*bench.image)
    await bench.run(0)
    for packet in beyond():
        await bench.host.flags(clear=True)
        await bench.send(packet)
        flags = await bench.host.flags(clear=True)
        assert flags["range"] and not flags["short"] | flags["long"] | flags["unknown"], f"{packet[0]:#x}: {flags}"
        await bench.send(TALK["vectors"][1])
        await bench.start_layers()
        await bench.command("read")
        await bench.result(1)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_interrupt_follows_flags_and_enable(dut):
    bench = await Bench(dut).start()
    host = bench.host
    await bench.send(*bench.image, TALK["vectors"][0])
    await host.write("irq_enable", enable=0)
    await host.write("layers", first=0, count=TALK["layers"])
    await host.write("control", start=1)
    while (await host.read("status"))["busy"]:
        assert not dut.irq.value
    assert not dut.irq.value and (await host.flags())["done"]
    await host.write("irq_enable", enable=1)
    await ClockCycles(dut.clk, 2)
    assert dut.irq.value
    await host.flags(clear=True)
    await ClockCycles(dut.clk, 2)
    assert not dut.irq.value
    await bench.command("read")
    assert dut.irq.value
    await bench.result(0)
    await host.flags(clear=True)
    await bench.send([header(99, 1), 1])
    assert dut.irq.value, "an error on the stream interrupts too"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def commands_while_busy_change_nothing(dut):
    """Another start or read, and the next vector on the stream, wait or are ignored while layers run."""
    bench = await Bench(dut).start()
    host = bench.host
    await bench.send(*bench.image, TALK["vectors"][0])
    await host.write("layers", first=0, count=TALK["layers"])
    await host.write("control", start=1)
    bench.source.send_nowait(AxiStreamFrame(TALK["vectors"][1]))
    for command in ("start", "read", "start"):
        await host.write("control", **{command: 1})
    assert (await host.read("status"))["busy"]
    if not dut.irq.value:
        await RisingEdge(dut.irq)
    assert await host.counters() == TALK["counters"][0]
    await bench.source.wait()
    await ClockCycles(dut.clk, 8)
    await host.flags(clear=True)
    await bench.answers(1)
