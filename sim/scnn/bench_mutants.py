"""Inside the simulator: talks on every fault of a PE in turn; which faults give other answers than none does."""

import json
import os
import pickle
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time
from cocotb.triggers import with_timeout

from sim.host import PERIOD, Host

FOLDER = Path(os.environ["SCNN_MUTANTS"])
SLACK = 10_000      # ns beyond twice the time that a talk takes without a fault


@cocotb.test()
async def every_fault(dut):
    """Write for each fault the first talk whose answer is another than without a fault, or null."""
    registers, talks, faults = pickle.loads((FOLDER / "talks.pickle").read_bytes())
    Clock(dut.clk, PERIOD, unit="ns").start()
    host = Host(dut, registers, folder=FOLDER)
    right, took = [], []
    for number, talk in enumerate(talks):
        start = get_sim_time("ns")
        right.append(pickle.dumps(await answer(host, 0, talk)))
        took.append(round(get_sim_time("ns") - start))
        assert pickle.dumps(await answer(host, 0, talk)) == right[-1], f"talk {number} must answer alike each time"
    (FOLDER / "answers.pickle").write_bytes(pickle.dumps([pickle.loads(one) for one in right]))
    with (FOLDER / "noticed.jsonl").open("w") as noticed:
        for fault in [*faults, 0]:
            noticed.write(json.dumps([fault, await first(host, fault, talks, right, took)]) + "\n")
            noticed.flush()


async def first(host, fault, talks, right, took):
    """Return the number of the first talk that tells of a fault: by its answer, by an error, by taking too long; or None."""
    for number, talk in enumerate(talks):
        try:
            found = await with_timeout(answer(host, fault, talk), 2 * took[number] + SLACK, "ns")
        except Exception:
            return number
        if pickle.dumps(found) != right[number]:
            return number
    return None


async def answer(host, fault, talk):
    """Reset the machine with a fault and return what a talk does."""
    host.dut.mutsel.value = fault
    await host.reset()
    return await host.perform(talk())
