"""Inside the simulator: the ports of one block under test, driven and watched cycle by cycle."""

import json
import os
import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

SIZES = json.loads(os.environ.get("SCNN_SIZES", "{}"))
"""Sizes of the block under test, as the test that built it gave them."""


class Block:
    """The ports of the top module. A cycle: set inputs, then ``step`` to its end and read what was there before the edge."""

    def __init__(self, dut: Any):
        self.dut = dut

    async def start(self, *inputs: str) -> "Block":
        """Start the clock and reset, with the inputs named 0."""
        Clock(self.dut.clk, 10, unit="ns").start()
        if hasattr(self.dut, "rst"):
            self.dut.rst.value = 1
        self.set(**dict.fromkeys(inputs, 0))
        for _ in range(3):
            await RisingEdge(self.dut.clk)
        if hasattr(self.dut, "rst"):
            self.dut.rst.value = 0
        await RisingEdge(self.dut.clk)
        return self

    def set(self, **values: int) -> None:
        """Drive inputs, as unsigned bits or signed numbers."""
        for name, value in values.items():
            port = getattr(self.dut, name)
            port.value = int(value) & (1 << len(port)) - 1

    def __getitem__(self, name: str) -> int:
        return int(getattr(self.dut, name).value)

    def signed(self, name: str) -> int:
        """Return an output as a two's complement number."""
        return getattr(self.dut, name).value.to_signed()

    async def step(self, **values: int) -> None:
        """Set inputs and go to the end of the cycle: outputs then read are those of this cycle."""
        self.set(**values)
        await RisingEdge(self.dut.clk)


def draw() -> random.Random:
    """Return the random numbers of a test."""
    return random.Random(cocotb.RANDOM_SEED)
