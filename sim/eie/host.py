"""The host of a machine inside the simulator: registers over AXI4-Lite, waiting for the interrupt."""

import logging
from collections.abc import Awaitable
from typing import Any

from cocotb.simtime import get_sim_time
from cocotb.triggers import ClockCycles, RisingEdge, SimTimeoutError, with_timeout
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from spec.eie.register import COUNTERS
from spec.registers import WORD_BYTES, RegisterMap

PERIOD = 10         # ns a cycle
ANSWER = 1_000      # cycles within which the bus answers, a burst of all counters too


class Host:
    """Drive the registers of an EIE array.

    Parameters
    ----------
    dut
        Has the AXI4-Lite slave ``s_axil_*``, ``clk``, ``rst`` and ``irq``.
    registers : RegisterMap
    """

    def __init__(self, dut, registers: RegisterMap):
        self.dut, self.registers = dut, registers
        logging.getLogger(f"cocotb.{dut._name}.s_axil").setLevel(logging.WARNING)
        self.axil = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)

    async def reset(self) -> None:
        """Hold the reset for three cycles and let the interrupt through."""
        if hasattr(self.dut, "feed"):
            self.dut.feed.value = 0
            self.dut.number.value = 0
        self.dut.rst.value = 1
        await ClockCycles(self.dut.clk, 3)
        self.dut.rst.value = 0
        await ClockCycles(self.dut.clk, 2)
        await self.write("irq_enable", enable=1)

    async def write(self, name: str, **fields: int) -> None:
        """Write a register, fields not named as 0."""
        register = self.registers[name]
        word = sum(fields.pop(field.name, 0) << lsb for field, lsb in register.placed())
        if fields:
            known = ", ".join(field.name for field in register.fields)
            raise ValueError(f"field of {name} must be one of {known}, not {next(iter(fields))}")
        answer = await self._bus(self.axil.write(register.offset, word.to_bytes(4, "little")))
        if answer.resp != AxiResp.OKAY:
            raise RuntimeError(f"write of {name} must be answered with OKAY, not {answer.resp!r}")

    async def read(self, name: str) -> dict[str, int]:
        """Return the fields of a register."""
        register = self.registers[name]
        answer = await self._bus(self.axil.read(register.offset, WORD_BYTES * register.words))
        return self._fields(register, int.from_bytes(answer.data, "little"))

    async def counters(self) -> dict[str, int]:
        """Return every hardware counter; they lie side by side, so one burst of reads fetches them."""
        first, last = (self.registers[name] for name in (next(iter(COUNTERS)), list(COUNTERS)[-1]))
        answer = await self._bus(self.axil.read(first.offset, last.offset + WORD_BYTES * last.words - first.offset))
        counters = {}
        for name in COUNTERS:
            register = self.registers[name]
            place = register.offset - first.offset
            word = int.from_bytes(answer.data[place:place + WORD_BYTES * register.words], "little")
            counters[name] = self._fields(register, word)["value"]
        return counters

    async def flags(self, *, clear: bool = False) -> dict[str, int]:
        """Return the sticky flags, and clear those that are set if asked."""
        flags = await self.read("flags")
        if clear:
            await self.write("flags", **flags)
        return flags

    async def run(self, first: int, count: int, *, limit: int) -> None:
        """Run layers and wait for the end (or the refusal), at most ``limit`` cycles."""
        await self.write("layers", first=first, count=count)
        await self._command("start", limit)

    async def cut(self, first: int, count: int, *, after: int) -> None:
        """Start layers and reset the machine so many cycles later."""
        await self.write("layers", first=first, count=count)
        await self.write("control", start=1)
        await ClockCycles(self.dut.clk, after)
        await self.reset()

    async def read_out(self, *, limit: int = 1_000_000) -> None:
        """Have the source region sent to the result stream and wait for the end."""
        await self._command("read", limit)

    async def within(self, limit: int, event: Awaitable[Any], what: str) -> None:
        """Wait for an event, at most ``limit`` cycles; then give up and say what the machine was at."""
        try:
            await with_timeout(event, limit * PERIOD, "ns")
        except SimTimeoutError:
            await self._give_up(what, limit)

    async def _bus(self, access: Awaitable[Any]) -> Any:
        try:
            return await with_timeout(access, ANSWER * PERIOD, "ns")
        except SimTimeoutError:
            raise RuntimeError(f"a register must be read or written within {ANSWER} cycles, and it has not") from None

    async def _give_up(self, what: str, limit: int) -> None:
        busy, flags, counters = (await self.read("status"))["busy"], await self.flags(), await self.counters()
        raise RuntimeError(f"{what} must end within {limit} cycles, and it has not; status: busy {busy}; flags: "
                           f"{_named(flags)}; counters: {_named(counters)}")

    async def _command(self, name: str, limit: int) -> None:
        await self.write("flags", done=1, refused=1)
        await self.write("control", **{name: 1})
        if str(self.dut.irq.value) not in "01":
            raise RuntimeError(f"irq must be 0 or 1 at a {name}, not {self.dut.irq.value}; a register was not reset")
        end = get_sim_time("ns") + limit * PERIOD
        if self.dut.irq.value == 0:
            await self.within(limit, RisingEdge(self.dut.irq), name)
        while (await self.read("status"))["busy"]:      # another flag may have raised the interrupt first
            if get_sim_time("ns") > end:
                await self._give_up(name, limit)

    @staticmethod
    def _fields(register, word: int) -> dict[str, int]:
        return {field.name: word >> lsb & (1 << field.bits) - 1 for field, lsb in register.placed()}


def _named(values: dict[str, int]) -> str:
    """Return the values that are not 0 by their names."""
    return ", ".join(f"{name} {value}" for name, value in values.items() if value) or "all 0"
