"""Inside the simulator: carry out the steps of a job and write down counters and flags."""

import json
import os
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time
from cocotb.triggers import FallingEdge, RisingEdge

from sim.eie.host import Host
from spec.registers import from_data

WORD_CYCLES = 8         # more than a machine needs for a word
SLACK = 10_000          # cycles beyond what a feed or a read-out should take after which it has gone wrong


@cocotb.test()
async def carry_out(dut):
    """Feed, run and read for each step; the answers are compared with golden outside, and counted there as they come."""
    folder = Path(os.environ["EIE_JOB"])
    plan = json.loads((folder / "plan.json").read_text())
    Clock(dut.clk, 10, unit="ns").start()
    host = Host(dut, from_data("eie", plan["registers"]))
    await host.reset()
    sent = 0
    with (folder / "answers.jsonl").open("w") as answers:
        for number, step in enumerate(plan["steps"]):
            dut.number.value = number
            if step["feed"]:
                await FallingEdge(dut.clk)
                dut.feed.value = 1
                await FallingEdge(dut.clk)
                dut.feed.value = 0
                words = (folder / f"feed_{number}.bin").stat().st_size // 8
                await host.within(words * WORD_CYCLES + SLACK, RisingEdge(dut.fed), f"feed of step {number}")
            if step["reset"] is not None:
                await host.cut(step["first"], step["count"], after=step["reset"])
            elif step["count"]:
                await host.run(step["first"], step["count"], limit=step["limit"])
            ended = get_sim_time("ns")
            counters = await host.counters()
            if step["read"] and step["reset"] is None:
                await host.read_out(limit=plan["outputs"] + SLACK)
                if not (await host.flags())["refused"]:
                    sent += 1
                    await host.within(SLACK, arrival(dut, sent), f"result of step {number}")
            flags = await host.flags(clear=True)
            answers.write(json.dumps({"counters": counters, "flags": flags, "ended": round(ended),
                                      "read": round(get_sim_time("ns"))}) + "\n")
            answers.flush()


async def arrival(dut, count):
    """Wait until so many results have been written to their files."""
    while dut.got.value.to_unsigned() != count:
        await RisingEdge(dut.clk)
