"""Inside the simulator: a block of ``sim.eie.blocks``, driven and watched cycle by cycle."""

import os
import random
from collections.abc import Callable
from typing import Any

import cocotb
from amaranth.lib.wiring import In
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from rtl.emit import Library
from sim.eie.blocks import blocks, flat, from_text
from sim.stream import pattern

SPEC = from_text(os.environ["EIE_SPEC"])
PAUSES = ("never", "other", "burst", 0.4)


def crossed(test: Callable) -> Any:
    """Make a test run with every pattern of pauses on its inputs crossed with every one on its outputs."""
    return cocotb.parametrize(idle=list(PAUSES), stall=list(PAUSES))(test)


class Block:
    """The ports of one block. A cycle: set inputs, then ``step`` to its end and read what was there before the edge."""

    def __init__(self, dut: Any, name: str):
        self.dut, self.name = dut, name
        every = flat(name, blocks(SPEC, Library())[name])
        found = {port: member for port, (member, value) in every.items() if len(value)}
        self._absent = every.keys() - found.keys()              # of no width in this machine
        self.ports = {port: getattr(dut, f"{name}__{port}") for port in found}
        self.inputs = [port for port, member in found.items() if member.flow == In]

    async def start(self) -> "Block":
        """Start the clock and reset, with all inputs 0."""
        Clock(self.dut.clk, 10, unit="ns").start()
        self.dut.rst.value = 1
        self.set(**dict.fromkeys(self.inputs, 0))
        for _ in range(3):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0
        await RisingEdge(self.dut.clk)
        return self

    def set(self, **values: int) -> None:
        """Drive inputs, as unsigned bits or signed numbers; one of no width takes anything."""
        for name, value in values.items():
            if (port := self._port(name)) is not None:
                port.value = int(value) & (1 << len(port)) - 1

    def __getitem__(self, name: str) -> int:
        port = self._port(name)
        return 0 if port is None else int(port.value)

    def _port(self, name: str) -> Any:
        """Return a port, or None for one of no width; a name that the block does not have is refused."""
        if name not in self.ports and name not in self._absent:
            raise ValueError(f"port of {self.name} must be one of {', '.join(self.ports)}, not {name!r}")
        return self.ports.get(name)

    def signed(self, name: str) -> int:
        return self.ports[name].value.to_signed()

    async def step(self, **values: int) -> None:
        """Set inputs and go to the end of the cycle: outputs then read are those of this cycle."""
        self.set(**values)
        await RisingEdge(self.dut.clk)


def pauses(name: str | float) -> Callable[[], bool]:
    """Return a pattern of pauses that a run repeats exactly."""
    return pattern(name, seed=cocotb.RANDOM_SEED)


def draw() -> random.Random:
    """Return the random numbers of a test."""
    return random.Random(cocotb.RANDOM_SEED)


def signed(value: int, bits: int) -> int:
    """Return unsigned bits as a two's complement number."""
    return value - (1 << bits) if value >> bits - 1 else value
