"""The host of a machine inside the simulator: registers over AXI4-Lite, waiting for the interrupt."""

import logging

from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from spec.eie_registers import COUNTERS
from spec.registers import RegisterMap


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
            raise ValueError(f"field of {name} must be one of {[field.name for field in register.fields]}, not {next(iter(fields))}")
        answer = await self.axil.write(register.offset, word.to_bytes(4, "little"))
        if answer.resp != AxiResp.OKAY:
            raise RuntimeError(f"write of {name} must be answered with OKAY, not {answer.resp!r}")

    async def read(self, name: str) -> dict[str, int]:
        """Return the fields of a register."""
        register = self.registers[name]
        answer = await self.axil.read(register.offset, 4 * register.words)
        word = int.from_bytes(answer.data, "little")
        return {field.name: word >> lsb & (1 << field.bits) - 1 for field, lsb in register.placed()}

    async def counters(self) -> dict[str, int]:
        """Return every hardware counter."""
        return {name: (await self.read(name))["value"] for name in COUNTERS}

    async def flags(self, *, clear: bool = False) -> dict[str, int]:
        """Return the sticky flags, and clear those that are set if asked."""
        flags = await self.read("flags")
        if clear:
            await self.write("flags", **flags)
        return flags

    async def run(self, first: int, count: int) -> None:
        """Run layers and wait for the end (or the refusal)."""
        await self.write("layers", first=first, count=count)
        await self._command("start")

    async def read_out(self) -> None:
        """Have the source region sent to the result stream and wait for the end."""
        await self._command("read")

    async def _command(self, name: str) -> None:
        await self.write("flags", done=1, refused=1)
        await self.write("control", **{name: 1})
        if self.dut.irq.value == 0:
            await RisingEdge(self.dut.irq)
        while (await self.read("status"))["busy"]:      # another flag may have raised the interrupt first
            pass
