"""A host on the buses of a MAC machine in the simulator."""
import itertools

from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

from sim.mac.host import Load, Run
from sim.stream import PATTERNS
from spec.framing import header
from spec.mac import MacSpec
from spec.mac.register import registers


class Driver:
    """Does what `sim.mac.host.Product` asks, word by word, with idle and refused cycles as told.

    Parameters
    ----------
    dut : handle
    spec : MacSpec
    idle, stall : str
        Names in `sim.stream.PATTERNS`, of cycles without a word in and without a taker out.
    """

    def __init__(self, dut, spec: MacSpec, idle: str = "never", stall: str = "never"):
        self.dut, self.map = dut, registers(spec)
        self.lite = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.clk, dut.rst, byte_lanes=1)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk, dut.rst)
        for name, part in ((idle, self.source), (stall, self.sink)):
            if name != "never":
                part.set_pause_generator(itertools.cycle(PATTERNS[name]))

    async def reset(self):
        """Start the clock, reset the machine, and enable its interrupt."""
        Clock(self.dut.clk, 10, unit="ns").start()
        await self.reset_again()

    async def reset_again(self):
        """Reset a machine whose clock runs."""
        self.dut.rst.value = 1
        for _ in range(4):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0
        await self.write("irq_enable", enable=1)

    async def write(self, name: str, **fields: int):
        """Write a register, fields not named 0."""
        register = self.map[name]
        value = sum(fields.pop(field.name, 0) << lsb for field, lsb in register.placed())
        await self.lite.write(register.offset, value.to_bytes(4, "little"))

    async def read(self, name: str, field: str | None = None) -> int:
        """Read a register or counter, or one field of it."""
        register = self.map[name]
        value = int.from_bytes((await self.lite.read(register.offset, 4 * register.words)).data, "little")
        for found, lsb in register.placed():
            if found.name == field:
                return value >> lsb & (1 << found.bits) - 1
        return value

    async def done(self):
        """Wait for the interrupt, check that nothing but the end caused it, and clear it."""
        while not self.dut.irq.value:
            await RisingEdge(self.dut.clk)
        flags = await self.read("flags")
        await self.write("flags", **{field.name: 1 for field in self.map["flags"].fields})
        if flags != 1:
            raise RuntimeError(f"flags of the machine must be done alone, not {flags:#b}")
        while self.dut.irq.value:
            await RisingEdge(self.dut.clk)

    async def send(self, load: Load):
        """Send a packet and wait until the machine has taken it."""
        await self.source.send(AxiStreamFrame([header(load.type, len(load.words), load.address), *load.words]))
        await self.source.wait()

    async def run(self, run: Run):
        """Do a run."""
        await self.write("run", format=run.format, accumulate=run.accumulate, blocks=run.blocks, steps=run.steps)
        await self.write("a", stride=run.a_stride)
        await self.write("b")
        await self.write("control", start=1)
        await self.done()

    async def multiply(self, product):
        """Do all actions of a product."""
        for action in product.actions():
            if isinstance(action, Load):
                await self.send(action)
            elif isinstance(action, Run):
                await self.run(action)
            else:
                await self.write("run", blocks=action.blocks, steps=1)
                await self.write("control", read=1)
                data = bytes((await self.sink.recv()).tdata)
                await self.done()
                product.take(action.at, [int.from_bytes(data[n:n + 8], "little") for n in range(0, len(data), 8)])
