"""One matrix product on the machine, for `sim.mac.run`: operands from a file, D and counters into another."""
import os

import cocotb
import numpy as np

from sim.mac.driver import Driver
from sim.mac.host import Product
from sim.mac.spec_env import spec_of
from spec.mac_registers import COUNTERS


@cocotb.test()
async def multiply(dut):
    spec = spec_of(os.environ["MAC_SPEC"])
    with np.load(os.environ["MAC_JOB"]) as job:
        a, b, c = (job[name] if name in job.files else None for name in "abc")
    driver = Driver(dut, spec)
    await driver.reset()
    product = Product(spec, a, b, c, os.environ["MAC_FMT"])
    await driver.multiply(product)
    counters = {name: await driver.read(name) for name in COUNTERS}
    assert counters["operations"] == product.operations, f"{counters['operations']} operations, not {product.operations}"
    np.savez(os.environ["MAC_DONE"], d=product.result(), **counters)
