"""Inside the simulator: carry out the steps of a job over AXI4-Lite and write down counters and flags."""

import json
import logging
import os
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, SimTimeoutError, with_timeout
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from spec.registers import WORD_BYTES, from_data

PERIOD = 10         # ns a cycle
WORD_CYCLES = 8     # more than a machine needs for a word
SLACK = 20_000      # cycles beyond what a feed or a read-out should take after which it has gone wrong


class Host:
    """The registers of the machine by name."""

    def __init__(self, dut, registers):
        self.dut, self.registers = dut, registers
        logging.getLogger(f"cocotb.{dut._name}.s_axil").setLevel(logging.WARNING)
        self.axil = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)

    async def write(self, name, **fields):
        register = self.registers[name]
        word = sum(fields.get(field.name, 0) << lsb for field, lsb in register.placed())
        await self.axil.write(register.offset, word.to_bytes(WORD_BYTES, "little"))

    async def read(self, name):
        register = self.registers[name]
        data = await self.axil.read(register.offset, WORD_BYTES * register.words)
        word = int.from_bytes(data.data, "little")
        return {field.name: word >> lsb & (1 << field.bits) - 1 for field, lsb in register.placed()}

    async def command(self, name, limit):
        """Give a command and wait for the interrupt; return the flags and clear them."""
        await self.write("control", **{name: 1})
        if not int(self.dut.irq.value):
            await with_timeout(RisingEdge(self.dut.irq), limit * PERIOD, "ns")
        flags = await self.read("flags")
        for _ in range(limit):                              # another flag may have raised the interrupt ahead of the end
            if flags["done"] or flags["refused"]:
                break
            flags = await self.read("flags")
        else:
            raise SimTimeoutError
        await self.write("flags", **flags)
        return flags


@cocotb.test()
async def carry_out(dut):
    """Feed, run and read for each step; the answers are compared with golden outside."""
    folder = Path(os.environ["SCNN_JOB"])
    plan = json.loads((folder / "plan.json").read_text())
    Clock(dut.clk, PERIOD, unit="ns").start()
    registers = from_data("scnn", plan["registers"])
    host = Host(dut, registers)
    dut.feed.value = dut.number.value = dut.pause.value = 0
    await reset(dut, host)
    with (folder / "answers.jsonl").open("w") as answers:
        for number, step in enumerate(plan["steps"]):
            await feed(dut, folder, number, step["pause"])
            try:
                answer = await run(dut, host, step) | {"ended": True}
            except SimTimeoutError:
                answer = {"counters": {}, "flags": {}, "overflow": {}, "ended": False}
                await reset(dut, host)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


async def reset(dut, host):
    """Reset the machine and wait until it is ready."""
    dut.rst.value = 1
    await ClockCycles(dut.clk, 3)
    dut.rst.value = 0
    await ClockCycles(dut.clk, 3)
    await host.write("irq_enable", enable=1)
    while (await host.read("status"))["busy"]:
        pass


async def feed(dut, folder, number, pause):
    """Send the packets of a step and begin to offer its weights."""
    dut.number.value, dut.pause.value = number, pause
    await FallingEdge(dut.clk)
    dut.feed.value = 1
    await FallingEdge(dut.clk)
    dut.feed.value = 0
    words = (folder / f"feed_{number}.bin").stat().st_size // 8
    await with_timeout(RisingEdge(dut.fed), (words * WORD_CYCLES + SLACK) * PERIOD, "ns")


async def run(dut, host, step):
    """Run the layers of a step and read its blocks; a run that does not end in its limit raises SimTimeoutError."""
    before = dut.got.value.to_unsigned()
    await host.write("layers", first=step["first"], count=step["count"])
    flags = await host.command("start", step["limit"])
    counters = {register.name: (await host.read(register.name))["value"]
                for register in host.registers.registers if register.kind == "counter"}
    overflow = await host.read("overflow")
    if step["blocks"] and not flags["refused"]:
        await host.write("blocks", first=step["first_block"], count=step["blocks"])
        await host.command("read", step["limit"] + SLACK)
        while dut.got.value.to_unsigned() == before:
            await RisingEdge(dut.clk)
    return {"counters": counters, "flags": flags, "overflow": overflow}
