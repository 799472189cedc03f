"""Inside the simulator: hold every talk of a session with the machine, and write down what it returned, and when."""

import os
import pickle
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time

from sim.host import PERIOD, Host
from sim.session import ANSWERS, DONE, TALKS, Answer


@cocotb.test()
async def hold_the_session(dut):
    folder = Path(os.environ["NONZERO_SESSION"])
    registers, talks = pickle.loads((folder / TALKS).read_bytes())
    Clock(dut.clk, PERIOD, unit="ns").start()
    host = Host(dut, registers, folder=folder)
    await host.reset()
    with (folder / ANSWERS).open("wb") as answers, (folder / DONE).open("wb", buffering=0) as done:
        for talk in talks:
            value = await host.perform(talk())
            pickle.dump(Answer(value=value, time=round(get_sim_time("ns"))), answers)
            done.write(b".")
