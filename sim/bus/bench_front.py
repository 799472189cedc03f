"""The front end alone: flags, interrupt and counters against a few lines of Python; words in, results out."""
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from sim.bus.toy import TOY
from spec.framing import header

FLAGS = [field.name for field in TOY["flags"].fields]
INPUTS = ("status", "event", "clear", "cycles", "packet__ready", "result__valid", "result__payload",
          "s_axis_tvalid", "s_axis_tlast", "s_axis_tdata")


class Bench:
    """A front end of the toy's registers, its host on AXI4-Lite, and bare streams."""

    def __init__(self, dut):
        self.dut, self.rng = dut, random.Random(cocotb.RANDOM_SEED)

    async def start(self):
        dut = self.dut
        Clock(dut.clk, 10, unit="ns").start()
        self.lite = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
        for name in INPUTS:
            dut[name].value = 0
        dut.m_axis_tready.value = 1
        dut.rst.value = 1
        await self.cycles(3)
        dut.rst.value = 0
        await self.cycles(1)
        return self

    async def cycles(self, count):
        for _ in range(count):
            await RisingEdge(self.dut.clk)

    async def read(self, name):
        register = TOY[name]
        answer = await self.lite.read(register.offset, 4 * register.words)
        return int.from_bytes(answer.data, "little")

    async def write(self, name, value):
        await self.lite.write(TOY[name].offset, value.to_bytes(4, "little"))

    async def send(self, *words):
        for number, word in enumerate(words):
            self.dut.s_axis_tdata.value = word
            self.dut.s_axis_tvalid.value = 1
            self.dut.s_axis_tlast.value = number == len(words) - 1
            await RisingEdge(self.dut.clk)
            while not self.dut.s_axis_tready.value:
                await RisingEdge(self.dut.clk)
        self.dut.s_axis_tvalid.value = 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_flag_raises_irq_two_cycles_later_if_enabled(dut):
    bench = await Bench(dut).start()
    for enable in (0, 1):
        await bench.write("irq_enable", enable)
        dut.event.value = 1
        await bench.cycles(1)
        dut.event.value = 0
        seen = []
        for _ in range(4):
            await bench.cycles(1)
            seen.append(int(dut.irq.value))
        assert seen == [0, enable, enable, enable], "the flag is set a cycle after the event, irq a cycle after the flag"
        assert await bench.read("flags") == 1 << FLAGS.index("done")
        await bench.write("flags", 1 << FLAGS.index("done"))
        await bench.cycles(3)
        assert not dut.irq.value and not await bench.read("flags")


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def errors_of_the_stream_set_their_flags(dut):
    bench = await Bench(dut).start()
    dut.packet__ready.value = 1
    good = header(7, 2, 0)
    cases = {"unknown": (header(8, 1, 0), 0), "short": (good, 1), "long": (good, 1, 2, 3), None: (good, 1, 2)}
    for flag, words in cases.items():
        await bench.send(*words)
        await bench.cycles(4)
        assert await bench.read("flags") == (1 << FLAGS.index(flag) if flag else 0), flag
        await bench.write("flags", (1 << len(FLAGS)) - 1)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_counter_sums_what_it_is_given_since_the_clear(dut):
    bench = await Bench(dut).start()
    for clears in (0.0, 0.02, 0.5):
        dut.clear.value = 1
        await bench.cycles(1)
        want = 0
        for _ in range(200):
            step, clear = bench.rng.randrange(4), bench.rng.random() < clears
            dut.cycles.value, dut.clear.value = step, clear
            want = 0 if clear else want + step
            await bench.cycles(1)
        dut.cycles.value = dut.clear.value = 0
        assert await bench.read("cycles") == want


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def registers_packets_and_results_reach_the_machine_and_the_host(dut):
    bench = await Bench(dut).start()
    await bench.write("shift", 0x1234)
    assert dut.shift.value.to_unsigned() == 0x1234 and dut.layers.value.to_unsigned() == 3
    dut.status.value = 0x1A5
    assert await bench.read("status") == 0x1A5 and await bench.read("id") == TOY["id"].init
    dut.packet__ready.value = 1
    seen = []

    async def watch():
        while True:
            await RisingEdge(dut.clk)
            if dut.packet__valid.value:
                seen.append(dut.packet__payload.value.to_unsigned())
    cocotb.start_soon(watch())
    await bench.send(header(7, 1, 5), 0xFEED)
    await bench.cycles(3)
    assert seen == [7 | 5 << 8 | 0xFEED << 64 | 1 << 128], "type, address, index 0, data, last"
    dut.result__payload.value, dut.result__valid.value = 1 << 16 | 0x8001, 1
    await bench.cycles(1)
    dut.result__valid.value = 0
    await bench.cycles(1)
    assert dut.m_axis_tvalid.value and dut.m_axis_tdata.value.to_unsigned() == 0x8001
    assert dut.m_axis_tkeep.value.to_unsigned() == 3 and dut.m_axis_tlast.value
