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
                await RisingEdge(dut.fed)
            if step["reset"] is not None:
                await host.cut(step["first"], step["count"], after=step["reset"])
            elif step["count"]:
                await host.run(step["first"], step["count"], limit=step["limit"])
            ended = get_sim_time("ns")
            counters = await host.counters()
            if step["read"] and step["reset"] is None:
                await host.read_out()
                sent += not (await host.flags())["refused"]
                while dut.got.value.to_unsigned() != sent:
                    await RisingEdge(dut.clk)
            flags = await host.flags(clear=True)
            answers.write(json.dumps({"counters": counters, "flags": flags, "ended": round(ended),
                                      "read": round(get_sim_time("ns"))}) + "\n")
            answers.flush()
