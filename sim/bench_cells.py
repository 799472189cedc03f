"""Technology cells beside their Amaranth models: every output equal in every cycle."""
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

from sim.test_cells import CASES, inputs, outputs


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(busy=[1.0, 0.6])
async def model_and_cell_agree(dut, busy):
    """Everything is written once before it is read; no address is read in the cycle in which it is written."""
    case = os.environ["CELL"]
    cell, parameters = CASES[case]
    rng = random.Random(cocotb.RANDOM_SEED)
    Clock(dut.clk, 10, unit="ns").start()
    dut.rst.value = 1
    depth = parameters.get("DEPTH", 0)
    agreed = 0
    for cycle in range(400 + depth):
        await FallingEdge(dut.clk)
        dut.rst.value = cycle < 2
        values = {name: rng.getrandbits(bits) for name, bits in inputs(case).items()}
        for enable in ("ce", "re", "oe"):
            if enable in values:
                values[enable] = rng.random() < busy
        if depth:
            filling = cycle < depth
            written = "addr_a" if "addr_a" in values else "waddr"
            values[written] = cycle if filling else rng.randrange(depth)
            values["we"] = (1 << inputs(case)["we"]) - 1 if filling else values["we"]
            for read in {"raddr", "addr_b"} & values.keys():
                values[read] = rng.choice([place for place in range(depth) if place != values[written]])
        for name, value in values.items():
            dut[name].value = int(value)
        await Timer(1, unit="ns")
        if cycle > depth + 8:
            for name in outputs(case):
                assert dut[name].value == dut[f"{name}_model"].value, f"{cell} {name}, cycle {cycle}, {values}"
                agreed += 1
    assert agreed > 300
