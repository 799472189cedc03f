"""Inside the simulator: the steps of a job on every fault of a PE in turn; which faults give other answers than none does."""

import json
import os
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time
from cocotb.triggers import SimTimeoutError, with_timeout

from sim.scnn import bench_job
from spec.registers import from_data

FOLDER = Path(os.environ["SCNN_JOB"])
PLAN = json.loads((FOLDER / "plan.json").read_text())
SLACK = 10_000      # ns beyond twice the time that a step takes without a fault


@cocotb.test()
async def every_fault(dut):
    """Write for each fault the first step whose counters, flags or result words are others than without a fault, or null."""
    Clock(dut.clk, bench_job.PERIOD, unit="ns").start()
    dut.feed.value = dut.number.value = dut.pause.value = dut.mutsel.value = 0
    host = bench_job.Host(dut, from_data("scnn", PLAN["registers"]))
    steps, right, took = list(enumerate(PLAN["steps"])), [], []
    for number, step in steps:
        start = get_sim_time("ns")
        right.append(await answer(dut, host, 0, number, step))
        took.append(round(get_sim_time("ns") - start))
        assert await answer(dut, host, 0, number, step) == right[-1], f"step {number} must have no pauses"
    (FOLDER / "answers.jsonl").write_text("".join(json.dumps(found) + "\n" for found, _ in right))
    with (FOLDER / "noticed.jsonl").open("w") as noticed:
        for fault in [*PLAN["faults"], 0]:
            first = None
            for number, step in steps:
                try:
                    found = await with_timeout(answer(dut, host, fault, number, step), 2 * took[number] + SLACK, "ns")
                except SimTimeoutError:
                    found = None
                if found != right[number]:
                    first = number
                    break
            noticed.write(json.dumps([fault, first]) + "\n")
            noticed.flush()


async def answer(dut, host, fault, number, step):
    """Reset the machine with a fault, carry out a step; return its answer and the words it sent."""
    dut.mutsel.value = fault
    result = FOLDER / f"result_{number}.hex"
    result.unlink(missing_ok=True)
    await bench_job.reset(dut, host)
    await bench_job.feed(dut, FOLDER, number, step["pause"])
    found = await bench_job.run(dut, host, step) | {"ended": True}
    return found, result.read_text() if result.exists() else ""
