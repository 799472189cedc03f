"""One matrix product on the machine, for `sim.mac.run`: operands from a file, D and counters into another."""
import os

import cocotb
import numpy as np
from cocotb.triggers import SimTimeoutError, with_timeout

from sim.mac.driver import Driver
from sim.mac.host import Product
from sim.mac.spec_env import spec_of
from spec.mac.register import COUNTERS

PERIOD = 10                                 # ns a cycle
FLOOR, OPERATION = 100_000, 1_000           # cycles, and cycles an operation, that no sound machine needs


@cocotb.test()
async def multiply(dut):
    spec = spec_of(os.environ["MAC_SPEC"])
    with np.load(os.environ["MAC_JOB"]) as job:
        a, b, c = (job[name] if name in job.files else None for name in "abc")
    driver = Driver(dut, spec)
    await driver.reset()
    product = Product(spec, a, b, c, os.environ["MAC_FMT"])
    limit = FLOOR + OPERATION * product.operations
    try:
        await with_timeout(driver.multiply(product), limit * PERIOD, "ns")
    except SimTimeoutError:
        raise RuntimeError(f"the product must be done within {limit} cycles, and it is not; irq is {dut.irq.value}") from None
    counters = {name: await driver.read(name) for name in COUNTERS}
    assert counters["operations"] == product.operations, f"{counters['operations']} operations, not {product.operations}"
    np.savez(os.environ["MAC_DONE"], d=product.result(), **counters)
